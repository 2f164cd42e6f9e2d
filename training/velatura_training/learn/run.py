"""A training run: begun in a fresh folder, or gone on with where it was left."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from velatura.apply import claims
from velatura.errors import CancelledError, DeviceError, StorageError, TrainingError
from velatura.system.next_step import next_step
from velatura.system.progress import Style
from velatura_training import run_folder
from velatura_training.data import lesson_record
from velatura_training.data import paintings as painting_files
from velatura_training.data.dataset import Dataset
from velatura_training.data.lesson import Lesson
from velatura_training.data.lesson_record import LessonRecord
from velatura_training.data.paintings import WHOLE, Crop
from velatura_training.data.plates import Plates
from velatura_training.data.watched_keys import WatchedKeys
from velatura_training.learn import stop
from velatura_training.learn.bar import PULSE, Watch
from velatura_training.learn.clock import CLOSING
from velatura_training.learn.loop import Training
from velatura_training.learn.method import Method
from velatura_training.learn.paired import Paired
from velatura_training.learn.unpaired import Unpaired
from velatura_training.learn.window import Window
from velatura_training.metrics import calibration, table
from velatura_training.recipe import FREE, PAINTING, SHOT, TAUGHT, Budget, Recipe, as_json

log = logging.getLogger("velatura.training")

Begin = Callable[[Recipe, LessonRecord | None], Method]
"""Begins a method by a recipe. For a resumed run the second argument is what its lesson.json says,
for what has to stay as the painter's weights are used to it."""

KEPT = ("guides", "canvas", "carried", "colour_space")
"""What may not change about a run's lesson."""


@dataclass(frozen=True)
class Run:
    """Where and how a look is learnt, whatever it is learnt from.

    Attributes:
        out: the run's folder; made if it is not there.
        recipe: how to train; a resumed run goes on with its own.
        budget: how long.
        device: CPU or CUDA.
        progress: how to show progress, or what shows it already.
        threads: processor threads; 0 tries how many learn fastest.
        resume: go on with the run that is there, if there is one: a farm repeats its command.
        begun: when the command started, by `time.perf_counter`: its minutes count from then on.
        window: what is watched in a browser meanwhile; None for a run that nobody watches.
    """

    out: Path
    recipe: Recipe
    budget: Budget
    device: torch.device
    progress: Style | Watch = "auto"
    threads: int = 0
    resume: bool = False
    begun: float = field(default_factory=time.perf_counter)
    window: Window | None = None


def train(lesson: Lesson, run: Run, watched: WatchedKeys | None = None) -> Path:
    """Learn a look from painted keys: see `follow`, which this calls for `Paired`.

    Args:
        lesson: the painted keys, from `velatura_training.data.lesson.load`. In a resumed run they
            may have been repainted or added to.
        run: where and how.
        watched: where the keys were taken from, if they are to be looked at again while learning.
    """

    def begin(recipe: Recipe, before: LessonRecord | None) -> Method:
        scale = before.depth_scale if before else lesson.depth_scale
        return Paired(replace(lesson, depth_scale=scale), recipe, run.device, watched)

    return follow(begin, run)


def imitate(plates: Plates, paintings: Sequence[Path], run: Run, crop: Crop = WHOLE) -> Path:
    """Learn a look from paintings: see `follow`, which this calls for `Unpaired`.

    Args:
        plates: what it shall paint, from `velatura_training.data.plates.load`.
        paintings: files of those, or folders, see `velatura_training.data.paintings.read`.
        run: where and how.
        crop: what is left out of each painting.
    """

    def begin(recipe: Recipe, before: LessonRecord | None) -> Method:  # noqa: ARG001
        read = painting_files.read(paintings, plates.space, recipe.stroke, crop)
        return Unpaired(Dataset.of(plates, read), recipe, run.device)

    return follow(begin, run)


def follow(begin: Begin, run: Run) -> Path:
    """Follow a method; return the run's folder, which `velatura_training.export` makes a look of.

    Args:
        begin: begins the method.
        run: where and how.

    Raises:
        TrainingError: a run is there already, or another one than is to be resumed.
        InputError: another process learns in this folder.
        StorageError: the folder cannot be written.
        CancelledError: stopped on request.
    """
    out = run.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the run's folder {out}", found=str(error)) from error
    shown, minutes = run.progress, run.budget.minutes
    watching = Watch(shown, minutes, run.begun) if isinstance(shown, str) else nullcontext(shown)
    with claims.held(out, {run_folder.CHECKPOINT: secrets.token_hex(8)}), watching as watch:
        try:
            return _followed(begin, run, watch)
        finally:
            if run.window is not None:
                run.window.end()


