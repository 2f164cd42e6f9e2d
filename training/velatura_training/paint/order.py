"""What is to be painted: which keys, by which painter, with which eyes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from velatura.errors import FrameError, TrainingError
from velatura.plate import colour
from velatura.scene.footage import Footage
from velatura.suggest.advice import advise
from velatura.suggest.coverage import measure
from velatura.suggest.proxy import scout
from velatura.system.progress import Progress, Report
from velatura_training.data.paintings import Painting
from velatura_training.losses import backbones
from velatura_training.paint.key_painter import Manner
from velatura_training.paint.optimise import Optimiser

SPACE = colour.SCENE
"""The colour space that is painted in: a screen's primaries, as paintings on a screen have them."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Order:
    """How keys are wanted.

    Attributes:
        painter: ``strokes``, ``eyes`` or ``both``.
        eyes: name of a backbone, or ``none``.
        weights: its file, where it needs one.
        rounds: of the eyes at full size.
        stroke: size of the strokes, against paintings of 600 px.
        hold: 0..1, how much of the drawing stays.
        seed: of everything random.

    Raises:
        TrainingError: values that make no sense.
    """

    painter: str = "both"
    eyes: str = "none"
    weights: Path | None = None
    rounds: int = 40
    stroke: float = 1.0
    hold: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.hold <= 1:
            raise TrainingError("--hold is a part of 1", found=str(self.hold), do="Give 0 to 1.")
        if not 0.25 <= self.stroke <= 4:  # noqa: PLR2004
            raise TrainingError(
                "--stroke is out of range", found=str(self.stroke), do="Give 0.25 to 4."
            )
        if self.rounds < 1:
            raise TrainingError("--rounds is 1 or more", found=str(self.rounds))
        if self.painter == "eyes" and self.eyes == "none":
            raise TrainingError(
                "The painter `eyes` has no eyes to see with",
                do="Give --eyes vgg16, or vgg19 with --eyes-weights FILE; or --painter strokes.",
            )


def manner(order: Order, paintings: Sequence[Painting]) -> Manner:
    """Return how to paint.

    Raises:
        TrainingError, MissingRuntimeError: eyes that are not there: `backbones.load`.
    """
    eyes = None
    if order.eyes != "none" and order.painter != "strokes":
        network = backbones.load(order.eyes, order.weights)
        seen = [np.ascontiguousarray(p.shown[0].numpy().transpose(1, 2, 0)) for p in paintings]
        eyes = Optimiser.of(network, seen, order.rounds, order.hold)
        log.info("eyes: %s", network.label)
    strokes = order.painter != "eyes"
    return Manner(paintings, order.hold, strokes, eyes, order.stroke, order.seed)


def demanded(footage: Footage, frames: Sequence[int]) -> list[int]:
    """Return the frames that were asked for, or raise FrameError for one that is not there."""
    missing = sorted(set(frames) - set(footage.frames))
    if missing:
        raise FrameError(
            f"The shot has no frame {', '.join(map(str, missing))}",
            found=f"frames {footage.frames[0]} to {footage.frames[-1]}",
        )
    return sorted(set(frames))


def suggested(footage: Footage, count: int, report: Report) -> list[int]:
    """Return the frames whose paint helps the whole shot most, as `velatura suggest` names them.

    Args:
        footage: the shot.
        count: how many; fewer where there are fewer frames.
        report: told of each frame that is looked at.

    Raises:
        FrameError: a count below 1.
    """
    if count < 1:
        raise FrameError("At least one key is to be painted (--count)", found=str(count))
    if count >= len(footage.frames):
        return list(footage.frames)
    seen = scout(footage, report)
    with Progress("none") as silent:
        reach = measure(seen, [], silent)
    return sorted(one.frame for one in advise(reach, [], count).suggestions)
