"""The figures of a finished look, measured in the time that is left for them.

`quick` has those that decide how much of the network is kept; `whole` all that a verdict tells.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from velatura_training.data.frame import Frame
from velatura_training.learn.floor import SAYS
from velatura_training.losses import backbones
from velatura_training.metrics import at_hand
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.scores import Scores, Verdict

MOST = 4
"""Frames that `quick` measures at most, evenly spread: the figures decide, they are not told."""

SHARE = 0.03
"""Part of all time that one look at those frames may take; with less time, fewer are measured."""

FULL = 7
"""A frame's whole figures take as long as so many quick ones: structure alone is half of them."""

Pictures = Callable[[Frame], tuple[Tensor, Tensor, Tensor]]
"""Gives plate, result and paint of a frame, ``(3, H, W)`` scene-linear each."""


class Figures:
    """Figures of some frames whose paint is known.

    Args:
        frames: painted frames.
        pictures: gives those of a frame, by the painter as it is then.
        space: their colour space.
        total: seconds that were given for everything; infinite where it is steps.
    """

    def __init__(
        self, frames: Sequence[Frame], pictures: Pictures, space: str, total: float = math.inf
    ) -> None:
        self._frames, self._pictures, self._space = frames, pictures, space
        self._eyes = Eyes(backbones.load())
        self._merged: Verdict | None = None
        begun = time.perf_counter()
        self._quick(0)
        self._each = time.perf_counter() - begun  # seconds of a frame's quick figures
        most = MOST if math.isinf(total) else max(1, int(SHARE * total / self._each))
        self._picked = _spread(len(frames), min(most, MOST))
        self._told = MOST if math.isinf(total) else max(1, int(SHARE * total / self._each / FULL))

    def seconds(self, settling: bool) -> float:
        """Return how long the figures take that are still to come.

        Args:
            settling: whether there is something to settle by `quick`.
        """
        settled = len(SAYS) * len(self._picked) if settling else 0
        return self._each * (settled + FULL * min(self._told, len(self._frames)))

    def quick(self, merged: bool) -> Verdict:
        """Return the figures that decide.

        Args:
            merged: whether the painter shows the merged paint alone: then they are the same each
                time.
        """
        if merged and self._merged is not None:
            return self._merged
        verdict = Verdict(self._eyes.label, {place: self._quick(place) for place in self._picked})
        self._merged = verdict if merged else self._merged
        return verdict

    def whole(self, ends: float) -> Verdict:
        """Return all figures, of as many frames as there is time for, and of one at least.

        Args:
            ends: by `time.monotonic`.
        """
        numbers = [frame.frame for frame in self._frames]  # a key by way of frames has several rows
        return in_time(numbers, self._whole, ends)

    def _whole(self, place: int) -> Verdict:
        one = {place: self._pictures(self._frames[place])}
        return at_hand.held_out(one, self._space, self._eyes)

    def _quick(self, place: int) -> Scores:
        _, result, paint = self._pictures(self._frames[place])
        return at_hand.quick(result, paint, self._space, self._eyes)


def in_time(numbers: Sequence[int], measure: Callable[[int], Verdict], ends: float) -> Verdict:
    """Return figures of as many frames as there is time for, and of one at least.

    Args:
        numbers: the frames'; one that comes twice gets the mean of both.
        measure: returns the figures of one, by its place among them.
        ends: by `time.monotonic`.
    """
    found: dict[int, Verdict] = {}
    longest = 0.0
    for place in _first_and_last_first(len(numbers)):
        begun = time.monotonic()
        if found and begun + longest > ends:
            break
        found[place] = measure(place)
        longest = max(longest, time.monotonic() - begun)
    any_one = next(iter(found.values()))
    notes = any_one.notes
    if len(found) < len(numbers):
        notes += (f"{len(found)} of {len(numbers)} frames are measured: time was up",)
    told = {place: found[place].frames[place] for place in sorted(found)}
    verdict = Verdict(any_one.backbone, told, notes=notes)
    return verdict.by_frame([numbers[place] for place in told])


def _spread(count: int, most: int) -> list[int]:
    places = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(place) for place in np.unique(places)]


def _first_and_last_first(count: int) -> list[int]:
    """Return places in an order of which every beginning is spread over all of them."""
    order: list[int] = []
    for most in range(1, count + 1):
        order += [place for place in _spread(count, most) if place not in order]
    return order
