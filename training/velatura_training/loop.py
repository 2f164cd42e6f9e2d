"""Training a look, from the first step to the best painter so far.

Reads top to bottom: load or resume, then step after step until the budget is used, with a review
now and then that judges the averaged painter, keeps it if it is the best so far, and renews the
contact sheet. Ctrl-C stops after the step in progress; nothing is lost. What is learnt, and from
what, is the course's affair (`velatura_training.course`).
"""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter

from velatura import sheet
from velatura.errors import CancelledError, TrainingError
from velatura.progress import Style
from velatura_training import checkpoint, threads
from velatura_training.config import Budget
from velatura_training.course import Course
from velatura_training.watch import Watch

log = logging.getLogger("velatura.training")

FIRST_REVIEWS = (100, 300)
"""Steps of the early reviews: the first sheets come within seconds."""
REVIEW_SECONDS = 20.0
"""Time between reviews; one costs about a second at 1080p."""
SLACK = 1.1
"""A later painter is kept unless it is this much worse than the best: the critic trades a little of
the score, which does not contain it, for texture."""
SMOOTH = 0.05
"""How fast the shown losses follow the measured ones."""


@dataclass
class State:
    """How far a training is."""

    steps: int = 0
    seconds: float = 0.0
    best: float = math.inf
    pace: float = 1.0


class Training:
    """One run: a course and the folder that it fills.

    Args:
        course: what is learnt, and how.
        out: the run's folder.
        seed: of everything random.
        threads: processor threads; 0 tries how many learn fastest.
    """

    def __init__(self, course: Course, out: Path, seed: int = 0, threads: int = 0) -> None:
        self.course, self.out = course, out
        self.rng = torch.Generator().manual_seed(seed)
        self.state = State()
        self.threads, self.most = threads, torch.get_num_threads()

    def resume(self) -> None:
        """Take up a run exactly where its checkpoint left it."""
        path = self.out / checkpoint.CHECKPOINT
        found = checkpoint.load(path, self.course.device)
        try:
            self.course.restore(found["course"])
            self.rng.set_state(found["rng"].cpu())
            self.state = State(**found["state"])
        except (KeyError, TypeError, RuntimeError) as error:  # RuntimeError: other tensors
            raise TrainingError(
                f"{path} does not fit this run",
                found=str(error).split("\n")[0],
                do="It may be of another velatura: export it with that, and train again.",
            ) from error

    def settle(self) -> None:
        """Take the wanted processor threads, or as many as learn fastest right now."""
        if self.threads or self.course.device.type != "cpu":
            torch.set_num_threads(self.threads or self.most)
            return
        taken = threads.settle(self.course.rehearse, self.most)
        log.debug("learning with %d threads", taken)

    def run(self, budget: Budget, style: Style) -> None:
        """Train until the budget is used.

        Raises:
            CancelledError: stopped by Ctrl-C or SIGTERM; the run can be resumed or exported.
            TrainingError: the loss is no longer a number; the best painter so far is kept.
        """
        shown: dict[str, float] = {}
        self.settle()
        state, last_review = self.state, time.perf_counter()
        with Watch(style) as watch, SummaryWriter(str(self.out)) as curves, _stop_asked() as asked:
            while (used := budget.progress(state.seconds, state.steps)) < 1 and not asked:
                started = time.perf_counter()
                terms = self._step(used)
                state.steps += 1
                shown = _smoothed(shown, terms)
                state.seconds += time.perf_counter() - started
                watch.show(used, state.seconds, state.steps, shown)
                due = time.perf_counter() - last_review > REVIEW_SECONDS
                if due or state.steps in FIRST_REVIEWS:
                    started = time.perf_counter()
                    self._review(curves, shown)
                    self.settle()
                    last_review = time.perf_counter()
                    state.seconds += last_review - started
            self._review(curves, shown)
            watch.show(
                budget.progress(state.seconds, state.steps), state.seconds, state.steps, shown
            )
            for name in (checkpoint.BEST, checkpoint.SHEET):
                watch.wrote(self.out / name)
        if asked:
            stopped = CancelledError(
                f"Stopped after {state.steps} steps; the best look so far is kept in {self.out}",
                do="Go on with --resume, or take it as it is with `velatura export`.",
            )
            stopped.exit_code = 128 + asked[0]  # a farm tells its own SIGTERM from a Ctrl-C
            raise stopped

    def _step(self, used: float) -> dict[str, float]:
        terms = self.course.step(used, self.state.pace, self.rng)
        if not math.isfinite(sum(terms.values())):
            raise TrainingError(
                f"The losses are no longer numbers after {self.state.steps} steps",
                found=str(terms),
                do=f"Train again with a lower --rate; what {self.out} holds is from before.",
            )
        return terms

    def _review(self, curves: SummaryWriter, shown: dict[str, float]) -> None:
        """Judge the averaged painter; keep it unless an earlier one was better."""
        score, state = self.course.judge(), self.state
        if score < state.best * SLACK:
            state.best = min(state.best, score)
            painter = self.course.exported.state_dict()
            kept = {"painter": painter, "steps": state.steps, "score": score}
            checkpoint.save(self.out / checkpoint.BEST, kept)
        saved = {"course": self.course.state(), "rng": self.rng.get_state(), "state": asdict(state)}
        checkpoint.save(self.out / checkpoint.CHECKPOINT, saved)
        rows = self.course.rows()
        sheet.write(self.out / checkpoint.SHEET, rows, self.course.space)
        result = rows[0][1]
        if result is not None:
            sheet.write_thumbnail(self.out / checkpoint.THUMBNAIL, result, self.course.space)
        for name, value in {**shown, "keys": score}.items():
            curves.add_scalar(f"loss/{name}", value, state.steps)


def _smoothed(shown: dict[str, float], terms: dict[str, float]) -> dict[str, float]:
    """Return running means of the losses: single steps jump about too much to be read."""
    return {k: shown.get(k, v) + SMOOTH * (v - shown.get(k, v)) for k, v in terms.items()}


@contextmanager
def _stop_asked() -> Iterator[list[int]]:
    """Yield a list that fills when Ctrl-C or SIGTERM asks to stop: no step is cut in two."""
    asked: list[int] = []
    watched = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda n, _: asked.append(n)) for number in watched]
    try:
        yield asked
    finally:
        for number, handler in zip(watched, before, strict=True):
            signal.signal(number, handler)
