"""A field laid over the pixels of a frame, which has more of them than the field has points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.fields import Field, worth_of
from velatura.image.planes import FloatArray
from velatura.scene.camera import Doubles

TORN = 1.5
"""Two neighbouring points show two things where they lie as many points' distances further apart in
the key, or nearer, than where nothing moves: no surface that is seen in both is stretched so far.
On the courtyard at 1080p 6 % of all squares are torn so; 1.0 takes 8 % and a tenth more time."""

_DOWN, _ACROSS = ((0, 0, 1, 1), (0, 1, 0, 1))
"""How far down and across the four points around a pixel lie."""


@dataclass(frozen=True)
class Laid:
    """A field across the columns of a frame, not down its rows yet.

    Between its points go straight lines; outside of the frame, places go straight on. Where the
    four points around a pixel show two things, nothing lies between these: those of one thing count
    alone, of that which is nearer. All depends on where a pixel is alone, so that a tile equals the
    whole frame.

    Attributes:
        planes: ``(4, h, W)`` float32: places across and down a key, px, codes of how well plates
            agree there, and the key's choice, 0..1.
        points: ``(h * w, 4)`` float32: the same at the points themselves.
        torn: ``(h - 1, w - 1)``: the number of a square whose four points show two things, else -1.
        alike: ``(n, 4, 4)`` float32: 1 where two points of such a square show one thing.
        columns: ``(W,)`` each column's point to the left.
        shares: ``(W,)`` how far it is from there to the next, 0..1.
        further: ``(W,)`` how many points it is outside of the frame.
        first: which of the field's rows is the first of these.
        height: how many the field has.
        pace: rows and columns of the key to those of the field.
    """

    planes: FloatArray
    points: FloatArray
    torn: npt.NDArray[np.int32]
    alike: FloatArray
    columns: npt.NDArray[np.intp]
    shares: FloatArray
    further: FloatArray
    first: int
    height: int
    pace: tuple[float, float]

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
        pace = size[0] / height, size[1] / width
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
        planes[0] += beyond * np.float32(pace[1])
        torn, alike = _torn(points, pace)
        singly = np.ascontiguousarray(points.reshape(4, -1).T)
        return cls(planes, singly, torn, alike, left, share, beyond, rows.start, height, pace)

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
        squares = self.torn.take(top, axis=0).take(self.columns, axis=1)
        row, column = np.nonzero(squares >= 0)
        laid[:, row, column] = self._sided(squares[row, column], top[row], share[row], column)
        laid[1] += (beyond * np.float32(self.pace[0]))[:, None]
        across, down, codes, choice = laid.reshape(4, -1)
        return across, down, worth_of(codes), choice

    def at(self, columns: npt.NDArray[np.intp], v: Doubles) -> tuple[FloatArray, FloatArray]:
        """Return places, px, of single pixels: ``(N,)`` columns of the frame, and their rows' v."""
        top, share, beyond = _between(v, self.height)
        top -= self.first
        start, end = self.planes[:2, top, columns], self.planes[:2, top + 1, columns]
        laid = start + (end - start) * share
        squares = self.torn[top, self.columns[columns]]
        some = np.flatnonzero(squares >= 0)
        laid[:, some] = self._sided(squares[some], top[some], share[some], columns[some])[:2]
        return laid[0], laid[1] + beyond * np.float32(self.pace[0])

    def _sided(
        self,
        squares: npt.NDArray[np.int32],
        top: npt.NDArray[np.intp],
        down: FloatArray,
        columns: npt.NDArray[np.intp],
    ) -> FloatArray:
        """Return ``(4, N)`` what pixels between two things have, as `planes` across the rows.

        Args:
            squares: ``(N,)`` the numbers of the squares that they lie in.
            top: rows of the points above them.
            down: how far it is from there to the next, 0..1.
            columns: their columns.
        """
        across, width = self.shares.take(columns), self.torn.shape[1] + 1
        corner = top * width + self.columns.take(columns)
        right, below = 1 - across, 1 - down
        weights = np.stack([below * right, below * across, down * right, down * across], axis=1)
        alike = self.alike.take(squares, axis=0)
        thing = np.matmul(alike, weights[:, :, None])[:, :, 0].argmax(axis=1)
        weights *= np.take_along_axis(alike, thing[:, None, None], axis=1)[:, 0]
        weights = np.ascontiguousarray((weights / weights.sum(axis=1, keepdims=True)).T)
        sided = np.zeros((len(corner), 4), np.float32)
        for weight, y, x in zip(weights, _DOWN, _ACROSS, strict=True):
            sided += self.points.take(corner + (y * width + x), axis=0) * weight[:, None]
        # Each point goes on to the pixel itself, as things do that do not move.
        sided[:, 0] += (across - weights[1] - weights[3] + self.further[columns]) * self.pace[1]
        sided[:, 1] += (down - weights[2] - weights[3]) * self.pace[0]
        return sided.T


def _torn(
    points: FloatArray, pace: tuple[float, float]
) -> tuple[npt.NDArray[np.int32], FloatArray]:
    """Return `Laid.torn` and `Laid.alike` of ``(4, h, w)`` points."""
    y, x = (np.arange(size, dtype=np.float32) for size in points.shape[1:])
    from_home = points[0] - np.float32(pace[1]) * x, points[1] - np.float32(pace[0]) * y[:, None]
    away = np.stack(
        [plane / np.float32(px) for plane, px in zip(from_home, pace[::-1], strict=True)]
    )
    height, width = points.shape[1:]
    corners = [
        away[:, down : height - 1 + down, right : width - 1 + right]
        for down, right in zip(_DOWN, _ACROSS, strict=True)
    ]
    even = np.logical_and.reduce([_one(corner, corners[0]) for corner in corners])
    torn = np.full(even.shape, -1, np.int32)
    torn[~even] = np.arange(np.count_nonzero(~even), dtype=np.int32)
    square = np.stack([corner[:, ~even].T for corner in corners])  # (4, n, 2)
    alike = _one(square[:, None].transpose(3, 2, 0, 1), square[None].transpose(3, 2, 0, 1))
    return torn, alike.astype(np.float32)


def _one(some: FloatArray, others: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which of ``(2, ...)`` points, in points from home, show the same thing as others."""
    return np.asarray((np.abs(some - others) <= TORN).all(axis=0))


def _between(places: Doubles, size: int) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Return a field's points before places, how far it is to the next, and how far to the last.

    The second is 0..1; the third is 0 but for places outside of all points.
    """
    at = (places * size - 0.5).astype(np.float32)
    inside = np.clip(at, 0, size - 1)
    before = np.clip(np.floor(inside), 0, size - 2)
    return before.astype(np.intp), inside - before, at - inside
