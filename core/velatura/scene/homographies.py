"""Flat things that two pictures show: each moves by one homography, and has corners that tell it.

All points of a plane move by one homography (Hartley and Zisserman 2004, section 13.1). It is found
among the corners of parts of the picture by consensus (Barath et al. 2020, "MAGSAC++"), and then
looks for all corners once more, from where it says that they are. So a plane finds its own tiles
even where flow took the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura.scene.corners import Corners, Points
from velatura.scene.optical_flow import Flows, grey
from velatura.scene.vectors import Bools

ON, WIDE = 0.4, 1.0
"""px between a corner and where its plane says that it is; and while the plane is looked for."""

PARTS = (3, 2, 1)
"""Windows of a third, a half and all of the picture's width and height are searched."""

SAMPLES = 2000
"""Fours of corners that a window's homography is chosen from, at most."""

SOME, TRIED, ROUNDS = 8, 10, 6
"""Corners that make a homography worth a second look; how many get one, and how often they look."""

LEAST, SHARE, MOST = 20, 0.05, 4
"""Corners that a plane has at the least, their part of all, and planes that are found at most."""

LINE = 1e-3
"""Determinant up to which a homography presses a plane into a line; of a plane it is about 1."""

Homography = npt.NDArray[np.floating[Any]]
"""``(3, 3)``: takes ``(column, row, 1)`` of a picture to the other, up to a factor."""


@dataclass(frozen=True)
class Plane:
    """One flat thing.

    Attributes:
        homography: from the first picture to the other.
        corners: those of it that lie in either picture.
    """

    homography: Homography
    corners: tuple[Points, Points]


@dataclass(frozen=True)
class Found:
    """What was found in two pictures.

    Attributes:
        corners: all that were looked for, in either picture.
        planes: that of most corners first.
    """

    corners: tuple[Points, Points]
    planes: tuple[Plane, ...]


def find(
    one: FloatArray,
    other: FloatArray,
    flows: Flows,
    expected: Sequence[Homography] = (),
) -> Found:
    """Return the planes of two pictures.

    Args:
        one: ``(3, H, W)`` encoded light, about 0..1.
        other: the same, of the other picture.
        flows: ``(2, H, W)`` px, how the first moves to the other, and back.
        expected: how planes may move.
    """
    pair = _Pair.of(one, other)
    before, after = pair.by_flow(flows)
    tried = _best(_candidates(before, after, one.shape[1:]), TRIED, SOME)
    guesses = [*(each.homography for each in tried), *expected]
    looked = [found for found in map(pair.looked_again, guesses) if found is not None]
    least = max(LEAST, SHARE * len(before))
    best = _best(looked, MOST, least)
    planes = tuple(Plane(each.homography, pair.on(each.off)) for each in best)
    return Found((pair.here.at, pair.there.at), planes)


