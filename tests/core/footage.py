"""Footage that is no EXR: movies and still pictures of moving things, made here."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio  # noqa: N813

from velatura.image import movie_file
from velatura.image.yuv import Format

SIZE = 64, 48
"""Width and height, px."""


def codes(frame: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.float32]:
    """A frame's codes ``(H, W, 3)``: ramps, and a box that moves 4 px a frame."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([0.1 + 0.8 * x / width, 0.9 - 0.7 * y / height, 0 * x + 0.3], -1)
    picture[8:24, 4 * frame : 4 * frame + 12] = 0.85, 0.4, 0.2
    return picture.astype(np.float32)


def kind(size: tuple[int, int] = SIZE, **others: object) -> Format:
    usual = {"rate": Fraction(24), "aspect": Fraction(1), "bits": 8, "alpha": False, "primaries": 1}
    usual |= {"transfer": 1, "matrix": 1, "full": False, "steady": True}
    return Format(*size, **{**usual, **others})


def movie(
    path: Path, frames: int = 6, times: tuple[Fraction, ...] = (), size: tuple[int, int] = SIZE
) -> Path:
    """An MP4 or a MOV, by the name's end."""
    movie_file.write(path, kind(size), (codes(frame, size) for frame in range(frames)), times)
    return path


def still(
    path: Path, pixels: npt.NDArray[np.float32], depth: str = "uint8", **tags: object
) -> Path:
    """A picture in any format that OpenImageIO writes; alpha is not multiplied in."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, depth)
    for name, value in {"oiio:UnassociatedAlpha": 1, **tags}.items():
        spec.attribute(name.replace("__", ":"), value)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(np.ascontiguousarray(pixels, np.float32)), out.geterror()
    out.close()
    return path


def light(srgb: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Scene-linear light of sRGB codes, by IEC 61966-2-1."""
    srgb = np.asarray(srgb, np.float64)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def rounded(picture: npt.NDArray[np.float32], bits: int) -> npt.NDArray[np.float32]:
    return np.rint(picture * (2**bits - 1)) / np.float32(2**bits - 1)


def cineon(path: Path, pixels: npt.NDArray[np.float32]) -> Path:
    """A Cineon file of 10 bits, by Kodak's description of the format (4.5)."""
    height, width, _ = pixels.shape
    header = bytearray(2048)
    size = len(header) + 4 * height * width
    struct.pack_into(">6I8s", header, 0, 0x802A5FD7, 2048, 1024, 1024, 0, size, b"V4.5")
    struct.pack_into(">2B", header, 192, 0, 3)
    for channel in range(3):
        values = (0, channel + 1, 10, 0, width, height, 0.0, 0.0, 1023.0, 2.046)
        struct.pack_into(">4B2I4f", header, 196 + 28 * channel, *values)
    struct.pack_into(">4B2I", header, 680, 0, 5, 0, 0, 0, 0)
    codes = np.rint(pixels * 1023).astype(np.uint32)
    words = codes[..., 0] << 22 | codes[..., 1] << 12 | codes[..., 2] << 2
    path.write_bytes(bytes(header) + words.astype(">u4").tobytes())
    return path
