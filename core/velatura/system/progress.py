"""Progress: a bar and one last line for a person, a line for each file for a host or a farm.

stdout carries lines only, one event each, flushed at once; the bar goes to stderr, and only to a
terminal; elsewhere a line every ten seconds goes there. Line formats: Open Job Description ("How
Jobs Are Run", stdout messages) and Tractor/Alfred (``ALF_PROGRESS``).
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

from velatura.errors import StorageError
from velatura.system import terminal
from velatura.system.pulse import pulse
from velatura.texts import shown

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

Style = Literal["auto", "bar", "openjd", "alf", "none"]

FARMS: tuple[Style, ...] = ("openjd", "alf")
"""Styles that a farm listens to."""

PEOPLE: tuple[Style, ...] = ("auto", "bar")
"""Styles for people: they are told at the end what was written, not file by file."""

FRAMES = "velatura.frames"
"""Logger with a line for each frame, its seconds and the process's peak memory: for farms, whose
logs people read afterwards. Off by default."""


_NUMBER = re.compile(r"(?<=[._])\d+(?=\.[^.]+$)")  # of a frame, before the suffix


class Report(Protocol):
    """Told what happens to a job; called from one thread at a time."""

    def started(self, total: int) -> None:
        """``total`` frames are to be done."""

    def wrote(self, path: str) -> None:
        """``path`` is whole under its final name."""

    def finished(self, frame: str, *, skipped: bool) -> None:
        """``frame`` is done; ``skipped`` if it lay there already."""


class Progress:
    """Reports to the terminal and to stdout; a context manager, as the bar must be closed.

    Args:
        style: "auto" is a bar on a terminal, and a line every ten seconds elsewhere.
        what: what it is about, a word or two.
    """

    def __init__(self, style: Style = "auto", what: str = "frames") -> None:
        self._what = what
        self._style = style
        self._done = self._total = self._kept = 0
        self._written: list[str] = []
        self._begun = time.monotonic()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._pulse = ExitStack()
        self._out: TextIO = sys.stdout  # a bar is beside it, if it is a terminal

    def __enter__(self) -> Progress:
        if self._style in PEOPLE and sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
        elif self._style in PEOPLE:
            self._pulse.enter_context(pulse(self._so_far))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pulse.close()
        if self._bar is not None:
            self._bar.stop()
        if self._style in PEOPLE and self._written:
            say(f"wrote {several(self._written)}", self._out)
        if self._style in PEOPLE and self._kept:
            say(f"kept {self._kept} {self._what}, which are as they would be written", self._out)

    def started(self, total: int) -> None:
        """See `Report`."""
        self._total = total
        if self._bar is not None:
            self._task = self._bar.add_task(self._what, total=total)
        self._tell_farm(f"0 of {total} {self._what}")

    def wrote(self, path: str) -> None:
        """See `Report`."""
        self._written.append(path)
        if self._style not in PEOPLE:
            say(f"wrote {path}", self._out)

    def finished(self, frame: str, *, skipped: bool) -> None:
        """See `Report`."""
        self._done += 1
        self._kept += skipped
        percent = 100 * self._done / self._total
        if skipped and self._style not in PEOPLE:
            say(f"kept {frame}", self._out)
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)
        self._tell_farm(f"{self._done} of {self._total} {self._what}", percent)

    def _so_far(self) -> str:
        """Return how far it is in one line; nothing before the first frame is done."""
        if not self._done:
            return ""
        left = (time.monotonic() - self._begun) * (self._total - self._done) / self._done
        return f"{self._done} of {self._total} {self._what}, {left:.0f} s left"

    def _tell_farm(self, status: str, percent: float | None = None) -> None:
        for line in farm_lines(self._style, status, percent):
            say(line, self._out)


def several(paths: Sequence[str]) -> str:
    """Return files as one line for people: ``out: shot.gain.####.exr (24), shot.mp4``.

    A single file is its path.
    """
    if len(paths) == 1:
        return paths[0]
    folders: dict[str, dict[str, int]] = {}
    for path in map(Path, paths):
        names = folders.setdefault(str(path.parent), {})
        name = _NUMBER.sub(lambda found: "#" * len(found[0]), path.name)
        names[name] = names.get(name, 0) + 1
    return "; ".join(
        f"{folder}: " + ", ".join(f"{n} ({k})" if k > 1 else n for n, k in names.items())
        for folder, names in folders.items()
    )


def farm_lines(style: Style, status: str, percent: float | None = None) -> Iterator[str]:
    """Yield the lines that tell a farm how far a job is; none in a style that no farm reads.

    Args:
        style: which farm listens.
        status: in a few words.
        percent: 0..100; None where it has not changed.
    """
    if style == "openjd":
        if percent is not None:
            yield f"openjd_progress: {percent:.1f}"
        yield f"openjd_status: {status}"
    elif style == "alf" and percent is not None:
        yield f"ALF_PROGRESS {percent:.0f}%"


def fail(style: Style, message: str) -> None:
    """Tell the farm why the job failed, where it listens for that."""
    if style == "openjd":
        say(f"openjd_fail: {' '.join(message.split())}")


def say(text: str, out: TextIO | None = None) -> None:
    """Write one line to stdout, at once; what a terminal would obey is taken out.

    Args:
        text: the line.
        out: what stdout was when the work began; None for what it is now.

    Raises:
        StorageError: stdout is a file on a full disk.
        BrokenPipeError: its reader has gone.
    """
    with refusing(out):
        (out or sys.stdout).write(shown(text) + "\n")


@contextmanager
def refusing(out: TextIO | None = None) -> Iterator[None]:
    """Raise StorageError where stdout cannot be written meanwhile: it is a file on a full disk."""
    try:
        yield
        (out or sys.stdout).flush()
    except BrokenPipeError:  # its reader has gone: no error of anybody
        raise
    except OSError as error:
        raise StorageError("Standard output cannot be written", found=error.strerror) from error


def _bar() -> RichProgress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=terminal.console(stderr=True),
    )
