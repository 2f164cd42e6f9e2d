"""Ink of outlines: it goes along with the edge that it was drawn beside, not with a surface.

Beside a silhouette, points of a surface turn out of sight and into it from frame to frame, and the
ink of an outline belongs to none of them: it is a line of so many pixels along the edge. So a pixel
there takes its paint from as far from the same object's edge in the key as it is in its own frame,
near to where its surface lies there. The object in front is the one whose edge it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.carry.key_edge import ROUNDS, SIDE, counted, flattened, stepped
from velatura.carry.laid import Laid
from velatura.carry.painted_key import BARE, Key
from velatura.carry.reproject import RIM, Road, Samples
from velatura.image.planes import FloatArray
from velatura.scene.camera import Camera
from velatura.scene.gbuffer import MARGIN, Bools, Sight
from velatura.scene.tracks import Tracks

REACH = 8
"""So many px from where its surface lies in a key an object's edge is looked for."""

BEHIND = 0.25
"""What ink is worth with another object behind it, against 1 of paint inside: see `RIM`."""

INKED = 0.21
"""A pixel is in the line itself where the part of `SIDE` that shows the object in front is off 1/2
by no more: one on either side of the edge."""

SLACK, ALONG = 0.5, 0.75
"""Edges are drawn in whole pixels, so that a place may be off by the first, px. Paint of a surface
whose distance to the edge is off by no more than the second has moved along with it."""

_STEEP = np.float32(0.04)  # parts a px: where counts change less, there is no edge to go by
_NEAR = np.float32(1)  # px from an edge at which it is only told by counting
_FARTHEST = 1.0  # px that one of the rounds moves
_FLAT = np.float32(1e-6)  # the way out of an object is divided by no less

_AROUND = sorted(
    ((dy, dx) for dy in range(-MARGIN, MARGIN + 1) for dx in range(-MARGIN, MARGIN + 1)),
    key=lambda offset: (offset[0] ** 2 + offset[1] ** 2, offset),
)


@dataclass(frozen=True)
class Led:
    """Where pixels beside silhouettes take their paint from in a key.

    Attributes:
        at: ``(N,)`` their places among all pixels of the frame, rising.
        x: ``(N,)`` columns, px, in the key.
        y: rows.
        worth: what paint there is worth, as of `velatura.carry.reproject.Road.places`; 0: unknown.
    """

    at: npt.NDArray[np.intp]
    x: FloatArray
    y: FloatArray
    worth: FloatArray

    def known(self, start: int, count: int) -> Led:
        """Return those that are known, among so many pixels; their places are among these."""
        first, last = np.searchsorted(self.at, (start, start + count))
        some = first + np.flatnonzero(self.worth[first:last])
        return Led(self.at[some] - start, self.x[some], self.y[some], self.worth[some])


