"""A contact sheet: pictures side by side, as a lead looks at them.

Rows are frames; columns are what is compared: plate, result, paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura.image import drawing, png
from velatura.image.planes import FloatArray
from velatura.plate import colour

GUTTER = 6
"""Space between pictures, px."""

GREY = 46
"""Level of the space and of pictures that are not there: dark, as in a grading suite."""

THUMB = 160
"""Width of a look's thumbnail, px."""

CAPTION = 22
"""Height of a line of words, px."""

Row = Sequence[FloatArray | None]
"""Pictures ``(H, W, 3)`` of one size; None leaves a place empty."""


def write(
    path: Path,
    rows: Sequence[Row],
    space: str,
    titles: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> None:
    """Write rows of pictures, scene-linear in ``space``, as one sRGB PNG; values above 1 clip.

    Args:
        path: the PNG.
        rows: the pictures.
        space: their colour space.
        titles: what each column is, written on top.
        labels: what each row is, written over it.

    Raises:
        StorageError: the file cannot be written; what was there stays whole.
    """
    shown = [[None if p is None else _shown(p, space) for p in row] for row in rows]
    png.write_png(path, lay_out(shown, titles, labels), effort=1)  # written over and over


def write_thumbnail(path: Path, linear: FloatArray, space: str) -> None:
    """Write one picture, scene-linear in ``space``, as a small sRGB PNG, `THUMB` px wide."""
    height, width = linear.shape[:2]
    small = drawing.resize(linear, THUMB, max(1, round(height * THUMB / width)))
    png.write_png(path, _levels(_shown(small, space)))


def lay_out(
    rows: Sequence[Row], titles: Sequence[str] = (), labels: Sequence[str] = ()
) -> npt.NDArray[np.uint8]:
    """Return rows of display pictures, 0..1, as one 8-bit picture ``(H, W, 3)``; see `write`."""
    bands = [_band(row) for row in rows]
    width = max(band.shape[1] for band in bands)
    gap = np.full((GUTTER, width, 3), GREY, np.uint8)
    sheet = [gap]
    if titles:
        column = next(p.shape[1] for p in rows[0] if p is not None) + GUTTER
        sheet += [_words([(i * column, title) for i, title in enumerate(titles)], width)]
    for number, band in enumerate(bands):
        if labels:
            sheet.append(_words([(0, labels[number])], width))
        wide = np.full((band.shape[0], width, 3), GREY, np.uint8)
        wide[:, : band.shape[1]] = band
        sheet += [wide, gap]
    return np.concatenate(sheet)


def _words(words: Sequence[tuple[int, str]], width: int) -> npt.NDArray[np.uint8]:
    """Return a line of words, each from its own distance to the left on."""
    line = np.full((CAPTION, width, 3), GREY / 255, np.float32)
    for left, text in words:
        line = drawing.lettered(line, GUTTER + left, text, CAPTION)
    return _levels(line)


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
