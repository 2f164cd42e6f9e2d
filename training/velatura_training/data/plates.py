"""Plates of one or several shots, read whole: footage for a look that is learnt from paintings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura.errors import TrainingError
from velatura.image import exr
from velatura.image.numbered import find
from velatura.image.planes import Window
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

SMALLEST = 96
"""Smallest side of a frame and of a patch, px: less has no middle that is free of its edges."""

MOST_FRAMES = 24
"""Frames of a shot that are learnt from, evenly spread: its frames are much alike."""


@dataclass(frozen=True)
class Frame:
    """A frame of the footage.

    Attributes:
        plate: ``(3, H, W)`` scene-linear, unpremultiplied.
        window: where it lies in the format.
        digests: SHA-256 by file name.
    """

    plate: Tensor
    window: Window
    digests: dict[str, str]


@dataclass(frozen=True)
class Footage:
    """What a look shall paint.

    Attributes:
        frames: of all shots.
        space: their colour space, which the look works in.
    """

    frames: tuple[Frame, ...]
    space: str


def load(plates: Sequence[str], layer: str = "", space: str = "") -> Footage:
    """Return the footage of one shot or more.

    Args:
        plates: each shot's files, ``name.####.exr``; at most `MOST_FRAMES` of each are read.
        layer: the beauty's layer, where the usual names are not meant.
        space: the colour space, where the metadata do not tell.

    Raises:
        TrainingError: no footage, frames too small, or shots in different colour spaces.
        FrameError, ImageError, PassError, ColourError: files that are not there or do not fit.
    """
    files = [path for pattern in plates for path in _spread(list(find(pattern).values()))]
    if not files:
        raise TrainingError("No footage to learn on", do="Name a shot: plate.####.exr")
    reading = Reading(layer, space=space)
    spaces = {Plate.of(exr.read(path), reading).space for path in (files[0], files[-1])}
    if len(spaces) > 1:
        raise TrainingError(
            "The shots are in different colour spaces",
            found=", ".join(sorted(spaces)),
            do="Convert them into one, or say with --space what they really are.",
        )
    (common,) = spaces
    return Footage(tuple(_read(path, reading, common) for path in files), common)


def _spread(files: list[Path]) -> list[Path]:
    """Return at most `MOST_FRAMES` of the files, evenly spread."""
    count = min(len(files), MOST_FRAMES)
    return [files[index * len(files) // count] for index in range(count)]


def _read(path: Path, reading: Reading, space: str) -> Frame:
    """Return a frame as the network will see it when the look is applied: by the same code."""
    plate = Plate.of(exr.read(path), reading)
    if min(plate.size) < SMALLEST:
        raise TrainingError(
            f"{path} is too small to learn on",
            found=f"{plate.size[1]}x{plate.size[0]} px",
            do=f"At least {SMALLEST} px a side are wanted.",
        )
    rows, columns = (slice(0, size) for size in plate.size)
    light = torch.from_numpy(np.ascontiguousarray(plate.seen(rows, columns, space)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Frame(light, plate.part.data, {path.name: digest})
