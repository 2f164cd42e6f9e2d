"""velatura in Nuke, with a window or without: renders are guarded from now on.

This folder is an entry of NUKE_PATH; `python install.py nuke` makes it one. Whatever goes wrong
here is printed, and Nuke starts all the same.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path


def _start() -> None:
    if sys.version_info < (3, 9):  # noqa: UP036  # Nuke 13 has 3.7
        sys.stderr.write("velatura's plug-in needs Nuke 14; gains that are rendered render here\n")
        return
    core = str(Path(__file__).resolve().parents[2] / "core")
    if core not in sys.path:
        sys.path.append(core)  # last: of it only `velatura` is meant
    from velatura_nuke import guard

    guard.register()


try:
    _start()
except Exception:  # noqa: BLE001  # nobody's Nuke may fail to start over this
    traceback.print_exc()
