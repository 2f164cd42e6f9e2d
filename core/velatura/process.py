"""A pipe to velatura's own process: how a host starts it, hears what it says, and ends it.

Standard library only, Python 3.9 and later: host adapters import this module by way of the client.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
from collections import deque
from typing import IO

from velatura import installation
from velatura.errors import MachineError, MissingRuntimeError

__all__ = ["PATIENCE", "Pipe", "environment"]

PATIENCE = 20.0
"""Seconds that a stopped process may take to finish the file it is writing."""

_POLL = 0.1  # seconds to wait for a line, or for the last words of a process that has ended
_FATAL = "Fatal Python error: "  # how Python's faulthandler begins
_TAIL = 60  # lines of stderr that an error quotes at most
_DROPPED = ("PYTHON", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "VIRTUAL_ENV", "CONDA_PREFIX")


def environment() -> dict[str, str]:
    """Return this process's environment without what would bend another Python or its libraries."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return {**kept, "PYTHONUTF8": "1"}  # paths in the protocol, whatever the host's locale


class Pipe:
    """A child process whose stdout and stderr are read while it runs, so that neither fills up."""

    def __init__(self, command: list[str]) -> None:
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # no console window over a host's GUI
        try:
            self.process = subprocess.Popen(  # noqa: S603  # our own runtime, without a shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                encoding="utf-8",
                errors="replace",
                creationflags=hidden,
            )
        except OSError as error:
            raise MissingRuntimeError(
                f"{command[0]} does not start",
                found=error.strerror,
                do=f"Run `{installation.adding()}` again"
                if installation.source()
                else "Install velatura again",
            ) from error
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: deque[str] = deque(maxlen=_TAIL)
        self._threads = [
            threading.Thread(target=self._read_out, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def line(self, patience: float) -> str | None:
        """Return the next line of stdout, "" if there is none yet, None at its end."""
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            return ""
        if line is None:
            self._lines.put(None)  # the end stays the end
        return line

    def tail(self, otherwise: str) -> str:
        """Return the last of what the process said on stderr, led in by ``otherwise``."""
        self._threads[1].join(_POLL)
        said = [line for line in self._errors if line]
        if not said:
            return otherwise
        errors_only = [line for line in said if line.startswith("ERROR ")]
        return errors_only[-1][len("ERROR ") :] if errors_only else f"{otherwise}: {said[-1]}"

    def crash(self) -> str | None:
        """Return where a process was when it crashed inside a library; None where it said nothing.

        In words such as ``Segmentation fault in onnxruntime_inference_collection.py``.
        """
        self._threads[1].join(_POLL)
        said = list(self._errors)
        heads = [n for n, line in enumerate(said) if line.startswith(_FATAL)]
        if not heads:
            return None
        what = said[heads[-1]][len(_FATAL) :]
        places = [line.split('"') for line in said[heads[-1] :] if line.startswith("  File ")]
        files = [place[1].replace("\\", "/").rpartition("/")[2] for place in places if place[2:]]
        return f"{what} in {' < '.join(files[:4]) or 'no Python code'}"

    def finish(self, otherwise: str) -> None:
        """Wait for the end of a process whose answer is in a file, not in what it says.

        Raises:
            MachineError: it failed; with the `tail` of what it said.
        """
        try:
            while self.line(_POLL) is not None:
                pass
            if self.process.wait():
                raise MachineError(self.tail(otherwise))
        finally:
            self.stop()

    def hang_up(self) -> None:
        """Close the process's stdin: a worker ends by that."""
        with contextlib.suppress(OSError, ValueError):
            if self.process.stdin is not None:
                self.process.stdin.close()

    def stop(self) -> None:
        """End the process: it is asked to, and after a while made to."""
        process = self.process
        self.hang_up()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _read_out(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_errors(self, stream: IO[str]) -> None:
        for line in stream:
            self._errors.append(line.rstrip("\n"))
