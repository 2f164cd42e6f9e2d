"""Which frame to paint next, found out beside a training by `velatura suggest`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any


class NextFrame:
    """A process of its own, of low priority, that advises which frame to paint next.

    Args:
        means: the plate, and options that say how it is read, as `velatura suggest` takes them.
        sheet: where its picture goes.
    """

    def __init__(self, means: Sequence[str], sheet: Path) -> None:
        self._means, self._sheet = tuple(means), sheet
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def ask(self, painted: Sequence[int]) -> None:
        """Begin to find out, where these frames are painted; what was asked before is dropped."""
        self.end()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        numbers = ",".join(map(str, painted))
        line = [sys.executable, "-m", "velatura", "suggest", *self._means, f"--painted={numbers}"]
        line += ["--json", f"--sheet={self._sheet}", "--progress=none"]
        nice = shutil.which("nice")
        self._process = subprocess.Popen(  # noqa: S603
            [nice, "-n", "10", *line] if nice else line,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def found(self) -> dict[str, Any] | None:
        """Return what was found out, once it is there; None before, and where it failed."""
        if self._process is None or self._said is None or self._process.poll() is None:
            return None
        done, self._process = self._process.returncode, None
        self._said.seek(0)
        text = self._said.read()
        if done:
            return None
        given = json.loads(text)
        one = given["suggestions"][0]
        saves = f" It saves {100 * one['gain']:.0f} % of the error that is expected in the shot"
        alike = f"; as good: {', '.join(map(str, one['as_good']))}" if one["as_good"] else ""
        return {
            "frame": one["frame"],
            "words": f"Paint frame {one['frame']} next: {one['sure']}.{saves}{alike}.",
            "version": int(1000 * time.time()),
        }

    def end(self) -> None:
        """End what is not found out by now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._said is not None:
            self._said.close()
            self._said = None
