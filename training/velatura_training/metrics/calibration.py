"""How evenly the slider brings a look in, and the calibration that makes it even.

How much of a look shows at the gain g of the law is::

    D(g) = mean FLIP(x, y(g)) / mean FLIP(x, y(1))

over crops of the shot, x the plate and y(g) the plate under the look: 0 at 0, 1 at 1 (FLIP:
Andersson et al. 2020; see `velatura_training.metrics.flip`; on a Python that has no FLIP,
`velatura_training.metrics.hyab`). The calibration is its inverse at
every sixteenth, so that D(even(s)) is s. What remains is measured between the knots, too.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura.gain import law
from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.strength import KNOTS, even
from velatura_training import run_folder
from velatura_training.data.patches import about
from velatura_training.encoding import display
from velatura_training.metrics import flip, hyab
from velatura_training.metrics.frames import SPACE, clean
from velatura_training.network.generator import Generator

CROPS, SIDE = 16, 96
"""How many crops are looked at, and their side in px: as much as three small frames."""

LEAST_CROPS, SHARE = 4, 0.05
"""Crops that are looked at in any case, and the part of a training's time that all may take."""

GAINS = 12
"""Gains at which D is measured; closer together where a look begins, as it bends most there. With
24 the slider is .005 more even at most, in twice the time."""

LEAST = 0.002
"""Mean FLIP at full strength under which there is nothing to calibrate: an eye sees no look."""

STRAIGHT = 0.01
"""Part of a straight line in every calibration: it rises strictly wherever D has a plateau."""

log = logging.getLogger("velatura.training")


@dataclass(frozen=True)
class Sample:
    """A plate and a look's gain on it: what the strength is calibrated on.

    Attributes:
        plate: ``(3, H, W)`` scene-linear, unpremultiplied, in the look's space.
        stops: ``(3, H, W)`` the look's answer, stops.
    """

    plate: FloatArray
    stops: FloatArray


def calibrate(
    frames: Sequence[Sample],
    floor: float,
    space: str = SPACE,
    seed: int = 0,
    told: Callable[[float], None] = lambda _: None,
    ends: float = math.inf,
) -> tuple[float, ...]:
    """Return the strength calibration of a look, as its card carries it; see `velatura.strength`.

    Empty, for a slider in raw stops, where the look does nothing that shows or FLIP is not
    installed; both are logged. On one core the 16 crops of 96 px take some 3 seconds.

    Args:
        frames: some of the shot under the look, painted keys or others; a few are enough.
        floor: the look's floor, scene-linear.
        space: the colour space of the plates.
        seed: of the crops' places.
        told: is told how much of it is done, 0..1.
        ends: by `time.monotonic`: when time is up, fewer crops have to do, `LEAST_CROPS` at least.
    """
    gains = np.linspace(0, 1, GAINS) ** 1.5
    seen = shown(crops(frames, seed), gains.tolist(), floor, space, told, ends, _apart())
    if seen[-1] < LEAST:
        log.warning("no calibration of the strength: nothing of the look shows")
        return ()
    share = np.maximum.accumulate(seen) / np.max(seen)
    rising, first = np.unique(share, return_index=True)
    wanted = np.linspace(0, 1, KNOTS)
    inverse = np.interp(wanted, rising, gains[first])
    calibrated = STRAIGHT * wanted + (1 - STRAIGHT) * inverse
    return (0.0, *(round(float(g), 5) for g in calibrated[1:-1]), 1.0)


def seconds(total: float = math.inf) -> float:
    """Return how long `calibrate` takes right now; no more than its part of a training's time.

    Args:
        total: seconds of the training; infinite where steps were given.
    """
    crop = torch.linspace(0, 1, 3 * SIDE * SIDE).reshape(1, 3, SIDE, SIDE)
    begun = time.perf_counter()
    _apart()(crop, crop.flip(3))
    one = (GAINS - 1) * (time.perf_counter() - begun)
    return min(CROPS * one, max(LEAST_CROPS * one, SHARE * total))


