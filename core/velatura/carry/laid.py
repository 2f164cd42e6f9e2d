"""A field laid over the pixels of a frame, which has more of them than the field has points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.fields import Field
from velatura.image.planes import FloatArray
from velatura.scene.camera import Doubles


@dataclass(frozen=True)
class Laid:
    """A field across the columns of a frame, not down its rows yet.

    Between its points go straight lines, outside of them the outermost point goes on. All depends
    on where a pixel is alone, so that a tile equals the whole frame.

    Attributes:
        planes: ``(4, h, W)`` float32: places across and down a key, px, how well plates agree
            there and the key's choice, both 0..1.
        first: which of the field's rows is the first of these.
        height: how many the field has.
    """

    planes: FloatArray
    first: int
    height: int

    @classmethod
    def of(cls, field: Field, size: tuple[int, int], u: Doubles, v: Doubles) -> Laid:
        """Return as much of a field as some columns and rows need.

        Args:
            field: the field.
            size: height and width of the key that it leads to, px.
            u: ``(W,)`` places of the columns, 0..1 across the frame.
            v: places of the rows.
        """
        height, width = field.worth.shape
        top, _ = _between(v, height)
        rows = slice(int(top.min()), int(top.max()) + 2)
        points = np.empty((4, rows.stop - rows.start, width), np.float32)
        for plane, places, px in zip(points, field.places[:, rows], size[::-1], strict=False):
            np.multiply(places, np.float32(px), out=plane)
        points[:2] -= np.float32(0.5)
        points[2], points[3] = field.worth[rows], field.choice[rows]
        points[2:] *= np.float32(1 / 255)
        left, share = _between(u, width)
        start = points.take(left, axis=2)
        planes = points.take(left + 1, axis=2)
        planes -= start
        planes *= share
        planes += start
        return cls(planes, rows.start, height)

    def rows(self, v: Doubles) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the planes at rows of the frame, ``(n * W,)`` each."""
        top, share = _between(v, self.height)
        top -= self.first
        first, last = int(top.min()), int(top.max()) + 1
        points = self.planes[:, first : last + 1]
        slope = points[:, 1:] - points[:, :-1]
        laid = slope.take(top - first, axis=1)
        laid *= share[:, None]
        laid += points[:, :-1].take(top - first, axis=1)
        across, down, worth, choice = laid.reshape(4, -1)
        return across, down, worth, choice


def _between(places: Doubles, size: int) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Return which of a field's points come before places, and how far it is to the next, 0..1."""
    at = np.clip((places * size - 0.5).astype(np.float32), 0, size - 1)
    before = np.clip(np.floor(at), 0, size - 2)
    return before.astype(np.intp), at - before
