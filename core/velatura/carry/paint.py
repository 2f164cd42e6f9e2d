"""Carried paint: what the painter put on key frames, moved to where it belongs in another.

A pixel of any frame sees a point of the world. Where that point was seen in a key frame, there lies
its paint (`velatura.carry.reproject`; the same idea as image-based rendering: Debevec et al. 1996).
Where the passes do not tell, it lies where the motion of the pictures has led from
(`velatura.carry.fields`). The paint of all keys is merged by how well their plates agree with the
frame's own light; beside that stands the paint of one key alone, whose strokes are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from velatura.carry.fields import Field, nearest
from velatura.carry.outline import Outlines
from velatura.carry.own import Own
from velatura.carry.painted_key import CODES, Key, steps
from velatura.carry.reproject import RIM, Samples
from velatura.carry.way import Found, Lines, Way
from velatura.image.planes import FloatArray
from velatura.image.silhouettes import spread
from velatura.scene.camera import Camera
from velatura.scene.gbuffer import MARGIN, Sight
from velatura.scene.tracks import Tracks

CHANNELS = 8
"""Planes of carried paint: red, green, blue (encoded) and what it is worth, of the first paint and
of the second: merged of all keys, and of one key; in the other order where keys disagree."""

AGREE = 0.6
"""Correlation of two keys' strokes from which on they are of one hand bound to one place, and may
be merged. Painters whose strokes are drawn anew had .2 to .34, bound ones .82 to .85."""

FAINT = 16.0
"""Cover of less than one part in so many fades out: what was left transparent stays the plate."""

_STRIP = 2**16  # px worked on at a time, so that temporaries stay in the processor's cache
_TRIED = 2000  # pixels by which a frame is known, of each part of it
_OFF = 0.01  # widths by which another camera is off; the same one is off by a thousandth of a px
_LITTLE = 1 / 512  # of all: a key that counts less is left out, and need not be read
_SPARSE = 0.5  # part of a strip: where fewer pixels read a key, only these are looked up


@dataclass(frozen=True)
class Carried:
    """Paint of a frame, or of a part of it.

    Attributes:
        planes: ``(8, H, W)`` float32: `CHANNELS`.
        cover: ``(H, W)`` float32, 0..1: how much of it was painted; None where all was.
    """

    planes: FloatArray
    cover: FloatArray | None

    def inside(self, rows: slice, columns: slice) -> Carried:
        """Return some rows and columns of it."""
        cover = None if self.cover is None else self.cover[rows, columns]
        return Carried(self.planes[:, rows, columns], cover)


@dataclass(frozen=True)
class Carry:
    """Painted keys, and how everything moves between them and the frames of their shot.

    Attributes:
        keys: the painted frames.
        tracks: cameras and motions of all frames.
        fields: ``(frame, key frame)`` to the field that leads there; where there is none, as across
            a cut, a frame gets no paint of that key.
        same: a frame to the one that stands for it, where its plate is bit-equal to another's.
        agreement: correlation of the keys' strokes where both are worth much; 1 for a single key.
    """

    keys: tuple[Key, ...]
    tracks: Tracks
    fields: Mapping[tuple[int, int], Field]
    same: Mapping[int, int] = field(default_factory=dict)
    agreement: float = 1.0

    @property
    def layered(self) -> bool:
        """Whether a part of a key was left transparent."""
        return any(key.cover is not None for key in self.keys)

    def without(self, frame: int) -> Carry:
        """Return the same without one of the keys."""
        return replace(self, keys=tuple(key for key in self.keys if key.frame != frame))

    def only(self, frame: int) -> Carry:
        """Return the same with one of the keys."""
        return replace(self, keys=tuple(key for key in self.keys if key.frame == frame))

    def misfit(self, frame: int, parts: Iterable[Sight]) -> str:
        """Return why a frame is not one of this shot's, in a few words; empty if it may be.

        Args:
            frame: its number.
            parts: its passes, whole or strip by strip, which takes less memory.
        """
        frames = self.tracks.frames
        if frame not in frames:
            return f"it is frame {frame}, and the shot had frames {frames[0]} to {frames[-1]}"
        camera = self.tracks.cameras[frames.index(frame)]
        if camera is None:
            return ""
        off: list[float] = []
        for sight in parts:
            if sight.position is None:
                return "it has no Position pass"
            rows, columns = np.nonzero(sight.surface())
            some = slice(None, None, max(1, len(rows) // _TRIED))
            rows, columns = rows[some], columns[some]
            u, v, _ = camera.project(sight.position[:, rows, columns])
            off.extend(np.hypot(u - sight.u[columns], v - sight.v[rows]))
        if not off:
            return "its Position pass is empty"
        away = min(1.0, float(np.median(np.nan_to_num(off, nan=1.0))))
        return "" if away < _OFF else f"its camera is off by {100 * away:.0f} % of the width"

    def order(self, frame: int) -> list[Key]:
        """Return the keys, nearest in time first."""
        return sorted(self.keys, key=lambda key: (abs(key.frame - frame), key.frame))

    def paint(self, frame: int, sight: Sight, *, own: bool = True) -> Carried:
        """Return the paint that is carried into a frame, or into a part of it.

        Args:
            frame: its number.
            sight: its passes; where the picture goes on around them, right but for the outermost
                `velatura.scene.gbuffer.MARGIN` px, whose silhouettes cannot be known.
            own: whether a painted frame has its paint as it was painted, worth 1; in lessons it has
                to come from elsewhere.
        """
        frame = self.same.get(frame, frame)
        nearby = set(nearest(frame, [key.frame for key in self.keys])) if self.keys else set()
        ways = [
            Way.of(self.tracks, key, frame, sight, self.fields[frame, key.frame], exact=own)
            for key in self.order(frame)
            if key.frame in nearby and (frame, key.frame) in self.fields
        ]
        exact = next((Own.of(way.key, sight) for way in ways if way.exact), None)
        if exact is not None and exact.there.all():
            paints = exact.paints
        else:
            camera = self.tracks.cameras[self.tracks.frames.index(frame)]
            paints = self._merged(ways, sight, camera)
            if exact is not None:
                own_paints = exact.paints[:, : paints.shape[1]]
                np.copyto(paints, own_paints, where=exact.there)
        planes = paints[:, :4].reshape(CHANNELS, *sight.size)
        return Carried(planes, paints[0, 4] if self.layered else None)

    def _merged(self, ways: Sequence[Way], sight: Sight, camera: Camera | None) -> FloatArray:
        """Return ``(2, 4, H, W)``: both paints, with what they are worth.

        ``(2, 5, H, W)``, with their cover, where a part of a key was left transparent.
        """
        height, width = sight.size
        paints = np.zeros((2, 4 + self.layered, height, width), np.float32)
        outlines = Outlines.of(sight, self.tracks, camera)
        if outlines is not None:
            ways = [way.along(outlines) for way in ways]
        beside = sight.edges()
        if camera is not None and sight.position is not None:
            depth = camera.project(sight.position)[2]
            beside |= spread(steps(depth, camera, sight.across), MARGIN - 1)
        for rows in strips(height, width) if ways else ():
            lines = Lines(
                sight.v[rows],
                rows.start * width,
                Samples.of(sight.strip(rows), self.tracks),
                np.where(beside[rows], np.float32(0), np.float32(RIM)).reshape(-1),
            )
            both = [[plane[rows].reshape(-1) for plane in paint] for paint in paints]
            _merge(ways, lines, both if self.agreement >= AGREE else both[::-1])
        return paints


def shown(cover: FloatArray) -> FloatArray:
    """Return how much of a look shows where so much is painted: all, but where nothing is none."""
    visible: FloatArray = np.clip(cover * np.float32(FAINT), 0, 1)
    return visible


def strips(height: int, width: int) -> Iterator[slice]:
    """Yield the rows of a picture, so many at a time that temporaries stay in the cache."""
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _merge(ways: Sequence[Way], lines: Lines, into: Sequence[Sequence[FloatArray]]) -> None:
    """Add paint and worth, merged of all keys, and of one key, to planes of ``(N,)`` zeros.

    Each has four of them, or five, with its cover, where keys are layered.
    """
    found = [way.found(lines) for way in ways]
    count = len(lines.least)
    part = np.empty(count, np.float32)
    for way, place, weights in zip(ways, found, _weights(found), strict=True):
        number = np.count_nonzero(weights[0])
        if not number:
            continue
        if number < _SPARSE * count:
            some = np.flatnonzero(weights[0])
            paint = np.zeros((3, count), np.float32)
            paint[:, some] = way.read(place.x.take(some), place.y.take(some))
        else:
            paint = way.read(place.x, place.y)
        paint *= np.float32(1 / CODES)
        values = [*paint, place.worth]
        if len(into[0]) > len(values):
            values.append(way.cover(place.x, place.y))
        for planes, weight in zip(into, weights, strict=True):
            for plane, value in zip(planes, values, strict=True):
                np.add(plane, np.multiply(weight, value, out=part), out=plane)


def _weights(found: Sequence[Found]) -> FloatArray:
    """Return ``(K, 2, N)``: the part of each key in both paints; all together they are 1."""
    weights = np.empty((len(found), 2, len(found[0].odds)), np.float32)
    for part, place in zip(weights, found, strict=True):
        part[0], part[1] = place.odds, place.share
    total = weights.sum(axis=0)
    if len(found) > 1:
        least = total * np.float32(_LITTLE)
        for part in weights:
            little = part < least
            np.multiply(part, ~(little[0] & little[1]), out=part)
        np.sum(weights, axis=0, out=total)
    weights /= total
    return weights
