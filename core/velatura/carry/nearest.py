"""Carried paint as looks of velatura 0.1 have it: the nearest key first, others in its holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from velatura.carry.paint import CHANNELS, Carried, Carry, strips
from velatura.carry.reproject import RIM, Road, Samples
from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic
from velatura.scene.gbuffer import Sight


@dataclass(frozen=True)
class NearestFirst(Carry):
    """A `Carry` whose planes are the paint of the nearest key, and of the others where it has none.

    Its fields lead to what bends alone; their places are NaN where there is no paint.
    """

    def paint(self, frame: int, sight: Sight, *, own: bool = True) -> Carried:  # noqa: ARG002
        """See `Carry.paint`; the others fill in for each other, paint inside before paint of a rim.

        That goes only beside a silhouette: anywhere else it would be an outline without a thing.
        """
        height, width = sight.size
        beside = sight.edges()
        fields = {key.frame: self.fields.get((frame, key.frame)) for key in self.keys}
        roads = [
            Road.of(self.tracks, frame, key, None if field is None else field.places)
            for key in self.order(frame)
            for field in (fields[key.frame],)
        ]
        carried = np.zeros((2, 4, height, width), np.float32)
        for rows in strips(height, width):
            pixels = Samples.of(sight.strip(rows), self.tracks)
            least = np.where(beside[rows], np.float32(0), np.float32(RIM)).reshape(-1)
            for planes, some in zip(carried, (roads[:1], roads[1:]), strict=True):
                _fill(planes[:, rows].reshape(4, -1), some, pixels, least)
        return Carried(carried.reshape(CHANNELS, height, width), None)


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
