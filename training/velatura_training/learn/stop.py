"""A stop that is asked for, by Ctrl-C or by a farm: nothing is cut in two by it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from velatura.errors import CancelledError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def asked() -> Iterator[list[int]]:
    """Yield a list that fills with the signals that ask to stop; to be looked at now and then."""
    heard: list[int] = []
    before = [signal.signal(number, lambda n, _: heard.append(n)) for number in SIGNALS]
    try:
        yield heard
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def stopped(number: int, steps: int, out: Path) -> CancelledError:
    """Return the error that ends a run after a signal; a farm tells its own from a Ctrl-C."""
    error = CancelledError(
        f"Stopped after {steps} steps; the best look so far is kept in {out}",
        do="Go on with --resume, or take it as it is with `velatura export`.",
    )
    error.exit_code = 128 + number
    return error
