"""A lesson: all that a look is learnt from painted keys."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from velatura.carry.paint import Carry
from velatura.channels import parse_overrides
from velatura.errors import TrainingError
from velatura.plate import formats, passes
from velatura.plate.passes import GUIDES
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura_training.data import key_files
from velatura_training.data.frame import Frame, read
from velatura_training.data.key_reading import AS_SAVED, KeyReading

USUAL = ("normal", "depth", "albedo", "id")
"""Passes that a look learns from where nothing is said: they stay what they are as things move."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Lesson:
    """All that a look is learnt from.

    Attributes:
        keys: the painted frames, by number.
        others: a few unpainted frames of the shot, to look at.
        guides: the passes that every painted frame's plate has.
        space: the plate's colour space, which the look works in.
        depth_scale: distance that the look takes for the middle, in scene units.
        held: painted frames that are not learnt from: they tell how good the look is.
        shown: of a shot look, the painted frames with their own paint, as they will come out.
        carry: for a shot look: the keys, and how they are carried into each frame of the shot.
        carried_by: the passes that this takes.
        footage: the whole shots that the keys are of.
        read_as: how the painted keys were read, where their files do not say it.
    """

    keys: tuple[Frame, ...]
    others: tuple[Frame, ...]
    guides: tuple[str, ...]
    space: str
    depth_scale: float
    held: tuple[Frame, ...] = ()
    shown: tuple[Frame, ...] = ()
    carry: Carry | None = None
    carried_by: tuple[str, ...] = ()
    footage: tuple[Footage, ...] = ()
    read_as: KeyReading = AS_SAVED


def load(
    plate: str,
    painted: str,
    guides: Sequence[str] | None = None,
    layer: str = "",
    named_passes: str = "",
    space: str = "",
    others: int = 2,
    reading_keys: KeyReading = AS_SAVED,
) -> Lesson:
    """Return the painted keys of a shot, and a few unpainted frames between them.

    Args:
        plate: the plate's files, ``plate.####.exr``.
        painted: the painted keys' files, ``paint.####.png``; only the painted frames need be there.
        guides: passes to read; None takes those of `USUAL` that every painted frame's plate has.
        layer: the beauty's layer, where the usual names are not meant.
        named_passes: layers of the guides, where the usual names are not meant: ``normal=N``.
        space: the plate's colour space, where its metadata do not tell.
        others: how many unpainted frames to load for looking at.
        reading_keys: how the painted keys are read, where their files do not say it.

    Raises:
        TrainingError: no keys, a key without a plate, sizes that differ.
        PassError: a wanted pass is missing.
        ImageError: an unreadable file.
    """
    plates, paints = key_files.find_keys(plate, painted)
    frames = sorted(paints)
    reading = Reading(layer, named_passes, space)
    space = Plate.read(plates[frames[0]], reading).space
    seen = space, _common_guides([plates[f] for f in frames], guides, reading)
    keys = tuple(read(f, plates[f], paints[f], reading, *seen, reading_keys) for f in frames)
    unpainted = key_files.unpainted(plates, frames)[:others]
    rest = tuple(read(f, plates[f], None, reading, *seen) for f in unpainted)
    scale = _depth_scale(keys, seen[1])
    whole = (Footage(plates, reading),)
    return Lesson(keys, rest, seen[1], space, scale, footage=whole, read_as=reading_keys)


def load_all(
    shots: Sequence[tuple[str, str]],
    guides: Sequence[str] | None = None,
    layer: str = "",
    named_passes: str = "",
    space: str = "",
    reading_keys: KeyReading = AS_SAVED,
) -> Lesson:
    """Return the lesson of one shot, or of several together: the arguments are those of `load`.

    Raises:
        TrainingError: as `load`, or shots in different colour spaces.
    """
    lessons = [
        load(plate, keys, guides, layer, named_passes, space, reading_keys=reading_keys)
        for plate, keys in shots
    ]
    first, *rest = lessons
    if not rest:
        return first
    spaces = {lesson.space for lesson in lessons}
    if len(spaces) > 1:
        raise TrainingError(
            "The shots are in different colour spaces",
            found=", ".join(sorted(spaces)),
            do="Convert them into one, or say with --space what they really are.",
        )
    common = tuple(name for name in first.guides if all(name in one.guides for one in rest))
    if any(lesson.guides != common for lesson in lessons):
        return load_all(shots, common, layer, named_passes, space, reading_keys)
    keys = tuple(key for lesson in lessons for key in lesson.keys)
    others = tuple(key for lesson in lessons for key in lesson.others)
    whole = tuple(shot for lesson in lessons for shot in lesson.footage)
    scale = _depth_scale(keys, common)
    return Lesson(keys, others, common, first.space, scale, footage=whole, read_as=reading_keys)


def hold_out(lesson: Lesson, frames: Sequence[int]) -> Lesson:
    """Return the lesson with some painted frames kept from the learning, to measure it by.

    Raises:
        TrainingError: a frame that is not painted, or no key is left.
    """
    painted = [key.frame for key in lesson.keys]
    unknown = [frame for frame in frames if frame not in painted]
    if unknown or set(painted) <= set(frames):
        raise TrainingError(
            f"Frame {unknown[0]} is not painted" if unknown else "No painted key is left to learn",
            found=f"painted: {key_files.listed(painted)}; held out: {key_files.listed(frames)}",
        )
    held = tuple(key for key in lesson.keys if key.frame in frames)
    return replace(lesson, keys=tuple(k for k in lesson.keys if k.frame not in frames), held=held)


def unpainted(footage: Footage, number: int, lesson: Lesson) -> Frame:
    """Return a frame of a lesson's footage, with the lesson's guides, but without any paint.

    Raises:
        ImageError, PassError: it cannot be read.
    """
    return read(number, footage.plates[number], None, footage.reading, lesson.space, lesson.guides)


def _common_guides(
    plates: list[Path], wanted: Sequence[str] | None, reading: Reading
) -> tuple[str, ...]:
    """Return the wanted guides, or those of the usual ones that every plate has."""
    names = tuple(USUAL if wanted is None else wanted)
    unknown = [name for name in names if name not in GUIDES]
    if unknown:
        raise TrainingError(f"No guide {unknown[0]}", found=", ".join(GUIDES))
    for path in plates:
        lacking = passes.lacking(formats.read(path), names, parse_overrides(reading.passes))
        there = [name for name in names if name not in lacking]
        if lacking and wanted is not None:
            raise TrainingError(
                f"{path} has no {lacking[0]} pass",
                found=", ".join(there) or "none of the known passes",
                do="Render it, or leave it out of --guides.",
            )
        names = tuple(there)
    log.info("passes read beside the picture: %s", ", ".join(names) or "none")
    return names


def _depth_scale(keys: Sequence[Frame], guides: tuple[str, ...]) -> float:
    """Return the median distance of what is not background; 1 without a depth pass."""
    if "depth" not in guides:
        return 1.0
    at = sum(GUIDES[name] for name in guides[: guides.index("depth")])
    depths = torch.cat([key.guides[at].flatten() for key in keys])
    depths = depths[depths > 0]
    return float(depths.median()) if len(depths) else 1.0
