"""Threads and progress bars: what may be called from where, and who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .session import SESSION, given

_PATIENCE = 60.0  # seconds, then it is a deadlock


class ProgressTask:
    """A bar that the artist may cancel; a test says when, see `Session.cancels`."""

    def __init__(self, name: str = "") -> None:
        self.name, self.message, self.percent = given(name, str, "A task's name"), "", 0
        self.messages: list[str] = []
        SESSION.tasks.append(self)

    def setMessage(self, message: str) -> None:
        self.message = given(message, str, "A message")
        self.messages.append(message)

    def setProgress(self, percent: int) -> None:
        if isinstance(percent, bool) or not isinstance(percent, int):
            raise TypeError(f"setProgress wants an int, not {percent!r}")
        self.percent = percent

    def isCancelled(self) -> bool:
        return SESSION.cancels(self.message, self.percent)


def executeInMainThread(
    call: Callable[..., object], args: Any = (), kwargs: dict[str, Any] | None = None
) -> None:
    """Let the main thread call this when it comes to it."""
    _demand_server("executeInMainThread")
    SESSION.queue.put(lambda: _called(call, args, kwargs))


def executeInMainThreadWithResult(
    call: Callable[..., object], args: Any = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """Let the main thread call this, and wait for what it returns."""
    _demand_server("executeInMainThreadWithResult")
    if SESSION.in_main:
        raise RuntimeError("executeInMainThreadWithResult from the main thread waits for ever")
    done, found = threading.Event(), []

    def served() -> None:
        try:
            found.append(_called(call, args, kwargs))
        finally:
            done.set()

    SESSION.queue.put(served)
    if not done.wait(_PATIENCE):
        raise RuntimeError("Nobody serves the main thread's queue")
    return found[0] if found else None


def _called(call: Callable[..., object], args: Any, kwargs: dict[str, Any] | None) -> object:
    return call(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))


def _demand_server(what: str) -> None:
    if not SESSION.gui:
        raise RuntimeError(f"{what} without a window: nobody serves the main thread's queue")
