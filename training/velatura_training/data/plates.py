"""Plates of one or several shots, read whole: footage for a look that is learnt from paintings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from velatura.errors import TrainingError
from velatura.image.numbered import find
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.data.frame import Frame, read

SMALLEST = 96
"""Smallest side of a frame and of a patch, px: less has no middle that is free of its edges."""

MOST_FRAMES = 24
"""Frames of a shot that are learnt from, evenly spread: its frames are much alike."""


@dataclass(frozen=True)
class Plates:
    """What a look shall paint.

    Attributes:
        frames: of all shots.
        space: their colour space, which the look works in.
    """

    frames: tuple[Frame, ...]
    space: str


def load(plates: Sequence[str], layer: str = "", space: str = "") -> Plates:
    """Return the plates of one shot or more.

    Args:
        plates: each shot's files, ``name.####.exr``; at most `MOST_FRAMES` of each are read.
        layer: the beauty's layer, where the usual names are not meant.
        space: the colour space, where the metadata do not tell.

    Raises:
        TrainingError: no footage, frames too small, or shots in different colour spaces.
        FrameError, ImageError, PassError, ColourError: files that are not there or do not fit.
    """
    files = [numbered for pattern in plates for numbered in _spread(list(find(pattern).items()))]
    if not files:
        raise TrainingError("No footage to learn on", do="Name a shot: plate.####.exr")
    reading = Reading(layer, space=space)
    spaces = {Plate.read(path, reading).space for _, path in (files[0], files[-1])}
    if len(spaces) > 1:
        raise TrainingError(
            "The shots are in different colour spaces",
            found=", ".join(sorted(spaces)),
            do="Convert them into one, or say with --space what they really are.",
        )
    (common,) = spaces
    return Plates(tuple(_read(*numbered, reading, common) for numbered in files), common)


def _spread(files: list[tuple[int, Path]]) -> list[tuple[int, Path]]:
    """Return at most `MOST_FRAMES` of the files, evenly spread."""
    count = min(len(files), MOST_FRAMES)
    return [files[index * len(files) // count] for index in range(count)]


def _read(number: int, path: Path, reading: Reading, space: str) -> Frame:
    frame = read(number, path, None, reading, space, ())
    height, width = frame.plate.shape[1:]
    if min(height, width) < SMALLEST:
        raise TrainingError(
            f"{path} is too small to learn on",
            found=f"{width}x{height} px",
            do=f"At least {SMALLEST} px a side are wanted.",
        )
    return frame
