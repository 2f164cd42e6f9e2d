"""Pictures for the viewer of a page: plate, result and paint in codes that a browser can mix.

A code is eight bits: up to 223 the sRGB curve of light 0 to 1, above it a quarter of a stop each,
so that what lies beyond white is still there when the strength takes it down. Plate and result
together hold the gain; `assets/gain.js` takes it out of them again and applies it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from PIL import Image

from velatura.gain import law
from velatura.image import drawing
from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.report import html

WHITE = 223
"""Code of light 1. With 32 codes above it, eight stops of highlights are kept."""

STEP = 4
"""Codes of a stop above white."""

QUALITY = 90
"""Of JPEG, without chroma subsampling: a 640x360 picture takes about 60 KB."""

WIDTH, LEAST = 960, 320
"""Longest side of a picture that is sent, px, and what it shrinks to at most."""

BYTES = 9_000_000
"""Of all pictures on a page: with the rest of it the page stays below 10 MB, which mail takes."""

SHRINK = 0.8
"""By this all pictures of a page shrink until they fit."""

Codes = npt.NDArray[np.uint8]

_SHARED = ("gain.js", "viewer.js", "plot.js")  # in the order in which they need each other


def encode(linear: FloatArray, space: str) -> Codes:
    """Return the codes ``(H, W, 3)`` of scene-linear light; NaN is black.

    Args:
        linear: ``(H, W, 3)``.
        space: its colour space.
    """
    planes = np.ascontiguousarray(linear.transpose(2, 0, 1), np.float32)
    light = np.nan_to_num(colour.convert(planes, space, colour.SCENE), nan=0.0)
    dark = np.clip(light, 0, 1)
    curve = np.where(dark <= 0.0031308, 12.92 * dark, 1.055 * dark ** (1 / 2.4) - 0.055)  # noqa: PLR2004  # sRGB, IEC 61966-2-1
    above = WHITE + STEP * np.log2(np.clip(light, 1, 2.0 ** ((255 - WHITE) / STEP)))
    codes = np.where(light > 1, above, WHITE * curve)
    return np.ascontiguousarray(np.rint(codes).astype(np.uint8).transpose(1, 2, 0))


def data_url(codes: Codes, quality: int = QUALITY) -> str:
    """Return codes as a JPEG inside a data URL: pages may read its pixels, even from a file."""
    file = io.BytesIO()
    Image.fromarray(codes).save(file, "JPEG", quality=quality, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def fitted(
    pictures: Sequence[Mapping[str, FloatArray]], codes: Callable[[FloatArray], Codes]
) -> tuple[list[dict[str, str]], float]:
    """Return pictures as data URLs of `BYTES` together, and the longest side they have now, px.

    Args:
        pictures: of each frame by name, ``(H, W, 3)``; those of a frame get the first one's size.
        codes: makes bytes of a picture.
    """
    longest = float(WIDTH)
    while True:
        made = [_encoded(frame, codes, longest) for frame in pictures]
        if sum(len(url) for urls in made for url in urls.values()) <= BYTES or longest <= LEAST:
            return made, longest
        longest = max(LEAST, longest * SHRINK)


def _encoded(
    frame: Mapping[str, FloatArray], codes: Callable[[FloatArray], Codes], longest: float
) -> dict[str, str]:
    height, width = next(iter(frame.values())).shape[:2]
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return {name: data_url(codes(drawing.resize(p, *size))) for name, p in frame.items()}


def scripts() -> list[str]:
    """Return what every page with a viewer runs: the numbers of the law, and the shared scripts."""
    numbers = {"floor": law.FLOOR, "white": WHITE, "step": STEP}
    return [f"const LAW = {html.data(numbers)};", *map(asset, _SHARED)]


def asset(name: str) -> str:
    """Return the text of a script or a style of `assets`."""
    return (files("velatura.report") / "assets" / name).read_text("utf-8")
