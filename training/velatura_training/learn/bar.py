"""What a person sees while a look is learnt: a bar with the losses, or lines for a farm.

The bar goes to stderr and only to a terminal. stdout carries machine lines (Open Job Description,
or Tractor's ALF), one a change of percent.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from velatura.system.progress import Style, farm_lines

WINDOW = 60.0
"""The time left is told from the pace of this many seconds: three reviews, and not long after the
critic has joined in, which doubles the time of a step."""


class Watch:
    """A context manager that shows how far a training is.

    Args:
        style: "auto" is a bar on a terminal and nothing elsewhere.
    """

    def __init__(self, style: Style) -> None:
        self.style = style
        self._percent = -1
        self._marks: deque[tuple[float, float]] = deque()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._diverted: list[tuple[logging.StreamHandler[TextIO], TextIO]] = []

    def __enter__(self) -> Watch:
        if self.style in {"auto", "bar"} and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("learning"),
                BarColumn(bar_width=24),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
                TextColumn("[dim]{task.fields[losses]}"),
                console=Console(stderr=True),
                refresh_per_second=4,
            )
            self._bar.start()
            self._divert()
            self._task = self._bar.add_task("learning", total=1.0, left="", losses="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        for handler, stream in self._diverted:
            handler.setStream(stream)

    def show(self, progress: float, seconds: float, steps: int, terms: dict[str, float]) -> None:
        """Show that ``progress`` (0..1) of the budget is used after ``seconds`` and ``steps``."""
        losses = "  ".join(f"{name} {value:.3f}" for name, value in terms.items())
        left = self._left(progress, seconds)
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=progress,
                left=f"{int(left // 60)}:{int(left % 60):02d} left",
                losses=f"step {steps}  {losses}",
            )
        percent = int(100 * progress)
        if percent == self._percent:
            return
        self._percent = percent
        for line in farm_lines(self.style, f"step {steps}, {int(left)} s left, {losses}", percent):
            self._line(line)

    def _divert(self) -> None:
        """Let log lines appear above the bar: in its line nobody could read them."""
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
                self._diverted.append((handler, handler.stream))
                handler.setStream(sys.stderr)  # which the bar has taken over

    def _left(self, progress: float, seconds: float) -> float:
        """Return the seconds that what is left of the budget will take, reviews and all."""
        marks = self._marks
        marks.append((progress, seconds))
        while seconds - marks[0][1] > WINDOW:
            marks.popleft()
        done, taken = progress - marks[0][0], seconds - marks[0][1]
        if done <= 0:  # the first of the steps shown
            done, taken = progress, seconds
        return taken * (1 - progress) / done

    def wrote(self, path: object) -> None:
        """Say that a file is whole under its final name."""
        if self._bar is None or not sys.stdout.isatty():  # not both on one terminal
            self._line(f"wrote {path}")

    def _line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
