"""The way from a frame of a shot to a painted key: where each pixel's paint lies there, if it does.

The motion of a pixel's object says where its point was in the key frame, the key's camera where it
was seen; depths say whether something stood in front (as shadow maps do, Williams 1978). What bends
is looked up in a field instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from velatura.carry.painted_key import Key
from velatura.image.planes import FloatArray
from velatura.image.sampling import linear
from velatura.scene import rigid
from velatura.scene.camera import Camera, Doubles
from velatura.scene.gbuffer import Bools, Indices, Sight
from velatura.scene.tracks import Tracks

RIM = 0.5
"""What paint on a key's rim is worth, against 1 of paint inside: there is the outline's ink, and it
is right where the outline has moved along."""

_SLACK = 1.0  # footprints that a point may lie in front of or behind the surface its paint lies on


@dataclass(frozen=True)
class Samples:
    """Some pixels of a frame, side by side.

    Attributes:
        u: ``(N,)`` places across the display window.
        v: down it.
        items: ``(N,)`` indices of the objects they show.
        points: ``(3, N)`` float32 world positions; None without a Position pass.
    """

    u: Doubles
    v: Doubles
    items: Indices
    points: FloatArray | None

    @classmethod
    def of(cls, sight: Sight, tracks: Tracks) -> Samples:
        """Return all pixels of a sight, row by row."""
        height, width = sight.size
        points = None if sight.position is None else sight.position.reshape(3, -1)
        index = sight.index(tracks.objects).reshape(-1)
        return cls(np.tile(sight.u, height), np.repeat(sight.v, width), index, points)

    @cached_property
    def sky(self) -> tuple[npt.NDArray[np.intp], Doubles, Doubles]:
        """Where nothing is: their places among these, and across and down the display window."""
        there = np.flatnonzero(self.items == 0)
        return there, self.u.take(there), self.v.take(there)

    def some(self, these: npt.NDArray[np.intp]) -> Samples:
        """Return those of them."""
        points = None if self.points is None else self.points[:, these]
        return Samples(self.u[these], self.v[these], self.items[these], points)


@dataclass(frozen=True)
class Road:
    """The way from a frame to a key.

    Attributes:
        key: where it leads.
        here: the frame's camera; None where it is not known.
        there: the key's.
        arrived: whether the frame is the painted one itself.
        poses: ``(n + 2, 3, 4)`` float32: how each index moves; NaN where that is not known.
        followed: ``(n + 2,)``: indices that are followed by the field.
        field: ``(2, h, w)`` places in the key of what bends, as in
            `velatura.carry.paint.Carry.fields`; None where there is none.
    """

    key: Key
    here: Camera | None
    there: Camera | None
    arrived: bool
    poses: FloatArray
    followed: Bools
    field: FloatArray | None

    @classmethod
    def of(cls, tracks: Tracks, frame: int, key: Key, field: FloatArray | None) -> Road:
        """Return the way from a frame of the shot to a key."""
        start, end = tracks.frames.index(frame), tracks.frames.index(key.frame)
        here, there = tracks.cameras[start], tracks.cameras[end]
        number = len(tracks.objects)
        poses = np.full((number + 2, 3, 4), np.nan, np.float32)  # the last: objects never seen
        poses[0] = rigid.STILL
        poses[1:-1] = tracks.between(start, end)
        followed = np.full(number + 2, here is None or there is None)
        followed[1:-1] |= tracks.bends
        return cls(key, here, there, frame == key.frame, poses, followed, field)

    def leads(self, pixels: Samples) -> bool:
        """Return whether cameras tell where pixels lie in the key.

        Not on the key's own frame: where its paint is not shown as it is, it is led by the field.
        """
        known = self.here is not None and self.there is not None and pixels.points is not None
        return known and not self.arrived

    def places(self, pixels: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return columns and rows of pixels in the key, px, and what the paint there is worth.

        That is 1, or `RIM`, or 0 where there is none.
        """
        if self.arrived:
            nowhere = np.full(len(pixels.u), np.nan, np.float32)
            return self.judged(pixels, pixels.u, pixels.v, nowhere)
        u, v, depth = self.projected(pixels)
        if self.field is not None:
            items = np.minimum(pixels.items, len(self.poses) - 1)
            bent = np.flatnonzero(self.followed[items])
            u[bent], v[bent] = _between(self.field, pixels.u[bent], pixels.v[bent])
            depth[bent] = np.nan
        return self.judged(pixels, u, v, depth)

    def projected(self, pixels: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return where the key's camera sees what pixels see, and at which distance; or NaN."""
        items = np.minimum(pixels.items, len(self.poses) - 1)
        if self.here is None or self.there is None or pixels.points is None:
            u, v, depth = np.full((3, len(items)), np.nan, np.float32)
            return u, v, depth
        found = self.there.project(pixels.points)
        moving = np.flatnonzero(self._moves.take(items))
        if len(moving):
            points = np.stack([plane.take(moving) for plane in pixels.points])
            moved = _moved(self.poses, items.take(moving), points)
            for plane, values in zip(found, self.there.project(moved), strict=True):
                plane[moving] = values
        u, v, depth = found
        sky, *ways = pixels.sky
        if len(sky):
            u[sky], v[sky] = _far(self._far, *ways)
        depth[sky] = np.nan
        return u, v, depth

    @cached_property
    def _far(self) -> Doubles | None:
        """How infinitely far things move from the frame to the key; None by parallel rays."""
        assert self.here is not None and self.there is not None, "seen by the caller"  # noqa: S101, PT018
        if not (self.here.perspective and self.there.perspective):
            return None
        return self.here.toward(self.there)

    @cached_property
    def _moves(self) -> Bools:
        moves: Bools = (self.poses != rigid.STILL.astype(np.float32)).any(axis=(1, 2))
        return moves

    def judged(
        self,
        pixels: Samples,
        u: FloatArray | Doubles,
        v: FloatArray | Doubles,
        depth: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return places in px, and what their paint is worth: in the key, and not hidden there."""
        height, width = self.key.index.shape
        x, y = ((part * size - 0.5).astype(np.float32) for part, size in ((u, width), (v, height)))
        worth = self.matched(pixels.items, x, y)
        if self.key.depth is not None and self.there is not None:
            worth *= _seen(self.key, self.there, x, y, depth)
        return x, y, worth

    def matched(self, items: Indices, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return what paint at places, px, is worth if it lies on the same objects, else 0."""
        height, width = self.key.index.shape
        near_x, near_y = _within(x, width), _within(y, height)
        hit = near_x == x
        hit &= near_y == y
        if self.key.alike:
            hit &= items == self.key.index[0, 0]
            alike: FloatArray = hit.astype(np.float32)
            return alike
        at = np.rint(near_y, out=near_y).astype(np.int32)
        at *= np.int32(width)
        at += np.rint(near_x, out=near_x).astype(np.int32)
        marks = self.key.marks.reshape(-1).take(at.astype(np.intp), mode="clip")
        marks -= items * np.uint32(2)
        hit &= marks <= 1
        worth: FloatArray = hit.astype(np.float32)
        hit &= marks == 1
        worth -= hit * np.float32(1 - RIM)
        return worth


def _moved(poses: FloatArray, items: Indices, points: FloatArray) -> FloatArray:
    """Return ``(3, N)`` points, each moved by the pose of its own of ``(N,)`` indices.

    Term by term: a matrix product rounds a point by how many others are beside it, and a tile would
    differ from the whole frame.
    """
    table = np.ascontiguousarray(poses.transpose(1, 2, 0))
    moved = np.stack([row[3].take(items) for row in table])  # shifts: added last
    for row, shifts in zip(table, moved, strict=True):
        values = row[0].take(items) * points[0]
        values += row[1].take(items) * points[1]
        values += row[2].take(items) * points[2]
        np.add(values, shifts, out=shifts)
    return moved


def _within(places: FloatArray, size: int) -> FloatArray:
    """Return places in px, the outermost pixel's where they lie beyond it; 0 for NaN."""
    within = np.fmax(places, np.zeros_like(places))  # of two arrays: four times as fast
    return np.minimum(within, np.full_like(places, size - 1), out=within)


def _far(homography: Doubles | None, u: Doubles, v: Doubles) -> tuple[FloatArray, FloatArray]:
    """Return where infinitely far things are in another frame."""
    if homography is None:
        nowhere = np.full(len(u), np.nan, np.float32)
        return nowhere, nowhere
    x, y, w = (row[0] * u + row[1] * v + row[2] for row in homography)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(w > 0, w, np.nan)
        return (x / w).astype(np.float32), (y / w).astype(np.float32)


def _between(field: FloatArray, u: Doubles, v: Doubles) -> tuple[FloatArray, FloatArray]:
    """Return the places of a field between its points; NaN beside a hole, and outside of it."""
    height, width = field.shape[1:]
    x, y = (u * width - 0.5).astype(np.float32), (v * height - 0.5).astype(np.float32)
    places = linear(field, x, y)
    places[:, (u < 0) | (u > 1) | (v < 0) | (v > 1)] = np.nan
    return places[0], places[1]


def _seen(key: Key, camera: Camera, x: FloatArray, y: FloatArray, depth: FloatArray) -> Bools:
    """Return which points lie on the surface that a key saw: not behind it, nor before it.

    Where no depth is known, nothing speaks against it.
    """
    assert key.depth is not None, "seen by the caller"  # noqa: S101
    height, width = key.index.shape
    left = np.minimum(np.floor(_within(x, width)), np.float32(width - 2)).astype(np.int32)
    at = np.minimum(np.floor(_within(y, height)), np.float32(height - 2)).astype(np.int32)
    if key.depths is not None:
        at *= np.int32(width - 1)
        at += left
        pairs = key.depths.view(np.uint64).reshape(-1)  # both at once
        bounds = pairs.take(at.astype(np.intp), mode="clip").view(np.float32).reshape(-1, 2)
        least, most = bounds[:, 0].copy(), bounds[:, 1].copy()
    else:
        at *= np.int32(width)
        at += left
        corner, flat = at.astype(np.intp), key.depth.reshape(-1)
        corners = [flat[step:].take(corner, mode="clip") for step in (0, 1, width, width + 1)]
        least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    slack = _SLACK * camera.footprint(depth, width)
    least -= slack
    most += slack
    with np.errstate(invalid="ignore"):
        on: Bools = depth >= least
        on &= depth <= most
    on |= ~np.isfinite(depth)
    return on
