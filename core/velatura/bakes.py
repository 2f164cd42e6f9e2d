"""Gain layers that a host bakes: their file names, and whether each is baked, stale or missing.

A gain layer is *baked* if its header names the look that is chosen now and the graph in front of
the look node is as it was when the layer was made; *stale* if not; *missing* if there is no file.
A host describes that graph by a mark of its own (a digest of nodes and settings) and notes it, for
each frame, beside the gain layers.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from velatura import fingerprint, regular
from velatura.atomic import replacing

__all__ = [
    "BAKED",
    "MISSING",
    "STALE",
    "Step",
    "folder_name",
    "gain_name",
    "gain_stem",
    "is_gain",
    "recall",
    "remember",
    "slug",
    "states",
]

MISSING, STALE, BAKED = "missing", "stale", "baked"
"""The states of a gain layer, as `states` returns them."""

_GAIN = "gain"  # the part of a file's name before the frame number
_MARKS = "wiring.json"  # beside the gain layers: frame number -> the graph's mark


@dataclass(frozen=True)
class Step:
    """A frame that a host has baked.

    Attributes:
        frame: its number.
        made: gain layers that were made so far.
        kept: gain layers that were right already, so far.
    """

    frame: int
    made: int
    kept: int


def gain_name(stem: str, number: str, extension: str = "exr") -> str:
    """Return the name of a gain layer's file: ``ink.gain.0001.exr``. The inverse of `gain_stem`.

    Args:
        stem: what it begins with: the plate's name, or a look's `slug`.
        number: the frame's number as written, or a pattern such as ``%04d``; "" for a single file.
        extension: what follows the number.
    """
    return ".".join(filter(None, (stem, _GAIN, number, extension)))


def gain_stem(name: str) -> str:
    """Return what the name of a gain layer's file begins with: ``ink`` of ``ink.gain.0001.exr``."""
    return name.rpartition(f".{_GAIN}.")[0]


def is_gain(name: str) -> bool:
    """Say whether a file is named as a gain layer."""
    return f".{_GAIN}." in name


def slug(name: str) -> str:
    """Return a look's name as file names have it: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "look"


def folder_name(name: str, uid: str) -> str:
    """Return the name of the folder that holds a look node's gain layers: ``ink-3f2a91c0``.

    Args:
        name: the look's name.
        uid: the look node's identity, which tells its folder from those of other nodes.
    """
    return f"{slug(name)}-{uid}"


def remember(folder: Path, frames: Iterable[int], mark: str) -> None:
    """Note the graph's mark for frames that were just baked; `recall` reads it.

    Raises:
        StorageError: the note cannot be written.
    """
    before = recall(folder)
    marks = {**before, **dict.fromkeys(frames, mark)}
    if marks != before:
        with replacing(folder / _MARKS) as path:
            path.write_text(json.dumps(marks), encoding="utf-8")


def recall(folder: Path) -> dict[int, str]:
    """Return the graph's mark for each frame of a folder; none for frames baked elsewhere."""
    try:
        return {int(frame): str(mark) for frame, mark in regular.table(folder / _MARKS).items()}
    except (OSError, ValueError):  # not there yet, or not ours: nothing is known
        return {}


def states(
    folder: Path, gains: Mapping[int, Iterable[Path]], digest: str, mark: str = ""
) -> dict[int, str]:
    """Return for each frame `BAKED`, `STALE` or `MISSING`; of several views the worst.

    Args:
        folder: where `remember` noted the graph's marks.
        gains: frame number -> its gain layers, one for each view.
        digest: SHA-256 of the look's file, see `velatura.fingerprint.look_digest`.
        mark: the graph's mark now; "" not to compare the graph.
    """
    marks = recall(folder) if mark else {}
    found = {}
    for frame, paths in gains.items():
        made_by = {fingerprint.stored(path, fingerprint.DIGEST_KEY) for path in paths}
        current = marks.get(frame, mark) == mark
        right = made_by == {digest} and current
        found[frame] = MISSING if "" in made_by else BAKED if right else STALE
    return found
