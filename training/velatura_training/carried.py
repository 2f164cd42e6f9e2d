"""Keys that learn to be carried: what the other keys would have left in each painted frame.

The network must learn to mend what carrying leaves: holes, silhouettes, light that has changed. So
each key's carried paint is made from the *other* keys. With a single key there is no other: its own
paint is used, with the holes that some other frame of the shot would have left.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from velatura.carry import Carry
from velatura.footage import Footage
from velatura.key import Key as Carried
from velatura.progress import Report
from velatura.survey import Survey, survey
from velatura.tracks import Tracks
from velatura_training.keys import Key, Lesson

DETOURS = 4
"""Frames by way of which a single key is carried back to itself, in as many copies of it."""

log = logging.getLogger("velatura.training")


def attach(lesson: Lesson, footage: Footage | None, report: Report) -> Lesson:
    """Return the lesson of a shot look; the same lesson where the shot's passes do not allow one.

    Args:
        lesson: the painted keys, from `velatura_training.keys.load`.
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
    carried = Carry(keys, found.tracks, found.fields)
    if len(keys) > 1:
        learnt = tuple(completed(k, carried.without(k.frame), footage) for k in lesson.keys)
    else:
        learnt = _alone(lesson.keys[0], carried, footage)
    others = tuple(completed(key, carried, footage) for key in lesson.others)
    held = tuple(completed(key, carried, footage) for key in lesson.held)
    _tell_holes(learnt, others)
    by = found.passes
    return replace(lesson, keys=learnt, others=others, held=held, carry=carried, carried_by=by)


def completed(key: Key, carried: Carry, footage: Footage) -> Key:
    """Return a frame, painted or not, with the paint that is carried into it after its guides."""
    paint = carried.paint(key.frame, footage.sight(key.frame, key.window))
    return _appended(key, torch.from_numpy(paint))


def _painted(key: Key, footage: Footage, tracks: Tracks) -> Carried:
    """Return a key as it is carried: over the display window, nothing where it was not painted."""
    assert key.paint is not None, "keys are painted"  # noqa: S101
    sight = footage.sight(key.frame)
    whole = footage.display(key.frame)
    light = np.full((3, whole.height, whole.width), np.nan, np.float32)
    inside = key.window.common(whole)
    light[:, *inside.within(whole)] = key.paint.numpy()[:, *inside.within(key.window)]
    return Carried.of(key.frame, light, sight, tracks)


def _alone(key: Key, carried: Carry, footage: Footage) -> tuple[Key, ...]:
    """Return copies of a single key, each with the holes that another frame would have left."""
    frames = [frame for frame in footage.frames if frame != key.frame]
    picked = np.linspace(0, len(frames) - 1, min(DETOURS, len(frames))).round().astype(int)
    log.warning(
        "There is one painted key: it is learnt from itself, with the holes that %d other frames "
        "of the shot would leave in it. A second key would teach how its light changes",
        len(picked),
    )
    own = carried.paint(key.frame, footage.sight(key.frame, key.window))
    copies = []
    for frame in (frames[place] for place in picked):
        sight = footage.sight(frame)
        blank = np.zeros((3, *sight.size), np.float32)
        other = replace(carried, keys=(Carried.of(frame, blank, sight, carried.tracks),))
        seen = other.paint(key.frame, footage.sight(key.frame, key.window))[3]
        copies.append(_appended(key, torch.from_numpy(own * seen)))
    return tuple(copies) or (_appended(key, torch.from_numpy(own)),)


def _appended(key: Key, paint: Tensor) -> Key:
    return replace(key, guides=torch.cat([key.guides, paint]))


def _tell_holes(keys: Sequence[Key], others: Sequence[Key]) -> None:
    """Say how much of the frames the carried paint covers."""
    for what, frames in (("painted", keys), ("some unpainted", others)):
        if frames:
            covered = [float((k.guides[-5] + k.guides[-1] > 0).float().mean()) for k in frames]
            log.info("carried paint covers %.0f %% of %s frames", 100 * np.mean(covered), what)
