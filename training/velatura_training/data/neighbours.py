"""Frames in a row: what was where a frame before, for learning not to flicker.

The motion is the renderer's (the Vector pass), or optical flow. What was
hidden a frame before does not count (`velatura.scene.vectors.step`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from velatura.image.planes import Window
from velatura.scene import optical_flow
from velatura.scene import vectors as drift
from velatura.scene.footage import Footage
from velatura_training.data import carried_keys, views
from velatura_training.data.augment import Batch
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson, unpainted
from velatura_training.data.views import Pair

MOST = 8
"""Pairs of frames of a lesson at most, spread over its shots."""

PIXELS = 12 * 10**6
"""Pixels of all pairs together; with all guides they take 84 bytes each. One pair there always is.
"""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Neighbours:
    """Two frames in a row, cut to the window that both fill.

    Attributes:
        before: the first.
        now: the second.
        places: ``(2, H, W)`` column and row, px, of each pixel of ``now`` in ``before``; NaN where
            it could not be seen there.
    """

    before: Frame
    now: Frame
    places: Tensor


def load(lesson: Lesson, smallest: int) -> tuple[Neighbours, ...]:
    """Return some neighbouring frames of a lesson's shots; none where nothing tells their motion.

    Args:
        lesson: gives the footage, and the keys that are carried along in it.
        smallest: least side of what the two share, px.

    Raises:
        ImageError, PassError: a frame that cannot be read.
    """
    found: list[Neighbours] = []
    for footage in lesson.footage:
        couples = [(a, b) for a, b in pairwise(footage.frames) if b - a == 1]
        moving = _moving(footage)
        if moving is None or not couples:
            log.warning(
                "Nothing tells how things move from frame to frame of %s: the warp loss goes "
                "without it. It takes frames in a row, and a Vector pass or OpenCV, which comes "
                "with the trainer",
                footage.plates[footage.frames[0]],
            )
            continue
        window = footage.display(couples[0][0])
        room = PIXELS // (2 * window.width * window.height * len(lesson.footage))
        most = max(1, min(room, MOST // len(lesson.footage), len(couples)))
        picked = np.linspace(0, len(couples) - 1, most).round().astype(int)
        found += [_neighbours(lesson, moving, *couples[index]) for index in picked]
    return tuple(two for two in found if min(two.places.shape[1:]) >= smallest)


def sample(
    neighbours: Sequence[Neighbours],
    patch: int,
    batch: int,
    rng: torch.Generator,
    device: torch.device,
) -> Pair:
    """Return random patches of later frames, with patches of what was there a frame before.

    Those lie along the motion of most of the patch, and up to `views.REACH` px beside it.

    Args:
        neighbours: none smaller than a patch.
        patch: side of a patch, px.
        batch: how many.
        rng: a CPU generator.
        device: where the patches go.
    """
    crops = [
        _crop(neighbours[int(_random(len(neighbours), rng))], patch, rng) for _ in range(batch)
    ]
    stacked = [torch.stack(planes).to(device) for planes in zip(*crops, strict=True)]
    before, now = (Batch(stacked[first], stacked[first + 1], stacked[first]) for first in (0, 2))
    known = stacked[4].isfinite().all(1, keepdim=True)
    places = stacked[4].nan_to_num(-1)
    return Pair(before, now, now.plate, places, views.inside(places) * known)


def _crop(
    two: Neighbours, patch: int, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return plate and guides of both views, and the places of one in the other."""
    height, width = two.places.shape[1:]
    left, top = (int(_random(size - patch + 1, rng)) for size in (width, height))
    here = (..., slice(top, top + patch), slice(left, left + patch))
    places, corner = two.places[here], []
    for axis, (start, size) in enumerate(((left, width), (top, height))):
        known = places[axis][places[axis].isfinite()]
        middle = float(known.median()) if len(known) else start + patch / 2
        beside = int(_random(2 * views.REACH + 1, rng)) - views.REACH
        corner.append(min(max(0, round(middle - patch / 2) + beside), size - patch))
    there = (..., slice(corner[1], corner[1] + patch), slice(corner[0], corner[0] + patch))
    before, now = two.before, two.now
    seen = before.plate[there], before.guides[there], now.plate[here], now.guides[here]
    return *seen, places - torch.tensor(corner).view(2, 1, 1)


def _neighbours(lesson: Lesson, footage: Footage, first: int, second: int) -> Neighbours:
    read = [unpainted(footage, frame, lesson) for frame in (first, second)]
    sights = list(footage.sights((first, second)))
    displays = [footage.display(frame) for frame in (first, second)]
    common = read[0].window.common(read[1].window).common(displays[0]).common(displays[1])
    vectors, items = [], []
    for sight, display in zip(sights, displays, strict=True):
        assert sight.vector is not None, "the footage moves"  # noqa: S101
        vectors.append(sight.vector[:, *common.within(display)])
        if sight.objects is not None:
            items.append(sight.items()[common.within(display)])
    home = drift.start(common.height, common.width)
    objects = (items[1], items[0]) if len(items) == 2 else None  # noqa: PLR2004 - both have ids
    places = drift.step(home, drift.back(vectors[1]), drift.forth(vectors[0]), objects)
    before, now = (_cut(frame, common) for frame in read)
    if lesson.carry is not None:
        before, now = (
            carried_keys.completed(frame, lesson.carry, footage) for frame in (before, now)
        )
    return Neighbours(before, now, torch.from_numpy(places))


def _moving(footage: Footage) -> Footage | None:
    """Return the footage with motion in its sights; None where there is none to be had."""
    if footage.sight(footage.frames[0]).vector is not None:
        return footage
    return replace(footage, flowing=True) if optical_flow.available() else None


def _cut(frame: Frame, window: Window) -> Frame:
    """Return the part of an unpainted frame that lies in a window."""
    inside = window.within(frame.window)
    plate, guides = frame.plate[:, *inside], frame.guides[:, *inside]
    return replace(frame, plate=plate, guides=guides, window=window)


def _random(most: int, rng: torch.Generator) -> Tensor:
    return torch.randint(most, (), generator=rng)
