"""Where each pixel of a frame lies in the painted keys, and how well it agrees with them there.

From a key, its field is followed outward, neighbour by neighbour, along the motion of the shot.
Nothing is cut: where the way is doubtful, it costs. What a place costs is how much the key's plate,
fetched there, differs from the frame's own, and a little for a way that does not lead back, for
frames in between, and for places outside of the key. So all keys can be merged by how well the
plate's own light agrees, and what a look has on board needs neither plates nor OpenCV any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.carry import choice, outward
from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura.scene.motion import Motion

MOST = 48 * 2**20
"""What fields may take in a look, bytes, at 48 bits a point: many of them are coarser."""

NEAREST = 4
"""They lead to so many keys from each frame: the nearest."""

TEMPERATURE = 0.014
"""Paint is worth ``exp(-c / .014)``, c the cost of its place: half where the plates differ by .01,
encoded light. On two shots without passes .01 to .02 gave the same error; less is sharper (gram
.059 to .073, sharp .91 to .88 on the harbour) and less calm (ewR 1.10 to 1.03)."""

NEAR = 3
"""Further than so many frames from its nearest key, a frame's distance says nothing against that
key: a network would paint what is only far. On 96 frames with four keys, a third of a frame halfway
between two was worth less than .002, and trained strokes were softer than carried ones (gram .083
for .070, sharp .91 for .93); now they have .074 and .92."""

DEAREST = 0.4
"""The largest cost that is told from others."""


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
        read = opencv.unmixed(self.places * size, inside) / size
        codes = opencv.warped(np.stack([self.worth, self.choice]).astype(np.float32), inside)
        worth, choice = np.rint(codes).astype(np.uint8)
        return Field(read + beyond, worth, choice)


Fields = dict[tuple[int, int], Field]
"""``(frame, key frame)`` to the field that leads from one to the other."""

Costs = dict[tuple[int, int], npt.NDArray[np.float16]]


def solve(
    motion: Motion,
    painted: Sequence[int],
    detours: Sequence[tuple[int, int]] = (),
    known: outward.Known = lambda *_: None,
    told: Callable[[float], None] = lambda _: None,
) -> Fields:
    """Return the fields from every frame to the painted keys nearest to it.

    Args:
        motion: the shot's.
        painted: the key frames.
        detours: further pairs ``(frame, to)`` that are wanted, any frames of the shot.
        known: gives for a frame and a key the places ``(2, H, W)``, px, that are known better than
            by following, with NaN elsewhere; or None. Light is compared at these; the field stays
            as it is followed, for where they fail.
        told: is told how much of it is done, 0..1.
    """
    wanted = {(f, key) for f in motion.standing for key in nearest(f, painted)}
    keys = tuple(sorted(set(painted)))
    height, width = motion.light(motion.standing[0]).shape[1:]
    step = coarseness(len(wanted) + len(detours), height, width)
    size = height // step, width // step
    costs: Costs = {}
    places: dict[tuple[int, int], FloatArray] = {}
    told(0.0)
    for key in sorted({*keys, *(to for _, to in detours)}):
        pairs = {f for f, to in (*wanted, *detours) if to == key}
        for frame, field, cost in outward.follow(motion, key, pairs, known):
            places[frame, key] = thinned(field, *size)
            costs[frame, key] = opencv.averaged(cost[None], *size)[0].astype(np.float16)
            told(len(costs) / (len(wanted) + len(detours)))
    chosen = choice.solve(
        motion, keys, {pair: c for pair, c in costs.items() if pair in wanted}, places
    )
    nothing = np.zeros(size, np.uint8)
    late = {f: min(abs(key - f) for key in keys) for f in motion.standing}

    def found(pair: tuple[int, int]) -> Field:
        frame, to = pair
        further = max(0, (late[frame] if pair in wanted else abs(to - frame)) - NEAR)
        cost = costs[pair].astype(np.float32) - np.float32(outward.LATE * further)
        return Field(places[pair], coded(cost), chosen.get(pair, nothing))

    return {pair: found(pair) for pair in places}


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
    places = opencv.unmixed(field, at) + np.float32(0.5)
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
