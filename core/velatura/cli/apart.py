"""One thing looked at in a process of its own, so that a library that crashes is a finding.

Libraries that are sound one by one may crash when one process loads both: ONNX Runtime and FFmpeg
did, by SIGBUS, with Python 3.14 and glibc 2.43.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from velatura import installation
from velatura.cli.finding import Finding

PATIENCE = 120.0
"""Seconds that one library may take: torch with CUDA, from a network drive on a busy machine."""

_ASK = "import sys; from velatura.cli import apart; apart.answer(*sys.argv[1:])"


def looked_at(look: Callable[[], Finding], what: str, package: str) -> Finding:
    """Return what a function finds in a process of its own.

    Args:
        look: a public function of a module.
        what: the thing that it looks at.
        package: on an index, to install anew where the process crashes.
    """
    command = [sys.executable, "-c", _ASK, look.__module__, look.__name__]
    try:
        ended = subprocess.run(  # noqa: S603  # our own module, without a shell
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        return _ended(what, package, f"no answer within {PATIENCE:.0f} s")
    except OSError as error:
        return Finding(what, f"no process starts: {error.strerror}", f"{what} cannot be examined.")
    with suppress(ValueError, IndexError, TypeError):
        return Finding(**json.loads(ended.stdout.splitlines()[-1]))
    code = ended.returncode
    with suppress(ValueError):
        return _ended(what, package, f"its process crashed with {signal.Signals(-code).name}")
    return _ended(what, package, f"its process ended with code {code}")


def answer(module: str, name: str) -> None:
    """Look, and print what was found as the last line."""
    look = getattr(__import__(module, fromlist=[name]), name)
    found = json.dumps(asdict(look()))
    print(f"\n{found}", flush=True)  # noqa: T201 - stdout is the pipe to the doctor


def _ended(what: str, package: str, how: str) -> Finding:
    return Finding(what, f"none: {how}", f"{package} does not run.", installation.mending(package))
