"""Proofs about light: nothing is broken, and highlights stay where the card says."""

from __future__ import annotations

import numpy as np

from velatura.image.planes import LUMINANCE, FloatArray
from velatura.verify.trial import Trial
from velatura.verify.verdict import Proof

STATED, UNSTATED = 0.5, 1.0
"""Stops by which highlights may lie off: of what the card says was painted, or of the plate where
it says nothing."""

_TOP = 0.999  # of the luminances: see `velatura_training.metrics.highlights`
_LEAST = 1e-6  # scene-linear: darker highlights have no stops


def sound(trial: Trial) -> Proof:
    """Prove that no NaN, Inf or negative light is made where the plate had none."""
    made = 0
    for glazing in trial.glazings():
        before, after = (p.stored(*glazing.whole)[0] for p in (glazing.plate, glazing.after))
        with np.errstate(invalid="ignore"):
            made += int(np.count_nonzero(~np.isfinite(after) & np.isfinite(before)))
            made += int(np.count_nonzero((after < 0) & ~(before < 0)))
    claim = "no NaN, Inf or negative light is made"
    return Proof("sound light", claim, made, 0, "values", f"{len(trial.frames)} frames")


def highlights(trial: Trial) -> Proof:
    """Prove that the brightest light goes where the card says, or stays.

    The figure is ``log2(P(y) / P(x))``, P the 99.9th percentile of luminance, the mean of all
    frames, less what the card's scores have for it.
    """
    shifts = [
        np.log2(_brightest(glazing.after.stored(*glazing.whole)[0]))
        - np.log2(_brightest(glazing.plate.stored(*glazing.whole)[0]))
        for glazing in trial.glazings()
    ]
    shift, stated = float(np.mean(shifts)), trial.card.scores.get("p999")
    said = "nothing" if stated is None else f"{stated:+.2f}"
    return Proof(
        "highlights",
        "highlights (P99.9) move as far as the card says",
        abs(shift - (stated or 0.0)),
        UNSTATED if stated is None else STATED,
        "stops off",
        f"moved {shift:+.2f} stops, the card says {said}",
    )


def _brightest(light: FloatArray) -> float:
    whole = light[:, np.isfinite(light).all(axis=0)]
    if not whole.size:
        return _LEAST
    return max(_LEAST, float(np.quantile(np.array(LUMINANCE, np.float32) @ whole, _TOP)))
