"""A training: the trainer as a process of its own, and what it says, line by line."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from velatura.process import Pipe


class Training:
    """The commands of a training, one after the other; `poll` it until it is over.

    Attributes:
        stage: what is being done: "learn", "write" or "advise"; "" once it is over.
        progress: of the learning, 0 to 1.
        status: what the trainer says of it.
        sheet: its contact sheet, which may not be there yet.
        stopped: whether somebody stopped it.
        trouble: why it failed; "" where it did not.
        advice: the frame to paint next, where that is known.
    """

    def __init__(self, commands: dict[str, list[str]], run: Path) -> None:
        self._commands = dict(commands)
        self.stage, self.progress, self.status = "", 0.0, "Starting"
        self.sheet = run / "contact_sheet.png"
        self.stopped, self.trouble = False, ""
        self.advice: int | None = None
        self._pipe: Pipe | None = None
        self._next()

    @property
    def over(self) -> bool:
        return self._pipe is None

    @property
    def text(self) -> str:
        """What there is to say of it, for people."""
        said = {"write": "Writing the look", "advise": "Looking for the frame to paint next"}
        return said.get(self.stage, self.status)

    def poll(self) -> bool:
        """Hear what the trainer has said since; return whether it goes on."""
        while self._pipe is not None:
            line = self._pipe.line(0)
            if line == "":
                return True
            if line is None:
                self._ended(self._pipe)
            else:
                self._hear(line)
        return False

    def stop(self) -> None:
        """Ask the trainer to stop: it keeps the best so far, which is then written as a look."""
        if self._pipe is not None and self.stage == "learn":
            self.stopped, self.status = True, "Stopping"
            if hasattr(signal, "CTRL_BREAK_EVENT"):  # Windows: its last review is on disk
                self._pipe.process.terminate()
            else:
                self._pipe.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """End it at once, with the host."""
        if self._pipe is not None:
            self._pipe.stop()
        self._pipe, self.stage = None, ""

    def _next(self) -> None:
        self.stage = next(iter(self._commands), "")
        self._pipe = Pipe(self._commands.pop(self.stage)) if self.stage else None

    def _ended(self, pipe: Pipe) -> None:
        code = pipe.process.wait()
        said = pipe.tail(f"The trainer ended with exit code {code}")
        pipe.stop()
        if code and self.stage == "advise":  # all frames are painted, or there is but one
            code = 0
        if code and not (self.stopped and self.stage == "learn"):
            self.trouble, self._commands = said, {}
        self._next()

    def _hear(self, line: str) -> None:
        lead, _, rest = line.partition(": ")
        if lead == "openjd_progress":
            self.progress = float(rest) / 100
        elif lead == "openjd_status":
            self.status = "Stopping" if self.stopped else _left(rest)
        elif self.stage == "advise" and line.startswith("{"):
            given = json.loads(line).get("suggestions") or []
            self.advice = given[0]["frame"] if given else None


def _left(status: str) -> str:
    """Return the time left from "step 40, 125 s left, ...", as people read it."""
    for part in status.split(", "):
        words = part.split()
        if words[1:] == ["s", "left"] and words[0].isdigit():
            return f"{int(words[0]) // 60}:{int(words[0]) % 60:02d} left"
    return status


_training: Training | None = None


def current() -> Training | None:
    """Return the training that is under way, or was last."""
    return _training


def begin(commands: dict[str, list[str]], run: Path) -> Training:
    """Begin the one training that there may be.

    Raises:
        MissingRuntimeError: the trainer does not start.
    """
    global _training  # noqa: PLW0603  # the sidebar shows it, and nobody begins a second one
    _training = Training(commands, run)
    return _training


def close() -> None:
    """End the training, if one is under way."""
    global _training  # noqa: PLW0603
    if _training is not None:
        _training.close()
        _training = None
