"""How the camera and every object of a shot move, solved from its passes.

Cameras come from Position; the motion of each rigid object from Vector and Position inside its id;
whatever bends is marked, and followed by its vectors pixel by pixel (`velatura.scene.vectors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.image.sampling import linear
from velatura.image.silhouettes import inner
from velatura.scene import rigid as pose
from velatura.scene.camera import Camera, Doubles
from velatura.scene.gbuffer import FEWER, NOTHING, Bools, Sight
from velatura.scene.vectors import to_after, to_before
from velatura.system.progress import Report

# Unit: the world distance between what neighbouring pixels show.
_STILL = 0.1  # what moves less a frame may stand still: passes are known to about as much
_CLEARLY = 0.5  # a fitted motion must cut the residual to this fraction
_EXACT = 0.005  # what moves less than that stands still in any case
_FITS = 1.0  # a pair of points that agrees with a motion
_RIGID = 0.9  # share of pairs that agree with a rigid motion; the rest are edges and wrong vectors
_MOST = 20_000  # pixels of an object looked at in a frame; more tell nothing new

_Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Tracks:
    """The motion in a shot.

    Attributes:
        frames: the frame numbers, rising.
        objects: sorted uint32 numbers of all objects seen; index 1 is the first.
        cameras: one a frame; None where it could not be solved.
        poses: ``(F, n, 3, 4)``: from where an object was when it was first seen (in its segment) to
            where it is; NaN while it is not seen.
        segments: ``(F, n)``: poses are comparable inside one segment: who leaves the frame and
            comes back has moved unseen. -1 while it is not seen.
        bends: ``(n,)``: objects that no rigid motion explains.
    """

    frames: tuple[int, ...]
    objects: npt.NDArray[np.uint32]
    cameras: tuple[Camera | None, ...]
    poses: Doubles
    segments: npt.NDArray[np.int16]
    bends: Bools

    def between(self, start: int, end: int) -> Doubles:
        """Return ``(n, 3, 4)``: poses from one frame's place (its index) to another's, or NaN."""
        known = (self.segments[start] == self.segments[end]) & (self.segments[start] >= 0)
        first, last = self.poses[start], self.poses[end]
        turn = last[:, :, :3] @ first[:, :, :3].transpose(0, 2, 1)
        found = np.concatenate([turn, last[:, :, 3:] - turn @ first[:, :, 3:]], 2)
        found[(first == last).all(axis=(1, 2))] = pose.STILL  # exactly, however it has turned
        found[~known | self.bends] = np.nan
        return found


def solve(frames: tuple[int, ...], sights: Iterable[Sight], report: Report) -> Tracks:
    """Return the motion in a shot.

    Args:
        frames: the frame numbers, rising.
        sights: the sight of each, over the display window.
        report: told of each frame that has been looked at.
    """
    cameras: list[Camera | None] = []
    paths: dict[int, _Path] = {}
    before: Seen | None = None
    report.started(len(frames))
    for at, sight in enumerate(sights):
        cameras.append(sight.camera())
        now = Seen.of(sight)
        follows = bool(at) and frames[at] == frames[at - 1] + 1
        for item in now.places:
            path = paths.setdefault(item, _Path(len(frames)))
            step = None
            if before is not None and item in before.places and (follows or path.rests):
                step = _step(before, now, item, cameras[-2:], follows)
            path.add(at, step)
        before = now
        report.finished(str(frames[at]), skipped=False)
    objects = sorted(paths)[: FEWER - 1]  # of a forest by the leaf, some get no paint
    return Tracks(
        frames,
        np.array(objects, np.uint32),
        tuple(cameras),
        np.stack([paths[o].poses for o in objects], 1)
        if objects
        else np.zeros((len(frames), 0, 3, 4)),
        np.stack([paths[o].segments for o in objects], 1)
        if objects
        else np.zeros((len(frames), 0), np.int16),
        np.array([paths[o].bends for o in objects], bool),
    )


class _Path:
    """One object's way through the shot, as it is found."""

    def __init__(self, frames: int) -> None:
        self.poses = np.full((frames, 3, 4), np.nan)
        self.segments = np.full(frames, -1, np.int16)
        self.bends = False
        self.rests = True
        self._latest = 0

    def add(self, at: int, step: _Step | None) -> None:
        """Note that the object is seen in a frame, and how it came there if that is known."""
        if step is not None and self.segments[at - 1] >= 0:
            self.poses[at] = pose.then(self.poses[at - 1], step.motion)
            self.segments[at] = self.segments[at - 1]
            self.bends |= not step.rigid
            self.rests = step.motion is pose.STILL
        else:
            self._latest += 1
            self.poses[at], self.segments[at] = pose.STILL, self._latest
            self.rests = True


@dataclass(frozen=True)
class _Step:
    """How an object came from a frame to the next, and whether that explains all of it."""

    motion: Doubles
    rigid: bool


