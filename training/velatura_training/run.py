"""A training run: begun in a fresh folder, or taken up where it was left."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from velatura.errors import DeviceError, StorageError, TrainingError
from velatura.gain import FLOOR
from velatura.progress import Style
from velatura_training import checkpoint
from velatura_training.config import Budget, Recipe, as_json
from velatura_training.keys import Lesson
from velatura_training.loop import Training

log = logging.getLogger("velatura.training")


def train(
    lesson: Lesson,
    out: Path,
    recipe: Recipe,
    budget: Budget,
    device: torch.device,
    style: Style = "auto",
    processors: int = 0,
    resume: bool = False,
) -> Path:
    """Learn a look; return the run's folder, which `velatura_training.export` makes a look of.

    Args:
        lesson: the painted keys, from `velatura_training.keys.load`.
        out: the run's folder; made if it is not there.
        recipe: how to train; a resumed run goes on with its own.
        budget: how long.
        device: CPU or CUDA.
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
    started = (out / checkpoint.CHECKPOINT).exists()
    if started and not resume:
        raise TrainingError(
            f"{out} holds a training run already", do="Go on with --resume, or name another folder."
        )
    if started:
        lesson, recipe = _resumed(out, lesson, recipe)
    training = Training(lesson, out, recipe, device, processors)
    if started:
        training.resume()
    checkpoint.write_text(out / checkpoint.RECIPE, recipe.dumps())
    checkpoint.write_text(out / checkpoint.LESSON, as_json(_describe(training)))
    training.run(budget, style)
    return out


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


def _describe(training: Training) -> dict[str, Any]:
    lesson, shape = training.lesson, training.shape
    return {
        "frames": [key.frame for key in lesson.keys],
        "digests": {name: digest for key in lesson.keys for name, digest in key.digests.items()},
        "guides": list(lesson.guides),
        "colour_space": lesson.space,
        "depth_scale": shape.depth_scale,
        "bound": shape.bound,
        "floor": FLOOR,
        "perceptual": training.backbone.label if training.backbone else "none",
    }


def _resumed(out: Path, lesson: Lesson, recipe: Recipe) -> tuple[Lesson, Recipe]:
    """Return the lesson and the recipe to go on with; other ones must not have been asked for.

    Keys may have been repainted or added in between. The scale of the depths stays what the
    painter's weights are used to.
    """
    before = Recipe.loads(checkpoint.read_text(out / checkpoint.RECIPE))
    changed = before.difference(recipe)
    if changed and recipe != Recipe():
        raise TrainingError(
            f"The run in {out} was started with another recipe",
            found=f"different {', '.join(changed)}",
            do="Resume without settings, or train into another folder.",
        )
    learnt = checkpoint.read_lesson(out)
    for key, now in (("guides", list(lesson.guides)), ("colour_space", lesson.space)):
        if learnt[key] != now:
            raise TrainingError(
                f"The run in {out} was started with other {key.replace('_', ' ')}",
                found=f"{learnt[key]}, now {now}",
                do="Train into another folder.",
            )
    digests = {name: digest for key in lesson.keys for name, digest in key.digests.items()}
    if digests != learnt["digests"]:
        log.warning("The painted keys or their plates have changed; going on with the new ones")
    return replace(lesson, depth_scale=learnt["depth_scale"]), before
