"""A field laid over the pixels of a frame, which has more of them than the field has points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

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

_ALL, _PLACES, _WORTHS = slice(0, 4), slice(0, 2), slice(2, 4)  # of `Laid.planes`


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
        points: ``(4, h * w)`` float32: the same at the points themselves.
        torn: ``(h - 1, w - 1)``: the number of a square whose four points show two things, else -1.
        alike: ``(4, n, 4)`` float32: 1 where two points of such a square show one thing.
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
        return cls(
            planes,
            points.reshape(4, -1),
            torn,
            alike,
            left,
            share,
            beyond,
            rows.start,
            height,
            pace,
        )

    def rows(self, v: Doubles) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return places, px, worth and choice at rows of the frame, ``(n * W,)`` each."""
        across, down, codes, choice = self._rows(v, _ALL)
        return across, down, worth_of(codes), choice

    def worths(self, v: Doubles) -> tuple[FloatArray, FloatArray]:
        """Return worth and choice alone at rows of the frame: see `at` for the places of some."""
        codes, choice = self._rows(v, _WORTHS)
        return worth_of(codes), choice

    def _rows(self, v: Doubles, which: slice) -> FloatArray:
        """Return ``(P, n * W)``: some of the planes at rows of the frame."""
        top, share, beyond = _between(v, self.height)
        top -= self.first
        first, last = int(top.min()), int(top.max()) + 1
        points = self.planes[which, first : last + 1]
        slope = points[:, 1:] - points[:, :-1]
        laid = slope.take(top - first, axis=1)
        laid *= share[:, None]
        laid += points[:, :-1].take(top - first, axis=1)
        squares = self.torn.take(top, axis=0).take(self.columns, axis=1).reshape(-1)
        some = np.flatnonzero(squares >= 0)
        row, column = np.divmod(some, len(self.columns))
        flat: FloatArray = laid.reshape(len(laid), -1)
        sided = self._sided(squares.take(some), top.take(row), share.take(row), column, which)
        for plane, values in zip(flat, sided, strict=True):
            plane[some] = values
        if which is _ALL:
            laid[1] += (beyond * np.float32(self.pace[0]))[:, None]
        return flat

    def at(self, columns: npt.NDArray[np.intp], v: Doubles) -> tuple[FloatArray, FloatArray]:
        """Return places, px, of single pixels: ``(N,)`` columns of the frame, and their rows' v."""
        top, share, beyond = _between(v, self.height)
        top -= self.first
        width = len(self.columns)
        above = top * width + columns
        laid = np.empty((2, len(columns)), np.float32)
        for out, plane in zip(laid, self.planes[_PLACES].reshape(2, -1), strict=True):
            start = plane.take(above)
            slope = plane[width:].take(above) - start
            np.add(start, slope * share, out=out)
        squares = self.torn.reshape(-1).take(top * self.torn.shape[1] + self.columns.take(columns))
        some = np.flatnonzero(squares >= 0)
        sided = self._sided(
            squares.take(some), top.take(some), share.take(some), columns.take(some), _PLACES
        )
        for out, values in zip(laid, sided, strict=True):
            out[some] = values
        return laid[0], laid[1] + beyond * np.float32(self.pace[0])

    def _sided(
        self,
        squares: npt.NDArray[np.int32],
        top: npt.NDArray[np.intp],
        down: FloatArray,
        columns: npt.NDArray[np.intp],
        which: slice,
    ) -> FloatArray:
        """Return ``(P, N)`` what pixels between two things have, as `planes` across the rows.

        Args:
            squares: ``(N,)`` the numbers of the squares that they lie in.
            top: rows of the points above them.
            down: how far it is from there to the next, 0..1.
            columns: their columns.
            which: the planes that are wanted.
        """
        across, width = self.shares.take(columns), self.torn.shape[1] + 1
        corner = top * width + self.columns.take(columns)
        right, below = 1 - across, 1 - down
        weights = self._weights(
            squares, [below * right, below * across, down * right, down * across]
        )
        wanted = self.points[which]
        sided = np.zeros((len(wanted), len(corner)), np.float32)
        for weight, y, x in zip(weights, _DOWN, _ACROSS, strict=True):
            at = corner + (y * width + x)
            for plane, points in zip(sided, wanted, strict=True):
                np.add(plane, points.take(at) * weight, out=plane)
        if which is _WORTHS:
            return sided
        # Each point goes on to the pixel itself, as things do that do not move.
        away = across - weights[1] - weights[3] + self.further.take(columns)
        sided[0] += away * np.float32(self.pace[1])
        sided[1] += (down - weights[2] - weights[3]) * np.float32(self.pace[0])
        return sided

    def _weights(
        self, squares: npt.NDArray[np.int32], near: Sequence[FloatArray]
    ) -> Sequence[FloatArray]:
        """Return how much each of four points counts: those of the nearest thing, 1 together."""
        alike = self.alike.reshape(len(near), -1)
        first = squares * np.int32(len(near))
        shown = [[weight] * len(near) for weight in near]
        for one, other in combinations(range(len(near)), 2):
            same = alike[one].take(first + np.int32(other))
            shown[one][other], shown[other][one] = same * near[other], same * near[one]
        most, thing = np.zeros_like(near[0]), first
        for one, (a, b, c, d) in enumerate(shown):
            whole = a + b + c + d
            thing = np.where(whole > most, first + np.int32(one), thing)
            np.maximum(most, whole, out=most)
        return [
            weight * plane.take(thing) / most for weight, plane in zip(near, alike, strict=True)
        ]


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
    even = _one(corners[1], corners[0])
    even &= _one(corners[2], corners[0])
    even &= _one(corners[3], corners[0])
    torn = np.full(even.shape, -1, np.int32)
    torn[~even] = np.arange(np.count_nonzero(~even), dtype=np.int32)
    square = [corner[:, ~even] for corner in corners]
    alike = [[_one(one, other) for other in square] for one in square]
    return torn, np.array(alike, np.float32).transpose(0, 2, 1).copy()


def _one(some: FloatArray, others: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which of ``(2, ...)`` points, in points from home, show the same thing as others."""
    across, down = np.abs(some - others) <= TORN
    return np.asarray(across & down)


def _between(places: Doubles, size: int) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Return a field's points before places, how far it is to the next, and how far to the last.

    The second is 0..1; the third is 0 but for places outside of all points.
    """
    at = (places * size - 0.5).astype(np.float32)
    inside = np.clip(at, 0, size - 1)
    before = np.clip(np.floor(inside), 0, size - 2)
    return before.astype(np.intp), inside - before, at - inside
