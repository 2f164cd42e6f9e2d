"""Proof of exposure: a shot lit three stops darker or brighter takes the look as well.

`velatura apply --exposure` shows the look a plate as bright as those it has learnt from. So the
result for ``2^s x`` with an exposure of ``-s`` has to be ``2^s`` times the result for ``x``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from velatura.apply import frame as frames
from velatura.gain import law
from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray
from velatura.verify.trial import Glazing, Trial, scaled
from velatura.verify.verdict import Proof

STOPS = 3.0
"""By so much the plate is made brighter and darker, stops."""

LIMIT = 0.02
"""Largest difference, stops. Gains are half floats: between 4 and 8 stops they are .004 apart, and
two of them are compared."""

MOST = 0.001
"""Part of the values that may differ by more: dark ones whose gain is at its bound already."""


def exposure(trial: Trial) -> Proof:
    """Prove that exposing the plate and telling the look leaves the result as it was."""
    some = trial.few()
    worst = max(
        _apart(glazing, trial, stops)
        for glazing in trial.glazings(some)
        for stops in (-STOPS, STOPS)
    )
    return Proof(
        "exposure",
        f"a plate {STOPS:g} stops darker or brighter, corrected by --exposure, gets the same look",
        worst,
        LIMIT,
        f"stops, worst of {1 - MOST:.1%} of all values",
        f"{len(some)} frames",
    )


def _apart(glazing: Glazing, trial: Trial, stops: float) -> float:
    """Return the difference in stops that all but `MOST` of a frame's values stay within."""
    card, factor = trial.card, np.float32(2**stops)
    plate = scaled(glazing.plate, float(factor))
    exposed = replace(glazing.feed, plate=plate, exposure=glazing.feed.exposure - stops)
    gains = frames.bake(exposed, trial.session, _budget(glazing, trial))
    rows, columns = glazing.whole
    rgb, alpha = plate.stored(rows, columns)
    after = law.apply(rgb, gains.astype(np.float32), 1.0, alpha, card.floor) / factor
    stored, _ = glazing.plate.stored(rows, columns)
    wanted = law.apply(stored, glazing.stops, 1.0, alpha, card.floor)
    lit = np.isfinite(stored) & (stored >= 0) & (stored < HALF_MAX / 2 ** abs(stops))
    return _quantile(np.abs(_stops(after, card.floor) - _stops(wanted, card.floor))[lit])


def _stops(light: FloatArray, floor: float) -> FloatArray:
    with np.errstate(invalid="ignore"):
        seen: FloatArray = np.log2(np.maximum(light, 0) + np.float32(floor))
    return seen


def _quantile(values: FloatArray) -> float:
    return float(np.quantile(values, 1 - MOST)) if values.size else 0.0


def _budget(glazing: Glazing, trial: Trial) -> int:
    height, width = glazing.plate.size
    return int(2 * trial.card.bytes_px * (height + 64) * (width + 64))
