"""From a key outward: its field followed from frame to frame, and what each place costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from velatura.carry.matched import OUTSIDE, matched
from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors
from velatura.scene.motion import Motion
from velatura.scene.vectors import Bools

BLUR = 1.0
"""Deviation, px, of the Gaussian under which plates are compared: grain says little of a pixel."""

LOST = 0.025
"""Cost of a way that does not lead back (forth and back, `velatura.scene.vectors.home`)."""

LATE = 0.004
"""Cost of each frame between: nearer keys come first where all else is equal."""

GAPS, LEAP = (2, 4, 8), 0.005
"""Frames that flow also leaps over, so that what was hidden for a while is found again, and by how
much less a leap must cost than the chain (Neoral et al. 2024, "MFT": log-spaced intervals)."""

HARDLY = 0.01
"""Where so small a part of a frame is lost on the way, no leap is tried: each takes two flows."""

ODD, EVEN = 1.0, 0.01
"""px by which a place differs from the median of those around where it is a speck, and by how much
dearer the median's place may be: what is torn off alone shows as dirt in the paint."""

GAIN = 0.015
"""By how much less a place that is found by its looks must cost than one that motion leads to."""

_PRIME = 7919  # so that each frame of each key has random numbers of its own

Known = Callable[[int, int], FloatArray | None]
"""Gives for a frame and a key the places, px, that are known better than by following; or None."""


@dataclass
class _Walker:
    """A frame on the way outward from a key: its field, px, and where the way was lost."""

    frame: int
    field: FloatArray
    lost: FloatArray
    cost: FloatArray

    def taking(self, other: _Walker, better: Bools) -> _Walker:
        """Return the same with the places of another way where that is better."""
        return replace(
            self,
            field=np.where(better, other.field, self.field),
            lost=np.where(better, other.lost, self.lost),
            cost=np.where(better, other.cost, self.cost),
        )

    def cheaper(self, other: _Walker) -> FloatArray:
        """Return by how much less another way costs, in the mean of those around."""
        less: FloatArray = opencv.blurred((self.cost - other.cost)[None], 2.0)[0]
        return less


def follow(
    motion: Motion, key: int, wanted: set[int], known: Known
) -> Iterator[tuple[int, FloatArray, FloatArray]]:
    """Yield frames with the fields that lead from them to a key, px, and their costs."""
    size = motion.light(key).shape[1:]
    home, nothing = vectors.start(*size), np.zeros(size, np.float32)
    if key in wanted:
        yield key, home, nothing
    at = motion.standing.index(key)
    for line in (motion.standing[at:], motion.standing[at::-1]):
        last = max((line.index(frame) for frame in wanted if frame in line), default=0)
        trail = [_Walker(key, home, nothing, nothing)]
        for frame in line[1 : last + 1]:
            if motion.parted(trail[-1].frame, frame):
                break
            places = known(frame, key) if frame in wanted else None
            walker = _mapped(motion, _next(motion, trail, frame, key), key)
            walker = _found(motion, walker, key, places)
            trail = [*trail[-max(GAPS) + 1 :], walker]
            if frame in wanted:
                cost = walker.cost if places is None else _judged(motion, walker, places, key)
                yield frame, walker.field, cost


def _next(motion: Motion, trail: Sequence[_Walker], frame: int, key: int) -> _Walker:
    """Return the field of the next frame: by way of those before it (see `GAPS`)."""
    here, there = motion.light(frame), motion.light(key)
    walker = _followed(motion, trail[-1], frame, key, here, there)
    for gap in GAPS:
        if len(trail) >= gap > 1 and walker.lost.mean() > HARDLY:
            walker = _leapt(motion, walker, trail[-gap], key, here, there)
    return _settled(walker, key, here, there)


def _mapped(motion: Motion, walker: _Walker, key: int) -> _Walker:
    """Return the same with the places that an artist's STMap tells, where they do not fit less."""
    places = motion.mapped(walker.frame, key)
    if places is None:
        return walker
    told = np.isfinite(places).all(axis=0)
    field = np.where(told, places, walker.field)
    here, there = motion.light(walker.frame), motion.light(key)
    other = _reached(walker.frame, key, here, there, field, np.zeros_like(walker.lost))
    return walker.taking(other, told & (walker.cheaper(other) > -LEAP))