@dataclass(frozen=True)
class Outlines:
    """The pixels of a frame, or of a part of it, that lie beside silhouettes.

    Attributes:
        at: ``(N,)`` their places among all pixels, rising, row by row.
        own: these pixels.
        front: the nearest pixels of the objects whose edges they lie beside; some are the same.
        columns: ``(N,)`` columns of those.
        off: ``(2, N)`` columns and rows from there to here.
        part: ``(N,)``: the part of the square around them that shows the object in front.
        outward: ``(2, N)``: the way out of that object, of length 1.
        across: width of the whole picture, px.
    """

    at: npt.NDArray[np.intp]
    own: Samples
    front: Samples
    columns: npt.NDArray[np.intp]
    off: FloatArray
    part: FloatArray
    outward: FloatArray
    across: int

    @classmethod
    def of(cls, sight: Sight, tracks: Tracks, camera: Camera | None) -> Outlines | None:
        """Return a frame's; None where passes do not tell them: ids, and what is in front.

        Args:
            sight: the frame, or a part of it; right but for the outermost `MARGIN` px.
            tracks: the shot's.
            camera: the frame's.
        """
        if camera is None or sight.position is None or sight.objects is None:
            return None
        index = sight.index(tracks.objects)
        at, other = _beside(index, sight.edges())
        points, flat = sight.position.reshape(3, -1), index.reshape(-1)

        def seen(pixels: npt.NDArray[np.intp]) -> Samples:
            rows, columns = np.divmod(pixels, sight.size[1])
            return Samples(
                sight.u[columns], sight.v[rows], flat.take(pixels), points.take(pixels, axis=1)
            )

        own, beyond = seen(at), seen(other)
        lead = np.where(_depth(own, camera) <= _depth(beyond, camera), at, other)
        front = seen(lead)
        rows, columns = np.divmod(at, sight.size[1])
        part, outward = np.zeros(len(at), np.float32), np.zeros((2, len(at)), np.float32)
        for dy, dx in _AROUND:
            there = flat.take(flattened(rows + dy, columns + dx, *sight.size)) == front.items
            part += there
            outward -= np.array([[dx], [dy]], np.float32) * there
        part *= np.float32(1 / SIDE**2)
        outward /= np.maximum(np.sqrt(np.square(outward[0]) + np.square(outward[1])), _FLAT)
        lead_rows, lead_columns = np.divmod(lead, sight.size[1])
        off = np.stack([columns - lead_columns, rows - lead_rows]).astype(np.float32)
        return cls(at, own, front, lead_columns, off, part, outward, sight.across)

    def led(self, road: Road, field: Laid | None) -> Led:
        """Return where these pixels' paint lies in a key.

        Args:
            road: the way there.
            field: the field that leads there, for what the road does not know; None: that is left.
        """
        key = road.key
        own_x, own_y, worth = self._moved(road, field)
        x, y, known = self._expected(road, field)
        for _ in range(ROUNDS):
            part, slope = counted(key, self.front.items, x, y)
            x, y = stepped(x, y, slope, self._missed(key, part, slope), SLACK, _FARTHEST)
        height, width = key.index.shape
        known &= (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)  # noqa: PLR2004 - px
        rows, columns = np.rint(y).astype(np.intp), np.rint(x).astype(np.intp)
        same = key.index.reshape(-1).take(flattened(rows, columns, height, width)) == self.own.items
        inked = np.abs(self.part - np.float32(0.5)) <= np.float32(INKED)
        other = np.where(inked, np.float32(BEHIND), np.float32(0))
        found = np.where(same, np.float32(RIM), other) * known
        stays = self._along(key, own_x, own_y, worth) | ((worth == 1) & ~inked)
        stays |= (worth > 0) & ~known
        return Led(
            self.at,
            np.where(stays, own_x, x).astype(np.float32),
            np.where(stays, own_y, y).astype(np.float32),
            np.where(stays, worth, found).astype(np.float32),
        )

    def _moved(self, road: Road, field: Laid | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return where the surfaces of pixels lie in the key, px, and what paint is worth there."""
        x, y, worth = road.places(self.own)
        lost = np.flatnonzero(~np.isfinite(x))
        if field is not None and len(lost):
            columns = self.columns.take(lost) + self.off[0].take(lost).astype(np.intp)
            x[lost], y[lost] = field.at(columns, self.own.v.take(lost))
            worth[lost] = road.matched(self.own.items.take(lost), x[lost], y[lost])
        return x, y, worth

    def _expected(self, road: Road, field: Laid | None) -> tuple[FloatArray, FloatArray, Bools]:
        """Return where pixels would lie if the object in front took them along, and its edge.

        And of which that is known.
        """
        height, width = road.key.index.shape
        x, y = _led(road, field, self.front, self.columns)
        scale = self._scale(road.key)
        x, y = x + scale * self.off[0], y + scale * self.off[1]
        strange = len(road.poses) - 1  # things the shot did not have have no edge in a key
        known = (self.own.items < strange) & (self.front.items < strange)
        known &= np.isfinite(x) & np.isfinite(y)
        known &= (np.abs(x) < 2 * width) & (np.abs(y) < 2 * height)
        x, y = np.where(known, x, np.float32(0)), np.where(known, y, np.float32(0))
        away = self._away(road.key, x, y)
        known &= np.isfinite(away)
        away = np.where(known & (np.abs(away) > _NEAR), away, np.float32(0))
        return x + away * self.outward[0], y + away * self.outward[1], known

    def _away(self, key: Key, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return how much further out an object's edge is than is expected; inf: nowhere."""
        flat, front = key.index.reshape(-1), self.front.items
        depth = None if key.depth is None else key.depth.reshape(-1)
        expected = (self.part - np.float32(0.5)) * (np.float32(SIDE) * self._scale(key))
        found = np.full(len(x), np.inf, np.float32)
        before, inside = None, None
        for step in map(np.float32, range(-REACH, REACH + 1)):
            across, down = x + step * self.outward[0], y + step * self.outward[1]
            rows, columns = (np.rint(at).astype(np.intp) for at in (down, across))
            pixel = flattened(rows, columns, *key.index.shape)
            shows = flat.take(pixel)
            hits = shows == front
            if before is not None and inside is not None:
                ends = inside & ~hits & (shows != BARE)  # paint may end where nothing does
                if depth is not None:  # what stands in front would be another's edge
                    ends &= (shows == 0) | (depth.take(pixel) >= depth.take(before))
                away = step - np.float32(0.5) - expected
                np.copyto(found, away, where=ends & (np.abs(away) < np.abs(found)))
            before, inside = pixel, hits
        return found

    def _missed(self, key: Key, part: FloatArray, slope: FloatArray) -> FloatArray:
        """Return what the part has to rise by, for places to be as far from the edge as here."""
        wanted = np.float32(0.5) + (self.part - np.float32(0.5)) * self._scale(key)
        steep = np.square(slope[0]) + np.square(slope[1]) > np.square(_STEEP)
        missed: FloatArray = (np.clip(wanted, 0, 1) - part) * steep
        return missed

    def _along(self, key: Key, x: FloatArray, y: FloatArray, worth: FloatArray) -> Bools:
        """Return whose surface lies on a rim, and as far from the edge as here, also in the key."""
        some = worth == np.float32(RIM)
        part, slope = counted(key, self.front.items, np.where(some, x, 0), np.where(some, y, 0))
        steep = np.sqrt(np.square(slope[0]) + np.square(slope[1]))
        along: Bools = np.abs(self._missed(key, part, slope)) <= np.float32(ALONG) * steep
        along &= some
        return along

    def _scale(self, key: Key) -> np.float32:
        """Return pixels of the key to a pixel of the frame: one of them may be a proxy."""
        return np.float32(key.index.shape[1] / self.across)


def _led(
    road: Road, field: Laid | None, pixels: Samples, columns: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Return where pixels lie in a key, px, hidden or not; NaN where that is not known."""
    height, width = road.key.index.shape
    u, v, _ = road.projected(pixels)
    x, y = ((part * size - 0.5).astype(np.float32) for part, size in ((u, width), (v, height)))
    lost = np.flatnonzero(~np.isfinite(x))
    if field is not None and len(lost):
        x[lost], y[lost] = field.at(columns.take(lost), pixels.v.take(lost))
    return x, y


def _beside(
    index: npt.NDArray[np.uint16], edges: Bools
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the pixels that have another object near to them, and the nearest of that."""
    flat, at = index.reshape(-1), np.flatnonzero(edges)
    own, other = flat.take(at), np.full(len(at), -1, np.intp)
    rows, columns = np.divmod(at, index.shape[1])
    for dy, dx in _AROUND:
        near = flattened(rows + dy, columns + dx, *index.shape)
        np.copyto(other, near, where=(other < 0) & (flat.take(near) != own))
    there = other >= 0
    return at[there], other[there]


def _depth(pixels: Samples, camera: Camera) -> FloatArray:
    """Return how far away pixels are; background is farthest."""
    assert pixels.points is not None, "seen by the caller"  # noqa: S101
    depth = camera.project(pixels.points)[2]
    return np.where(pixels.items > 0, depth, np.float32(np.inf))
