"""A trained run, as export needs it: its network, its card and its proofs."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import velatura
from velatura import look, regular
from velatura.errors import TrainingError
from velatura.look import Card
from velatura.plate import colour
from velatura_training import run_folder
from velatura_training.data import lesson_record
from velatura_training.data.lesson_record import LessonRecord
from velatura_training.metrics import calibration
from velatura_training.network import build
from velatura_training.network.cost import measure
from velatura_training.network.generator import Generator, Shape
from velatura_training.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """What a run has come to.

    Attributes:
        painter: its best network, in evaluation mode.
        card: what the look will say about itself.
        cargo: what a shot look has on board; empty for a free look.
    """

    painter: Generator
    card: Card
    cargo: str


def load(
    run: Path,
    name: str,
    author: str = "",
    licence: str = "",
    told: Callable[[float], None] = lambda _: None,
) -> Trained:
    """Return the best painter of a run, and its card.

    Args:
        run: the folder that `velatura_training.learn.run.train` or `imitate` filled.
        name: what artists will call it.
        author: for the card.
        licence: for the card.
        told: is told how much of it is done, 0..1.

    Raises:
        TrainingError: no run, or one that does not fit together.
        ColourError: the OCIO config that it was learnt with cannot be loaded any more.
    """
    recipe = Recipe.loads(run_folder.read_text(run / run_folder.RECIPE))
    lesson = lesson_record.read(run)
    colour.prefer(lesson.config)
    painter, kept = best_painter(run, recipe, lesson)
    cost = measure(painter)
    cargo = run_folder.read_text(run / run_folder.CARGO).strip() if lesson.carried else ""
    card = Card(
        name=name,
        colour_space=lesson.colour_space,
        config=Path(colour.preferred()).name,
        floor=lesson.floor,
        bound=lesson.bound,
        guides=lesson.guides,
        canvas=lesson.canvas,
        carried_by=lesson.carried_by,
        keys_digest=look.keys_digest(cargo),
        free=not cargo or recipe.paint_dropout > 0,
        alignment=painter.alignment,
        halo=cost.halo,
        receptive_field=cost.receptive_field,
        parameters=cost.parameters,
        kflop_px=round(cost.kflop_px, 2),
        bytes_px=cost.bytes_px,
        strength_lut=_calibrated(run, kept, painter, lesson, told),
        thumbnail=_thumbnail(run),
        training={"recipe": _portable(recipe), "lesson": lesson.as_json(), "steps": kept["steps"]},
        scores={"keys": kept["score"], **_scores(run)},
        author=author,
        licence=licence,
        tool="velatura",
        tool_version=velatura.__version__,
    )
    return Trained(painter, card, cargo)


def best_painter(
    run: Path, recipe: Recipe, lesson: LessonRecord
) -> tuple[Generator, dict[str, Any]]:
    """Return the best painter of a run, and what was kept with it: its ``steps`` and ``score``.

    Raises:
        TrainingError: none was kept, or not one of this recipe.
    """
    path = run / run_folder.BEST
    saved = run_folder.load(path, torch.device("cpu"))
    with run_folder.believed(path):
        kept = {**saved, "steps": int(saved["steps"]), "score": float(saved["score"])}
    return painter_of(saved.get("painter", {}), recipe, lesson, path), kept


def painter_of(
    weights: Mapping[str, Tensor], recipe: Recipe, lesson: LessonRecord, source: Path
) -> Generator:
    """Return a run's painter with these weights, on the CPU, in evaluation mode.

    Raises:
        TrainingError: they are not of such a painter; ``source`` gets named.
    """
    shape = Shape(
        lesson.guides,
        lesson.bound,
        lesson.depth_scale,
        lesson.carried,
        lesson.canvas,
        lesson.merged,
    )
    painter = build.build(recipe.generator, recipe.tier, shape)
    try:
        painter.load_state_dict(weights)
    except (AttributeError, TypeError, ValueError, KeyError, RuntimeError) as error:
        raise TrainingError(
            f"{source} does not fit the run's recipe",
            found=str(error).split("\n")[0],
            do="A run of an older velatura is exported by that one; or train again",
        ) from error
    return painter.eval().requires_grad_(False)


def _scores(run: Path) -> dict[str, float]:
    """Return the figures of the finished look; none where its training was not finished."""
    path = run / run_folder.SCORES
    if not path.exists():
        return {}
    try:
        mean = regular.table(path)["mean"]
        scores = {str(name): round(float(value), 5) for name, value in mean.items()}
    except (OSError, ArithmeticError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(f"{path} is not one of ours", found=str(error)) from error
    return {name: value for name, value in scores.items() if math.isfinite(value)}


def _calibrated(
    run: Path,
    kept: Mapping[str, Any],
    painter: Generator,
    lesson: LessonRecord,
    told: Callable[[float], None],
) -> tuple[float, ...]:
    """Return the calibration of the strength slider; empty where there is nothing to try it on.

    A training that was not stopped has measured it of the painter that it kept.
    """
    if run_folder.STRENGTH in kept:
        return tuple(map(float, kept[run_folder.STRENGTH]))
    tried = calibration.glaze(run, painter)
    if not tried:
        return ()
    return calibration.calibrate(tried, lesson.floor, lesson.colour_space, told=told)


def _portable(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe for the card; of a weights file it tells the name, not the folder."""
    file = Path(recipe.perceptual_weights).name
    portable: dict[str, Any] = json.loads(replace(recipe, perceptual_weights=file).dumps())
    return portable


def _thumbnail(run: Path) -> str:
    """Return the run's thumbnail as base64 PNG, empty where there is none."""
    path = run / run_folder.THUMBNAIL
    return base64.b64encode(path.read_bytes()).decode("ascii") if path.is_file() else ""
