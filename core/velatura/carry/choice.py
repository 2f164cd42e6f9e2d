"""Whose paint is shown where, if only one key's can be: strokes of two keys do not mix.

Every path of motion through the shot goes from the paint of one key to that of the next at most
once and never back, where that costs least: places of least disagreement with the plates, by
dynamic programming along the paths in both directions (Viterbi 1967; its max-marginals). So that
paths do not all change halfway between two keys, places of a key are a little dearer or cheaper, by
noise that is carried along with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura.scene.motion import Motion

REGION = 6.0
"""Deviation, px of a frame 640 wide, of the Gaussian under which costs are compared."""

SWITCH = 0.05
"""Cost of a change of the key along a path."""

SPREAD = 0.005
"""A key is shown by ``exp(-m / .005)``, m what the best path through its paint costs more than the
best path of all: sharper gives fuller strokes and harder changes."""

STAGGER, GRAIN = 0.05, 12.0
"""Costs, up and down, by which places of a key differ, and the deviation of the noise, px."""

_FAR = np.float32(1e3)  # dearer than any path

Costs = Mapping[tuple[int, int], npt.NDArray[np.float16]]
Planes = npt.NDArray[np.float32]


def solve(
    motion: Motion,
    keys: Sequence[int],
    costs: Costs,
    places: Mapping[tuple[int, int], FloatArray],
) -> dict[tuple[int, int], npt.NDArray[np.uint8]]:
    """Return the share of each key in each frame, of 255.

    Args:
        motion: the shot's.
        keys: the painted frames, rising.
        costs: ``(frame, key)`` to ``(h, w)``, what the key's places cost there.
        places: the same pairs to those places, ``(2, h, w)``, 0..1 across the key.

    Returns:
        The same pairs to ``(h, w)`` uint8.
    """
    own = {f: _prepared(f, keys, costs, places) for f in motion.standing}
    ahead = _least(motion, keys, own, motion.standing, 1)
    behind = _least(motion, keys, own, motion.standing[::-1], -1)
    shares: dict[tuple[int, int], npt.NDArray[np.uint8]] = {}
    for frame in motion.standing:
        total = ahead[frame].astype(np.float32) + behind[frame] - own[frame]
        share = np.exp(-(total - total.min(axis=0)) / np.float32(SPREAD))
        share /= share.sum(axis=0)
        for key, plane in zip(keys, share, strict=True):
            if (frame, key) in costs:
                shares[frame, key] = np.rint(255 * plane).astype(np.uint8)
    return shares


def _prepared(
    frame: int,
    keys: Sequence[int],
    costs: Costs,
    places: Mapping[tuple[int, int], FloatArray],
) -> Planes:
    """Return ``(K, h, w)`` costs of all keys in a frame, regions together."""
    known = [costs[frame, key] for key in keys if (frame, key) in costs]
    if not known:
        return np.zeros((len(keys), *next(iter(costs.values())).shape), np.float32)
    if frame in keys:
        own = np.full((len(keys), *known[0].shape), _FAR)
        own[keys.index(frame)] = 0
        return own
    scale = known[0].shape[1] / 640
    planes = [
        opencv.blurred(costs[frame, key].astype(np.float32)[None], max(0.5, REGION * scale))[0]
        + _preference(key, places[frame, key], scale)
        if (frame, key) in costs
        else np.full(known[0].shape, _FAR)
        for key in keys
    ]
    return np.stack(planes)


def _preference(key: int, places: FloatArray, scale: float) -> FloatArray:
    """Return ``(h, w)``: by how much dearer places of a key are, evenly from less to more."""
    shape = places.shape[1], places.shape[2]
    rank = _noise(key, shape, scale)
    size = np.array(shape[::-1], np.float32)[:, None, None]
    preferred: FloatArray = opencv.warped(rank[None], places * size - np.float32(0.5))[0]
    return preferred


@lru_cache(maxsize=16)  # sorting it takes a tenth of the time of a whole survey if it is made anew
def _noise(key: int, shape: tuple[int, int], scale: float) -> FloatArray:
    """Return ``(h, w)`` smooth noise over a key, every value between the ends as often."""
    speck = np.random.default_rng(key & 0xFFFFFFFF).standard_normal(shape).astype(np.float32)
    cloud = opencv.blurred(speck[None], max(1.0, GRAIN * scale))[0]
    rank = np.empty(cloud.size, np.float32)
    rank[cloud.ravel().argsort(kind="stable")] = np.linspace(-STAGGER, STAGGER, cloud.size)
    return rank.reshape(shape)


def _least(
    motion: Motion,
    keys: Sequence[int],
    own: Mapping[int, Planes],
    order: Sequence[int],
    step: int,
) -> dict[int, Planes]:
    """Return what the cheapest path to each key in each frame costs, coming in this order.

    Forward in time a path changes to later keys alone, backward to earlier ones.
    """
    number = len(keys)
    found = {order[0]: own[order[0]]}
    for before, frame in pairwise(order):
        if motion.parted(before, frame):
            found[frame] = own[frame]
            continue
        last = found[before]
        come = np.empty_like(last)
        for index in range(number):
            others = range(index) if step > 0 else range(index + 1, number)
            best = last[index]
            for other in others:
                best = np.minimum(best, last[other] + np.float32(SWITCH))
            come[index] = best
        come -= come.min(axis=0)
        size = come.shape[1:]
        lost = opencv.averaged(motion.lost(frame, before).astype(np.float32)[None], *size)
        kept = 1 - opencv.blurred(lost, 1.0)[0]  # a path that is lost begins anew
        found[frame] = own[frame] + opencv.warped(come, _way(motion, frame, before, size)) * kept
    return found


def _way(motion: Motion, frame: int, to: int, size: tuple[int, ...]) -> FloatArray:
    """Return where the points of a coarser frame are in another one, px of that size."""
    way = motion.way(frame, to)
    scale = np.array([size[1] / way.shape[2], size[0] / way.shape[1]], np.float32)[:, None, None]
    small = opencv.averaged(way, size[0], size[1])
    return (small + np.float32(0.5)) * scale - np.float32(0.5)
