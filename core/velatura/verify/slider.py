"""Proof of the slider: half of its way shows half of the look."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from velatura.gain import law
from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.strength import even
from velatura.verify.trial import Trial
from velatura.verify.verdict import Proof

LIMIT = 0.05
"""Largest part of the look by which the slider may be off; calibrated looks have .01 to .03 on
frames that they were not calibrated on, uncalibrated ones .25."""

PLACES = 9
"""Places of the slider that are looked at."""

LEAST = 0.002
"""Mean FLIP at full strength below which no eye sees a look."""

_SIDE = 640  # px of a frame's middle: FLIP takes a CPU-second a megapixel
_FLIP = "flip_evaluator"
_NAME, _CLAIM = "slider", "half of the slider shows half of the look"
_UNIT = "of the look"


def slider(trial: Trial) -> Proof:
    """Prove that the slider is even: ``max |D(s) - s|``, D the share of the mean FLIP at s.

    FLIP: Andersson et al. 2020, by NVIDIA's own program, which comes with the trainer.
    """
    if not trial.card.strength_lut:
        reason = "this look's slider is in raw stops: it has no calibration"
        return Proof(_NAME, _CLAIM, None, LIMIT, _UNIT, reason)
    if find_spec(_FLIP) is None:
        reason = "flip-evaluator is not installed; it comes with the trainer"
        return Proof(_NAME, _CLAIM, None, LIMIT, _UNIT, reason)
    some, sliders = trial.few(), np.linspace(0, 1, PLACES)
    seen = np.zeros(PLACES)
    for glazing in trial.glazings(some):
        rows, columns = map(_middle, glazing.plate.size)
        plate, space = glazing.feed.seen(rows, columns), glazing.feed.space
        stops = np.ascontiguousarray(glazing.stops[:, rows, columns])
        before = _shown(plate, space)
        for place, at in enumerate(sliders[1:], 1):
            amount = even(trial.card.strength_lut, float(at))
            after = law.apply(plate, stops, amount, floor=trial.card.floor)
            seen[place] += _flip(before, _shown(after, space))
    if seen[-1] < LEAST * len(some):
        return Proof(_NAME, _CLAIM, None, LIMIT, _UNIT, "the look shows nothing on these frames")
    off = float(np.abs(seen / seen[-1] - sliders).max())
    return Proof(_NAME, _CLAIM, off, LIMIT, _UNIT, f"FLIP at {PLACES} places, {len(some)} frames")


def _middle(size: int) -> slice:
    start = max(0, (size - _SIDE) // 2)
    return slice(start, min(size, start + _SIDE))


def _shown(light: FloatArray, space: str) -> npt.NDArray[np.float32]:
    """Return ``(H, W, 3)`` display values, sRGB curve, 0..1."""
    srgb = colour.convert(np.clip(light, 0, None), space, colour.PAINTED)
    return np.ascontiguousarray(np.moveaxis(np.clip(np.nan_to_num(srgb), 0, 1), 0, -1))


def _flip(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    return float(import_module(_FLIP).evaluate(before, after, "LDR", True, False, True)[1])
