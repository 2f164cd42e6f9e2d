"""The contact sheet: what the look makes of the shot so far, to be watched while it learns.

Rows are frames, columns are the plate, the result and, where a frame was painted, the paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from velatura import colour, picture
from velatura.image import FloatArray
from velatura_training.encoding import glaze
from velatura_training.generator import Generator
from velatura_training.keys import Key, whole

GUTTER = 6
"""Space between pictures, px."""
GREY = 46
"""Level of the space and of pictures that are not there: dark, as in a grading suite."""
MOST = 960
"""Longest side of a frame on the sheet, px; larger frames show their centre at full size."""
THUMB = 160
"""Width of a look's thumbnail, px."""

Row = Sequence[FloatArray | None]
"""Pictures ``(H, W, 3)`` scene-linear, of one size; None leaves a place empty."""


@torch.no_grad()
def paint(painter: Generator, key: Key, floor: float, device: torch.device) -> Row:
    """Return plate, result and paint of a frame, ``(H, W, 3)`` scene-linear each."""
    batch = whole(key, painter.alignment, device, MOST)
    guides = batch.guides if batch.guides.shape[1] else None
    result = glaze(batch.plate, painter(batch.plate, guides).float(), floor)
    shown = [batch.plate, result] + ([batch.paint] if key.paint is not None else [])
    row: list[FloatArray | None] = [x[0].permute(1, 2, 0).cpu().numpy() for x in shown]
    return row if key.paint is not None else [*row, None]


def lay_out(rows: Sequence[Row]) -> npt.NDArray[np.uint8]:
    """Return the rows as one 8-bit sRGB picture, ``(H, W, 3)``; values above 1 clip."""
    bands = [_band(row) for row in rows]
    width = max(band.shape[1] for band in bands)
    sheet = [np.full((GUTTER, width, 3), GREY, np.uint8)]
    for band in bands:
        padded = np.full((band.shape[0] + GUTTER, width, 3), GREY, np.uint8)
        padded[: band.shape[0], : band.shape[1]] = band
        sheet.append(padded)
    return np.concatenate(sheet)


def write(path: Path, rows: Sequence[Row], space: str) -> None:
    """Write the rows, scene-linear in ``space``, as a PNG; replaced whole, never half."""
    shown = [[None if p is None else _shown(p, space) for p in row] for row in rows]
    picture.write_png(path, lay_out(shown))


def write_thumbnail(path: Path, linear: FloatArray, space: str) -> None:
    """Write one picture, scene-linear in ``space``, as a small PNG, `THUMB` px wide."""
    height, width = linear.shape[:2]
    small = picture.resize(linear, THUMB, max(1, round(height * THUMB / width)))
    picture.write_png(path, _levels(_shown(small, space)))


def _shown(linear: FloatArray, space: str) -> FloatArray:
    planes = np.ascontiguousarray(linear.transpose(2, 0, 1))
    return colour.convert(planes, space, "srgb_rec709_scene").transpose(1, 2, 0)


def _band(row: Row) -> npt.NDArray[np.uint8]:
    height, width = next(p.shape[:2] for p in row if p is not None)
    band = np.full((height, GUTTER + len(row) * (width + GUTTER), 3), GREY, np.uint8)
    for place, shown in enumerate(row):
        if shown is not None:
            left = GUTTER + place * (width + GUTTER)
            band[:, left : left + width] = _levels(shown)
    return band


def _levels(shown: FloatArray) -> npt.NDArray[np.uint8]:
    """Return display values as 8-bit levels; what lies beyond 0..1 clips, NaN is black."""
    return np.rint(np.nan_to_num(np.clip(shown, 0, 1)) * 255).astype(np.uint8)
