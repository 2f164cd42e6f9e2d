"""Procedural plates: small EXR files with everything a renderer may put into them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Part, Pixels, Plane, Window

SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, -0.25, -65504.0, 65504.0, 6e-8, 1e-4)


def light(height: int, width: int, seed: int = 0) -> FloatArray:
    """(3, H, W) float32: smooth shading, a hard edge and a highlight far above 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    random = np.random.default_rng(seed)
    waves = [0.4 + 0.3 * np.sin(x / (5 + c) + seed) * np.cos(y / (7 - c)) for c in range(3)]
    rgb = np.stack(waves) * np.where(x > width / 2, 1, 0.15)
    rgb[:, height // 3, width // 4] = 60
    return (rgb * random.lognormal(0, 0.1, rgb.shape)).astype(np.float32)


def with_specials(rgb: FloatArray) -> FloatArray:
    """Scatter NaN, Inf, -0.0, negatives and extremes over a picture, in all channels."""
    rgb = rgb.copy()
    flat = rgb.reshape(-1)
    for index, value in enumerate(SPECIAL * 3):
        flat[(index * 97 + 13) % flat.size] = value
    return rgb


def part(
    planes: Mapping[str, Pixels],
    name: str = "",
    attributes: Mapping[str, Any] | None = None,
    offset: tuple[int, int] = (0, 0),
) -> Part:
    first = next(iter(planes.values()))
    window = Window(*offset, first.shape[1], first.shape[0])
    display = Window(0, 0, first.shape[1], first.shape[0])
    known = {"colorInteropID": "lin_rec709_scene", **(attributes or {})}
    made = exr.new_part(planes, window, display, known)
    return Part(name, made.planes, window, display, made.attributes)


def rgba(height: int, width: int, seed: int = 0, dtype: Any = np.float16) -> dict[str, Pixels]:
    """Premultiplied R, G, B, A with a soft matte edge."""
    alpha = np.clip(np.linspace(-0.2, 1.5, width, dtype=np.float32), 0, 1)[None].repeat(height, 0)
    rgb = light(height, width, seed) * alpha
    planes = {name: plane.astype(dtype) for name, plane in zip("RGB", rgb, strict=True)}
    return {**planes, "A": alpha.astype(dtype)}


def plain(path: Path, height: int = 40, width: int = 56, seed: int = 0) -> Path:
    """One part, half RGBA, ZIP."""
    exr.write(path, Image((part(rgba(height, width, seed)),)))
    return path


def shot(folder: Path, frames: int, height: int = 40, width: int = 56) -> Path:
    """A sequence ``plate.0001.exr`` and on; returns its pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(1, frames + 1):
        plain(folder / f"plate.{frame:04d}.exr", height, width, seed=frame)
    return folder / "plate.####.exr"


def rich(path: Path, height: int = 37, width: int = 53) -> Path:
    """Parts, types, windows and metadata as a production render has them, with odd pixels."""
    random = np.random.default_rng(5)
    bits = random.integers(0, 2**16, (height, width), dtype=np.uint16)
    colour = with_specials(light(height, width))
    with np.errstate(over="ignore"):
        half = {f"V.Combined.{n}": p.astype(np.float16) for n, p in zip("RGB", colour, strict=True)}
    half["V.Combined.A"] = np.ones((height, width), np.float16)
    beauty = part(
        half,
        "V.Combined",
        {"owner": "the studio", "cryptomatte/abc/manifest": '{"Ball": "3f1e2d4c"}'},
        offset=(-3, 5),
    )
    data = part(
        {
            "V.Depth.Z": random.normal(5, 2, (height, width)).astype(np.float32),
            "V.IndexOB.X": random.integers(0, 2**32, (height, width), dtype=np.uint32),
            "V.Noise.Y": bits.view(np.float16),
        },
        "V.Data",
        {"compression": OpenEXR.ZIPS_COMPRESSION, "colorInteropID": "data"},
        offset=(-3, 5),
    )
    matte = part({"matte.R": random.random((9, 11)).astype(np.float16)}, "matte", offset=(4, 9))
    matte = Part("matte", matte.planes, matte.data, beauty.display, matte.attributes)
    exr.write(path, Image((beauty, data, matte)))
    return path


def planes(image: Image) -> dict[str, Plane]:
    return {name: plane for _, name, plane in image.planes()}
