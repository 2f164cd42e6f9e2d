"""A painted frame's own paint, which is as it was painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from velatura.carry.painted_key import BARE, Key
from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic, linear
from velatura.scene.camera import Doubles
from velatura.scene.gbuffer import Bools, Sight

_ON = 1e-3  # px by which a place may be off a pixel, and is on it


@dataclass(frozen=True)
class Own:
    """The paint of a painted frame, or of a part of it, on that frame.

    Attributes:
        paints: ``(2, 5, H, W)`` float32: paint, worth and cover, twice the same.
        there: ``(H, W)``: where something was painted, inside of the key's picture.
    """

    paints: FloatArray
    there: Bools

    @classmethod
    def of(cls, key: Key, sight: Sight) -> Own:
        """Return what a key has on the pixels of its own frame, or of a proxy of that."""
        height, width = key.index.shape
        x, y = on_pixels(sight.u, width), on_pixels(sight.v, height)
        columns, rows = (
            np.clip(np.rint(at), 0, size - 1).astype(np.intp)
            for at, size in ((x, width), (y, height))
        )
        at = np.ix_(rows, columns)
        paints = np.ones((2, 5, *sight.size), np.float32)
        if (x == columns).all() and (y == rows).all():
            for channel, plane in enumerate(key.paint):
                paints[:, channel] = plane[at]
            if key.cover is not None:
                paints[:, 4] = key.cover[at]
        else:
            places = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
            across, down = (plane.reshape(-1) for plane in np.meshgrid(*places))
            read = np.maximum(cubic(key.paint, across, down), 0)  # beside an edge it overshoots
            paints[:, :3] = read.reshape(3, *sight.size)
            if key.cover is not None:
                paints[:, 4] = linear(key.cover[None], across, down).reshape(sight.size)
        inside = np.logical_and.outer(_within(sight.v), _within(sight.u))
        return cls(paints, inside & (key.index[at] != BARE))


def on_pixels(places: Doubles, size: int) -> FloatArray:
    """Return places, 0..1, in px of a key: whole ones where they are close to it."""
    at = (places * size - 0.5).astype(np.float32)
    return np.where(np.abs(at - np.rint(at)) < np.float32(_ON), np.rint(at), at)


def _within(places: Doubles) -> Bools:
    inside: Bools = (places > 0) & (places < 1)
    return inside
