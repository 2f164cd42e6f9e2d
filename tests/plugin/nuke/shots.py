"""A shot in a Nuke that does not exist: plates on disk, a script, and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nuke
import numpy as np
import plates
from images import assert_images_match
from nuke.session import SESSION
from numpy.typing import NDArray

from velatura import strength
from velatura.gain import law as gain
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.look import read as read_look

SIZE = 40, 56
"""Height and width of the plates, px: neither is a power of two."""


@dataclass
class Studio:
    """One folder and one shot.

    Attributes:
        folder: where everything lies.
        look: the look's file.
        frames: how many frames the shot has.
    """

    folder: Path
    look: Path
    frames: int = 3

    def __post_init__(self) -> None:
        for frame in range(1, self.frames + 1):
            rich(self.plate(frame), frame)

    def plate(self, frame: int) -> Path:
        return self.folder / f"plate.{frame:04d}.exr"

    def rendered(self, frame: int) -> Path:
        return self.folder / f"out/shot.{frame:04d}.exr"

    @property
    def script(self) -> Path:
        return self.folder / "shot.nk"

    def begin(self, view: str = "") -> nuke.Group:
        """Make the shot's script: plate, look, Write; return the look node."""
        import velatura_nuke

        nuke.scriptSaveAs(str(self.script), 1)
        plate = nuke.nodes.Read(
            name="Plate",
            file_type="exr",
            file=str(self.folder / f"{view}plate.%04d.exr"),
            raw=True,
            first=1,
            last=self.frames,
        )
        look: nuke.Group = velatura_nuke.create(self.look, after=plate)
        write = nuke.nodes.Write(name="Final", file_type="exr", raw=True, channels="all")
        write["file"].setValue(str(self.folder / "out/shot.####.exr"))
        write["datatype"].setValue("32 bit float")
        write["create_directories"].setValue(True)
        write.setInput(0, look)
        nuke.root()["last_frame"].setValue(self.frames)
        return look

    def plates(self, view: str, frame: int, seed: int) -> None:
        """Write a view's plate of a frame."""
        rich(self.folder / view / f"plate.{frame:04d}.exr", seed)

    def guarded(self) -> Studio:
        """Let renders be guarded, as the plug-in's `init.py` does."""
        from velatura_nuke import guard

        guard.register()
        return self

    def gain(self, frame: int, view: str = "main") -> Path:
        """Return the one gain layer of a frame."""
        (found,) = self.folder.glob(f"velatura/*/{view}/*.gain.{frame:04d}.exr")
        return found

    def render(self, frame: int = 1) -> Image:
        """Render the script's Write, and return what it wrote."""
        nuke.execute("Final", frame, frame)
        return exr.read(self.rendered(frame))


def rich(path: Path, seed: int = 0) -> Path:
    """Write a plate with a soft alpha, AOVs, a data window that is not the format, odd pixels."""
    height, width = SIZE
    path.parent.mkdir(parents=True, exist_ok=True)
    planes = plates.rgba(height, width, seed)
    colour = np.stack([planes[name] for name in "RGB"]).astype(np.float32)
    planes |= dict(zip("RGB", plates.with_specials(colour).astype(np.float16), strict=True))
    random = np.random.default_rng(seed)
    planes["depth.Z"] = random.normal(5, 2, SIZE).astype(np.float32)
    planes["albedo.R"] = random.random(SIZE).astype(np.float16)
    data, display = Window(-4, -3, width, height), Window(0, 0, 48, 32)
    known = {"owner": "the studio", "colorInteropID": "lin_rec709_scene"}
    exr.write(path, Image((exr.new_part(planes, data, display, known),)))
    return path


def stack(image: Image, *names: str) -> NDArray[np.float32]:
    """Return some planes of a file as ``(C, H, W)`` float32."""
    return np.stack([image.find(name)[1].pixels for name in names]).astype(np.float32)


def law(
    studio: Studio,
    frame: int,
    slider: float,
    found: Image,
    matte: NDArray[np.float32] | float = 1.0,
    mix: float = 1.0,
) -> None:
    """Demand the core's picture in rgb, and the plate's own bits in everything else."""
    plate, layer = exr.read(studio.plate(frame)), exr.read(studio.gain(frame))
    lut = read_look(studio.look).card.strength_lut
    rgb, alpha = stack(plate, *"RGB"), np.maximum(stack(plate, "A")[0], 0)
    amount = np.float32(strength.even(lut, slider)) * np.clip(np.float32(matte), 0, 1)
    glazed = gain.apply(rgb, stack(layer, *"RGB"), np.minimum(amount, 4), alpha)
    with np.errstate(invalid="ignore"):
        wanted = np.where(glazed == rgb, rgb, rgb + np.float32(mix) * (glazed - rgb))
    shown = stack(found, *"RGB")
    # Two orders of the same few float operations: a few roundings of the larger of both pictures.
    slack = 2e-6 * np.maximum(np.abs(wanted), np.abs(rgb)) + 1e-7
    fit = np.isfinite(wanted)
    np.testing.assert_array_equal(np.isfinite(shown), fit)
    assert_images_match(np.where(fit, shown, 0), np.where(fit, wanted, 0), tolerance=slack)
    kept = stack(found, "A", "depth.Z", "albedo.red")
    assert_images_match(kept, stack(plate, "A", "depth.Z", "albedo.R"))
    assert (found.parts[0].data, found.parts[0].display) == (
        plate.parts[0].data,
        plate.parts[0].display,
    )


def ticked(look: nuke.Group, seconds: float = 60) -> None:
    """Be the window's event loop until the look's gain is rendered, or is not."""
    SESSION.serve(lambda: look["state"].value() != "rendering", seconds)
