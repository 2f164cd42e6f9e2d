"""The way from a frame of a shot to a painted key: where each pixel's paint lies there, if it does.

The motion of a pixel's object says where its point was in the key frame, the key's camera where it
was seen; depths say whether something stood in front (as shadow maps do, Williams 1978). What bends
is looked up in a field instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.painted_key import BARE, Key
from velatura.image.planes import FloatArray
from velatura.image.sampling import linear
from velatura.scene import rigid
from velatura.scene.camera import Camera, Doubles
from velatura.scene.gbuffer import Bools, Indices, Sight
from velatura.scene.tracks import Tracks

RIM = 0.5
"""What paint on a key's rim is worth, against 1 of paint inside: there is the outline's ink, and it
is right where the outline has moved along."""

_ON = 1e-3  # px by which a place may be off a pixel, and is on it
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

    def places(self, pixels: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return columns and rows of pixels in the key, px, and what the paint there is worth.

        That is 1, or `RIM`, or 0 where there is none.
        """
        if self.arrived:
            nowhere = np.full(len(pixels.u), np.nan, np.float32)
            return self.judged(pixels, pixels.u, pixels.v, nowhere)
        items = np.minimum(pixels.items, len(self.poses) - 1)
        u, v, depth = self._projected(pixels, items)
        if self.field is not None:
            bent = np.flatnonzero(self.followed[items])
            u[bent], v[bent] = _between(self.field, pixels.u[bent], pixels.v[bent])
            depth[bent] = np.nan
        return self.judged(pixels, u, v, depth)

    def whole(self, pixels: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the same of the painted frame itself: paint is worth 1 wherever there is some.

        Places are right on the key's pixels; only those of a proxy lie between them.
        """
        height, width = self.key.index.shape
        x, y = (
            (part * size - 0.5).astype(np.float32)
            for part, size in ((pixels.u, width), (pixels.v, height))
        )
        x, y = (np.where(np.abs(at - np.rint(at)) < _ON, np.rint(at), at) for at in (x, y))
        hit = (pixels.u > 0) & (pixels.u < 1) & (pixels.v > 0) & (pixels.v < 1)
        inside = np.flatnonzero(hit)
        column, row = (
            np.clip(np.rint(at[inside]).astype(np.intp), 0, size - 1)
            for at, size in ((x, width), (y, height))
        )
        near = row * width + column
        hit[inside] = self.key.index.reshape(-1)[near] != BARE
        return x, y, hit.astype(np.float32)

    def _projected(
        self, pixels: Samples, items: Indices
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return where the key's camera sees what pixels see, and at which distance; or NaN."""
        if self.here is None or self.there is None or pixels.points is None:
            u, v, depth = np.full((3, len(items)), np.nan, np.float32)
            return u, v, depth
        points = pixels.points
        moving = np.flatnonzero(self._moves[items])
        if len(moving):
            points = points.copy()
            points[:, moving] = _moved(self.poses[items[moving]], points[:, moving])
        u, v, depth = self.there.project(points)
        sky = np.flatnonzero(items == 0)
        u[sky], v[sky] = _far(self.here, self.there, pixels.u[sky], pixels.v[sky])
        depth[sky] = np.nan
        return u, v, depth

    @property
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
        key = self.key
        height, width = key.index.shape
        x, y = ((part * size - 0.5).astype(np.float32) for part, size in ((u, width), (v, height)))
        with np.errstate(invalid="ignore"):
            hit = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        inside = np.flatnonzero(hit)
        near = np.rint(y[inside]).astype(np.intp) * width + np.rint(x[inside]).astype(np.intp)
        hit[inside] = key.index.reshape(-1)[near] == pixels.items[inside]
        solid = np.flatnonzero(hit & np.isfinite(depth))
        if key.depth is not None and self.there is not None and len(solid):
            hit[solid] = _seen(key.depth, self.there, x[solid], y[solid], depth[solid])
        worth = np.zeros(len(x), np.float32)
        worth[hit] = 1
        worth[inside] *= np.where(key.rim.reshape(-1)[near], np.float32(RIM), np.float32(1))
        return x, y, worth


def _moved(poses: FloatArray, points: FloatArray) -> FloatArray:
    """Return ``(3, N)`` points, each moved by its own of ``(N, 3, 4)`` poses.

    Term by term: a matrix product rounds a point by how many others are beside it, and a tile would
    differ from the whole frame.
    """
    x, y, z = points
    rows = poses.transpose(1, 2, 0)
    return np.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in rows])


def _far(here: Camera, there: Camera, u: Doubles, v: Doubles) -> tuple[FloatArray, FloatArray]:
    """Return where infinitely far things are in another frame."""
    if not (here.perspective and there.perspective):
        nowhere = np.full(len(u), np.nan, np.float32)
        return nowhere, nowhere
    x, y, w = (row[0] * u + row[1] * v + row[2] for row in here.toward(there))
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


def _seen(
    depths: FloatArray, camera: Camera, x: FloatArray, y: FloatArray, depth: FloatArray
) -> npt.NDArray[np.bool_]:
    """Return which points lie on the surface that a key saw: not behind it, nor before it."""
    height, width = depths.shape
    left = np.clip(np.floor(x), 0, width - 2).astype(np.intp)
    top = np.clip(np.floor(y), 0, height - 2).astype(np.intp)
    flat, at = depths.reshape(-1), top * width + left
    corners = [flat[at], flat[at + 1], flat[at + width], flat[at + width + 1]]
    least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    slack = _SLACK * camera.footprint(depth, width)
    on: npt.NDArray[np.bool_] = (depth >= least - slack) & (depth <= most + slack)
    return on