@dataclass(frozen=True)
class Seen:
    """A sight, the numbers of its objects, and where each of them is clear of any edge.

    Attributes:
        sight: the passes.
        clear: ``(H, W)``: the number of the object, `NOTHING` beside an edge and where nothing is.
        places: rows and columns of some clear pixels of each object, all over it.
    """

    sight: Sight
    clear: npt.NDArray[np.int64]
    places: Mapping[int, tuple[_Places, _Places]]

    @classmethod
    def of(cls, sight: Sight) -> Seen:
        """Return what there is of a sight; an object that is all edge has no places."""
        items = sight.items()
        clear = np.where(inner(items, 1), items, NOTHING)
        numbers = np.unique(items[items != NOTHING])
        flat = np.flatnonzero(clear != NOTHING)
        # Sorted once: to look for each of ten thousand leaves all over the frame takes minutes.
        flat = flat[np.argsort(clear.reshape(-1)[flat], kind="stable")]
        ends = np.searchsorted(clear.reshape(-1)[flat], numbers, side="right")
        places = {}
        for number, start, end in zip(numbers.tolist(), [0, *ends], ends, strict=False):
            stride = max(1, -(-(end - start) // _MOST))
            rows, columns = np.divmod(flat[start:end:stride], items.shape[1])
            places[number] = rows, columns
        return cls(sight, clear, places)


def _step(
    before: Seen, now: Seen, item: int, cameras: list[Camera | None], follows: bool
) -> _Step | None:
    """Return an object's motion from a frame to another; None where it cannot be told.

    Without vectors, and across frames that are not there (``follows`` is False), all that can be
    told is whether it stands still.
    """
    if cameras[0] is None or cameras[1] is None:
        return None
    vectors = before.sight.vector, now.sight.vector
    told = follows and vectors[0] is not None and vectors[1] is not None
    told = told and before.sight.size == now.sight.size
    pairs = _led(before, now, item) if told else _still(before, now, item, cameras[1])
    if len(pairs.pixel) < pose.ENOUGH:
        return None
    motion, off = pose.STILL, pairs.off(pose.STILL)
    much = float(np.median(off))
    if much >= _STILL and not told:
        return None
    if much >= _EXACT and told:
        fitted, _ = pose.fit(pairs.old, pairs.new)
        less = pairs.off(fitted)
        if much >= _STILL or np.median(less) < _CLEARLY * much:
            motion, off = fitted, less
    return _Step(motion, bool(np.mean(off < _FITS) >= _RIGID))


@dataclass(frozen=True)
class _Pairs:
    """Points of an object in a frame and in another, and how far their pixels are apart.

    Attributes:
        old: ``(3, N)`` in the former.
        new: in the latter.
        pixel: ``(N,)`` scene units from what a pixel shows to what the next one shows.
    """

    old: Doubles
    new: Doubles
    pixel: Doubles

    def off(self, motion: Doubles) -> Doubles:
        """Return how far each point misses its place by a motion, in pixels of the surface."""
        return pose.miss(motion, self.old, self.new) / self.pixel

    def __add__(self, other: _Pairs) -> _Pairs:
        both = np.concatenate([self.old, other.old], 1), np.concatenate([self.new, other.new], 1)
        return _Pairs(*both, np.concatenate([self.pixel, other.pixel]))

    def turned(self) -> _Pairs:
        """Return them the other way round."""
        return _Pairs(self.new, self.old, self.pixel)


def _led(before: Seen, now: Seen, item: int) -> _Pairs:
    """Return points of an object and where they are a frame later, by its vectors."""
    told = before.sight.vector, now.sight.vector
    assert told[0] is not None and told[1] is not None, "seen by the caller"  # noqa: S101, PT018
    rows, columns = before.places[item]
    right, down = to_after(told[0][:, rows, columns])
    ahead = _pairs(before, now, item, columns + right, rows + down)
    rows, columns = now.places[item]
    right, down = to_before(told[1][:, rows, columns])
    return ahead + _pairs(now, before, item, columns + right, rows + down).turned()


def _still(before: Seen, now: Seen, item: int, camera: Camera) -> _Pairs:
    """Return points of an object, and those that are seen in their place by another camera."""
    assert before.sight.position is not None, "a camera was solved from it"  # noqa: S101
    rows, columns = before.places[item]
    u, v, _ = camera.project(before.sight.position[:, rows, columns])
    height, width = now.sight.size
    return _pairs(before, now, item, u * width - np.float32(0.5), v * height - np.float32(0.5))


def _pairs(here: Seen, there: Seen, item: int, x: FloatArray, y: FloatArray) -> _Pairs:
    """Return points of an object in a frame, and those at ``x``, ``y`` px of it in another."""
    positions = here.sight.position, there.sight.position
    assert positions[0] is not None and positions[1] is not None, "cameras were solved"  # noqa: S101, PT018
    height, width = there.sight.size
    with np.errstate(invalid="ignore"):
        fit = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    fit[fit] = there.clear[np.rint(y[fit]).astype(int), np.rint(x[fit]).astype(int)] == item
    rows, columns = here.places[item]
    old = positions[0][:, rows[fit], columns[fit]].astype(np.float64)
    new = linear(positions[1], x[fit], y[fit]).astype(np.float64)
    return _Pairs(old, new, _apart(positions[0], rows[fit], columns[fit]))


def _apart(position: FloatArray, rows: _Places, columns: _Places) -> Doubles:
    """Return how far apart what neighbouring pixels show is, ``(N,)`` scene units."""
    height, width = position.shape[1:]
    after, before = np.minimum(columns + 1, width - 1), np.maximum(columns - 1, 0)
    across = position[:, rows, after] - position[:, rows, before]
    below, above = np.minimum(rows + 1, height - 1), np.maximum(rows - 1, 0)
    down = position[:, below, columns] - position[:, above, columns]
    both = np.maximum(*(np.linalg.norm(way.astype(np.float64), axis=0) for way in (across, down)))
    return np.asarray(np.maximum(0.5 * both, np.finfo(np.float32).tiny))
