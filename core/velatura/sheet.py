"""A contact sheet: pictures side by side, as a lead looks at them.

Rows are frames; columns are what is compared: plate, result, paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura import colour, picture
from velatura.image import FloatArray

GUTTER = 6
"""Space between pictures, px."""

GREY = 46
"""Level of the space and of pictures that are not there: dark, as in a grading suite."""

THUMB = 160
"""Width of a look's thumbnail, px."""

Row = Sequence[FloatArray | None]
"""Pictures ``(H, W, 3)`` of one size; None leaves a place empty."""


def write(path: Path, rows: Sequence[Row], space: str) -> None:
    """Write rows of pictures, scene-linear in ``space``, as one sRGB PNG; values above 1 clip.

    Raises:
        StorageError: the file cannot be written; what was there stays whole.
    """
    shown = [[None if p is None else _shown(p, space) for p in row] for row in rows]
    picture.write_png(path, lay_out(shown))


def write_thumbnail(path: Path, linear: FloatArray, space: str) -> None:
    """Write one picture, scene-linear in ``space``, as a small sRGB PNG, `THUMB` px wide."""
    height, width = linear.shape[:2]
    small = picture.resize(linear, THUMB, max(1, round(height * THUMB / width)))
    picture.write_png(path, _levels(_shown(small, space)))


def lay_out(rows: Sequence[Row]) -> npt.NDArray[np.uint8]:
    """Return rows of display pictures, 0..1, as one 8-bit picture ``(H, W, 3)``."""
    bands = [_band(row) for row in rows]
    width = max(band.shape[1] for band in bands)
    gap = np.full((GUTTER, width, 3), GREY, np.uint8)
    sheet = [gap]
    for band in bands:
        wide = np.full((band.shape[0], width, 3), GREY, np.uint8)
        wide[:, : band.shape[1]] = band
        sheet += [wide, gap]
    return np.concatenate(sheet)


def _band(row: Row) -> npt.NDArray[np.uint8]:
    height, width = next(p.shape[:2] for p in row if p is not None)
    band = np.full((height, GUTTER + len(row) * (width + GUTTER), 3), GREY, np.uint8)
    for place, shown in enumerate(row):
        if shown is not None:
            left = GUTTER + place * (width + GUTTER)
            band[:, left : left + width] = _levels(shown)
    return band


def _shown(linear: FloatArray, space: str) -> FloatArray:
    planes = np.ascontiguousarray(linear.transpose(2, 0, 1))
    return colour.convert(planes, space, colour.PAINTED).transpose(1, 2, 0)


def _levels(shown: FloatArray) -> npt.NDArray[np.uint8]:
    """Return display values as 8-bit levels; what lies beyond 0..1 clips, NaN is black."""
    return np.rint(np.nan_to_num(np.clip(shown, 0, 1)) * 255).astype(np.uint8)
