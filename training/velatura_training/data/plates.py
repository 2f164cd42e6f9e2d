"""Plates of one or several shots, read whole: footage for a look that is learnt from paintings.

Some of their frames may be painted already: keys of the automatic painter, which teach the look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from velatura.errors import TrainingError
from velatura.image.gathering import find
from velatura.plate import formats
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training import room
from velatura_training.data.frame import Frame, read

SMALLEST = 96
"""Smallest side of a frame and of a patch, px: less has no middle that is free of its edges."""

MOST_FRAMES = 24
"""Frames of a shot that are learnt from, evenly spread: its frames are much alike."""

MOST_TESTED = 4
"""Frames of a shot that test the look, evenly spread over those that it has not learnt from."""

HELD = 12
"""Bytes that a pixel of a frame takes as long as it is learnt from: three floats."""

WITHHELD = 6
"""Of a shot whose frames are all wanted, one of so many is withheld for the test."""


@dataclass(frozen=True)
class Plates:
    """What a look shall paint.

    Attributes:
        frames: of all shots, to learn from.
        space: their colour space, which the look works in.
        tested: frames of the same shots that are not learnt from.
        twins: by file name, frames that were left out, and the file that they equal.
    """

    frames: tuple[Frame, ...]
    space: str
    tested: tuple[Frame, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)


def load(
    plates: Sequence[str], layer: str = "", space: str = "", painted: Sequence[str] = ()
) -> Plates:
    """Return the plates of one shot or more.

    Args:
        plates: each shot's files, ``name.####.exr``; at most `MOST_FRAMES` of each are read.
        layer: the beauty's layer, where the usual names are not meant.
        space: the colour space, where the metadata do not tell.
        painted: of each shot the painted keys, ``key.####.exr``; none where nothing is painted.
            Their frames are learnt from in any case.

    Raises:
        TrainingError: no footage, keys that do not fit it, frames too small, or shots in different
            colour spaces.
        FrameError, ImageError, PassError, ColourError: files that are not there or do not fit.
        MachineError: frames that do not fit into memory together.
    """
    keys = [find(pattern) for pattern in painted] or [{} for _ in plates]
    shots = [
        _split([_File(number, path, own.get(number)) for number, path in find(pattern).items()])
        for pattern, own in zip(plates, keys, strict=True)
    ]
    files = [file for learnt, _ in shots for file in learnt]
    if not files:
        raise TrainingError("No footage to learn on", do="Name a shot: plate.####.exr")
    reading = Reading(layer, space=space)
    _demand_room([file.plate for file in files])
    spaces = {Plate.read(file.plate, reading).space for file in (files[0], files[-1])}
    if len(spaces) > 1:
        raise TrainingError(
            "The shots are in different colour spaces",
            found=", ".join(sorted(spaces)),
            do="Convert them into one, or say with --space what they really are.",
        )
    (common,) = spaces
    seen: dict[bytes, str] = {}  # by all frames: a held one that was learnt from tests nothing
    read = (_read(file, reading, common) for file in files)
    learnt, twins = _without_twins(read, seen)
    tests = (_read(file, reading, common) for _, tested in shots for file in tested)
    kept, more = _without_twins(tests, seen)
    return Plates(tuple(learnt), common, tuple(kept), twins | more)


def _demand_room(files: Sequence[Path]) -> None:
    """Refuse frames that do not fit into memory all at once."""
    first = formats.extent(files[0])
    room.demand(
        f"{len(files)} frames of {first.width}x{first.height} px",
        HELD * len(files) * first.pixels + 2 * first.most,
        lambda scale: (
            f"Frames of {int(first.width * scale)}x{int(first.height * scale)} px fit, or fewer of "
            "these: name them"
        ),
    )


class _File(NamedTuple):
    """A frame's files: its plate, and its key if it has one."""

    number: int
    plate: Path
    key: Path | None


def _split(files: list[_File]) -> tuple[list[_File], list[_File]]:
    """Return the files of a shot that are learnt from, and those that test what was learnt."""
    spread = _spread(files, MOST_FRAMES)
    chosen = [file for file in files if file.key or file in spread]
    rest = [file for file in files if file not in chosen]
    if not rest:
        bare = [file for file in chosen if not file.key]
        rest = bare[WITHHELD // 2 :: WITHHELD]
        chosen = [file for file in chosen if file not in rest]
    return chosen, _spread(rest, MOST_TESTED)


def _spread(files: list[_File], most: int) -> list[_File]:
    """Return at most so many of the files, evenly spread."""
    count = min(len(files), most)
    return [files[index * len(files) // count] for index in range(count)]


def _without_twins(
    frames: Iterable[Frame], seen: dict[bytes, str]
) -> tuple[list[Frame], dict[str, str]]:
    """Return frames that differ, and by file name those that another one equals: held frames.

    Args:
        frames: read ones; those with paint are kept in any case.
        seen: file names by the digests of their pixels; grows by what is new.
    """
    kept, twins = [], {}
    for frame in frames:
        name = next(iter(frame.digests))
        pixels = hashlib.sha256(frame.plate.numpy().tobytes()).digest()
        if pixels in seen and frame.paint is None:
            twins[name] = seen[pixels]
        else:
            seen[pixels] = name
            kept.append(frame)
    return kept, twins


def _read(file: _File, reading: Reading, space: str) -> Frame:
    frame = read(file.number, file.plate, file.key, reading, space, ())
    height, width = frame.plate.shape[1:]
    if min(height, width) < SMALLEST:
        raise TrainingError(
            f"{file.plate} is too small to learn on",
            found=f"{width}x{height} px",
            do=f"At least {SMALLEST} px a side are wanted.",
        )
    return frame
