"""The terminal: what may be drawn on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def ascii_only() -> bool:
    """Say whether the user's locale is C or POSIX, whose terminals show nothing but ASCII.

    Python itself writes UTF-8 there all the same (PEP 540), and file names need it.
    """
    named = (os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next(filter(None, named), "") in {"C", "POSIX"}


def console(*, stderr: bool = False) -> Console:
    """Return a rich console for stdout or stderr, whose boxes and bars the terminal can show."""
    from rich.console import Console

    class Ascii(Console):
        @property
        def encoding(self) -> str:
            return "ascii"

    return Ascii(stderr=stderr) if ascii_only() else Console(stderr=stderr)
