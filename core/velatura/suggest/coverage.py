"""How far paint reaches: what each frame of a shot would get from a painted one, point by point.

Paint can be carried where the same surface is seen, and is right where the light on it is the same.
Both are known before anything is painted: the plate's own light is carried as if it were paint, and
what it misses by tells where paint would be wrong, too (photo-consistency, as in multi-view
stereo: Seitz et al. 2006).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.fields import Field
from velatura.carry.nearest import NearestFirst
from velatura.carry.paint import Carry
from velatura.image.planes import FloatArray
from velatura.scene.camera import Doubles
from velatura.scene.tracks import Tracks
from velatura.suggest.proxy import Scouted, View, followed, thinned
from velatura.system.progress import Report

POINTS = 2**14
"""Points of a frame that are looked at, at most: a grid; its shares are right to half a percent."""

FRAMES = 96
"""Frames of a shot that are looked at, at most: evenly spaced, and all that are or may be keys."""

CANDIDATES = 24
"""Frames that may be suggested, at most, evenly spaced: they are weighed against all others."""

Halves = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Reach:
    """What painted frames would give to the frames of a shot.

    Attributes:
        frames: ``(F,)`` numbers of the frames that are looked at, rising.
        weights: ``(F,)`` how many frames of the shot each of them stands for.
        keys: ``(K,)`` numbers of the frames that are or may be painted, rising.
        miss: ``(F, K, P)``: by how much the plate's own light, carried from a key, misses the
            frame's, encoded light; NaN where nothing arrives, 0 in the key itself.
        u: places of the points across the picture, 0..1; the grid has ``P = len(v) * len(u)``.
        v: places down it.
        carried: whether it is known how things move; else `miss` is how unlike two frames look.
    """

    frames: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    keys: npt.NDArray[np.int64]
    miss: Halves
    u: Doubles
    v: Doubles
    carried: bool

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the points."""
        return len(self.v), len(self.u)

    def at(self, frames: Sequence[int]) -> npt.NDArray[np.intp]:
        """Return the places of some frames among `keys`."""
        places: npt.NDArray[np.intp] = np.searchsorted(self.keys, frames)
        return places

    def among(self, places: Sequence[int]) -> npt.NDArray[np.intp]:
        """Return the places among `frames` of the keys at some places."""
        found: npt.NDArray[np.intp] = np.searchsorted(self.frames, self.keys[list(places)])
        return found

    def mean(self, values: npt.NDArray[np.floating]) -> float:
        """Return the mean over the shot of ``(F,)`` values."""
        return float(np.average(values, weights=self.weights))

    def covered(self, places: Sequence[int]) -> FloatArray:
        """Return ``(F,)`` the share of each frame that paint reaches from keys at some places."""
        covered = np.zeros(self.miss[:, 0].shape, bool)
        for place in places:
            covered |= np.isfinite(self.miss[:, place])
        shares: FloatArray = covered.mean(axis=1, dtype=np.float32)
        return shares


def measure(scouted: Scouted, painted: Sequence[int], report: Report) -> Reach:
    """Return how far paint would reach in a shot.

    Where nothing tells how things move, a frame is a single point, and `Reach.miss` is how unlike
    two frames look.

    Args:
        scouted: the shot.
        painted: its key frames.
        report: told of each frame that has been looked at.
    """
    every = np.array(scouted.frames)
    keys = np.union1d(spread(np.setdiff1d(every, painted), CANDIDATES), painted).astype(np.int64)
    frames = np.union1d(spread(every, FRAMES), keys)
    nearest = np.abs(every[:, None] - frames).argmin(axis=1)
    weights = np.bincount(nearest, minlength=len(frames)).astype(np.float64)
    if scouted.tracks is None:
        middle = np.array([0.5])
        return Reach(frames, weights, keys, _unlike(scouted, frames, keys), middle, middle, False)
    height, width = scouted.views[0].sight.size
    stride = max(1, math.ceil(math.sqrt(height * width / POINTS)))
    points = thinned(scouted.views[0].sight, stride)
    miss = _carried(scouted, scouted.tracks, frames, keys, stride, report)
    return Reach(frames, weights, keys, miss, points.u, points.v, True)


def spread(every: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Return ``count`` of some numbers, evenly spaced, the first and the last among them."""
    places = np.linspace(0, len(every) - 1, min(count, len(every))).round().astype(int)
    some: npt.NDArray[np.int64] = every[np.unique(places)]
    return some


def _carried(
    scouted: Scouted,
    tracks: Tracks,
    frames: npt.NDArray[np.int64],
    keys: npt.NDArray[np.int64],
    stride: int,
    report: Report,
) -> Halves:
    """Return `Reach.miss`, of every ``stride``-th point each way."""
    views = {view.frame: view for view in scouted.views}
    made = {int(key): views[int(key)].key(tracks) for key in keys}
    height, width = thinned(scouted.views[0].sight, stride).size
    miss = np.full((len(frames), len(keys), height * width), np.nan, np.float16)
    report.started(2 * len(frames))
    for ahead in (False, True):
        for frame, ways in followed(scouted, sorted(made), ahead):
            at = int(np.searchsorted(frames, frame))
            if at == len(frames) or frames[at] != frame:
                continue
            for place, key in enumerate(made.values()):
                if key.frame == frame:
                    miss[at, place] = 0
                elif (key.frame > frame) == ahead:
                    led = ways.get(key.frame)
                    way = {} if led is None else {(frame, key.frame): Field.certain(led)}
                    missed = _missed(views[frame], NearestFirst((key,), tracks, way), stride)
                    miss[at, place] = missed
            report.finished(str(frame), skipped=False)
    return miss


def _missed(view: View, carry: Carry, stride: int) -> FloatArray:
    """Return ``(P,)`` how far a key's light, carried, misses that of a frame; NaN for holes."""
    carried = carry.paint(view.frame, thinned(view.sight, stride)).planes
    some = slice(stride // 2, None, stride)
    light = view.light[:, some, some].astype(np.float32)
    off: FloatArray = np.abs(carried[:3] - light).mean(axis=0)
    return np.where(carried[3] == 1, off, np.float32(np.nan)).reshape(-1)


def _unlike(scouted: Scouted, frames: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> Halves:
    """Return ``(F, K, 1)`` how unlike two frames look."""
    seen = {view.frame: _looks(view) for view in scouted.views}
    unlike = [[[np.abs(seen[int(f)] - seen[int(k)]).mean()] for k in keys] for f in frames]
    return np.array(unlike, np.float16)


def _looks(view: View) -> FloatArray:
    """Return a frame's looks: which light is where, and which light there is at all."""
    light = view.light.astype(np.float32)
    rows, columns = (np.array_split(np.arange(size), min(size, 9)) for size in light.shape[1:])
    places = [
        light[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean((1, 2)) for r in rows for c in columns
    ]
    levels = np.quantile(light.reshape(3, -1), np.linspace(0, 1, len(places)), axis=1)
    return np.concatenate([np.array(places).ravel(), levels.ravel()]).astype(np.float32)
