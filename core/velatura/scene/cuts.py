"""Where a shot is cut: a frame does not follow from the one before it, and no paint does."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors
from velatura.scene.gbuffer import Bools

LOST = 0.5
"""Part of a frame that does not find home from the frame before it, where there may be a cut."""

OFF, UNUSUAL = 0.03, 2.5
"""At a cut, what is fetched from the frame before also differs from what is there by more than this
(encoded light, mean), and by more than so many times what is usual in the shot."""


class Cuts:
    """Looks for cuts, as a shot's frames come by in order."""

    def __init__(self) -> None:
        self._lost: dict[int, float] = {}
        self._off: dict[int, float] = {}

    def look(
        self, frame: int, light: FloatArray, before: FloatArray, way: FloatArray, lost: Bools
    ) -> None:
        """Look at a frame and the one before it.

        Args:
            frame: its number.
            light: ``(3, H, W)`` of it, encoded.
            before: the same of the frame before.
            way: where its pixels were there, ``(2, H, W)`` px.
            lost: where that way and back does not lead home.
        """
        self._lost[frame] = float(lost.mean())
        self._off[frame] = float(np.abs(opencv.warped(before, way) - light).mean())

    def found(self) -> frozenset[int]:
        """Return the frames that do not follow from the one before them."""
        usual = float(np.median(list(self._off.values()))) if self._off else 0.0
        least = max(OFF, UNUSUAL * usual)
        return frozenset(f for f in self._off if self._lost[f] > LOST and self._off[f] > least)


def of_pictures(frames: Iterable[tuple[int, FloatArray, FloatArray]]) -> frozenset[int]:
    """Return the cuts of a shot whose motion was taken from its pictures.

    Args:
        frames: number, ``(3, H, W)`` encoded light and ``(4, H, W)`` motion of each, in order.
    """
    cuts = Cuts()
    for (first, before, ahead), (frame, light, vector) in pairwise(frames):
        if frame == first + 1:
            way = vectors.back(vector)
            cuts.look(frame, light, before, way, ~vectors.home(way, vectors.forth(ahead)))
    return cuts.found()
