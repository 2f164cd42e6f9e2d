"""The bake status: which frames of a look are baked, out of date or missing, for the sidebar.

The sidebar is drawn anew with every move of a slider, and each frame's state is a file's header.
So a status is kept: for `_PATIENCE` seconds without asking the disk, and after that for as long
as the folder of the gain layers, the look's file and the graph before it have not changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from velatura.errors import LookError
from velatura.look import read

from ..nodes import graph_digest
from ..nodes.looknode import LookNode

_PATIENCE = 2.0  # seconds
_RUNS = 4  # of frames, that fit the sidebar's width
_HANDLERS = ("render_complete", "render_cancel", "load_post")


@dataclass(frozen=True)
class Status:
    """What lies on disk for a look.

    Attributes:
        trouble: why the look's own file cannot be used; "" if it can.
        guides: the passes it reads; of a file that cannot be used, those it read when chosen.
        states: "baked", "stale" or "missing" for each frame.
    """

    trouble: str
    guides: tuple[str, ...]
    states: dict[int, str]


@dataclass(frozen=True)
class _Note:
    """A status, what it was made of, and when the disk was last looked at, in seconds."""

    asked: tuple[Path, Path, range]
    seen: tuple[int, int, str]
    time: float
    status: Status


_notes: dict[str, _Note] = {}


def of(look: LookNode, frames: range) -> Status:
    """Return the status of a look over a range of frames, at most `_PATIENCE` seconds old."""
    now, asked = time.monotonic(), (look.path, look.stem, frames)
    note = _notes.get(look.uid)
    if note is not None and note.asked == asked and now - note.time < _PATIENCE:
        return note.status
    mark = graph_digest.mark(look)
    seen = _changed(look.path), _changed(look.stem.parent), mark
    if note is not None and (note.asked, note.seen) == (asked, seen):
        _notes[look.uid] = replace(note, time=now)
        return note.status
    trouble, guides = "", look.guides
    try:
        guides = read(look.path).card.passes
    except LookError as error:
        trouble = str(error)
    status = Status(trouble, guides, graph_digest.states(look, frames, mark))
    _notes[look.uid] = _Note(asked, seen, now, status)
    return status


def summary(states: Mapping[int, str]) -> dict[str, str]:
    """Return the frames of each state in words: ``{"baked": "1-48, 61", "missing": "49-60"}``.

    Args:
        states: the state of each frame, in the order of frames.
    """
    runs: dict[str, list[list[int]]] = {}
    for state, run in groupby(states, key=lambda frame: states[frame]):
        runs.setdefault(state, []).append(list(run))
    return {state: _listed(each) for state, each in runs.items()}


@persistent
def forget(*_: object) -> None:
    """Look at the disk again the next time."""
    _notes.clear()


def _listed(runs: list[list[int]]) -> str:
    words = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs[:_RUNS]]
    if len(runs) > _RUNS:
        words.append(f"... ({sum(map(len, runs))} frames)")
    return ", ".join(words)


def _changed(path: Path) -> int:
    """Return when a file was changed, or a folder got or lost one; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def register() -> None:
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(forget)


def unregister() -> None:
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(forget)
    forget()
