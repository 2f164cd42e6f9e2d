"""Training a look, from the first step to the best painter so far.

Step after step until the budget is used, with reviews that judge the averaged painter, keep it if
it is the best so far, and renew what is watched. If learning diverges, it rolls back to the last.
Where to look::

    run.py          train(), imitate(): a fresh folder, or one to go on with; calls the loop
    loop.py         Training.run: step, record, review, checkpoint, roll back       (this file)
    method.py       Method: what the loop asks of a way of learning
      paired.py       Paired: draws patches of painted keys       -> paired_step.py
      unpaired.py     Unpaired: draws patches of plates           -> stroke_step.py
    paired_step.py, stroke_step.py   the losses of a batch with paint, or with a painting's manner
    gan.py          Gan.teach_critic, Gan.teach_painter: the update: backward, clip, Adam, average
    history.py      losses and scores so far -> loss_plot.py; preview.py: the contact sheet
"""

from __future__ import annotations

import logging
import math
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from velatura.errors import TrainingError
from velatura.system.progress import Style
from velatura_training import run_folder
from velatura_training.learn import loss_plot, preview, ranks, stop, threads
from velatura_training.learn.bar import Watch
from velatura_training.learn.clock import CLOSING, SHORT, Clock
from velatura_training.learn.gallery import LARGEST
from velatura_training.learn.history import Curves
from velatura_training.learn.method import Method
from velatura_training.learn.state import State, found_trouble
from velatura_training.learn.window import Window
from velatura_training.plain_values import built
from velatura_training.recipe import Budget

log = logging.getLogger("velatura.training")

FIRST_REVIEWS = (0, 100, 300)
"""Steps of the early reviews: the first sheets come within seconds."""
REVIEW_SECONDS, REVIEW_SHARE = 20.0, 0.1
"""Time between reviews, and the part of all time that they may take. With three keys one costs half
a second at 320 by 180 and two seconds at 1080p."""
REVIEW_STEPS, REVIEWS = 100, 40
"""With a budget in steps: least steps between reviews, and how many there are at most."""
SLACK = 1.1
"""A later painter is kept unless it is so much worse than the best: a critic trades for texture."""
AS_LONG = 1.5
"""The last review is given so many times what the latest took: on a busy machine it varies."""
SLOWEST = 1 / 8
"""After so many halvings of the learning rate something else is wrong."""


