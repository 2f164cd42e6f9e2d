"""Places in a key for what no way leads to: found by what it looks like there.

Motion is followed in small steps. What comes out from behind something else, or goes too far in a
frame, is led to what hid it or lay beside it, and would get its paint. Where the plates plainly
disagree, patches of the frame are looked for all over the key: by the offsets that are common in
the frame (He and Sun 2012, "Statistics of Patch Offsets for Image Completion"), by where square
tiles of it fit best, by the offsets of neighbours, and by random ones around them (Barnes et al.
2009, "PatchMatch"). In the end neighbours settle on one of the offsets that are common among them,
so that strokes come in whole pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors
from velatura.scene.vectors import Bools

AMISS = 0.05
"""Difference of plates, mean of encoded light, from which on a place is plainly wrong. On three
shots without passes .035 and .05 gave the same figures; .035 takes half as long again."""

SPECK, SINGLE = 1.5, 0.3
"""Deviation, px, of the Gaussian over what is amiss, and what a pixel must have under it: less is a
grain of the plate's."""

PIXELS = 2**17
"""Of a frame that is searched: of larger ones every second pixel, or every third, and so on. The
smallest are halved as well, for patches to be large enough."""

PATCH, NEAR = 2, 2.0
"""Reach of a patch, px of the searched frame, and the deviation of the Gaussian that weighs it."""

COMMON, LEAST = 24, 40
"""Offsets of the trusted pixels that are tried everywhere, and how many must have each."""

AGREED, FEW = 64, 6
"""Offsets that neighbours settle on, and how many pixels must have found each."""

TILE, FILLED = 8, 8
"""Side of a tile that is looked for at half the searched size, px, and how many of its pixels must
be amiss; the others are left out."""

JUMPS = (16, 8, 4, 2, 1)
"""How far off the neighbours are whose offsets are tried, px."""

RADII = (8, 4, 2, 1)
"""How far from the best offset random ones are tried, px."""

DEARER = 0.002
"""By how much a random offset must be better than one that neighbours have."""

VOTE = 2.0
"""Deviation, px, of the Gaussian under which neighbours settle on an offset."""

OUTSIDE = 0.2
"""Cost of a place outside of the key's picture."""

_HALF = 0.5  # of a pixel at half the size

_AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0))

Places = npt.NDArray[np.intp]


def matched(
    here: FloatArray, there: FloatArray, field: FloatArray, off: FloatArray, seed: int
) -> tuple[FloatArray, Bools] | None:
    """Return better places in a key, and where they are meant to be; None where none is needed.

    Args:
        here: ``(3, H, W)`` encoded light of the frame.
        there: the key's.
        field: ``(2, H, W)`` px: where the frame's pixels lie in the key, as far as it is known.
        off: ``(H, W)``: how much the plates differ there.
        seed: of the random offsets: the same gives the same.

    Returns:
        ``(2, H, W)`` px, and ``(H, W)``: elsewhere the places mean nothing.
    """
    height, width = off.shape
    step = _step(height, width)
    size = height // step, width // step
    scale = np.array([size[1] / width, size[0] / height], np.float32)[:, None, None]
    amiss = opencv.averaged(off[None], *size)[0] > AMISS
    amiss = opencv.blurred(amiss.astype(np.float32)[None], SPECK)[0] > SINGLE
    if amiss.sum() < FEW:
        return None
    half = np.float32(0.5)
    places = (opencv.averaged(field, *size) + half) * scale - half
    patches = _Patches.of(opencv.averaged(here, *size), opencv.averaged(there, *size), amiss)
    offsets = _searched(patches, places - vectors.start(*size), seed) / scale
    found = vectors.start(height, width) + opencv.repeated(offsets, height, width)
    return found, opencv.repeated(amiss.astype(np.float32)[None], height, width)[0] > 0


