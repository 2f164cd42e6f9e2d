"""Where each pixel of a frame lies in the painted keys, and how well it agrees with them there.

From a key, its field is followed outward, neighbour by neighbour, along the motion of the shot.
Nothing is cut: where the way is doubtful, it costs. What a place costs is how much the key's plate,
fetched there, differs from the frame's own, and a little for a way that does not lead back, for
frames in between, and for places outside of the key. So all keys can be merged by how well the
plate's own light agrees, and what a look has on board needs neither plates nor OpenCV any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.carry import choice
from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors
from velatura.scene.motion import Motion

MOST = 48 * 2**20
"""What fields may take in a look, bytes, at 48 bits a point: many of them are coarser."""

NEAREST = 4
"""They lead to so many keys from each frame: the nearest."""

TEMPERATURE = 0.014
"""Paint is worth ``exp(-c / .014)``, c the cost of its place: half where the plates differ by .01,
encoded light. On two shots without passes .01 to .02 gave the same error; less is sharper (gram
.059 to .073, sharp .91 to .88 on the harbour) and less calm (ewR 1.10 to 1.03)."""

DEAREST = 0.4
"""The largest cost that is told from others."""

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


@dataclass(frozen=True)
class Field:
    """Where a key's paint lies for each pixel of a frame, and what it is worth. May be coarser.

    Attributes:
        places: ``(2, h, w)`` float32: across and down the key, 0..1 inside of it.
        worth: ``(h, w)`` uint8: how well the plates agree there, see `worth_of`.
        choice: ``(h, w)`` uint8: the share of this key where one key is to be shown, of 255.
    """

    places: FloatArray
    worth: npt.NDArray[np.uint8]
    choice: npt.NDArray[np.uint8]

    @classmethod
    def certain(cls, places: FloatArray) -> Field:
        """Return a field of places that are right wherever they are known, of no choice."""
        size = places.shape[1:]
        return cls(places, np.full(size, 255, np.uint8), np.zeros(size, np.uint8))

    def through(self, places: FloatArray) -> Field:
        """Return the field as it is seen from another frame, whose pixels lie at ``places`` here.

        Args:
            places: ``(2, h, w)``, 0..1 across this field's frame.
        """
        height, width = self.worth.shape
        size = np.array([width, height], np.float32)[:, None, None]
        at = places * size - np.float32(0.5)
        inside = np.clip(at, 0, size - 1)
        beyond = (at - inside) / size  # outside it goes straight on
        planes = np.stack([*self.places, self.worth, self.choice]).astype(np.float32)
        read = opencv.warped(planes, inside)
        codes = np.rint(read[2:]).astype(np.uint8)
        return Field(read[:2] + beyond, codes[0], codes[1])


Fields = dict[tuple[int, int], Field]
"""``(frame, key frame)`` to the field that leads from one to the other."""

Known = Callable[[int, int], FloatArray | None]

Costs = dict[tuple[int, int], npt.NDArray[np.float16]]


def solve(
    motion: Motion,
    painted: Sequence[int],
    detours: Sequence[tuple[int, int]] = (),
    known: Known = lambda *_: None,
) -> Fields:
    """Return the fields from every frame to the painted keys nearest to it.

    Args:
        motion: the shot's.
        painted: the key frames.
        detours: further pairs ``(frame, to)`` that are wanted, any frames of the shot.
        known: gives for a frame and a key the places ``(2, H, W)``, px, that are known better than
            by following, with NaN elsewhere; or None. Light is compared at these; the field stays
            as it is followed, for where they fail.
    """
    wanted = {(f, key) for f in motion.standing for key in nearest(f, painted)}
    keys = tuple(sorted(set(painted)))
    height, width = motion.light(motion.standing[0]).shape[1:]
    step = coarseness(len(wanted) + len(detours), height, width)
    size = height // step, width // step
    costs: Costs = {}
    places: dict[tuple[int, int], FloatArray] = {}
    for key in sorted({*keys, *(to for _, to in detours)}):
        pairs = {f for f, to in (*wanted, *detours) if to == key}
        for frame, field, cost in _outward(motion, key, pairs, known):
            places[frame, key] = thinned(field, *size)
            costs[frame, key] = opencv.averaged(cost[None], *size)[0].astype(np.float16)
    chosen = choice.solve(
        motion, keys, {pair: c for pair, c in costs.items() if pair in wanted}, places
    )
    nothing = np.zeros(size, np.uint8)
    return {
        pair: Field(places[pair], coded(costs[pair]), chosen.get(pair, nothing)) for pair in places
    }


def nearest(frame: int, painted: Sequence[int]) -> list[int]:
    """Return the keys that a frame takes paint from, nearest in time first."""
    return sorted(set(painted), key=lambda key: (abs(key - frame), key))[:NEAREST]


def thinned(field: FloatArray, height: int, width: int) -> FloatArray:
    """Return a field of places in px at fewer points, as parts of the width and the height."""
    across = width / field.shape[2], height / field.shape[1]
    x, y = (
        (np.arange(size) + 0.5) / scale - 0.5
        for size, scale in zip((width, height), across, strict=True)
    )
    at = np.stack(np.meshgrid(x, y)).astype(np.float32)
    places = opencv.warped(field, at) + np.float32(0.5)
    places /= np.array([field.shape[2], field.shape[1]], np.float32)[:, None, None]
    return places


def coarseness(count: int, height: int, width: int) -> int:
    """Return how many px a field's points lie apart, for ``count`` of them to keep to `MOST`."""
    step = 1
    while count * 6 * (height // step) * (width // step) > MOST:
        step += 1
    return step


def coded(cost: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.uint8]:
    """Return what places cost as a `Field` keeps it: the inverse of `worth_of`, up to `DEAREST`.

    Worth itself would be 0 in 8 bits wherever paint is poor, and there the least poor counts.
    """
    part = np.clip(cost.astype(np.float32) / np.float32(DEAREST), 0, 1)
    return np.asarray(np.rint(255 * (1 - np.sqrt(part))), np.uint8)


def worth_of(code: FloatArray) -> FloatArray:
    """Return what paint is worth, ``exp(-c / .014)``, of codes 0..255, also between whole ones."""
    short = np.float32(1) - code * np.float32(1 / 255)
    worth: FloatArray = np.exp(np.square(short) * np.float32(-DEAREST / TEMPERATURE))
    return worth


@dataclass
class _Walker:
    """A frame on the way outward from a key: its field, px, and where the way was lost."""

    frame: int
    field: FloatArray
    lost: FloatArray
    cost: FloatArray


def _outward(
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
