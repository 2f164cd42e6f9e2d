"""A painted key as a painter saves it: linear EXR or display picture, whole or a layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from velatura.errors import TrainingError
from velatura.image.planes import FloatArray, Part, Window
from velatura.plate import colour, flat
from velatura_training.recipe import SMALLEST_PATCH


def read(
    path: Path, space: str, part: Part, plate: Path
) -> tuple[FloatArray, FloatArray | None, Window]:
    """Return the paint ``(3, H, W)`` in ``space``, its coverage, and the window that it lies in.

    Args:
        path: the painted key.
        space: the colour space wanted; the paint comes scene-linear and unpremultiplied.
        part: the part of the plate's beauty.
        plate: the plate's file, for errors.

    Raises:
        TrainingError: it has not its plate's size, or is too small to learn from.
        ImageError: it cannot be read.

    Coverage is the alpha of a layer painted over the plate (PNG, TIFF); None where all is paint.

    A picture of the plate's format covers the display window, overscan or not; an EXR says itself
    where its pixels lie. What lies outside the plate's data window is left out.
    """
    read = flat.read_rgb(path)
    height, width = read.rgb.shape[:2]
    homes = [part.display, part.data]
    if path.suffix.lower() == ".exr":
        homes.insert(0, read.data)
    fitting = [w for w in homes if (w.width, w.height) == (width, height)]
    if not fitting or (read.display.width, read.display.height) not in _sizes(part):
        raise TrainingError(
            f"The painted key {path} does not have its plate's size",
            found=f"{read.display.width}x{read.display.height}, "
            f"the plate {plate.name} is {part.display.width}x{part.display.height}",
            do="Paint over the full plate, without cropping or scaling.",
        )
    window = fitting[0].common(part.data)
    if min(window.width, window.height) < SMALLEST_PATCH:
        raise TrainingError(
            f"The painted key {path} is too small to learn from",
            found=f"{window.width}x{window.height}",
            do=f"At least {SMALLEST_PATCH} px a side are wanted.",
        )
    rows, columns = window.within(fitting[0])
    rgb = np.ascontiguousarray(read.rgb.transpose(2, 0, 1))
    coverage = None
    if read.alpha is not None and read.premultiplied:
        rgb = _straight(rgb, read.alpha)
    elif read.alpha is not None:
        coverage = read.alpha[rows, columns]
    paint = _finite(colour.convert(rgb, read.space, space))[:, rows, columns]
    return paint, coverage, window


def _sizes(part: Part) -> set[tuple[int, int]]:
    return {(window.width, window.height) for window in (part.display, part.data)}


def _straight(rgb: FloatArray, alpha: FloatArray | None) -> FloatArray:
    """Return unpremultiplied colour; where alpha is 0 there is nothing to divide by."""
    if alpha is None:
        return rgb
    return np.divide(rgb, alpha, out=rgb.copy(), where=alpha > 0)


def _finite(rgb: FloatArray) -> FloatArray:
    """Return ``rgb`` with NaN and Inf as black: what the network sees of them."""
    return np.where(np.isfinite(rgb), rgb, np.float32(0))
