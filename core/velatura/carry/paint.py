"""Carried paint: what the painter put on a key frame, moved to where it belongs in another.

A pixel of any frame sees a point of the world. Where that point was seen in a key frame, there lies
its paint (`velatura.carry.reproject`; the same idea as image-based rendering: Debevec et al. 1996).
Where nothing was seen, or something else stood in front, there is no paint: a hole, which the
network fills.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from velatura.carry.painted_key import Key
from velatura.carry.reproject import RIM, Road, Samples
from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic
from velatura.scene.gbuffer import Sight
from velatura.scene.tracks import Tracks

CHANNELS = 8
"""Planes of carried paint: red, green, blue (encoded) and what it is worth (0 where there is none,
`velatura.carry.reproject.RIM` beside a silhouette, 1 elsewhere), of the nearest key, and of the
others."""

_STRIP = 2**16  # px worked on at a time, so that temporaries stay in the processor's cache
_TRIED = 2000  # pixels by which a frame is known, of each part of it
_OFF = 0.01  # widths by which another camera is off; the same one is off by a thousandth of a px


@dataclass(frozen=True)
class Carry:
    """Painted keys, and how everything moves between them and the frames of their shot.

    Attributes:
        keys: the painted frames.
        tracks: cameras and motions of all frames.
        fields: ``(frame, key frame)`` to ``(2, h, w)`` places in the key, 0..1 across it, for what
            bends; NaN where there is no paint. They may be coarser than the frame.
    """

    keys: tuple[Key, ...]
    tracks: Tracks
    fields: Mapping[tuple[int, int], FloatArray]

    def without(self, frame: int) -> Carry:
        """Return the same without one of the keys."""
        return replace(self, keys=tuple(key for key in self.keys if key.frame != frame))

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

    def paint(self, frame: int, sight: Sight) -> FloatArray:
        """Return the paint that is carried into a frame, or into a part of it.

        Args:
            frame: its number.
            sight: its passes; where the picture goes on around them, right but for the outermost
                `velatura.scene.gbuffer.MARGIN` px, whose silhouettes cannot be known.

        Returns:
            ``(8, H, W)`` float32: `CHANNELS`. The others fill in for each other, nearer ones first,
            paint inside before paint of a rim. That goes only beside a silhouette: anywhere else
            it would be an outline without a thing.
        """
        height, width = sight.size
        beside = sight.edges()
        roads = [
            Road.of(self.tracks, frame, key, self.fields.get((frame, key.frame)))
            for key in self.order(frame)
        ]
        carried = np.zeros((2, 4, height, width), np.float32)
        step = max(1, _STRIP // width)
        for top in range(0, height, step):
            rows = slice(top, min(top + step, height))
            pixels = Samples.of(sight.strip(rows), self.tracks)
            least = np.where(beside[rows], np.float32(0), np.float32(RIM)).reshape(-1)
            for planes, some in zip(carried, (roads[:1], roads[1:]), strict=True):
                _fill(planes[:, rows].reshape(4, -1), some, pixels, least)
        return carried.reshape(CHANNELS, height, width)


def _fill(planes: FloatArray, roads: Sequence[Road], pixels: Samples, least: FloatArray) -> None:
    """Put paint into ``(4, N)`` planes, 0 so far, where a key has better than those before it.

    It has to be worth more than the ``(N,)`` least.
    """
    left = np.arange(len(pixels.u))
    for road in roads:
        x, y, worth = road.places(pixels)
        found = np.flatnonzero(worth > np.maximum(planes[3, left], least[left]))
        paint = cubic(road.key.paint, x[found], y[found])
        to = left[found]
        for plane, values in zip(planes, paint, strict=False):
            plane[to] = np.maximum(values, 0)  # beside an edge it overshoots
        planes[3, to] = worth[found]
        missing = np.flatnonzero(planes[3, left] < 1)
        if not len(missing):
            return
        left, pixels = left[missing], pixels.some(missing)
