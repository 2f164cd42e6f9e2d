"""How the camera and every object of a shot move, solved from its passes.

Cameras come from Position; the motion of each rigid object from Vector and Position inside its id;
whatever bends is marked, and followed by its vectors pixel by pixel (`velatura.drift`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura import pose
from velatura.bicubic import linear
from velatura.camera import Camera, Doubles
from velatura.image import FloatArray
from velatura.progress import Report
from velatura.sight import NOTHING, Bools, Sight

_STILL = 0.1  # of a pixel: what moves less a frame does not move
_FITS = 1.0  # of a pixel: a pair of points that agrees with a motion
_RIGID = 0.9  # share of pairs that agree with a rigid motion; the rest are edges and wrong vectors
_MOST = 400_000  # pixels of a frame looked at; more tell nothing new


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
        both = self.segments[start] == self.segments[end]
        found = np.full((len(self.objects), 3, 4), np.nan)
        for item in np.nonzero(both & (self.segments[start] >= 0) & ~self.bends)[0]:
            found[item] = pose.then(pose.back(self.poses[start, item]), self.poses[end, item])
        return found


def solve(frames: tuple[int, ...], sights: Iterable[Sight], report: Report) -> Tracks:
    """Return the motion in a shot.

    Args:
        frames: the frame numbers, rising.
        sights: the sight of each.
        report: told of each frame that has been looked at.
    """
    cameras: list[Camera | None] = []
    paths: dict[int, _Path] = {}
    before: Seen | None = None
    report.started(len(frames))
    for at, sight in enumerate(sights):
        cameras.append(sight.camera())
        now = Seen.of(sight)
        follows = before if at and frames[at] == frames[at - 1] + 1 else None
        for item in map(int, np.unique(now.items[now.items != NOTHING])):
            path = paths.setdefault(item, _Path(len(frames)))
            step = _step(follows, now, item, cameras[-2:]) if follows else None
            path.add(at, step)
        before = now
        report.finished(str(frames[at]), skipped=False)
    objects = sorted(paths)
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
        self._latest = 0

    def add(self, at: int, step: tuple[Doubles, bool] | None) -> None:
        """Note that the object is seen in a frame, and how it came there if that is known."""
        if step is not None and self.segments[at - 1] >= 0:
            self.poses[at] = pose.then(self.poses[at - 1], step[0])
            self.segments[at] = self.segments[at - 1]
            self.bends |= not step[1]
        else:
            self._latest += 1
            self.poses[at], self.segments[at] = pose.STILL, self._latest


@dataclass(frozen=True)
class Seen:
    """A sight, the numbers of its objects ``(H, W)``, and those that are clear of any edge."""

    sight: Sight
    items: npt.NDArray[np.int64]
    clear: npt.NDArray[np.int64]

    @classmethod
    def of(cls, sight: Sight) -> Seen:
        items = sight.items()
        return cls(sight, items, np.where(inner(items, 1), items, NOTHING))


def _step(
    before: Seen, now: Seen, item: int, cameras: list[Camera | None]
) -> tuple[Doubles, bool] | None:
    """Return an object's motion from a frame to the next, and whether it is rigid; or None.

    Without vectors all that can be told is whether it stands still.
    """
    if cameras[0] is None or cameras[1] is None:
        return None
    vectors = before.sight.vector, now.sight.vector
    if vectors[0] is None or vectors[1] is None:
        old, new = _pairs(before, now, item, *_parallax(before.sight, cameras[1]))
    else:
        ahead = _pairs(before, now, item, -vectors[0][2], vectors[0][3])
        behind = _pairs(now, before, item, vectors[1][0], -vectors[1][1])
        old, new = (np.concatenate(pair, 1) for pair in zip(ahead, behind[::-1], strict=True))
    if old.shape[1] < pose.ENOUGH:
        return None
    depth = np.abs(cameras[0].axis[:3] @ old + cameras[0].axis[3])
    pixel = cameras[0].footprint(depth, before.sight.size[1])
    motion, off = pose.STILL, pose.miss(pose.STILL, old, new) / pixel
    if np.median(off) >= _STILL:
        if vectors[0] is None or vectors[1] is None:
            return None
        motion, off = pose.fit(old, new)
        off /= pixel
    return motion, bool(np.mean(off < _FITS) >= _RIGID)


def _parallax(sight: Sight, camera: Camera) -> tuple[FloatArray, FloatArray]:
    """Return how far each pixel of a still scene moves under another camera, px; NaN behind it."""
    height, width = sight.size
    assert sight.position is not None, "a camera was solved from it"  # noqa: S101
    u, v, _ = camera.project(sight.position)
    right, down = (u - sight.u) * width, (v - sight.v[:, None]) * height
    return right.astype(np.float32), down.astype(np.float32)


def _pairs(
    here: Seen, there: Seen, item: int, right: FloatArray, down: FloatArray
) -> tuple[Doubles, Doubles]:
    """Return points of an object in a frame ``(3, N)``, and where its vectors lead in another."""
    positions = here.sight.position, there.sight.position
    if positions[0] is None or positions[1] is None:
        return np.zeros((3, 0)), np.zeros((3, 0))
    rows, columns = np.nonzero(here.clear == item)
    stride = max(1, -(-len(rows) // _MOST))
    rows, columns = rows[::stride], columns[::stride]
    x, y = columns + right[rows, columns], rows + down[rows, columns]
    height, width = there.sight.size
    with np.errstate(invalid="ignore"):
        fit = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    fit[fit] = there.clear[np.rint(y[fit]).astype(int), np.rint(x[fit]).astype(int)] == item
    old = positions[0][:, rows[fit], columns[fit]]
    return old.astype(np.float64), linear(positions[1], x[fit], y[fit]).astype(np.float64)


def inner(index: npt.NDArray[np.integer[Any]], margin: int) -> Bools:
    """Return ``(H, W)``: True where all pixels within ``margin`` px show the same object."""
    fit = np.ones(index.shape, bool)
    for step in range(1, margin + 1):
        for one, other in (
            (np.s_[step:, :], np.s_[:-step, :]),
            (np.s_[:, step:], np.s_[:, :-step]),
            (np.s_[step:, step:], np.s_[:-step, :-step]),
            (np.s_[step:, :-step], np.s_[:-step, step:]),
        ):
            differs = index[one] != index[other]
            fit[one] &= ~differs
            fit[other] &= ~differs
    return fit
