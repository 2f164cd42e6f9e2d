"""What a frame should have become: a painted picture, or a layer over its plate where it covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from velatura.errors import ImageError
from velatura.plate.plate import Plate
from velatura_training.data import paint_file
from velatura_training.data.key_reading import KeyReading

SMALLEST = 64
"""Least side of what is measured of a layer, px: the eyes' strides see nothing in less than 32."""


@dataclass(frozen=True)
class Truth:
    """A painted frame, and where it is painted.

    Attributes:
        light: ``(1, 3, H, W)`` scene-linear.
        rows: those that are painted.
        columns: those that are painted.
        layer: whether it is a layer: what it leaves transparent is its plate.
    """

    light: Tensor
    rows: slice
    columns: slice
    layer: bool = False

    @classmethod
    def whole(cls, light: Tensor) -> Truth:
        """Return a picture that is painted all over."""
        height, width = light.shape[2:]
        return cls(light, slice(0, height), slice(0, width))

    def cut(self, picture: Tensor) -> Tensor:
        """Return the part of a picture ``(1, 3, H, W)`` that is measured."""
        return picture[:, :, self.rows, self.columns]


def laid(path: Path, plate: Plate, space: str, painted_space: str = "") -> Truth | None:
    """Return a layer laid over its plate, as the trainer lays it; None for a whole picture.

    Args:
        path: the painted file.
        plate: what it was painted over.
        space: the colour space wanted, linear.
        painted_space: that of the file, where it does not say.

    Raises:
        TrainingError: it has not its plate's size.
        ImageError: it cannot be read, or nothing is painted in it.
        ColourError: a colour space that nobody knows.
    """
    height, width = (slice(0, size) for size in plate.size)
    light = plate.seen(height, width, space)
    paint = paint_file.read(path, plate, light, space, KeyReading(painted_space))
    if paint.cover is None:
        return None
    rows, columns = paint.window.within(plate.part.data)
    light[:, rows, columns] = paint.rgb
    _, alpha = plate.stored(height, width)
    covered = np.zeros(plate.size, bool)
    covered[rows, columns] = paint.cover > 0
    if not covered.any():
        raise ImageError(
            f"Nothing is painted in {path}: all of it is transparent",
            do="Name frames that are painted over.",
        )
    seen = torch.from_numpy((light * alpha).astype(np.float32))[None]
    return Truth(seen, _span(covered, 1), _span(covered, 0), layer=True)


def _span(covered: npt.NDArray[np.bool_], across: int) -> slice:
    """Return the rows or columns that are painted, `SMALLEST` of them at least."""
    size = covered.shape[1 - across]
    places = np.flatnonzero(covered.any(axis=across))
    least = min(SMALLEST, size)
    middle = (int(places[0]) + int(places[-1]) + 1) // 2
    first = min(int(places[0]), max(0, min(middle - least // 2, size - least)))
    return slice(first, max(int(places[-1]) + 1, first + least))
