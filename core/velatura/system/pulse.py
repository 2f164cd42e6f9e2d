"""A sign of life: without a terminal, a line every ten seconds says how far a long job is."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 10.0
"""Seconds from line to line."""

log = logging.getLogger("velatura")


@contextmanager
def pulse(told: Callable[[], str], every: float = EVERY) -> Iterator[None]:
    """Log what ``told`` returns every few seconds, from a thread of its own.

    On a terminal, where a bar shows the same, nothing is logged.

    Args:
        told: says in one line how far the job is; empty to say nothing this time.
        every: seconds from line to line.
    """
    if sys.stderr.isatty():
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            if said := told():
                log.info(said)

    beating = threading.Thread(target=beat, name="pulse", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
