"""What a person sees while a look is learnt: a bar with the losses, or lines for a farm.

The bar goes to stderr and only to a terminal; elsewhere a line every ten seconds goes there. stdout
carries machine lines (Open Job Description, or Tractor's ALF), one a change of percent.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from velatura.system import terminal
from velatura.system.progress import Style, farm_lines
from velatura.system.pulse import pulse
from velatura_training.learn.clock import GUESSED, LEAST

WINDOW = 60.0
"""The time left is told from the pace of this many seconds: three reviews, and not long after the
critic has joined in, which doubles the time of a step."""

NEARLY = 0.99
"""Of the time, so much is done at most before the last file is there."""

log = logging.getLogger("velatura.training")

SURE = 0.01
"""Share of the paint's ways from which on the others' time is told."""

LATE, FORESEEN = 1.25, 0.2
"""It is said once, and early, where all of it takes more than so many times what was given; by then
so much of the ways is found that the guess holds."""

EVEN = 0.5
"""Seconds of which nothing is said: a clock that is late by less is right."""

PULSE: tuple[Style, ...] = ("auto", "bar")
"""Styles for people; the others are for machines, which no line between theirs should disturb."""


@dataclass
class Pace:
    """How far a training is, and how long the rest takes.

    Attributes:
        doing: what is done now, in a few words.
        part: of the budget that is used, 0..1.
        steps: taken.
        score: the last that a review gave; NaN before the first.
        losses: by name.
        ends: when the last file will be written, by `time.monotonic`; NaN where nobody knows.
        begun: when everything began, likewise; NaN where it is steps that were given.
        shown: the share that was told last.
    """

    doing: str = "starting"
    part: float = 0.0
    steps: int = 0
    score: float = math.nan
    losses: dict[str, float] = field(default_factory=dict)
    ends: float = math.nan
    begun: float = math.nan
    shown: float = 0.0

    @property
    def timed(self) -> bool:
        """Whether minutes were given, not steps."""
        return not math.isnan(self.begun)

    @property
    def share(self) -> float:
        """How much is done, 0..1: of the time that all takes, else of the steps.

        Where all takes longer than was thought, it waits; the time that is left says so.
        """
        if not self.timed:
            return self.part
        gone = time.monotonic() - self.begun
        self.shown = max(self.shown, min(NEARLY, gone / max(gone + self.left, EVEN)))
        return self.shown

    @property
    def left(self) -> float:
        """Seconds to the last file, as far as is known; NaN where it is not."""
        return max(0.0, self.ends - time.monotonic())

    @property
    def over(self) -> float:
        """Seconds by which it takes longer than was expected; 0 where it does not."""
        late = time.monotonic() - self.ends
        return late if late > EVEN else 0.0

    def timing(self, left: float, gone: float) -> None:
        """Tell how many seconds of the time that was given are left, and how many are gone."""
        now = time.monotonic()
        self.ends, self.begun = now + left, now - gone

    def finishing(self, left: float) -> None:
        """Tell that the last step is done, and how many seconds the rest takes if that is known."""
        self.ends = time.monotonic() + left if self.timed else math.nan

    def line(self) -> str:
        """Return all of it in one line."""
        known = [f"{self.doing}: {100 * self.share:.0f} %", f"step {self.steps}"]
        known += [] if math.isnan(self.score) else [f"score {self.score:.3g}"]
        if self.over:
            known.append(f"{self.over:.0f} s longer than expected")
        elif not math.isnan(self.ends):
            known.append(f"{self.left:.0f} s left")
        return ", ".join(known)


class Watch:
    """A context manager that shows how far a training is.

    Args:
        style: "auto" is a bar on a terminal, and a line now and then elsewhere.
        minutes: that were given for everything; None where it is steps.
        begun: when the command started, by `time.perf_counter`.

    Attributes:
        pace: how far it is.
        heard: called whenever something else is done.
    """

    def __init__(
        self, style: Style, minutes: float | None = None, begun: float | None = None
    ) -> None:
        self.style = style
        self.pace = Pace()
        self._given = 60 * (minutes or 0.0)
        if minutes is not None:
            gone = 0.0 if begun is None else time.perf_counter() - begun
            self.pace.timing(60 * minutes - gone, gone)
        self.heard: Callable[[], None] = lambda: None
        self._frames, self._following, self._foreseen = (0, 0), 0.0, False
        self._percent = -1
        self._marks: deque[tuple[float, float]] = deque()
        self._bar: Progress | None = None
        self._stack = ExitStack()
        self._diverted: list[tuple[logging.StreamHandler[TextIO], TextIO]] = []

    def __enter__(self) -> Watch:
        if self.style in PULSE and sys.stderr.isatty():
            self._bar = _Bar(
                self.pace,
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
                TextColumn("[dim]{task.fields[losses]}"),
                console=terminal.console(stderr=True),
            )
            self._bar.add_task("starting", total=1.0, losses="", left="")
            self._bar.start()
            self._divert()
        elif self.style in PULSE:
            self._stack.enter_context(pulse(self.pace.line))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        if self._bar is not None:
            self._bar.stop()
        for handler, stream in self._diverted:
            handler.setStream(stream)

    def doing(self, what: str) -> None:
        """Show what is done now, in a few words."""
        self.pace.doing = what
        self.heard()

    def started(self, total: int) -> None:
        """See `velatura.system.progress.Report`: frames are looked at."""
        self._frames = 0, total
        self.doing(f"looking at the shot, {total} frames")
        self._farm(f"0 of {total} frames looked at")

    def finished(self, frame: str, *, skipped: bool) -> None:  # noqa: ARG002
        """See `velatura.system.progress.Report`."""
        done, total = self._frames[0] + 1, self._frames[1]
        self._frames = done, total
        looked = f"looking at the shot, frame {done} of {total}"
        self.doing(looked)
        self._farm(f"{done} of {total} frames looked at", 100 * done / max(1, total))

    def followed(self, share: float) -> None:
        """Tell how much of the paint's ways through the shot is found, 0..1.

        Where that takes longer than there is time for, the time left tells so early.
        """
        now = time.monotonic()
        self._following = now if share <= 0 else self._following
        if share > SURE and self.pace.timed:
            rest = (now - self._following) * (1 - share) / share
            least = rest + (LEAST + GUESSED) * self._given  # what comes after it takes that
            self.pace.ends = max(self.pace.begun + self._given, now + least)
            if share > FORESEEN:
                self._foresee(self.pace.ends - self.pace.begun)
        self.doing(f"following the paint through the shot, {100 * share:.0f} %")

    def _foresee(self, whole: float) -> None:
        """Say once, early, that it will take much longer than was given: seconds in all."""
        if whole > LATE * self._given and not self._foreseen:
            self._foreseen = True
            log.warning(
                "At this pace it takes about %.0f s instead of the %.0f s that were given, and "
                "little is learnt: --minutes %d leaves time to learn",
                *(whole, self._given, math.ceil((whole + self._given) / 60)),
            )

    def show(self, progress: float, seconds: float, steps: int, terms: dict[str, float]) -> None:
        """Show that ``progress`` (0..1) of the learning is done after ``seconds`` and ``steps``."""
        pace, left = self.pace, self._left(progress, seconds)
        pace.part, pace.steps, pace.losses = progress, steps, terms
        if not pace.timed:
            pace.ends = time.monotonic() + left
        percent = int(100 * progress)
        if percent == self._percent:
            return
        self._percent = percent
        left = pace.left if pace.timed else left
        self._farm(f"step {steps}, {int(left)} s left, {_said(terms)}", percent)

    def wrote(self, path: object) -> None:
        """Say that a file is whole under its final name."""
        if self._bar is None or not sys.stdout.isatty():  # not both on one terminal
            self._line(f"wrote {path}")

    def _divert(self) -> None:
        """Let log lines appear above the bar: in its line nobody could read them."""
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
                self._diverted.append((handler, handler.stream))
                handler.setStream(sys.stderr)  # which the bar has taken over

    def _left(self, progress: float, seconds: float) -> float:
        """Return the seconds that what is left of the steps will take, reviews and all."""
        marks = self._marks
        marks.append((progress, seconds))
        while seconds - marks[0][1] > WINDOW:
            marks.popleft()
        done, taken = progress - marks[0][0], seconds - marks[0][1]
        if done <= 0:  # the first of the steps shown
            done, taken = progress, seconds
        return taken * (1 - progress) / done if done > 0 else 0.0

    def _farm(self, status: str, percent: float | None = None) -> None:
        for line in farm_lines(self.style, status, percent):
            self._line(line)

    def _line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class _Bar(Progress):
    """A bar that goes on by itself while a long step is under way."""

    def __init__(self, pace: Pace, *columns: ProgressColumn, console: Console) -> None:
        self._pace = pace  # first: what it stands for is drawn while it is made
        super().__init__(*columns, console=console, refresh_per_second=4)

    def get_renderables(self) -> Iterable[RenderableType]:
        """See `rich.progress.Progress`."""
        pace, left = self._pace, ""
        if pace.over:
            left = f"{_clocked(pace.over)} longer than expected"
        elif not math.isnan(pace.ends):
            left = f"{_clocked(pace.left)} left"
        for task in self.tasks:
            task.description, task.completed = pace.doing, pace.share
            task.fields["left"] = left
            task.fields["losses"] = f"step {pace.steps}  {_said(pace.losses)}" if pace.steps else ""
        yield from super().get_renderables()


def _clocked(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _said(terms: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in terms.items())
