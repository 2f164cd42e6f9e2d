"""How far a command of a few stages is: a line on a terminal, else one every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.status import Status

from velatura.system.pulse import pulse
from velatura.system.terminal import console

EARLY = 0.12
"""Share from which on the time left is told: the first stage says nothing of the others' pace."""


class Stages:
    """How far it is.

    Attributes:
        doing: what is done now.
        share: how much was done when that was last told, 0..1.
    """

    def __init__(self, doing: str) -> None:
        self.doing, self.share = doing, 0.0
        self._begun = time.monotonic()
        self._status: Status | None = None

    @contextmanager
    def shown(self) -> Iterator[Stages]:
        """Show it meanwhile."""
        if sys.stderr.isatty():
            with console(stderr=True).status(self.line()) as self._status:
                yield self
            return
        with pulse(self.line):
            yield self

    def at(self, share: float, doing: str = "") -> None:
        """Tell that so much is done, 0..1, and what is done next."""
        self.share, self.doing = share, doing or self.doing
        if self._status is not None:
            self._status.update(self.line())

    def line(self) -> str:
        """Return all of it in one line."""
        known = f"{self.doing}: {100 * self.share:.0f} %"
        if self.share < EARLY:
            return known
        taken = time.monotonic() - self._begun
        return f"{known}, {taken * (1 - self.share) / self.share:.0f} s left"
