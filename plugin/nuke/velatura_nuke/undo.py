"""Undo: what one click does is one step back; what is only passing through is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke


@contextmanager
def step(name: str) -> Iterator[None]:
    """Let what is done meanwhile be one step of Nuke's undo."""
    nuke.Undo.begin(name)
    try:
        yield
    finally:
        nuke.Undo.end()


@contextmanager
def none() -> Iterator[None]:
    """Keep what is done meanwhile out of Nuke's undo: it is taken back by itself."""
    nuke.Undo.disable()
    try:
        yield
    finally:
        nuke.Undo.enable()
