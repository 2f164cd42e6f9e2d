"""Painted keys: which frames were painted, and the plate, passes and paint of each.

A painted key belongs to the plate frame of the same number. It may be a linear EXR or an 8- or
16-bit display picture (PNG, JPG, TIFF: taken as sRGB), whole or a layer over the plate. Everything
comes out scene-linear and unpremultiplied in the plate's colour space, which becomes the look's.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura.apply.feed import guides_of
from velatura.carry.paint import Carry
from velatura.errors import TrainingError
from velatura.image import exr
from velatura.image.numbered import find
from velatura.image.planes import FloatArray, Window
from velatura.plate import passes
from velatura.plate.passes import GUIDES
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura_training.data import paint_file

USUAL = ("normal", "depth", "albedo", "id")
"""Passes that a look learns from where nothing is said: they stay what they are as things move."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Key:
    """One frame, painted or not, ready for learning.

    Attributes:
        frame: its number.
        plate: ``(3, H, W)`` scene-linear, unpremultiplied.
        guides: ``(G, H, W)`` raw passes, 0 where missing; after them carried paint, in a lesson
            for a shot look.
        window: where these pixels lie in the frame.
        paint: ``(3, H, W)`` scene-linear, unpremultiplied; None for an unpainted frame.
        digests: SHA-256 of the files it came from, by file name.
    """

    frame: int
    plate: Tensor
    guides: Tensor
    window: Window
    paint: Tensor | None
    digests: dict[str, str]


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
        close: of a shot look, the painted frames once more, as if their own key were a frame close
            by: most frames of a shot have one.
        carry: for a shot look: the keys, and how they are carried into each frame of the shot.
        carried_by: the passes that this takes.
        footage: the whole shots that the keys are of.
    """

    keys: tuple[Key, ...]
    others: tuple[Key, ...]
    guides: tuple[str, ...]
    space: str
    depth_scale: float
    held: tuple[Key, ...] = ()
    close: tuple[Key, ...] = ()
    carry: Carry | None = None
    carried_by: tuple[str, ...] = ()
    footage: tuple[Footage, ...] = ()


def load(
    plate: str,
    painted: str,
    guides: Sequence[str] | None = None,
    layer: str = "",
    named_passes: str = "",
    space: str = "",
    others: int = 2,
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

    Raises:
        TrainingError: no keys, a key without a plate, sizes that differ.
        PassError: a wanted pass is missing.
        ImageError: an unreadable file.
    """
    plates, paints = find(plate), find(painted)
    orphans = sorted(paints.keys() - plates.keys())
    if orphans:
        raise TrainingError(
            f"Painted keys without a plate: frame {_listed(orphans)} of {painted}",
            found=f"plate frames {_listed(sorted(plates))}",
            do="Name each painted key with the number of the frame it was painted on.",
        )
    frames = sorted(paints)
    reading = Reading(layer, named_passes, space)
    space = Plate.of(exr.read(plates[frames[0]]), reading).space
    seen = space, _common_guides([plates[f] for f in frames], guides, reading)
    keys = tuple(_read(f, plates[f], paints[f], reading, *seen) for f in frames)
    unpainted = [f for f in _between(sorted(plates), frames) if f not in paints][:others]
    rest = tuple(_read(f, plates[f], None, reading, *seen) for f in unpainted)
    scale = _depth_scale(keys, seen[1])
    whole = (Footage(plates, reading),)
    return Lesson(keys, rest, seen[1], space, scale, footage=whole)


def pair(plates: Sequence[str], painted: Sequence[str]) -> list[tuple[str, str]]:
    """Return each shot's plate and painted keys, or raise TrainingError if they do not pair up."""
    if not plates or len(plates) != len(painted):
        raise TrainingError(
            "Each plate wants its own painted keys",
            found=f"plates: {', '.join(plates) or 'none'}; painted: {', '.join(painted) or 'none'}",
            do="Name them in the same order: A B --painted A_KEYS B_KEYS",
        )
    return list(zip(plates, painted, strict=True))


