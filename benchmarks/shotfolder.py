"""Shots on disk to measure looks on: their frames, their painted truth; and shots without passes.

    python benchmarks/shotfolder.py SOURCE OUT [--keep Vector Position ...]

copies frame.####.exr of a Blender render from one folder to another without its passes, but for
those named.

A shot is a folder with plate/, and for each painter a folder with what he makes of every frame.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813

from velatura.image import exr, gathering
from velatura.image.planes import FloatArray, Image, Pixels, Window
from velatura.plate import colour, flat

COURTYARD = Path(str(files("velatura"))) / "courtyard"
FRAME = "frame.####.exr"

LIGHT = "lin_rec709_scene"
"""Colour space of the shots."""


@dataclass(frozen=True)
class Shot:
    """A shot, a painter, and the frames that are asked of him.

    Attributes:
        name: of the shot.
        plates: its plates, by frame number.
        paints: what the painter makes of each, whole pictures or layers, by frame number.
        keys: the frames whose paint a look learns from.
        motion: plates by whose motion calm is judged: with vectors, where the shot's have none.
    """

    name: str
    plates: Mapping[int, Path]
    paints: Mapping[int, Path]
    keys: tuple[int, ...]
    motion: Mapping[int, Path]

    @classmethod
    def of(cls, folder: str, paint: str, keys: Sequence[int], motion: str) -> Shot:
        """Return the shot in a folder; ``courtyard`` is the one that ships with velatura."""
        root = COURTYARD if folder == "courtyard" else Path(folder)
        plates, paints = found(root / "plate"), found(root / paint)
        if root == COURTYARD:  # its truth lies in two folders
            paints = {**paints, **found(root / "truth")}
        moving = found(Path(motion)) if motion else plates
        lacking = plates.keys() - (paints.keys() & moving.keys()) | set(keys) - plates.keys()
        if lacking:
            raise SystemExit(f"Frames {sorted(lacking)} lack a plate, paint, or motion")
        return cls(root.name, plates, paints, tuple(keys), moving)

    @property
    def unpainted(self) -> list[int]:
        """The frames that a look has to find paint for."""
        return sorted(self.plates.keys() - set(self.keys))

    def lay_out(self, keys: Path, truth: Path) -> tuple[str, dict[int, Path]]:
        """Put the keys into an empty folder; return their pattern, and the whole truth.

        Where the painter left a frame transparent, the key is a PNG with alpha, as painters save
        layers, and the truth is the layer over the plate, written into the second empty folder.
        """
        whole, suffix = {}, "exr"
        for frame, path in self.paints.items():
            whole[frame] = path
            paint, alpha = read(path)
            if alpha is not None and alpha.min() < 1:
                plate, _ = read(self.plates[frame])
                whole[frame], suffix = truth / name(frame), "png"
                write(whole[frame], paint + (1 - alpha[..., None]) * plate)
                if frame in self.keys:
                    write_layer(keys / f"frame.{frame:04d}.png", paint, alpha)
            elif frame in self.keys:
                shutil.copy(path, keys / name(frame))
        return str(keys / f"frame.####.{suffix}"), whole


def name(frame: int) -> str:
    """Return the file name of a frame."""
    return f"frame.{frame:04d}.exr"


def found(folder: Path) -> dict[int, Path]:
    """Return the frames in a folder."""
    return dict(gathering.find(str(folder / FRAME)))


def read(path: Path) -> tuple[FloatArray, FloatArray | None]:
    """Return a frame's scene-linear ``(H, W, 3)`` light, and its alpha where it has one."""
    picture = flat.read_rgb(path)
    return np.ascontiguousarray(picture.rgb), picture.alpha


def write(path: Path, rgb: FloatArray, alpha: FloatArray | None = None) -> None:
    """Write scene-linear ``(H, W, 3)`` light, multiplied by its alpha, as half RGB(A)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    planes: dict[str, Pixels] = dict(
        zip("RGB", rgb.transpose(2, 0, 1).astype(np.float16), strict=True)
    )
    if alpha is not None:
        planes["A"] = alpha.astype(np.float16)
    window = Window(0, 0, rgb.shape[1], rgb.shape[0])
    exr.write(path, Image((exr.new_part(planes, window, window),)))


def write_layer(path: Path, rgb: FloatArray, alpha: FloatArray) -> None:
    """Write scene-linear light, multiplied by its alpha, as a 16-bit sRGB PNG that is not."""
    straight = np.divide(rgb, alpha[..., None], out=np.zeros_like(rgb), where=alpha[..., None] > 0)
    planes = np.ascontiguousarray(straight.transpose(2, 0, 1))
    shown = colour.convert(planes, LIGHT, colour.PAINTED).transpose(1, 2, 0)
    layer = np.clip(np.dstack([shown, alpha]), 0, 1)
    spec = oiio.ImageSpec(rgb.shape[1], rgb.shape[0], 4, oiio.UINT16)
    spec.attribute("oiio:UnassociatedAlpha", 1)
    output = oiio.ImageOutput.create(str(path))
    output.open(str(path), spec)
    output.write_image(np.ascontiguousarray(layer, np.float32))
    output.close()


def stripped(image: Image, kept: Collection[str]) -> Image:
    """Return a Blender render without its passes, but for those named."""
    wanted = {"Combined", *kept}
    parts = tuple(part for part in image.parts if part.name.rpartition(".")[2] in wanted)
    if len(parts) < len(wanted):
        there = ", ".join(part.name for part in image.parts)
        raise SystemExit(f"{image.source} has not all of {', '.join(sorted(wanted))}: {there}")
    return Image(parts, image.source)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--keep", nargs="+", default=[])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for path in found(given.source).values():
        exr.write(given.out / path.name, stripped(exr.read(path), given.keep))


if __name__ == "__main__":
    main()
