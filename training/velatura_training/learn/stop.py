"""A stop that is asked for, by Ctrl-C or by a farm: nothing is cut in two by it."""

from __future__ import annotations

import logging
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from velatura.errors import CancelledError

SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = logging.getLogger("velatura.training")


@contextmanager
def asked(answer: str = "Stopping: what was learnt is judged and kept") -> Iterator[list[int]]:
    """Yield a list that fills with the signals that ask to stop; to be looked at now and then.

    The first signal is answered at once. A second one ends the process: files are whole.
    """
    heard: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            log.info("%s. Once more ends at once", answer)
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            sys.exit(128 + number)

    before = [signal.signal(number, hear) for number in SIGNALS]
    try:
        yield heard
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def stopped(number: int, steps: int, out: Path) -> CancelledError:
    """Return the error that ends a run after a signal; a farm tells its own from a Ctrl-C."""
    error = CancelledError(
        f"Stopped after {steps} steps; the best look so far is kept in {out}",
        do=f"Go on with the same command and --resume, or take it as it is: `{export(out)}`",
    )
    error.exit_code = 128 + number
    return error


def export(run: Path) -> str:
    """Return the command that makes a look of a run."""
    return shlex.join(export_words(run))


def export_words(run: Path) -> list[str]:
    """Return that command word by word."""
    return ["velatura", "export", str(run), "--out", f"{run.resolve().name}.onnx"]
