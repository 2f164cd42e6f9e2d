"""Ranges of frame numbers, as they are typed and as they are told: ``1-12``, ``1-10x2``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from velatura.errors import FrameError

NAMED = 20
"""Missing frames that an error names at most."""

NUMBER = r"-?[0-9]{1,12}"
"""A frame number as files have it: a regular expression."""

MOST_FRAMES = 10**7
"""Most frames of a range: 115 hours at 24 frames a second; more is a slip of the hand."""

_ITEM_PARTS = re.compile(rf"({NUMBER})(?:-({NUMBER})(?:[x:]([0-9]{{1,12}}))?)?")
_RANGES = 'Write it like "1-12", "1-10x2" or "1,5,9-12"'


def frame_numbers(frames: str) -> list[int]:
    """Return the frames of a range such as ``1-12``, ``1-10x2`` or ``1,5,9-12``, rising.

    Blanks part frames as commas do (Nuke), and ``1-6:2`` is every second one (Open Job Description,
    OpenCue, Tractor).

    Raises:
        FrameError: it is none.
    """
    items = frames.replace(",", " ").split()
    numbers: set[int] = set()
    for item in items:
        hit = _ITEM_PARTS.fullmatch(item)
        if hit is None or hit[3] == "0":
            raise FrameError(f"{frames} is not a range of frames", found=item, do=_RANGES)
        low, high = sorted((int(hit[1]), int(hit[2] or hit[1])))
        if high - low > MOST_FRAMES:
            raise FrameError(f"{frames} is not a range of at most {MOST_FRAMES} frames", do=_RANGES)
        step = int(hit[3] or 1)  # counted from the first one named, as 10-1x2 is 10, 8, ...
        first = int(hit[1])
        numbers |= set(range(low, high + 1, step) if first == low else range(high, low - 1, -step))
    if not numbers:
        raise FrameError(f"{frames!r} is not a range of frames", do=_RANGES)
    return sorted(numbers)


def holes(numbers: list[int]) -> str:
    """Return which numbers between the first and the last are not there, such as ``7, 12-13``."""
    gaps = [(low + 1, high - 1) for low, high in pairwise(numbers) if high - low > 1]
    few = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in gaps[:NAMED])
    return few + (f" and {len(gaps) - NAMED} more" if len(gaps) > NAMED else "")


def runs(numbers: Sequence[int]) -> str:
    """Return rising frame numbers as a range: ``1-10,15``; see `frame_numbers`."""
    pieces: list[list[int]] = []
    for number in numbers:
        if pieces and number == pieces[-1][1] + 1:
            pieces[-1][1] = number
        else:
            pieces.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in pieces)