def load_all(
    shots: Sequence[tuple[str, str]],
    guides: Sequence[str] | None = None,
    layer: str = "",
    named_passes: str = "",
    space: str = "",
) -> Lesson:
    """Return the lesson of one shot, or of several together: the arguments are those of `load`.

    Raises:
        TrainingError: as `load`, or shots in different colour spaces.
    """
    lessons = [load(plate, keys, guides, layer, named_passes, space) for plate, keys in shots]
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
        return load_all(shots, common, layer, named_passes, space)
    keys = tuple(key for lesson in lessons for key in lesson.keys)
    others = tuple(key for lesson in lessons for key in lesson.others)
    whole = tuple(shot for lesson in lessons for shot in lesson.footage)
    scale = _depth_scale(keys, common)
    return Lesson(keys, others, common, first.space, scale, footage=whole)


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
            found=f"painted: {_listed(painted)}; held out: {_listed(frames)}",
        )
    held = tuple(key for key in lesson.keys if key.frame in frames)
    return replace(lesson, keys=tuple(k for k in lesson.keys if k.frame not in frames), held=held)


def unpainted(footage: Footage, frame: int, lesson: Lesson) -> Key:
    """Return a frame of a lesson's footage, with the lesson's guides, but without any paint.

    Raises:
        ImageError, PassError: it cannot be read.
    """
    seen = lesson.space, lesson.guides
    return _read(frame, footage.plates[frame], None, footage.reading, *seen)


def _read(
    frame: int,
    plate: Path,
    paint: Path | None,
    reading: Reading,
    space: str,
    guides: tuple[str, ...],
) -> Key:
    """Return a frame as the network will see it when the look is applied: by the same code."""
    seen = Plate.of(exr.read(plate), reading)
    rows, columns = (slice(0, size) for size in seen.size)
    light = seen.seen(rows, columns, space)
    stack = guides_of(seen, guides, rows, columns)
    if stack is None:
        stack = np.zeros((0, *seen.size), np.float32)
    digests = {plate.name: _digest(plate)}
    painted, window = None, seen.part.data
    if paint is not None:
        layer, coverage, window = paint_file.read(paint, space, seen.part, plate)
        rows, columns = window.within(seen.part.data)
        light, stack = light[:, rows, columns], stack[:, rows, columns]
        if coverage is not None:  # what was left transparent stays as the plate is
            layer = light + coverage * (layer - light)
        painted = _tensor(layer)
        digests[f"painted/{paint.name}"] = _digest(paint)
    return Key(frame, _tensor(light), _tensor(stack), window, painted, digests)


def _common_guides(
    plates: list[Path], wanted: Sequence[str] | None, reading: Reading
) -> tuple[str, ...]:
    """Return the wanted guides, or those of the usual ones that every plate has."""
    names = tuple(USUAL if wanted is None else wanted)
    unknown = [name for name in names if name not in GUIDES]
    if unknown:
        raise TrainingError(f"No guide {unknown[0]}", found=", ".join(GUIDES))
    for path in plates:
        lacking = passes.lacking(exr.read(path), names, passes.parse_overrides(reading.passes))
        there = [name for name in names if name not in lacking]
        if lacking and wanted is not None:
            raise TrainingError(
                f"{path} has no {lacking[0]} pass",
                found=", ".join(there) or "none of the known passes",
                do="Render it, or leave it out of --guides.",
            )
        names = tuple(there)
    log.info("guides: %s", ", ".join(names) or "none")
    return names


def _depth_scale(keys: Sequence[Key], guides: tuple[str, ...]) -> float:
    """Return the median distance of what is not background; 1 without a depth pass."""
    if "depth" not in guides:
        return 1.0
    at = sum(GUIDES[name] for name in guides[: guides.index("depth")])
    depths = torch.cat([key.guides[at].flatten() for key in keys])
    depths = depths[depths > 0]
    return float(depths.median()) if len(depths) else 1.0


def _between(frames: list[int], painted: list[int]) -> list[int]:
    """Return the frames, those farthest from any painted one first."""
    return sorted(frames, key=lambda f: (-min(abs(f - key) for key in painted), f))


def _tensor(planes: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(planes))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(frames: Sequence[int]) -> str:
    return ", ".join(map(str, frames))
