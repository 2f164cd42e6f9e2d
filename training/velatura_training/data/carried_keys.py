"""Keys that learn to be carried: lessons whose paint is what frames of the shot really get.

Paint that is carried has holes, silhouettes, places that are a little off, light that has changed;
and it is worth more or less. The network must meet in learning what it will meet in rendering. So
where the strokes of several keys agree, each is learnt from what the others have left in it. Where
they do not, another key's strokes would only teach their mean; then each key is learnt from as if
it were some frame nearby: it is led there and back, and worth what paint is worth there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from velatura.carry.fields import Field
from velatura.carry.paint import AGREE, Carry
from velatura.carry.painted_key import Key
from velatura.carry.registered import joined
from velatura.carry.survey import Survey, survey
from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura.scene.footage import Footage
from velatura.scene.tracks import Tracks
from velatura.system.progress import Report
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson

COMPARED = 4
"""Unpainted frames in which the strokes of keys are compared."""

OFF, GRAIN = 0.2, 16.0
"""By how many px places of a lesson are moved at random, and how smoothly (deviation of a Gaussian,
px): errors forth and back cancel each other in part. On the courtyard without passes a lesson is
then off by .030 (encoded light), a frame by .028; more teaches to blur."""

LARGE = 2**20
"""Frames of more pixels have half as many lessons each, for memory."""

log = logging.getLogger("velatura.training")


def attach(
    lesson: Lesson,
    footage: Footage | None,
    report: Report,
    followed: Callable[[float], None] = lambda _: None,
) -> Lesson:
    """Return the lesson of a shot look; the same lesson where the shot's passes do not allow one.

    Args:
        lesson: the painted keys, from `velatura_training.data.lesson.load`.
        footage: their whole shot; None where they are of several, whose look is a free one.
        report: told of each frame that has been looked at.
        followed: told how much of the paint's ways through the shot is found, 0..1.

    Raises:
        ImageError, PassError: a frame that cannot be read.
    """
    if footage is None:
        log.info("keys of several shots are not carried along; the look is a free one")
        return lesson
    painted = [key.frame for key in lesson.keys]
    found = survey(footage, painted, report, followed)
    return lesson if found is None else dress(lesson, footage, found)


def dress(lesson: Lesson, footage: Footage, found: Survey) -> Lesson:
    """Return the lesson of a shot look whose shot has been looked over.

    Args:
        lesson: the painted keys, nothing carried yet.
        footage: their shot.
        found: what was found, for the same painted frames.
    """
    carried = _carry(lesson, footage, found)
    shown = tuple(completed(key, carried, footage) for key in lesson.keys)
    if len(carried.keys) > 1 and carried.agreement >= AGREE:
        learnt = _left_out(lesson, footage, carried)
    else:
        learnt = _around(lesson, footage, carried, found) or shown
    others = tuple(completed(key, carried, footage) for key in lesson.others)
    held = tuple(completed(key, carried, footage) for key in lesson.held)
    _tell(carried, learnt, others)
    learnt_from = replace(lesson, keys=learnt, others=others, held=held)
    return replace(learnt_from, carry=carried, carried_by=found.passes, shown=shown)


def _left_out(lesson: Lesson, footage: Footage, carried: Carry) -> tuple[Frame, ...]:
    """Return each key with what the other keys would have left in it."""
    return tuple(
        completed(key, carried.without(key.frame), footage, own=False) for key in lesson.keys
    )


def _around(lesson: Lesson, footage: Footage, carried: Carry, found: Survey) -> tuple[Frame, ...]:
    """Return each key by way of the frames near to it; none where none is."""
    return tuple(
        _by_way_of(frame, key, carried, footage, found)
        for key in lesson.keys
        for frame in _near(key, found)
    )


def completed(key: Frame, carried: Carry, footage: Footage, *, own: bool = True) -> Frame:
    """Return a frame, painted or not, with the paint that is carried into it after its guides.

    Args:
        key: the frame.
        carried: the painted keys.
        footage: their shot.
        own: whether a painted frame has its own paint, as it has in the end.
    """
    paint = carried.paint(key.frame, footage.sight(key.frame, key.window), own=own)
    guides = torch.cat([key.guides, torch.from_numpy(paint.planes)])
    cover = None if paint.cover is None else torch.from_numpy(paint.cover)
    return replace(key, guides=guides, cover=cover)


def _carry(lesson: Lesson, footage: Footage, found: Survey) -> Carry:
    keys = tuple(_painted(key, footage, found.tracks) for key in lesson.keys)
    painted = {key.frame for key in keys}
    fields = {way: field for way, field in found.fields.items() if way[1] in painted}
    carried = Carry(keys, found.tracks, fields, found.same)
    between = [f for f in footage.frames if f not in painted]
    picked = np.linspace(0, len(between) - 1, min(COMPARED, len(between))).round().astype(int)
    sights = {between[place]: footage.sight(between[place]) for place in picked}
    return joined(carried, sights)


def _painted(key: Frame, footage: Footage, tracks: Tracks) -> Key:
    """Return a key as it is carried: over the display window, nothing where it was not painted."""
    assert key.paint is not None, "keys are painted"  # noqa: S101
    sight = footage.sight(key.frame)
    whole = footage.display(key.frame)
    inside = key.window.common(whole)
    light = np.full((3, whole.height, whole.width), np.nan, np.float32)
    light[:, *inside.within(whole)] = key.paint.numpy()[:, *inside.within(key.window)]
    cover = None
    if key.cover is not None:
        cover = np.zeros((whole.height, whole.width), np.float32)
        cover[inside.within(whole)] = key.cover.numpy()[inside.within(key.window)]
    return Key.of(key.frame, light, sight, tracks, cover)


def _near(key: Frame, found: Survey) -> list[int]:
    """Return the unpainted frames by way of which a key is learnt from.

    By way of itself it would come back as it is, and teach nothing.
    """
    painted = {to for frame, to in found.fields if (to, to) in found.fields}
    frames = sorted(
        to
        for frame, to in found.fields
        if frame == key.frame and to not in painted and (to, frame) in found.fields
    )
    return frames[:: 1 + (key.plate[0].numel() > LARGE)]


def _by_way_of(frame: int, key: Frame, carried: Carry, footage: Footage, found: Survey) -> Frame:
    """Return a key with its own paint alone, led to another frame and back."""
    there = found.fields[key.frame, frame]
    led = found.fields[frame, key.frame].through(there.places)
    rng = np.random.default_rng([key.frame & 0xFFFF, frame & 0xFFFF])
    places = led.places + _off(led.places, key, rng)
    field = Field(places, np.minimum(led.worth, there.worth), led.choice)
    alone = replace(carried.only(key.frame), fields={(key.frame, key.frame): field}, same={})
    return completed(key, alone, footage, own=False)


def _off(places: FloatArray, key: Frame, rng: np.random.Generator) -> FloatArray:
    """Return a smooth random shift of places, as parts of the width and the height."""
    height, width = key.plate.shape[1:]
    scale = places.shape[2] / width
    noise = rng.standard_normal(places.shape).astype(np.float32)
    smooth = opencv.blurred(noise, max(1.0, GRAIN * scale))
    shift: FloatArray = smooth * np.float32(OFF) / smooth.std()
    shift /= np.array([width, height], np.float32)[:, None, None]
    return shift


def _tell(carried: Carry, learnt: Sequence[Frame], others: Sequence[Frame]) -> None:
    """Say how the keys' strokes go together, and what their paint is worth."""
    if len(carried.keys) > 1:
        how = "agree" if carried.agreement >= AGREE else "differ"
        what = "merged" if carried.agreement >= AGREE else "shown one at a time"
        log.info(
            "the strokes of the painted keys %s (correlation %.2f): they are %s",
            *(how, carried.agreement, what),
        )
    for what, frames in (("lessons", learnt), ("some unpainted frames", others)):
        if frames:
            worth = np.mean([float(key.guides[-5].mean()) for key in frames])
            log.debug("carried paint is worth %.0f %% in %s", 100 * worth, what)
