"""The runtime: where on this machine velatura's own process is to be started from.

Standard library only, Python 3.9 and later: host adapters import this module by way of the client.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from velatura import installation
from velatura.errors import MissingRuntimeError
from velatura.userdir import home

__all__ = ["runtime"]


def runtime(preferred: str = "", bundled: Sequence[str] = ()) -> list[str]:
    """Return the command that starts the runtime.

    Looked for in this order: ``preferred``, ``$VELATURA_RUNTIME``, ``bundled``, the ``.venv``
    beside the source tree this file lies in, what ``install.py`` noted in the user's velatura
    folder, the PATH.

    Args:
        preferred: the velatura executable that a host's preferences name, if they do.
        bundled: the command that starts the runtime which a plug-in brings along, if it does.

    Raises:
        MissingRuntimeError: it is in none of them, or one of the first two names no file.
    """
    named = {
        "The velatura runtime in the preferences": preferred,
        "$VELATURA_RUNTIME": os.environ.get("VELATURA_RUNTIME", ""),
    }
    for whose, path in named.items():
        if path and not Path(path).is_file():
            raise MissingRuntimeError(
                f"{whose} is not a file",
                found=path,
                do="Let it name the velatura executable, or leave it empty",
            )
        if path:
            return [path]
    if bundled:
        return list(bundled)
    folder, program = ("Scripts", "velatura.exe") if os.name == "nt" else ("bin", "velatura")
    beside = Path(__file__).resolve().parents[2] / ".venv" / folder / program
    found = str(beside) if beside.is_file() else _noted() or shutil.which("velatura")
    if not found:
        raise MissingRuntimeError(
            "The velatura runtime is not installed",
            do=f"{_install()}, or let VELATURA_RUNTIME name the velatura executable",
        )
    return [found]


def _install() -> str:
    if installation.source() is not None:
        return f"Run `{installation.adding()}`"
    return "Install velatura in an environment whose programs are on the PATH"


def _noted() -> str:
    """Return the runtime that `install.py` wrote down; "" if it did not, or it is gone since."""
    try:
        noted = (home() / "runtime").read_text("utf-8").strip()
    except OSError:
        return ""
    return noted if Path(noted).is_file() else ""
