"""Training a look, from the painted keys to the best painter so far.

Reads top to bottom: load or resume, then step after step until the budget is used, with a review
now and then that judges the averaged painter on the whole painted keys, keeps it if it is the best
so far, and renews the contact sheet. Ctrl-C stops after the step in progress; nothing is lost.
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
from velatura.gain import BOUND, FLOOR
from velatura.progress import Style
from velatura_training import checkpoint, patches, perceptual, preview, threads
from velatura_training.augment import Batch, augment
from velatura_training.config import Budget, Recipe
from velatura_training.generator import Shape
from velatura_training.keys import Lesson
from velatura_training.step import Studio
from velatura_training.watch import Watch

log = logging.getLogger("velatura.training")

FIRST_REVIEWS = (100, 300)
"""Steps of the early reviews: the first sheets come within seconds."""
REVIEW_SECONDS = 20.0
"""Time between reviews; one costs about a second at 1080p."""
SLACK = 1.1
"""A later painter is kept unless it is this much worse than the best: the critic trades a little of
the score, which does not contain it, for texture."""
PATCH_STEP = 8
"""Patches are multiples of this, px: the largest alignment of the generators."""
SMOOTH = 0.05
"""How fast the shown losses follow the measured ones."""


@dataclass
class State:
    """How far a training is."""

    steps: int = 0
    seconds: float = 0.0
    best: float = math.inf


class Training:
    """One run: the studio, the lesson and the folder they fill.

    Args:
        lesson: the painted keys.
        out: the run's folder.
        recipe: how to train.
        device: where to.
        threads: processor threads; 0 tries how many learn fastest.
    """

    def __init__(
        self, lesson: Lesson, out: Path, recipe: Recipe, device: torch.device, threads: int = 0
    ) -> None:
        self.lesson, self.out, self.recipe, self.device = lesson, out, recipe, device
        self.shape = Shape(lesson.guides, BOUND, lesson.depth_scale)
        self.patch = _patch(lesson, recipe)
        eyes = recipe.weights.content or recipe.weights.style
        weights = Path(recipe.perceptual_weights) if recipe.perceptual_weights else None
        self.backbone = perceptual.load(recipe.perceptual, weights) if eyes else None
        self.studio = Studio(recipe, self.shape, FLOOR, self.backbone, device)
        self.rng = torch.Generator().manual_seed(recipe.seed)
        self.state = State()
        self.threads, self.most = threads, torch.get_num_threads()

    def resume(self) -> None:
        """Take up a run exactly where its checkpoint left it."""
        found = checkpoint.load(self.out / checkpoint.CHECKPOINT, self.device)
        self.studio.restore(found["studio"])
        self.rng.set_state(found["rng"].cpu())
        self.state = State(**found["state"])

    def settle(self) -> None:
        """Take the wanted processor threads, or as many as learn fastest right now."""
        if self.threads or self.device.type != "cpu":
            torch.set_num_threads(self.threads or self.most)
            return
        batch = self._sample(torch.Generator().manual_seed(0))
        taken = threads.settle(lambda: self.studio.rehearse(batch), self.most)
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
        batch = self._sample(self.rng)
        batch = augment(batch, self.recipe, self.lesson.guides, self.rng)
        terms = self.studio.step(batch, used, self.rng)
        if not math.isfinite(sum(terms.values())):
            raise TrainingError(
                f"The losses are no longer numbers after {self.state.steps} steps",
                found=str(terms),
                do=f"Train again with a lower --rate; what {self.out} holds is from before.",
            )
        return terms

    def _sample(self, rng: torch.Generator) -> Batch:
        return patches.sample(self.lesson.keys, self.patch, self.recipe.batch, rng, self.device)

    def _review(self, curves: SummaryWriter, shown: dict[str, float]) -> None:
        """Judge the averaged painter on the keys; keep it unless an earlier one was better."""
        alignment = self.studio.painter.alignment
        batches = (patches.whole(k, alignment, self.device, preview.MOST) for k in self.lesson.keys)
        judged = [self.studio.judge(batch) for batch in batches]
        score = sum(judged) / len(judged)
        state = self.state
        if score < state.best * SLACK:
            state.best = min(state.best, score)
            painter = self.studio.exported.state_dict()
            kept = {"painter": painter, "steps": state.steps, "score": score}
            checkpoint.save(self.out / checkpoint.BEST, kept)
        saved = {"studio": self.studio.state(), "rng": self.rng.get_state(), "state": asdict(state)}
        checkpoint.save(self.out / checkpoint.CHECKPOINT, saved)
        frames = (*self.lesson.keys[:4], *self.lesson.others)
        rows = [preview.paint(self.studio.exported, key, FLOOR, self.device) for key in frames]
        sheet.write(self.out / checkpoint.SHEET, rows, self.lesson.space)
        result = rows[0][1]
        if result is not None:
            sheet.write_thumbnail(self.out / checkpoint.THUMBNAIL, result, self.lesson.space)
        for name, value in {**shown, "keys": score}.items():
            curves.add_scalar(f"loss/{name}", value, state.steps)


def _smoothed(shown: dict[str, float], terms: dict[str, float]) -> dict[str, float]:
    """Return running means of the losses: single steps jump about too much to be read."""
    return {k: shown.get(k, v) + SMOOTH * (v - shown.get(k, v)) for k, v in terms.items()}


def _patch(lesson: Lesson, recipe: Recipe) -> int:
    """Return the side of the patches, px: the recipe's, or what the smallest painted key allows."""
    side = min(recipe.patch, *(min(key.plate.shape[1:]) for key in lesson.keys))
    return side - side % PATCH_STEP


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