def unevenness(
    frames: Sequence[Sample],
    lut: Sequence[float],
    floor: float,
    space: str = SPACE,
    points: int = 41,
) -> float:
    """Return ``max_s |D(even(s)) - s|`` over the slider from 0 to 1; 0 is perfectly even.

    Args:
        frames: whole frames of the shot, not those of the calibration if it is to be tested.
        lut: a calibration, or nothing for raw stops.
        floor: the look's floor, scene-linear.
        space: the colour space of the plates.
        points: of the slider that are looked at; 41 lie between the knots, too.

    Raises:
        MissingRuntimeError: flip-evaluator is not installed.
    """
    sliders = np.linspace(0, 1, points)
    seen = shown(frames, [even(lut, float(s)) for s in sliders], floor, space)
    return float(np.max(np.abs(np.asarray(seen) / seen[-1] - sliders)))


def shown(
    frames: Sequence[Sample],
    gains: Sequence[float],
    floor: float,
    space: str,
    told: Callable[[float], None] = lambda _: None,
    ends: float = math.inf,
    apart: Callable[[Tensor, Tensor], float] = flip.ldr,
) -> list[float]:
    """Return how much of the look shows at each gain: mean FLIP over all pixels of the frames.

    Of the first frames alone where there is no time for all, see `calibrate`.
    """
    sums, pixels, longest = np.zeros(len(gains)), 0, 0.0
    for number, frame in enumerate(frames):
        told(number / len(frames))
        begun = time.monotonic()
        if number >= LEAST_CROPS and begun + longest > ends:
            break
        before = _display(frame.plate, space)
        size = frame.plate[0].size
        for at, amount in enumerate(gains):
            after = law.apply(frame.plate, frame.stops, float(amount), floor=floor)
            sums[at] += size * apart(_display(after, space), before) if amount else 0.0
        pixels += size
        longest = max(longest, time.monotonic() - begun)
    return [float(total / pixels) for total in sums]


def _apart() -> Callable[[Tensor, Tensor], float]:
    """Return what pictures are compared by: FLIP, or where that cannot be had, its colours alone.

    By these a slider is as even: on two shots FLIP finds it off by .011 and .010 (.165 in raw
    stops), and by its own calibration by .011 and .010.
    """
    return flip.ldr if flip.available() else hyab.distance


def crops(frames: Sequence[Sample], seed: int = 0) -> list[Sample]:
    """Return `CROPS` crops at random places, the same number of each frame, or one more."""
    rng = np.random.default_rng(seed)
    cut = []
    for number in range(CROPS):
        frame = frames[number % len(frames)]
        height, width = frame.plate.shape[1:]
        top, left = (about(float(rng.random()), min(SIDE, side), side) for side in (height, width))
        window = (slice(None), slice(top, top + SIDE), slice(left, left + SIDE))
        cut.append(Sample(frame.plate[window], frame.stops[window]))
    return cut


def _display(light: FloatArray, space: str) -> Tensor:
    planes = colour.convert(np.ascontiguousarray(light), space, SPACE)
    return display(clean(torch.from_numpy(planes)[None]))


@torch.no_grad()
def glaze(run: Path, painter: Generator) -> list[Sample]:
    """Return what a painter makes of a run's swatches; nothing where an older run has none."""
    if not (run / run_folder.SWATCHES).exists():
        return []
    path = run / run_folder.SWATCHES
    found = run_folder.load(path, torch.device("cpu"))
    glazed = []
    where = next(painter.parameters()).device
    with run_folder.believed(path):
        for swatch in found["swatches"]:
            plate, guides = (swatch[name].float()[None] for name in ("plate", "guides"))
            read = guides.to(where) if guides.shape[1] else None
            stops = painter(plate.to(where), read)[0]
            glazed.append(Sample(plate[0].numpy(), stops.cpu().numpy()))
    return glazed
