"""What is to be painted: which keys, by which painter, with which eyes."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from velatura.errors import FrameError, TrainingError
from velatura.image import gathering
from velatura.image.numbered import Pattern
from velatura.plate import colour
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.suggest.advice import advise
from velatura.suggest.coverage import measure
from velatura.suggest.proxy import scout
from velatura.system.progress import Progress, Report, Style
from velatura_training.data import paintings as painting_files
from velatura_training.data.paintings import WHOLE, Crop, Painting
from velatura_training.losses import backbones, memory
from velatura_training.paint.key_painter import KeyPainter, Manner
from velatura_training.paint.optimise import Optimiser

SPACE = colour.SCENE
"""The colour space that is painted in: a screen's primaries, as paintings on a screen have them."""

ROUNDS, MOST_ROUNDS = 40, 100
"""Rounds of the eyes at full size, and where minutes are given, as many as there is time for: 80
bring gram from .046 to .04, in twice the time."""

PAINTED = 0.5
"""Part of a training's minutes that its keys may be painted in: the rest carries and learns."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Order:
    """How keys are wanted.

    Attributes:
        painter: ``strokes``, ``eyes`` or ``both``.
        eyes: name of a backbone, or ``none``.
        weights: its file, where it needs one.
        rounds: of the eyes at full size; None for the usual.
        stroke: size of the strokes, against paintings of 600 px.
        hold: 0..1, how much of the drawing stays.
        seed: of everything random.
        frames: which to paint; none leaves the choice to `suggested`.
        count: how many it chooses.
        crop: what is left out of each painting.
        seconds: that all of it may take; None for as long as the rounds take.

    Raises:
        TrainingError: values that make no sense.
    """

    painter: str = "both"
    eyes: str = "none"
    weights: Path | None = None
    rounds: int | None = None
    stroke: float = 1.0
    hold: float = 0.3
    seed: int = 0
    frames: Sequence[int] = ()
    count: int = 3
    crop: Crop = WHOLE
    seconds: float | None = None

    @classmethod
    def of(cls, **given: Any) -> Order:
        """Return the order with what was given; None leaves the usual value.

        Raises:
            TrainingError: values that make no sense, or eyes' own without eyes.
        """
        order = cls(**{name: value for name, value in given.items() if value is not None})
        if order.eyes == "none" and (given.get("rounds") or given.get("weights")):
            raise TrainingError(
                "--rounds and --eyes-weights are the eyes', and no eyes are chosen",
                do="Give --eyes vgg16, vgg19 or squeezenet, or omit them.",
            )
        return order

    def __post_init__(self) -> None:
        if not 0 <= self.hold <= 1:
            raise TrainingError("--hold is a part of 1", found=str(self.hold), do="Give 0 to 1.")
        if not 0.25 <= self.stroke <= 4:  # noqa: PLR2004
            raise TrainingError(
                "--stroke is out of range", found=str(self.stroke), do="Give 0.25 to 4."
            )
        if self.rounds is not None and self.rounds < 1:
            raise TrainingError("--rounds is 1 or more", found=str(self.rounds))
        if self.painter == "strokes" and self.eyes != "none":
            raise TrainingError(
                "The painter `strokes` looks at nothing, so --eyes would not be used",
                found=f"--eyes {self.eyes}",
                do="Give --painter both, or omit --eyes.",
            )
        if self.painter == "eyes" and self.eyes == "none":
            raise TrainingError(
                "The painter `eyes` has no eyes to see with",
                do="Give --eyes vgg16, or vgg19 with --eyes-weights FILE; or --painter strokes.",
            )


def paint(
    order: Order,
    footage: Footage,
    paintings: Sequence[Path],
    path: Callable[[int], Path],
    progress: Style,
) -> list[int]:
    """Paint keys of a shot; return their numbers.

    Args:
        order: how they are wanted.
        footage: the shot.
        paintings: files of those.
        path: the file of each key.
        progress: how to show progress.

    Raises:
        TrainingError, MissingRuntimeError: paintings or eyes that cannot be used.
        FrameError, ImageError, PassError, ColourError: frames that are not there or do not fit.
        StorageError: a key cannot be written.
    """
    until = math.inf if order.seconds is None else time.perf_counter() + order.seconds
    read = painting_files.read(paintings, SPACE, order.stroke, order.crop)
    how = manner(order, read)
    if order.frames:
        chosen = demanded(footage, order.frames)
    else:
        with Progress(progress, "frames looked at") as report:
            chosen = suggested(footage, order.count, report)
    artist = KeyPainter(footage, how)
    with Progress(progress, "keys") as report:
        artist.paint(chosen, path, report, until)
    return chosen


def manner(order: Order, paintings: Sequence[Painting]) -> Manner:
    """Return how to paint.

    Raises:
        TrainingError, MissingRuntimeError: eyes that are not there: `backbones.load`.
        MachineError: not enough memory for eyes and strokes of that size.
    """
    eyes = None
    if order.eyes != "none" and order.painter != "strokes":
        for painting in paintings:
            memory.demand_sight(order.eyes, painting.shown, order.stroke)
        network = backbones.load(order.eyes, order.weights)
        seen = [np.ascontiguousarray(p.shown[0].numpy().transpose(1, 2, 0)) for p in paintings]
        usual = ROUNDS if order.seconds is None else MOST_ROUNDS
        eyes = Optimiser.of(network, seen, order.rounds or usual, order.hold)
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


def of_shots(
    folder: Path,
    order: Order,
    plates: Sequence[str],
    style: Sequence[Path],
    reading: Reading,
    progress: Style,
) -> tuple[str, ...]:
    """Return the patterns of a run's painted keys: as they lie there, else newly painted.

    Args:
        folder: where they lie; those of several shots in folders 1, 2 and so on in it.
        order: how they are painted.
        plates: the shots, a pattern each.
        style: the paintings.
        reading: how the plates are read.
        progress: how to show progress.

    Raises:
        TrainingError: no shot is named; and as `paint`.
    """
    if not plates:
        raise TrainingError("No footage to learn on", do="Name a shot: plate.####.exr")
    patterns = []
    for number, plate in enumerate(plates, 1):
        numbers, files = Pattern.parse(plate), gathering.find(plate)
        own = folder if len(plates) == 1 else folder / str(number)
        paths = {frame: own / f"key.{numbers.written(frame)}.exr" for frame in files}
        if not any(path.exists() for path in paths.values()):
            paint(order, Footage(files, reading), style, paths.__getitem__, progress)
        patterns.append(str(own / f"key.{'#' * max(1, numbers.digits)}.exr"))
    return tuple(patterns)
