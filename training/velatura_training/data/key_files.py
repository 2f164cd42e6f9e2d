"""The files of painted keys, beside those of their plates.

A painted key belongs to the plate frame of the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from velatura.errors import TrainingError
from velatura.image.gathering import find, number_of


def find_keys(plate: str, painted: str) -> tuple[dict[int, Path], dict[int, Path]]:
    """Return the plates and the painted keys of a shot by frame number, as they lie on disk.

    Args:
        plate: the plate's files, ``plate.####.exr``.
        painted: the painted keys' files, ``paint.####.png``; only the painted frames need be there.

    Raises:
        FrameError: there are none.
        TrainingError: a key without a plate.
    """
    plates, paints = find(plate), find(painted)
    if paints.keys() == {0} and (number := number_of(paints[0])) in plates:
        paints = {number: paints[0]}
    orphans = sorted(paints.keys() - plates.keys())
    if orphans:
        raise TrainingError(
            f"Painted keys without a plate: frame {listed(orphans)} of {painted}",
            found=f"plate frames {listed(sorted(plates))}",
            do="Name each painted key with the number of the frame it was painted on.",
        )
    return plates, paints


def pair(plates: Sequence[str], painted: Sequence[str]) -> list[tuple[str, str]]:
    """Return each shot's plate and painted keys, or raise TrainingError if they do not pair up."""
    if not plates or len(plates) != len(painted):
        raise TrainingError(
            "Each plate needs its own painted keys",
            found=f"plates: {', '.join(plates) or 'none'}; painted: {', '.join(painted) or 'none'}",
            do="Name them in the same order, each like shot.####.exr: A B --painted A_KEYS B_KEYS",
        )
    return list(zip(plates, painted, strict=True))


def unpainted(plates: Iterable[int], painted: Sequence[int]) -> list[int]:
    """Return the frames that are not painted, those farthest from any painted one first."""
    rest = (frame for frame in plates if frame not in painted)
    return sorted(rest, key=lambda f: (-min(abs(f - key) for key in painted), f))


def listed(frames: Sequence[int]) -> str:
    """Return frame numbers for a message."""
    return ", ".join(map(str, frames))
