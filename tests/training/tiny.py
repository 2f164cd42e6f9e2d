"""A tiny shot for learning: a red disc over a grey ramp, painted blue, with normals and depth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio  # noqa: N813 - its own idiom

from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Window

HEIGHT, WIDTH = 48, 64
BLUE = (0.1, 0.2, 0.9)


@dataclass(frozen=True)
class Shot:
    """Where a tiny shot lies: plate frames 1 to 3, painted keys 1 and 3."""

    folder: Path

    @property
    def plate(self) -> str:
        return str(self.folder / "plate.####.exr")

    @property
    def painted(self) -> str:
        return str(self.folder / "paint.####.exr")


def disc(frame: int) -> FloatArray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return ((x - 12 * frame) ** 2 + (y - 24) ** 2 < 12**2).astype(np.float32)


def plate(frame: int) -> dict[str, FloatArray]:
    ramp = np.tile(np.linspace(0.02, 4, WIDTH, dtype=np.float32), (HEIGHT, 1))
    inside = disc(frame)
    planes = {
        c: ramp * (1 - inside) + v * inside for c, v in zip("RGB", (0.8, 0.1, 0.1), strict=True)
    }
    planes["Z"] = np.where(inside > 0, 3, 9).astype(np.float32)
    planes |= {f"N.{c}": inside * v for c, v in zip("XYZ", (0.0, 0.0, 1.0), strict=True)}
    return planes


def paint(frame: int) -> dict[str, FloatArray]:
    inside = disc(frame)
    shown = plate(frame)
    return {c: shown[c] * 0.5 * (1 - inside) + v * inside for c, v in zip("RGB", BLUE, strict=True)}


def write_frame(path: Path, planes: dict[str, FloatArray]) -> None:
    height, width = next(iter(planes.values())).shape
    window = Window(0, 0, width, height)
    named = {name: np.asarray(pixels, np.float32) for name, pixels in planes.items()}
    exr.write(path, Image((exr.new_part(named, window, window),)))


def write_shot(folder: Path) -> Shot:
    for frame in (1, 2, 3):
        write_frame(folder / f"plate.{frame:04d}.exr", plate(frame))
    for frame in (1, 3):
        write_frame(folder / f"paint.{frame:04d}.exr", paint(frame))
    return Shot(folder)


def write_layer(path: Path, rgba: npt.NDArray[np.uint8]) -> None:
    """Write an 8-bit PNG with transparency as paint programs do: colour not premultiplied."""
    spec = oiio.ImageSpec(rgba.shape[1], rgba.shape[0], 4, "uint8")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(rgba), out.geterror()
    out.close()
