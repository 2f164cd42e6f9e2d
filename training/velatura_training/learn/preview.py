"""What the look makes of the shot so far, to be watched while it learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from velatura.image.planes import FloatArray
from velatura.report import contact_sheet
from velatura.report.contact_sheet import Row
from velatura_training import run_folder
from velatura_training.data.frame import Frame
from velatura_training.data.patches import whole
from velatura_training.encoding import glaze
from velatura_training.network.generator import Generator

MOST = 640
"""Longest side of a frame on the contact sheet, px, so that three fit a screen; larger ones show
their centre at full size."""


@torch.no_grad()
def paint(painter: Generator, frame: Frame, floor: float, device: torch.device) -> Row:
    """Return plate, result and paint of a frame, ``(H, W, 3)`` scene-linear each.

    An unpainted frame has None in the place of its paint.
    """
    batch = whole(frame, painter.alignment, device, MOST)
    guides = batch.guides if batch.guides.shape[1] else None
    stops = painter(batch.plate, guides).float()
    if batch.cover is not None:
        stops = stops * batch.cover
    result = glaze(batch.plate, stops, floor)
    plate, painted, paint = map(_picture, (batch.plate, result, batch.paint))
    return plate, painted, None if frame.paint is None else paint


def write(run: Path, rows: Sequence[Row], space: str) -> None:
    """Renew a run's contact sheet, and its thumbnail: the first row's result.

    Args:
        run: the run's folder.
        rows: pictures ``(H, W, 3)``, scene-linear, the result second in each row.
        space: their colour space.

    Raises:
        StorageError: a file cannot be written.
    """
    contact_sheet.write(run / run_folder.SHEET, rows, space)
    result = rows[0][1]
    if result is not None:
        contact_sheet.write_thumbnail(run / run_folder.THUMBNAIL, result, space)


def _picture(planes: Tensor) -> FloatArray:
    picture: FloatArray = planes[0].permute(1, 2, 0).cpu().numpy()
    return picture
