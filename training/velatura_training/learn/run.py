"""A training run: begun in a fresh folder, or taken up where it was left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from velatura.errors import DeviceError, StorageError, TrainingError
from velatura.system.progress import Style
from velatura_training import run_folder
from velatura_training.data import paintings as styles
from velatura_training.data.lesson import Lesson
from velatura_training.data.plates import Plates
from velatura_training.data.watched_keys import Easel
from velatura_training.learn.loop import Training
from velatura_training.learn.method import Course
from velatura_training.learn.paired import Paired
from velatura_training.learn.unpaired import Unpaired
from velatura_training.metrics import table
from velatura_training.recipe import FREE, PAINTING, SHOT, Budget, Recipe, as_json

log = logging.getLogger("velatura.training")

Begin = Callable[[Recipe, dict[str, Any] | None], Course]
"""Begins a course by a recipe. For a resumed run the second argument is what its lesson.json says,
for what has to stay as the painter's weights are used to it."""

KEPT = ("guides", "canvas", "carried", "colour_space")
"""What may not change about a run's lesson."""


def train(
    lesson: Lesson,
    out: Path,
    recipe: Recipe,
    budget: Budget,
    device: torch.device,
    style: Style = "auto",
    processors: int = 0,
    resume: bool = False,
    easel: Easel | None = None,
) -> Path:
    """Learn a look from painted keys; see `follow`, which this is for a course of `Paired`.

    Args:
        lesson: the painted keys, from `velatura_training.data.lesson.load`.
        out: see `follow`.
        recipe: see `follow`.
        budget: see `follow`.
        device: CPU or CUDA.
        style: see `follow`.
        processors: see `follow`.
        resume: see `follow`. Keys may have been repainted or added in between.
        easel: where the keys were taken from, if they are to be looked at again while learning.
    """

    def begin(recipe: Recipe, before: dict[str, Any] | None) -> Course:
        scale = before["depth_scale"] if before else lesson.depth_scale
        return Paired(replace(lesson, depth_scale=scale), recipe, device, easel)

    return follow(begin, out, recipe, budget, style, processors, resume)


def imitate(
    plates: Plates,
    paintings: Sequence[Path],
    out: Path,
    recipe: Recipe,
    budget: Budget,
    device: torch.device,
    style: Style = "auto",
    processors: int = 0,
    resume: bool = False,
) -> Path:
    """Learn a look from paintings; see `follow`, which this is for a course of `Unpaired`.

    Args:
        plates: what it shall paint, from `velatura_training.data.plates.load`.
        paintings: files of those, see `velatura_training.data.paintings.read`.
        out: see `follow`.
        recipe: see `follow`.
        budget: see `follow`.
        device: CPU or CUDA.
        style: see `follow`.
        processors: see `follow`.
        resume: see `follow`.
    """

    def begin(recipe: Recipe, before: dict[str, Any] | None) -> Course:  # noqa: ARG001
        read = styles.read(paintings, plates.space, recipe.stroke)
        return Unpaired(plates, read, recipe, device)

    return follow(begin, out, recipe, budget, style, processors, resume)


def follow(
    begin: Begin,
    out: Path,
    recipe: Recipe,
    budget: Budget,
    style: Style = "auto",
    processors: int = 0,
    resume: bool = False,
) -> Path:
    """Follow a course; return the run's folder, which `velatura_training.export` makes a look of.

    Args:
        begin: begins the course.
        out: the run's folder; made if it is not there.
        recipe: how to train; a resumed run goes on with its own.
        budget: how long.
        style: how to show progress.
        processors: threads to use; 0 tries how many learn fastest.
        resume: go on with the run that is there, if there is one: a farm repeats its command.

    Raises:
        TrainingError: a run is there already, or another one than is to be resumed.
        StorageError: the folder cannot be written.
        CancelledError: stopped on request.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the run's folder {out}", found=str(error)) from error
    started = (out / run_folder.CHECKPOINT).exists()
    if started and not resume:
        raise TrainingError(
            f"{out} holds a training run already", do="Go on with --resume, or name another folder."
        )
    before = None
    if started:
        recipe, before = _own_recipe(out, recipe), run_folder.read_lesson(out)
    course = begin(recipe, before)
    described = course.describe()
    training = Training(course, out, recipe.seed, processors)
    if before is not None:
        _refuse_other(out, before, described)
        training.resume()
        if before["digests"] != described["digests"]:
            log.warning("The painted keys or their plates have changed; going on with the new ones")
            training.forget_best()
    run_folder.write_text(out / run_folder.RECIPE, recipe.dumps())
    training.write_lesson()
    run_folder.save(out / run_folder.SWATCHES, {"swatches": course.swatches()})
    training.run(budget, style)
    _appraise(out, course, training.kept["painter"])
    return out


def _appraise(out: Path, course: Course, best: dict[str, Any]) -> None:
    """Measure the painter that will be exported, and say how good it is."""
    course.exported.load_state_dict(best)
    verdict = course.appraise()
    if verdict is not None:
        run_folder.write_text(out / run_folder.SCORES, as_json(verdict.as_json()))
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
    if changed and asked not in {FREE, SHOT, PAINTING}:
        raise TrainingError(
            f"The run in {out} was started with another recipe",
            found=f"different {', '.join(changed)}",
            do="Resume without settings, or train into another folder.",
        )
    return own


def _refuse_other(out: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to resume with a lesson that the painter does not fit."""
    for name in KEPT:
        if before.get(name) != now.get(name):
            raise TrainingError(
                f"The run in {out} was started with another lesson",
                found=f"{name.replace('_', ' ')} {before.get(name)}, now {now.get(name)}",
                do="Train into another folder.",
            )
