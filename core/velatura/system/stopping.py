"""Stopping work that is under way, at a point where nothing is left half done."""

from __future__ import annotations

from collections.abc import Callable

from velatura.errors import CancelledError


def stop_if(cancelled: Callable[[], bool]) -> None:
    """Raise CancelledError once ``cancelled`` says yes."""
    if cancelled():
        raise CancelledError("The job was stopped on request")