class Training:
    """One run: a method and the folder that it fills.

    Args:
        method: what is learnt, and how.
        out: the run's folder.
        seed: of everything random.
        threads: processor threads; 0 tries how many learn fastest.
        begun: when the command started, by `time.perf_counter`; default: now.
        window: what is watched in a browser meanwhile, if anything is.
    """

    def __init__(
        self,
        method: Method,
        out: Path,
        seed: int = 0,
        threads: int = 0,
        begun: float | None = None,
        window: Window | None = None,
    ) -> None:
        self.begun, self.window = time.perf_counter() if begun is None else begun, window
        self.method, self.out = method, out
        self.rng = torch.Generator().manual_seed(seed)
        self.state, self.curves = State(), Curves()
        self.kept: dict[str, Any] = {}
        self.threads, self.most = threads, torch.get_num_threads()
        self.tried = -math.inf, 0.0  # when numbers of threads were tried, and how long it took

    def resume(self) -> None:
        """Go on with a run exactly where its checkpoint left it.

        Raises:
            TrainingError: there is no checkpoint, or it is of another run.
        """
        path = self.out / run_folder.CHECKPOINT
        found = run_folder.load(path, self.method.device)
        with run_folder.believed(
            path, "It may be of another velatura: export it with that, and train again."
        ):
            self.state = built(State, found["state"])
            self.curves = built(Curves, found["curves"])
            self.method.restore(found[run_folder.METHOD])
            self.rng.set_state(found["rng"].cpu())
            self.kept = dict(found["kept"])
        run_folder.save(self.out / run_folder.BEST, self.kept)

    def forget_best(self) -> None:
        """Let the next score be the best one: what is wanted has changed."""
        self.state.best, self.curves.since = math.inf, len(self.curves.scores)
        self._note("new paint")

    def write_lesson(self) -> None:
        """Write what is learnt from into the run's folder."""
        run_folder.write_text(self.out / run_folder.LESSON, self.method.describe().dumps())
        if cargo := self.method.cargo:
            run_folder.write_text(self.out / run_folder.CARGO, cargo)

    def run(self, budget: Budget, progress: Style | Watch) -> None:
        """Train until the budget is used.

        Args:
            budget: how long; minutes are of everything that the command does.
            progress: how to show how far it is, or what shows it already.

        Raises:
            CancelledError: stopped by Ctrl-C or SIGTERM; the run can be resumed or exported.
            TrainingError: learning diverges again and again; the best painter is kept.
        """
        state, self.clock = self.state, Clock(budget, self.begun, self.state.spent)
        watching = Watch(progress) if isinstance(progress, str) else nullcontext(progress)
        with watching as watch, SummaryWriter(str(self.out)) as board, stop.asked() as asked:
            self._watch = watch
            watch.doing("trying how many threads learn fastest")
            self._settle()
            started = time.perf_counter() - state.seconds  # trying threads is not learning
            used = ranks.first(self.clock.used(state.seconds, state.steps))
            if budget.minutes is not None:
                self._tell(used)
            while used < 1 and not ranks.most(bool(asked)):
                if self._due(budget):
                    begun = time.perf_counter()
                    self._review(board, budget)
                    if state.steps:
                        self._settle()
                    state.cost = ranks.first(time.perf_counter() - begun)
                    self._set_aside()
                    self.clock.reviews += time.perf_counter() - begun
                    watch.doing("learning")
                terms = ranks.means(self.method.step(used, state.pace, self.rng))
                state.steps += 1
                state.seconds = ranks.first(time.perf_counter() - started)
                if all(map(math.isfinite, terms.values())):
                    self.curves.record(state.steps, state.seconds, terms)
                else:
                    found = ", ".join(f"{name} {value:.3g}" for name, value in terms.items())
                    self._take_back(f"non-finite losses, {found}")
                used = ranks.first(self.clock.used(state.seconds, state.steps))
                self._tell(used)
            watch.pace.finishing(self.clock.aside)
            self._review(board, budget, last=True)
            watch.show(used, state.seconds, state.steps, self.curves.shown)
            for name in (run_folder.BEST, run_folder.SHEET, run_folder.PLOT):
                watch.wrote(self.out / name)
        if asked:
            raise stop.stopped(asked[0], state.steps, self.out)

    def _tell(self, used: float) -> None:
        """Tell how far it is."""
        state, pace, clock = self.state, self._watch.pace, self.clock
        if clock.budget.minutes is not None:
            pace.timing(clock.to_end(state.seconds), clock.elapsed)
        self._watch.show(used, state.seconds, state.steps, self.curves.shown)
        if self.window is not None:
            self.window.step()

    def _due(self, budget: Budget) -> bool:
        """Say whether it is time for a review.

        A budget in steps has its reviews by steps, so that such a run repeats bit for bit.
        """
        steps, (at, then) = self.state.steps, self.state.reviewed
        if steps == at:
            return False
        if budget.steps is None:
            rest = max(REVIEW_SECONDS, self.state.cost / REVIEW_SHARE)
            return steps in FIRST_REVIEWS or self.state.seconds - then > rest
        return steps in FIRST_REVIEWS or steps % max(REVIEW_STEPS, budget.steps // REVIEWS) == 0

    def _settle(self) -> None:
        """Take the wanted processor threads, or as many as learn fastest right now."""
        if self.threads or self.method.device.type != "cpu":
            torch.set_num_threads(self.threads or self.most)
            return
        begun, (when, cost) = time.perf_counter(), self.tried
        if begun - when > threads.REST * cost:
            taken = threads.settle(self.method.rehearse, self.most)
            self.tried = begun, time.perf_counter() - begun
            log.debug("learning with %d threads", taken)

    def _set_aside(self) -> None:
        """Set time aside for the last review, and for what comes after it."""
        if self.clock.budget.minutes is not None:
            self._watch.doing("measuring how long it takes to finish")
            after = self.method.prepare(self.clock.total)
            self.clock.aside = CLOSING + AS_LONG * self.state.cost + after
            if self.clock.short and not self.state.steps:
                log.warning(SHORT, *self.clock.lacking)

    def _review(self, board: SummaryWriter, budget: Budget, last: bool = False) -> None:
        """Judge the averaged painter, keep it if it is worth it, and show how it goes.

        The last review, which Ctrl-C may have called, comes after the last checkpoint: a resumed
        run goes on as if it had never been stopped, and judged, there.
        """
        state = self.state
        self._watch.doing("judging what is learnt, and keeping it" if last else "judging")
        state.spent = self.clock.elapsed
        if not last:
            state.reviewed = state.steps, state.seconds
        elif self.clock.used(state.seconds, state.steps) >= 1 and budget.minutes is not None:
            state.spent = max(state.spent, self.clock.total)  # what follows is in it
        if self.method.refresh():
            self.forget_best()
            self.write_lesson()
        score = ranks.first(self.method.judge())
        if trouble := found_trouble(score, state.best, self.method.state()):
            self._take_back(trouble)
            return
        if last:
            self._save()
            self._keep(score)
        else:
            self._keep(score)
            self._save()
        self._show(budget, last)
        for name, value in {**self.curves.shown, "keys": score}.items():
            board.add_scalar(f"loss/{name}", value, state.steps)

    def _show(self, budget: Budget, last: bool) -> None:
        """Renew the contact sheet, the window and the loss plot."""
        if self.curves.points or last or self.method.shown_at_once:
            scenes = self.method.early()
            rows = [self.method.show(scene, LARGEST) for scene in scenes]
            preview.write(self.out, scenes, rows, self.method.space)
            if self.window is not None:
                ready = {scene.id: row for scene, row in zip(scenes, rows, strict=True)}
                self.window.review(self.method, self.curves, self.state.steps, ready)
        if self.curves.points or last:  # at step 0 there is no curve yet
            path, title = self.out / run_folder.PLOT, f"{self.out.name}, step {self.state.steps}"
            loss_plot.draw(path, self.curves, title, by_time=budget.steps is None)

    def _keep(self, score: float) -> None:
        """Keep the averaged painter unless an earlier one was better."""
        state = self.state
        self.curves.scores.append((state.steps, state.seconds, score))
        self._watch.pace.score = score
        if score < state.best * SLACK:
            state.best = min(state.best, score)
            painter = {name: w.clone() for name, w in self.method.exported.state_dict().items()}
            self.kept = {"painter": painter, "steps": state.steps, "score": score}
            run_folder.save(self.out / run_folder.BEST, self.kept)

    def _take_back(self, trouble: str) -> None:
        """Return to what was learnt at the last review, and learn at half the pace from there.

        The random numbers go on, so that other patches are met.
        """
        state = self.state
        if state.pace <= SLOWEST or not self.kept:
            raise TrainingError(
                f"Training keeps diverging, last at step {state.steps}",
                found=trouble,
                do=f"Train again with a lower --rate; {self.out} keeps the best from before.",
            )
        path = self.out / run_folder.CHECKPOINT
        good = run_folder.load(path, self.method.device)
        with run_folder.believed(path):
            self.method.restore(good[run_folder.METHOD])
        state.pace /= 2
        log.warning(
            "Step %d: %s. Rolled back to the last good checkpoint; "
            "going on at %g of the learning rate",
            *(state.steps, trouble, state.pace),
        )
        self._note("taken back")
        self._save()

    def _note(self, what: str) -> None:
        self.curves.events.append((self.state.steps, self.state.seconds, what))

    def _save(self) -> None:
        saved = {
            run_folder.METHOD: self.method.state(),
            "rng": self.rng.get_state(),
            "state": asdict(self.state),
            "curves": asdict(self.curves),
            "kept": self.kept,
        }
        run_folder.save(self.out / run_folder.CHECKPOINT, saved)
