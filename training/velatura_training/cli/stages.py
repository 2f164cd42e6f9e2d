"""How far a command of a few stages is: a line on a terminal, else one every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from rich.status import Status

from velatura.system.pulse import pulse
from velatura.system.terminal import console

LATE = 0.5
"""Seconds by which a clock may be late before that is said."""

EVERY = 0.5
"""Seconds after which the line on a terminal is drawn anew."""


class Stages:
    """How far it is, told from the pace of the stages so far.

    Args:
        stages: what is done in each, in a few words, and what it costs, in any unit: how one
            stage's time is to the others'.
    """

    def __init__(self, *stages: tuple[str, float]) -> None:
        self._stages = stages
        self._at, self._part, self._done = 0, 0.0, 0.0
        self._begun = self._told = time.monotonic()
        self._status: Status | None = None

    @contextmanager
    def shown(self) -> Iterator[Stages]:
        """Show it meanwhile."""
        if not sys.stderr.isatty():
            with pulse(self.line):
                yield self
            return
        with ExitStack() as stack:
            status = stack.enter_context(console(stderr=True).status(self.line()))
            over = Event()
            drawing = Thread(target=self._draw, args=(status, over), daemon=True)
            drawing.start()
            stack.callback(drawing.join)
            stack.callback(over.set)
            yield self

    def _draw(self, status: Status, over: Event) -> None:
        while not over.wait(EVERY):
            status.update(self.line())

    def at(self, what: str, part: float = 0.0) -> None:
        """Tell that so much of a stage is done, 0..1; stages that were passed over cost nothing."""
        at = next(n for n, (name, _) in enumerate(self._stages) if name == what)
        if at != self._at:
            self._done += self._stages[self._at][1]
        self._at, self._part, self._told = at, part, time.monotonic()

    def line(self) -> str:
        """Return all of it in one line."""
        name, cost = self._stages[self._at]
        done = self._done + self._part * cost
        if not done:
            return name
        rest = (1 - self._part) * cost + sum(each for _, each in self._stages[self._at + 1 :])
        now = time.monotonic()
        left = (self._told - self._begun) * rest / done - (now - self._told)
        gone = now - self._begun
        share = f"{name}: {min(99, 100 * gone / (gone + max(0.0, left))):.0f} %"
        if left < -LATE:
            return f"{share}, {-left:.0f} s longer than expected"
        return f"{share}, {max(0.0, left):.0f} s left"
