"""Frames of a plate as pictures to paint over: PNG, in the plate's own encoding.

Which number a player or an editing program gives to a movie's frame cannot be known; these have it
in their names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from velatura.apply.delivery import Encoding, still
from velatura.image import movies
from velatura.plate import formats
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

log = logging.getLogger("velatura")


def save(
    folder: Path, files: Mapping[int, Path], frames: Iterable[int], reading: Reading
) -> list[Path]:
    """Write frames into a folder; a file that is there is kept, for it may be painted already.

    Args:
        folder: where to; made where it is missing.
        files: the plate's, by frame number.
        frames: those that are wanted.
        reading: how the plate is read.

    Raises:
        ImageError, PassError, ColourError: a frame that cannot be read.
        StorageError: one cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for frame in frames:
        path = folder / f"{_stem(files[frame])}.{frame:0{movies.DIGITS}d}.png"
        if path.exists():
            log.info("kept %s as it is: it may be painted already", path)
            continue
        plate = Plate.read(files[frame], reading)
        encoding = Encoding.of(plate, "png")
        if formats.depth(plate.part.attributes) is not None:  # its codes, as they are in the file
            encoding = replace(encoding, held=encoding.space)
        still(path, plate.image, encoding)
        written.append(path)
    return written


def _stem(path: Path) -> str:
    """Return what a frame's file, or its movie, is called without its number."""
    parted = movies.parted(path)
    return parted[0].stem if parted else path.stem.rstrip("0123456789").rstrip("._-") or "frame"