def moved(homography: Homography, points: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return where a homography takes ``(N, 2)`` points, px."""
    there = np.column_stack([points, np.ones(len(points))]) @ homography.T
    over: npt.NDArray[np.float64] = there[:, :2] / there[:, 2:]
    return over


@dataclass(frozen=True)
class _Candidate:
    """A homography, and how far each corner is from where it says: ``(N,)`` px."""

    homography: Homography
    off: npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Pair:
    """The corners of two pictures; those of the first come first where all are in one row."""

    here: Corners
    there: Corners

    @classmethod
    def of(cls, one: FloatArray, other: FloatArray) -> _Pair:
        here, there = grey(one), grey(other)
        return cls(Corners.of(here, there), Corners.of(there, here))

    def by_flow(self, flows: Flows) -> tuple[Points, Points]:
        """Return where corners lie in both pictures that are found near the flow."""
        here, there = (
            corners.at + flow[:, *np.rint(corners.at).astype(int).T[::-1]].T
            for corners, flow in zip((self.here, self.there), flows, strict=True)
        )
        before, after, kept = self._followed(here, there)
        return before[kept], after[kept]

    def looked_again(self, homography: Homography) -> _Candidate | None:
        """Return a homography with all corners that it can find; None where they are few."""
        guess, most = homography, 0
        for _ in range(ROUNDS):
            before, after, seen = self._at(guess, back=False)
            near = seen & (_off(guess, before, after) < WIDE)
            fitted = _fitted(before[near], after[near])
            if fitted is None:
                return None
            guess = fitted
            if near.sum() <= most:
                break
            most = int(near.sum())
        before, after, kept = self._at(guess, back=True)
        for _ in range(2):  # the second time by those alone that lie on it
            on = kept & (_off(guess, before, after) < ON)
            fitted = _fitted(before[on], after[on])
            if fitted is None:
                return None
            guess = fitted
        return _Candidate(guess, np.where(kept, _off(guess, before, after), np.inf))

    def on(self, off: npt.NDArray[np.float64]) -> tuple[Points, Points]:
        """Return the corners of either picture that lie on a plane."""
        number = len(self.here.at)
        return self.here.at[off[:number] < ON], self.there.at[off[number:] < ON]

    def _at(self, homography: Homography, *, back: bool) -> tuple[Points, Points, Bools]:
        """Return where corners lie that are found near where a homography takes them."""
        here = moved(homography, self.here.at)
        there = moved(np.linalg.inv(homography), self.there.at)
        return self._followed(here, there, back=back)

    def _followed(
        self,
        here: npt.NDArray[np.floating[Any]],
        there: npt.NDArray[np.floating[Any]],
        *,
        back: bool = True,
    ) -> tuple[Points, Points, Bools]:
        """Return where all corners lie in both pictures, and which of them are found.

        Args:
            here: where those of the first are about to be in the other.
            there: where those of the other are about to be in the first.
            back: whether they have to come back home.
        """
        with ThreadPoolExecutor(2) as pool:  # OpenCV has one thread each, and lets go of Python
            ways = (self.here, here), (self.there, there)
            runs = [pool.submit(corners.followed, at, back=back) for corners, at in ways]
            (gone, kept), (come, held) = (run.result() for run in runs)
        before, after = np.concatenate([self.here.at, come]), np.concatenate([gone, self.there.at])
        return before, after, np.concatenate([kept, held])


def _candidates(before: Points, after: Points, size: tuple[int, ...]) -> list[_Candidate]:
    """Return homographies of windows of the first picture, two of each."""
    found = []
    for inside in _windows(before, size):
        left = inside
        for _ in range(2):
            agreed = _consensus(before[left], after[left])
            if agreed is None:
                break
            homography, on = agreed
            found.append(_Candidate(homography, _off(homography, before, after)))
            left = left[~on]
    return found


def _windows(points: Points, size: tuple[int, ...]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield which points lie in each of `PARTS`, half a window apart."""
    x, y = points.T
    for part in PARTS:
        height, width = (side / part for side in size)
        for down, across in product(range(2 * part - 1), repeat=2):
            left, top = across * width / 2, down * height / 2
            yield np.flatnonzero((x >= left) & (x < left + width) & (y >= top) & (y < top + height))


def _consensus(before: Points, after: Points) -> tuple[Homography, Bools] | None:
    """Return the homography that most points agree on, and which; None where they are few."""
    if len(before) < SOME:
        return None
    module = opencv.cv2()
    how = module.UsacParams()
    how.threshold, how.maxIterations, how.confidence = ON, SAMPLES, 0.999
    how.score, how.loMethod = module.SCORE_METHOD_MAGSAC, module.LOCAL_OPTIM_SIGMA
    how.isParallel, how.randomGeneratorState = False, 1  # the same on every machine
    homography, on = module.findHomography(before, after, how)
    if not _invertible(homography) or on.sum() < SOME:
        return None
    return homography, on.ravel() > 0


def _fitted(before: Points, after: Points) -> Homography | None:
    """Return the homography of least squares; None where points are few or in one line."""
    if len(before) < SOME:
        return None
    homography: Homography | None = opencv.cv2().findHomography(before, after, 0)[0]
    return homography if _invertible(homography) else None


def _invertible(homography: Homography | None) -> bool:
    """Return whether a homography keeps a plane a plane, and so has an inverse."""
    return homography is not None and abs(float(np.linalg.det(homography))) > LINE


def _off(homography: Homography, before: Points, after: Points) -> npt.NDArray[np.float64]:
    off: npt.NDArray[np.float64] = np.hypot(*(moved(homography, before) - after).T)
    return off


def _best(some: Sequence[_Candidate], most: int, least: float) -> list[_Candidate]:
    """Return homographies of most corners, each corner counted once, the closer the more."""
    picked: list[_Candidate] = []
    if not some:
        return picked
    free = np.ones(len(some[0].off), bool)
    fits = np.stack([np.clip(1 - np.square(each.off / ON), 0, None) for each in some])
    while len(picked) < most:
        best = int((fits * free).sum(axis=1).argmax())
        if np.count_nonzero(free & (some[best].off < ON)) < least:
            break
        picked.append(some[best])
        free &= some[best].off >= 2 * ON
    return picked
