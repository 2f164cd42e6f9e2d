"""A field laid over the pixels of a frame, which has more of them than the field has points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.fields import Field, worth_of
from velatura.image.planes import FloatArray
from velatura.scene.camera import Doubles


@dataclass(frozen=True)
class Laid:
    """A field across the columns of a frame, not down its rows yet.

    Between its points go straight lines; outside of the frame, places go straight on. All depends
    on where a pixel is alone, so that a tile equals the whole frame.

    Attributes:
        planes: ``(4, h, W)`` float32: places across and down a key, px, codes of how well plates
            agree there, and the key's choice, 0..1.
        first: which of the field's rows is the first of these.
        height: how many the field has.
        pace: rows of the key to a row of the field.
    """

    planes: FloatArray
    first: int
    height: int
    pace: float

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
        top, _, _ = _between(v, height)
        rows = slice(int(top.min()), int(top.max()) + 2)
        points = np.empty((4, rows.stop - rows.start, width), np.float32)
        for plane, places, px in zip(points, field.places[:, rows], size[::-1], strict=False):
            np.multiply(places, np.float32(px), out=plane)
        points[:2] -= np.float32(0.5)
        points[2], points[3] = field.worth[rows], field.choice[rows]
        points[3] *= np.float32(1 / 255)
        left, share, beyond = _between(u, width)
        start = points.take(left, axis=2)
        planes = points.take(left + 1, axis=2)
        planes -= start
        planes *= share
        planes += start
        planes[0] += beyond * np.float32(size[1] / width)
        return cls(planes, rows.start, height, size[0] / height)

    def rows(self, v: Doubles) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return places, px, worth and choice at rows of the frame, ``(n * W,)`` each."""
        top, share, beyond = _between(v, self.height)
        top -= self.first
        first, last = int(top.min()), int(top.max()) + 1
        points = self.planes[:, first : last + 1]
        slope = points[:, 1:] - points[:, :-1]
        laid = slope.take(top - first, axis=1)
        laid *= share[:, None]
        laid += points[:, :-1].take(top - first, axis=1)
        laid[1] += (beyond * np.float32(self.pace))[:, None]
        across, down, codes, choice = laid.reshape(4, -1)
        return across, down, worth_of(codes), choice

    def at(self, columns: npt.NDArray[np.intp], v: Doubles) -> tuple[FloatArray, FloatArray]:
        """Return places, px, of single pixels: ``(N,)`` columns of the frame, and their rows' v."""
        top, share, beyond = _between(v, self.height)
        top -= self.first
        start, end = self.planes[:2, top, columns], self.planes[:2, top + 1, columns]
        across, down = start + (end - start) * share
        return across, down + beyond * np.float32(self.pace)


def _between(places: Doubles, size: int) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Return a field's points before places, how far it is to the next, and how far to the last.

    The second is 0..1; the third is 0 but for places outside of all points.
    """
    at = (places * size - 0.5).astype(np.float32)
    inside = np.clip(at, 0, size - 1)
    before = np.clip(np.floor(inside), 0, size - 2)
    return before.astype(np.intp), inside - before, at - inside