@dataclass(frozen=True)
class _Patches:
    """The patches around the pixels that are looked for.

    Attributes:
        amiss: ``(h, w)``: which pixels.
        here: ``(3, h, w)`` light of the frame.
        there: the key's.
        rows: ``(N,)`` of the pixels.
        columns: the same.
        taps: ``(2, N, T)`` float32: column and row of each tap of each patch.
        light: ``(N, T, 3)`` light of the frame there.
        weights: ``(T,)``, their sum is 1.
    """

    amiss: Bools
    here: FloatArray
    there: FloatArray
    rows: Places
    columns: Places
    taps: FloatArray
    light: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, here: FloatArray, there: FloatArray, amiss: Bools) -> _Patches:
        """Return the patches of some pixels: every second tap, as on a chessboard."""
        rows, columns = np.nonzero(amiss)
        reach = np.arange(-PATCH, PATCH + 1)
        down, across = (taps.ravel() for taps in np.meshgrid(reach, reach, indexing="ij"))
        some = (down + across) % 2 == 0
        down, across = down[some], across[some]
        weights = np.exp((down**2 + across**2) / np.float32(-2 * NEAR**2)).astype(np.float32)
        height, width = amiss.shape
        y = np.clip(rows[:, None] + down, 0, height - 1)
        x = np.clip(columns[:, None] + across, 0, width - 1)
        taps = np.stack([x, y]).astype(np.float32)
        light = here.transpose(1, 2, 0)[y, x]
        return cls(amiss, here, there, rows, columns, taps, light, weights / weights.sum())

    def cost(self, offsets: FloatArray) -> FloatArray:
        """Return ``(N,)`` by how much patches differ from the key at ``(2, N)`` offsets, px."""
        x, y = self.taps + offsets[:, :, None]
        off = opencv.read_at(self.there, x, y)
        off -= self.light
        np.abs(off, out=off)
        cost: FloatArray = off.reshape(len(off), -1) @ np.repeat(self.weights / 3, 3)
        height, width = self.amiss.shape
        half = np.float32(0.5)
        outside = (x < -half) | (x > width - half) | (y < -half) | (y > height - half)
        if outside.any():
            cost += np.float32(OUTSIDE) * (outside @ self.weights)
        return cost

    def everywhere(self, offset: FloatArray) -> FloatArray:
        """Return ``(2, N)`` of one offset."""
        return np.repeat(offset[:, None], len(self.rows), axis=1)

    def neighbours(self) -> Iterator[tuple[Places, Places]]:
        """Yield rows and columns of neighbours at `JUMPS`, inside of the frame."""
        height, width = self.amiss.shape
        for jump in JUMPS:
            for down, across in _AROUND:
                yield (
                    np.clip(self.rows + jump * down, 0, height - 1),
                    np.clip(self.columns + jump * across, 0, width - 1),
                )

    def voted(self, cost: FloatArray) -> FloatArray:
        """Return ``(N,)`` the mean cost of those around, up to a factor of their number."""
        plane = np.zeros(self.amiss.shape, np.float32)
        plane[self.rows, self.columns] = cost
        voted: FloatArray = opencv.blurred(plane[None], VOTE)[0][self.rows, self.columns]
        return voted


def _searched(patches: _Patches, offsets: FloatArray, seed: int) -> FloatArray:
    """Return ``(2, h, w)`` offsets that look alike, px, where something is amiss."""
    at = patches.rows, patches.columns
    known = offsets[:, *at]
    common = _common(offsets[:, ~patches.amiss], COMMON, LEAST, 2.0)
    best = _Best(patches, known)
    for offset in (*common, *_tiles(patches)):
        best.attempt(patches.everywhere(offset))
    spread = offsets.copy()
    for rows, columns in patches.neighbours():
        spread[:, *at] = best.offsets
        best.attempt(spread[:, rows, columns])
    rng = np.random.default_rng(seed)
    for radius in RADII:
        change = rng.uniform(-radius, radius, known.shape).astype(np.float32)
        best.attempt(best.offsets + change, DEARER)
    agreed = _Best(patches, known, vote=True)
    for offset in (*common, *_common(best.offsets, AGREED, FEW, 1.0)):
        agreed.attempt(patches.everywhere(offset))
    spread[:, *at] = agreed.offsets
    return spread


def _tiles(patches: _Patches) -> list[FloatArray]:
    """Return the offsets, px, at which tiles with something amiss fit best anywhere in the key."""
    height, width = (side // 2 for side in patches.amiss.shape)
    if min(height, width) < TILE:
        return []
    amiss = opencv.averaged(patches.amiss.astype(np.float32)[None], height, width)[0] >= _HALF
    here, there = (opencv.averaged(p, height, width) for p in (patches.here, patches.there))
    found = []
    for top in range(0, height - TILE + 1, TILE):
        for left in range(0, width - TILE + 1, TILE):
            tile = slice(top, top + TILE), slice(left, left + TILE)
            if np.count_nonzero(amiss[tile]) >= FILLED:
                x, y = opencv.place_of(there, here[:, *tile], amiss[tile])
                found.append(np.array([x - left, y - top], np.float32) * 2)
    return found


class _Best:
    """The best offset of each pixel so far, by its own patch or by the vote of those around."""

    def __init__(self, patches: _Patches, offsets: FloatArray, *, vote: bool = False) -> None:
        self._patches, self._vote = patches, vote
        self.offsets, self._least = offsets.copy(), self._cost(offsets)

    def attempt(self, offsets: FloatArray, dearer: float = 0.0) -> None:
        """Take ``(2, N)`` offsets where they are better."""
        cost = self._cost(offsets) + np.float32(dearer)
        better = cost < self._least
        self.offsets[:, better] = offsets[:, better]
        self._least[better] = cost[better]

    def _cost(self, offsets: FloatArray) -> FloatArray:
        cost = self._patches.cost(offsets)
        return self._patches.voted(cost) if self._vote else cost


def _common(offsets: FloatArray, most: int, least: int, unit: float) -> list[FloatArray]:
    """Return the most common of ``(2, N)`` offsets, px, two units apart.

    Args:
        offsets: px.
        most: how many of them.
        least: how many pixels must have each.
        unit: px within which offsets are the same.
    """
    steps, which, counts = np.unique(
        np.rint(offsets / np.float32(unit)).astype(int),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    picked: list[int] = []
    for place in np.argsort(-counts, kind="stable"):
        if counts[place] < least or len(picked) == most:
            break
        if all(np.abs(steps[:, place] - steps[:, other]).max() > 1 for other in picked):
            picked.append(int(place))
    means = [np.bincount(which.ravel(), plane, len(counts)) / counts for plane in offsets]
    return [np.array([mean[place] for mean in means], np.float32) for place in picked]


def _step(height: int, width: int) -> int:
    """Return how many px of a frame lie between those that are searched."""
    step = 2
    while (height // step) * (width // step) > PIXELS:
        step += 1
    return step
