"""Keeps off stdout what a library prints there: on our stdout a protocol runs.

OpenEXR reports damaged pixels by Python's print. A plain ``contextlib.redirect_stdout`` would
swallow the lines that other threads send meanwhile.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Hush(io.TextIOBase):
    """Stands in for ``sys.stdout`` and keeps what the threads that are hushed print."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.printed: dict[int, list[str]] = {}
        self.stdout = sys.stdout

    def write(self, text: str) -> int:
        kept = self.printed.get(threading.get_ident())
        if kept is None:
            return self.stdout.write(text)
        kept.append(text)
        return len(text)

    def flush(self) -> None:
        self.stdout.flush()


_hush = _Hush()


@contextmanager
def hushed() -> Iterator[list[str]]:
    """Keep what this thread prints off stdout; yield the list it lands in."""
    printed: list[str] = []
    with _hush.lock:
        if not _hush.printed:
            _hush.stdout, sys.stdout = sys.stdout, _hush
        _hush.printed[threading.get_ident()] = printed
    try:
        yield printed
    finally:
        with _hush.lock:
            del _hush.printed[threading.get_ident()]
            if not _hush.printed and sys.stdout is _hush:
                sys.stdout = _hush.stdout
