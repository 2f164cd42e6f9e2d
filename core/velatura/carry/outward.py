"""From a key outward: its field followed from frame to frame, and what each place costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors
from velatura.scene.motion import Motion

BLUR = 1.0
"""Deviation, px, of the Gaussian under which plates are compared: grain says little of a pixel."""

LOST = 0.025
"""Cost of a way that does not lead back (forth and back, `velatura.scene.vectors.home`)."""

LATE = 0.004
"""Cost of each frame between: nearer keys come first where all else is equal."""

OUTSIDE = 0.2
"""Cost of a place outside of the key's picture."""

GAPS, LEAP = (2, 4, 8), 0.005
"""Frames that flow also leaps over, so that what was hidden for a while is found again, and by how
much less a leap must cost than the chain (Neoral et al. 2024, "MFT": log-spaced intervals)."""

HARDLY = 0.01
"""Where so small a part of a frame is lost on the way, no leap is tried: each takes two flows."""

Known = Callable[[int, int], FloatArray | None]
"""Gives for a frame and a key the places, px, that are known better than by following; or None."""


@dataclass
class _Walker:
    """A frame on the way outward from a key: its field, px, and where the way was lost."""

    frame: int
    field: FloatArray
    lost: FloatArray
    cost: FloatArray


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
            walker = _mapped(motion, _next(motion, trail, frame, key), key)
            trail = [*trail[-max(GAPS) + 1 :], walker]
            if frame in wanted:
                places = known(frame, key)
                cost = walker.cost if places is None else _judged(motion, walker, places, key)
                yield frame, walker.field, cost


def _next(motion: Motion, trail: Sequence[_Walker], frame: int, key: int) -> _Walker:
    """Return the field of the next frame, by way of those before it: see `GAPS`."""
    here, there = motion.light(frame), motion.light(key)
    walker = _followed(motion, trail[-1], frame, key, here, there)
    for gap in GAPS:
        if len(trail) >= gap > 1 and walker.lost.mean() > HARDLY:
            walker = _leapt(motion, walker, trail[-gap], key, here, there)
    return walker


def _mapped(motion: Motion, walker: _Walker, key: int) -> _Walker:
    """Return the same with the places that an artist's STMap tells, where they do not fit less."""
    places = motion.mapped(walker.frame, key)
    if places is None:
        return walker
    told = np.isfinite(places).all(axis=0)
    places = np.where(told, places, walker.field)
    here, there, sure = motion.light(walker.frame), motion.light(key), np.zeros_like(walker.lost)
    cost = _cost(here, there, places, sure, abs(walker.frame - key))
    less: FloatArray = opencv.blurred(np.stack([cost - walker.cost]), 2.0)[0]
    better = told & (less < LEAP)
    return replace(
        walker,
        field=np.where(better, places, walker.field),
        lost=np.where(better, sure, walker.lost),
        cost=np.where(better, cost, walker.cost),
    )


def _followed(
    motion: Motion, before: _Walker, frame: int, key: int, here: FloatArray, there: FloatArray
) -> _Walker:
    """Return the field of a frame by way of another one whose field is known."""
    way = motion.way(frame, before.frame)
    size = np.array(way.shape[:0:-1], np.float32)[:, None, None]
    inside = np.clip(way, 0, size - 1)
    field = opencv.warped(before.field, inside) + (way - inside)  # outside it goes straight on
    lost = np.maximum(
        motion.lost(frame, before.frame).astype(np.float32),
        opencv.warped(before.lost[None], inside)[0],
    )
    return _Walker(frame, field, lost, _cost(here, there, field, lost, abs(frame - key)))


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
    better = opencv.blurred((walker.cost - leap.cost)[None], 2.0)[0] > LEAP
    return replace(
        walker,
        field=np.where(better, leap.field, walker.field),
        lost=np.where(better, leap.lost, walker.lost),
        cost=np.where(better, leap.cost, walker.cost),
    )


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
