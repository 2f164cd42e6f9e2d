"""Carried paint: what the painter put on key frames, moved to where it belongs in another.

A pixel of any frame sees a point of the world. Where that point was seen in a key frame, there lies
its paint (`velatura.carry.reproject`; the same idea as image-based rendering: Debevec et al. 1996).
Where the passes do not tell, it lies where the motion of the pictures has led from
(`velatura.carry.fields`). The paint of all keys is merged by how well their plates agree with the
frame's own light; beside that stands the paint of one key alone, whose strokes are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from velatura.carry.fields import Field, nearest, worth_of
from velatura.carry.painted_key import Key
from velatura.carry.reproject import Road, Samples
from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic, linear
from velatura.scene.gbuffer import Bools, Sight
from velatura.scene.tracks import Tracks

CHANNELS = 8
"""Planes of carried paint: red, green, blue (encoded) and what it is worth, of the first paint and
of the second: merged of all keys, and of one key; in the other order where keys disagree."""

AGREE = 0.6
"""Correlation of two keys' strokes from which on they are of one hand bound to one place, and may
be merged. Painters whose strokes are drawn anew had .2 to .34, bound ones .82 to .85."""

STRANGER = 0.05
"""What paint is worth, of its agreement, where it lies on another object or its place is known to
be hidden: less than any other, yet better than none."""

FAINT = 16.0
"""Cover of less than one part in so many fades out: what was left transparent stays the plate."""

_STRIP = 2**16  # px worked on at a time, so that temporaries stay in the processor's cache
_TRIED = 2000  # pixels by which a frame is known, of each part of it
_OFF = 0.01  # widths by which another camera is off; the same one is off by a thousandth of a px
_LEAST = 1e-4  # share of a key that is worth nothing, at its own frame; there is always paint
_FULL = 1.004  # odds of worth 1 stay finite


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
        height, width = sight.size
        planes = np.empty((CHANNELS, height, width), np.float32)
        cover = np.empty((height, width), np.float32) if self.layered else None
        taken = set(nearest(frame, [key.frame for key in self.keys]))
        ways = [
            _Way.of(self, frame, key, exact=own)
            for key in self.order(frame)
            if key.frame in taken and (frame, key.frame) in self.fields
        ]
        beside = sight.edges()
        for rows in strips(height, width):
            pixels = Samples.of(sight.strip(rows), self.tracks)
            paints = _merged(ways, pixels, beside[rows].reshape(-1))
            if self.agreement < AGREE:
                paints = paints[::-1]
            planes[:, rows] = paints[:, :4].reshape(CHANNELS, -1, width)
            if cover is not None:
                cover[rows] = paints[0, 4].reshape(-1, width)
        return Carried(planes, cover)


def shown(cover: FloatArray) -> FloatArray:
    """Return how much of a look shows where so much is painted: all, but where nothing is none."""
    visible: FloatArray = np.clip(cover * np.float32(FAINT), 0, 1)
    return visible


def strips(height: int, width: int) -> Iterator[slice]:
    """Yield the rows of a picture, so many at a time that temporaries stay in the cache."""
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


@dataclass(frozen=True)
class _Way:
    """How a frame's pixels come by the paint of one key."""

    key: Key
    road: Road
    field: Field
    exact: bool
    late: int

    @classmethod
    def of(cls, carry: Carry, frame: int, key: Key, *, exact: bool) -> _Way:
        road = Road.of(carry.tracks, frame, key, None)
        field = carry.fields[frame, key.frame]
        return cls(key, road, field, exact and road.arrived, abs(frame - key.frame))

    def found(self, pixels: Samples, beside: Bools) -> tuple[FloatArray, ...]:
        """Return ``(N,)`` columns and rows in the key, what its paint is worth, and its choice."""
        if self.exact:
            x, y, worth = self.road.whole(pixels)
            return x, y, worth, worth
        x, y, worth = self.road.places(pixels)
        inside = worth > np.where(beside, np.float32(0), np.float32(0.5))
        places, agreed, choice = self._followed(pixels)
        there = self._shown(pixels, places, beside)
        x = np.where(inside, x, places[0])
        y = np.where(inside, y, places[1])
        worth = agreed * np.where(inside, worth, there)
        return x, y, worth, choice * np.where(inside, np.float32(1), there)

    def _followed(self, pixels: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the field's places, px, how well plates agree there, and its share, both 0..1."""
        height, width = self.field.worth.shape
        x = (pixels.u * width - 0.5).astype(np.float32)
        y = (pixels.v * height - 0.5).astype(np.float32)
        inside = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        codes = np.stack([self.field.worth, self.field.choice]).astype(np.float32)
        read = linear(np.concatenate([self.field.places, codes]), *inside)
        places = read[:2]  # outside of the frame they go straight on
        places[0] += (x - inside[0]) / np.float32(width)
        places[1] += (y - inside[1]) / np.float32(height)
        size = np.array(self.key.index.shape[::-1], np.float32)[:, None]
        places = places * size - np.float32(0.5)
        return places, worth_of(read[2]), read[3] / np.float32(255)

    def _shown(self, pixels: Samples, places: FloatArray, beside: Bools) -> FloatArray:
        """Return 1 where a place in the key shows the same object, less on others and edges."""
        height, width = self.key.index.shape
        u, v = (places[0] + np.float32(0.5)) / width, (places[1] + np.float32(0.5)) / height
        nowhere = np.full(len(u), np.nan, np.float32)
        worth = self.road.judged(pixels, u, v, nowhere)[2]
        return np.where(worth > np.where(beside, 0, 0.5), worth, np.float32(STRANGER))


def _merged(ways: list[_Way], pixels: Samples, beside: Bools) -> FloatArray:
    """Return ``(2, 5, N)``: paint, worth and cover, merged of all keys and of one key."""
    sums = np.zeros((2, 6, len(pixels.u)), np.float32)  # the last: of the weights
    left = np.ones(len(pixels.u), np.float32)
    for way in ways:
        x, y, worth, choice = way.found(pixels, beside)
        paint = _read(way.key, x, y)
        odds = worth / (np.float32(_FULL) - worth) + np.float32(_LEAST / (1 + way.late))
        share = choice + np.float32(1e-3) * np.minimum(odds, np.float32(1))
        for planes, weight in zip(sums, (odds * left, share * left), strict=True):
            planes[:3] += weight * paint[:3]
            planes[3] += weight * worth
            planes[4] += weight * paint[3]
            planes[5] += weight
        if way.exact:  # the first: a painted frame is as it was painted, whatever others say
            left = 1 - worth
            if not left.any():
                break
    return sums[:, :5] / sums[:, 5:] if ways else sums[:, :5]


def _read(key: Key, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(4, N)`` paint and cover of a key at places; beyond its borders it is mirrored."""
    height, width = key.index.shape
    read = np.ones((4, len(x)), np.float32)
    x, y = _mirrored(x, width), _mirrored(y, height)
    np.maximum(cubic(key.paint, x, y), 0, out=read[:3])  # beside an edge it overshoots
    if key.cover is not None:
        read[3] = linear(key.cover[None], x, y)[0]
    return read


def _mirrored(at: FloatArray, size: int) -> FloatArray:
    """Return places in px with those beyond the first and last pixel mirrored there."""
    period = np.float32(2 * (size - 1))
    inside = np.nan_to_num(at) % period
    mirrored: FloatArray = np.minimum(inside, period - inside)
    return mirrored
