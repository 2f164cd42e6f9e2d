"""Keys that learn to be carried: what the other keys would have left in each painted frame.

The network must learn to mend what carrying leaves: holes, silhouettes, light that has changed. So
each key's carried paint is made from the *other* keys. That alone would teach it to expect little:
most frames have a key closer by than keys have each other. So each painted frame is learnt from a
second time, with its own paint, and the holes that a frame halfway to the next key would leave in
it. With a single key this is all there is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import Survey, survey
from velatura.scene.footage import Footage
from velatura.scene.tracks import Tracks
from velatura.system.progress import Report
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson

DETOURS = 4
"""Frames by way of which a single key is carried back to itself, in as many copies of it."""

log = logging.getLogger("velatura.training")


def attach(lesson: Lesson, footage: Footage | None, report: Report) -> Lesson:
    """Return the lesson of a shot look; the same lesson where the shot's passes do not allow one.

    Args:
        lesson: the painted keys, from `velatura_training.data.lesson.load`.
        footage: their whole shot; None where they are of several, whose look is a free one.
        report: told of each frame that has been looked at.

    Raises:
        ImageError, PassError: a frame that cannot be read.
    """
    if footage is None:
        log.info("keys of several shots are not carried along; the look is a free one")
        return lesson
    painted = [key.frame for key in lesson.keys]
    found = survey(footage, painted, report)
    return lesson if found is None else dress(lesson, footage, found)


def dress(lesson: Lesson, footage: Footage, found: Survey) -> Lesson:
    """Return the lesson of a shot look whose shot has been looked over.

    Args:
        lesson: the painted keys, nothing carried yet.
        footage: their shot.
        found: what was found, for the same painted frames.
    """
    keys = tuple(_painted(key, footage, found.tracks) for key in lesson.keys)
    carry = Carry(keys, found.tracks, found.fields)
    if len(keys) > 1:
        learnt = tuple(completed(k, carry.without(k.frame), footage) for k in lesson.keys)
        close = tuple(_by_way_of(_halfway(k, carry), k, carry, footage) for k in lesson.keys)
    else:
        learnt, close = _alone(lesson.keys[0], carry, footage), ()
    others = tuple(completed(key, carry, footage) for key in lesson.others)
    held = tuple(completed(key, carry, footage) for key in lesson.held)
    _tell_holes(learnt, others)
    by = found.passes
    learnt_from = replace(lesson, keys=learnt, close=close, others=others, held=held)
    return replace(learnt_from, carry=carry, carried_by=by)


def completed(frame: Frame, carry: Carry, footage: Footage) -> Frame:
    """Return a frame, painted or not, with the paint that is carried into it after its guides."""
    paint = carry.paint(frame.frame, footage.sight(frame.frame, frame.window))
    return _appended(frame, torch.from_numpy(paint))


def _painted(key: Frame, footage: Footage, tracks: Tracks) -> Key:
    """Return a key as it is carried: over the display window, nothing where it was not painted."""
    assert key.paint is not None, "keys are painted"  # noqa: S101
    sight = footage.sight(key.frame)
    whole = footage.display(key.frame)
    light = np.full((3, whole.height, whole.width), np.nan, np.float32)
    inside = key.window.common(whole)
    light[:, *inside.within(whole)] = key.paint.numpy()[:, *inside.within(key.window)]
    return Key.of(key.frame, light, sight, tracks)


def _alone(key: Frame, carry: Carry, footage: Footage) -> tuple[Frame, ...]:
    """Return copies of a single key, each with the holes that another frame would have left."""
    frames = [frame for frame in footage.frames if frame != key.frame]
    picked = np.linspace(0, len(frames) - 1, min(DETOURS, len(frames))).round().astype(int)
    log.warning(
        "There is one painted key: it is learnt from itself, with the holes that %d other frames "
        "of the shot would leave in it. A second key would teach how its light changes",
        len(picked),
    )
    if not frames:
        return (completed(key, carry, footage),)
    return tuple(_by_way_of(frames[place], key, carry, footage) for place in picked)


def _halfway(key: Frame, carry: Carry) -> int:
    """Return the frame in the middle between a key and the one that is nearest to it."""
    frames, (nearest, *_) = carry.tracks.frames, carry.without(key.frame).order(key.frame)
    return frames[(frames.index(key.frame) + frames.index(nearest.frame)) // 2]


def _by_way_of(frame: int, key: Frame, carry: Carry, footage: Footage) -> Frame:
    """Return a key with its own paint, but for the holes that a frame would have left in it.

    The other keys' paint is beside it, as for any frame of the shot. Rims are left out: its own ink
    is always right, and would teach to trust that of frames whose outlines have moved.
    """
    sight, there = footage.sight(key.frame, key.window), footage.sight(frame)
    blank = np.zeros((3, *there.size), np.float32)
    seen = replace(carry, keys=(Key.of(frame, blank, there, carry.tracks),))
    own, rest = carry.paint(key.frame, sight)[:4], carry.without(key.frame)
    own *= (own[3] == 1) & (seen.paint(key.frame, sight)[3] == 1)
    near, far = np.split(rest.paint(key.frame, sight), 2)
    paint = np.concatenate([own, np.where(near[3] >= far[3], near, far)])
    return _appended(key, torch.from_numpy(paint))


def _appended(frame: Frame, paint: Tensor) -> Frame:
    return replace(frame, guides=torch.cat([frame.guides, paint]))


def _tell_holes(keys: Sequence[Frame], others: Sequence[Frame]) -> None:
    """Say how much of the frames the carried paint covers."""
    for what, frames in (("painted", keys), ("some unpainted", others)):
        if frames:
            covered = [float((k.guides[-5] + k.guides[-1] > 0).float().mean()) for k in frames]
            log.info("carried paint covers %.0f %% of %s frames", 100 * np.mean(covered), what)