def _followed(
    motion: Motion, before: _Walker, frame: int, key: int, here: FloatArray, there: FloatArray
) -> _Walker:
    """Return the field of a frame by way of another one whose field is known."""
    way = motion.way(frame, before.frame)
    size = np.array(way.shape[:0:-1], np.float32)[:, None, None]
    inside = np.clip(way, 0, size - 1)
    field = opencv.unmixed(before.field, inside) + (way - inside)  # outside it goes straight on
    lost = np.maximum(
        motion.lost(frame, before.frame).astype(np.float32),
        opencv.warped(before.lost[None], inside)[0],
    )
    return _reached(frame, key, here, there, field, lost)


def _leapt(
    motion: Motion,
    walker: _Walker,
    far: _Walker,
    key: int,
    here: FloatArray,
    there: FloatArray,
) -> _Walker:
    """Return the same with the places that a leap from further back knows better."""
    leap = _followed(motion, far, walker.frame, key, here, there)
    return walker.taking(leap, walker.cheaper(leap) > LEAP)


def _settled(walker: _Walker, key: int, here: FloatArray, there: FloatArray) -> _Walker:
    """Return the same without specks: see `ODD`."""
    home = vectors.start(*walker.lost.shape)
    offset = walker.field - home
    middle = opencv.middle(offset)
    odd = np.abs(middle - offset).max(axis=0) > ODD
    if not odd.any():
        return walker
    other = _reached(walker.frame, key, here, there, home + middle, walker.lost)
    return walker.taking(other, odd & (other.cost < walker.cost + np.float32(EVEN)))


def _found(motion: Motion, walker: _Walker, key: int, places: FloatArray | None) -> _Walker:
    """Return the same with places that look alike, where motion has led plainly wrong.

    They cost as much as a way that does not lead back. What is known needs none of them.
    """
    here, there = motion.light(walker.frame), motion.light(key)
    late = abs(walker.frame - key)
    off = walker.cost - np.float32(LOST) * walker.lost - np.float32(LATE * late)
    if places is not None:
        off[np.isfinite(places).all(axis=0)] = 0
    found = matched(here, there, walker.field, off, (key * _PRIME + walker.frame) & 0xFFFFFFFF)
    if found is None:
        return walker
    alike, amiss = found
    other = _reached(walker.frame, key, here, there, alike, np.ones_like(walker.lost))
    return walker.taking(other, amiss & (walker.cheaper(other) > GAIN))


def _reached(
    frame: int, key: int, here: FloatArray, there: FloatArray, field: FloatArray, lost: FloatArray
) -> _Walker:
    """Return a frame's field with what its places cost."""
    return _Walker(frame, field, lost, _cost(here, there, field, lost, abs(frame - key)))


def _cost(
    here: FloatArray, there: FloatArray, field: FloatArray, lost: FloatArray, late: int
) -> FloatArray:
    height, width = lost.shape
    off = np.abs(opencv.warped(there, field) - here).mean(axis=0)
    x, y = field + np.float32(0.5)
    out = (x < 0) | (x > width) | (y < 0) | (y > height)
    cost: FloatArray = opencv.blurred(off[None], BLUR)[0]
    cost += np.float32(LOST) * lost + np.float32(LATE * late) + np.float32(OUTSIDE) * out
    return cost


def _judged(motion: Motion, walker: _Walker, places: FloatArray, key: int) -> FloatArray:
    """Return the cost of places that are known, and of followed ones where they are not."""
    known = np.isfinite(places[0]) & np.isfinite(places[1])
    fetched = opencv.warped(motion.light(key), np.where(known, places, np.float32(0)))
    off: FloatArray = np.abs(fetched - motion.light(walker.frame)).mean(axis=0, keepdims=True)
    # Beside what is not known nothing is compared: a mean of both says nothing of either.
    weight = opencv.blurred(known.astype(np.float32)[None], BLUR)[0]
    some = opencv.blurred(np.where(known, off, np.float32(0)), BLUR)
    even = some[0] / np.maximum(weight, np.float32(1e-3))
    late = np.float32(LATE * abs(walker.frame - key))
    return np.where(known, even + late, walker.cost).astype(np.float32)
