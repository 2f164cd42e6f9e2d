"""A page on which people choose between two results of a shot, without knowing which is which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from velatura.atomic import replacing
from velatura.errors import FrameError
from velatura.image import gathering
from velatura.image.planes import FloatArray
from velatura.plate import colour, flat
from velatura.report import html, viewer

MOST = 12
"""Pairs at most, evenly spread: longer pages are not finished."""

LEAD = "Two pictures each; neither says which it is. Choose by button or arrow key."


def write(out: Path, one: str, other: str) -> int:
    """Write the page: one file that fetches nothing; return how many pairs it has.

    Left and right are drawn anew for every reader and pair; the answers go into a file that the
    page offers at the end: ``{"a": ..., "b": ..., "chose": {"a": n, "b": n, "neither": n},
    "answers": [{"frame", "left", "chose", "seconds"}]}``.

    Args:
        out: the page.
        one: the pictures of one result, ``a.####.exr``, any format; A in the answers.
        other: those of the other, B.

    Raises:
        FrameError: there is none, or they have no frame in common.
        ImageError: an unreadable file.
        StorageError: the page cannot be written.
    """
    first, second = (gathering.find(gathering.pattern(name)) for name in (one, other))
    both = sorted(first.keys() & second.keys())
    if not both:
        raise FrameError(
            "The two results have no frame in common",
            found=f"{_extent(first)}, and {_extent(second)}",
            do="Name pictures of the same shot",
        )
    places = np.unique(np.linspace(0, len(both) - 1, min(len(both), MOST)).round().astype(int))
    frames = [both[place] for place in places]
    read = [{"a": _read(first[frame]), "b": _read(second[frame])} for frame in frames]
    urls, _ = viewer.fitted(read, _levels)
    pairs = [{"frame": frame, **pair} for frame, pair in zip(frames, urls, strict=True)]
    named = {"a": first[frames[0]].name, "b": second[frames[0]].name, "pairs": pairs}
    page = html.document(
        *("Which is better?", LEAD, (viewer.asset("vote.html"),)),
        style=viewer.asset("vote.css"),
        scripts=(viewer.asset("vote.js"), f"vote({html.data(named)});"),
    )
    with replacing(out) as beside:
        beside.write_text(page, encoding="utf-8")
    return len(pairs)


def _extent(files: Mapping[int, Path]) -> str:
    return f"frames {min(files)} to {max(files)}" if files else "none"


def _read(path: Path) -> FloatArray:
    planes = flat.read_rgb(path).light(colour.SCENE)
    return np.ascontiguousarray(planes.transpose(1, 2, 0), np.float32)


def _levels(linear: FloatArray) -> viewer.Codes:
    """Return light as a screen shows it, 8-bit sRGB; above white it clips."""
    planes = np.ascontiguousarray(linear.transpose(2, 0, 1))
    shown = colour.convert(planes, colour.SCENE, colour.PAINTED).transpose(1, 2, 0)
    return np.rint(np.nan_to_num(np.clip(shown, 0, 1)) * 255).astype(np.uint8)
