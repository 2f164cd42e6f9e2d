"""What the look makes of the shot so far, to be watched while it learns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from velatura.image import drawing
from velatura.image.planes import FloatArray
from velatura.report import contact_sheet
from velatura.report.contact_sheet import Row
from velatura_training import run_folder
from velatura_training.data.frame import Frame
from velatura_training.data.patches import whole
from velatura_training.encoding import glaze
from velatura_training.learn.gallery import Scene
from velatura_training.network.generator import Generator

MOST = 640
"""Longest side of what is measured of a frame, px: of larger ones the centre."""

MAILED = 1.5e6
"""Pixels of all pictures on the sheet, at most: some 3 MB as PNG. Many frames are shown smaller."""


@torch.no_grad()
def paint(
    painter: Generator, frame: Frame, floor: float, device: torch.device, most: int = MOST
) -> Row:
    """Return plate, result and paint of a frame, ``(H, W, 3)`` scene-linear each.

    In the place of its paint an unpainted frame has the paint that is carried into it, where the
    network tells the two apart; else None.
    """
    batch = whole(frame, painter.alignment, device, most)
    guides = batch.guides if batch.guides.shape[1] else None

    def glazed() -> Tensor:
        stops = painter(batch.plate, guides).float()
        return glaze(batch.plate, stops if batch.cover is None else stops * batch.cover, floor)

    result, third = glazed(), None
    if frame.paint is not None:
        third = batch.paint
    elif painter.shape.merged:
        before = painter.say.clone()
        painter.say.fill_(0.0)
        third = glazed()
        painter.say.copy_(before)
    return _picture(batch.plate), _picture(result), None if third is None else _picture(third)


def write(run: Path, scenes: Sequence[Scene], rows: Sequence[Row], space: str) -> None:
    """Renew a run's contact sheet, and its thumbnail: the first row's result.

    Args:
        run: the run's folder.
        scenes: which frame each row shows.
        rows: plate, result and another picture ``(H, W, 3)``, scene-linear.
        space: their colour space.

    Raises:
        StorageError: a file cannot be written.
    """
    labels = [
        f"frame {scene.frame}, {scene.kind}" + (f"; right: {scene.third}" if scene.third else "")
        for scene in scenes
    ]
    titles = ("plate", "result", "paint")
    area = sum(p.shape[0] * p.shape[1] for row in rows for p in row if p is not None)
    scale = min(1.0, math.sqrt(MAILED / area))
    small = [[None if p is None else _small(p, scale) for p in row] for row in rows]
    contact_sheet.write(run / run_folder.SHEET, small, space, titles, labels)
    result = rows[0][1]
    if result is not None:
        contact_sheet.write_thumbnail(run / run_folder.THUMBNAIL, result, space)


def _small(picture: FloatArray, scale: float) -> FloatArray:
    height, width = (max(1, round(scale * side)) for side in picture.shape[:2])
    return drawing.resize(picture, width, height)


def _picture(planes: Tensor) -> FloatArray:
    picture: FloatArray = planes[0].permute(1, 2, 0).cpu().numpy()
    return picture