def _followed(begin: Begin, run: Run, watch: Watch) -> Path:
    watch.doing("getting ready")
    training = _begun(begin, run)
    try:
        training.run(run.budget, watch)
    except CancelledError:
        _settle(training, watch)
        _over(run, f"stopped after {training.state.steps} steps")
        raise
    with stop.asked("Stopping: the look is kept already") as asked:
        _settle(training, watch)
        if not asked:
            _calibrate(training, watch)
        if not asked:
            _appraise(training, watch)
        if run.window is not None and not asked:
            left, steps = training.clock.left - CLOSING, training.state.steps
            run.window.review(training.method, training.curves, steps, {}, max(0.0, left))
    _over(run, f"done after {training.state.steps} steps")
    if asked:
        raise stop.stopped(asked[0], training.state.steps, run.out)
    if watch.style in PULSE:
        next_step(*stop.export_words(run.out))
    return run.out


def _begun(begin: Begin, run: Run) -> Training:
    """Return a training that is new, or where its checkpoint left it."""
    out, recipe = run.out, run.recipe
    refuse_begun(out, resume=run.resume)
    before = None
    if (out / run_folder.CHECKPOINT).exists():
        recipe, before = _own_recipe(out, recipe), lesson_record.read(out)
    method = begin(recipe, before)
    training = Training(method, out, recipe.seed, run.threads, run.begun, run.window)
    if before is not None:
        described = method.describe()
        _refuse_other(out, before, described)
        training.resume()
        if before.digests != described.digests:
            log.warning("The painted keys or their plates have changed; going on with the new ones")
            training.forget_best()
    run_folder.write_text(out / run_folder.RECIPE, recipe.dumps())
    training.write_lesson()
    if method.manifest:
        run_folder.write_text(out / run_folder.MANIFEST, method.manifest)
    run_folder.save(out / run_folder.SWATCHES, {"swatches": method.swatches()})
    return training


def refuse_begun(out: Path, *, resume: bool) -> None:
    """Refuse a folder that holds a run which is not to be gone on with.

    Raises:
        TrainingError: it does.
    """
    if (out / run_folder.CHECKPOINT).exists() and not resume:
        raise TrainingError(
            f"{out} holds a training run already", do="Go on with --resume, or name another folder."
        )


def _over(run: Run, how: str) -> None:
    """Tell whoever watches that it is over."""
    if run.window is not None:
        run.window.over(how)


def _settle(training: Training, watch: Watch) -> None:
    """Settle the painter that will be exported."""
    watch.doing("trying how much of the network's own touch to keep")
    method, kept = training.method, training.kept
    method.exported.load_state_dict(kept["painter"])
    method.settle()
    settled = {name: value.clone() for name, value in method.exported.state_dict().items()}
    run_folder.save(training.out / run_folder.BEST, {**kept, "painter": settled})


def _calibrate(training: Training, watch: Watch) -> None:
    """Make the strength slider even, so that the export need not."""
    watch.doing("making the strength slider even")
    painter, lesson = training.method.exported, training.method.describe()
    ends = time.monotonic() + calibration.seconds(training.clock.total)
    tried = calibration.glaze(training.out, painter)
    means = lesson.floor, lesson.colour_space
    knots = calibration.calibrate(tried, *means, ends=ends) if tried else ()
    path = training.out / run_folder.BEST
    kept = run_folder.load(path, training.method.device)
    run_folder.save(path, {**kept, run_folder.STRENGTH: list(knots)})


def _appraise(training: Training, watch: Watch) -> None:
    """Measure the painter that will be exported, and say how good it is."""
    watch.doing("measuring the finished look")
    verdict = training.method.appraise(time.monotonic() + training.clock.left - CLOSING)
    if verdict is not None:
        run_folder.write_text(training.out / run_folder.SCORES, as_json(verdict.as_json()))
        table.show({"look": verdict}, stderr=True)


def pick_device(name: str) -> torch.device:
    """Return the device called ``auto``, ``cpu`` or ``cuda``, or raise DeviceError."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise DeviceError(
            "CUDA was asked for, but torch sees no CUDA device",
            found=f"torch {torch.__version__}",
            do="Train with --device cpu, or install torch for your driver.",
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def _own_recipe(out: Path, asked: Recipe) -> Recipe:
    """Return the recipe that a run was started with; another one must not have been asked for."""
    own = Recipe.loads(run_folder.read_text(out / run_folder.RECIPE))
    changed = own.difference(asked)
    if changed and asked not in {FREE, SHOT, PAINTING, TAUGHT}:
        raise TrainingError(
            f"The run in {out} was started with another recipe",
            found=f"different {', '.join(changed)}",
            do="Resume without settings, or train into another folder.",
        )
    return own


def _refuse_other(out: Path, before: LessonRecord, now: LessonRecord) -> None:
    """Refuse to resume with a lesson that the painter does not fit."""
    for name in KEPT:
        was, found = getattr(before, name), getattr(now, name)
        if was != found:
            raise TrainingError(
                f"The run in {out} was started with another lesson",
                found=f"{name.replace('_', ' ')} {_said(was)}, now {_said(found)}",
                do="Train into another folder.",
            )


def _said(value: object) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
