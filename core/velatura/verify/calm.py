"""Proof of calm: what follows from the frame before in the plate does so in the result."""

from __future__ import annotations

import numpy as np

from velatura.image.planes import FloatArray
from velatura.image.sampling import linear
from velatura.plate.encoding import encoded
from velatura.scene import optical_flow, vectors
from velatura.verify.trial import Glazing, Trial
from velatura.verify.verdict import Proof

LIMIT = 2.0
"""Largest ratio of both warp errors. Paint has edges that a plate has not: painters' own frames
have 1.0 to 1.7 (docs/learning.md), strokes that stick to the screen 3 and more."""

QUIET = 1e-3
"""Warp error to which a calmer plate is raised: a still plate has none, and no ratio."""

_NAME, _CLAIM = "calm", "the result flickers little more than the plate"
_UNIT = "times the plate's warp error"


def calm(trial: Trial) -> Proof:
    """Prove that a look does not flicker: the ratio of mean warp errors, result by plate.

    ``E_warp = mean |E(y_t) - W(E(y_t-1))|`` over the pixels that were visible in the frame before
    (Lai et al. 2018, eq. 10, of encoded light), as `velatura_training.metrics.motion` has it. The
    motion is the plate's Vector pass, else optical flow.
    """
    before: Glazing | None = None
    errors: list[tuple[float, float]] = []
    source = ""
    for glazing in trial.glazings():
        if before is not None and glazing.number == before.number + 1:
            moved = _motion(before, glazing)
            if moved is not None:
                way, visible, source = moved
                errors.extend(_errors(before, glazing, way, visible))
        before = glazing
    if not errors:
        reason = "no two neighbouring frames whose motion is known"
        return Proof(_NAME, _CLAIM, None, LIMIT, _UNIT, reason)
    still, result = np.mean(errors, axis=0)
    note = f"in {still:.4f}, out {result:.4f}, {len(errors)} pairs by {source}"
    return Proof(_NAME, _CLAIM, float(result / max(still, QUIET)), LIMIT, _UNIT, note)


def _errors(
    before: Glazing, now: Glazing, way: FloatArray, visible: vectors.Bools
) -> list[tuple[float, float]]:
    """Return the warp errors of plate and result; nothing where nothing was visible before."""
    if not visible.any():
        return []
    height, width = now.plate.size
    x, y = (vectors.start(height, width) + way).reshape(2, -1)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    found = []
    for was, is_now in ((before.plate, now.plate), (before.after, now.after)):
        old, new = (encoded(p.seen(*now.whole, now.feed.space)) for p in (was, is_now))
        led = linear(old, x, y).reshape(new.shape)
        found.append(float(np.abs(new - led).mean(axis=0)[visible].mean()))
    return [(found[0], found[1])]


def _motion(before: Glazing, now: Glazing) -> tuple[FloatArray, vectors.Bools, str] | None:
    """Return where pixels were a frame before, where that is sure, and who says so."""
    if before.plate.size != now.plate.size:
        return None
    passes = [
        one.plate.guides.read(("vector", "depth"), one.plate.window(*one.whole))
        for one in (before, now)
    ]
    if all("vector" in found for found in passes):
        way, source = vectors.to_before(passes[1]["vector"]), "vectors"
        forth = vectors.to_after(passes[0]["vector"])
    elif optical_flow.available():
        was, seen = (encoded(one.plate.seen(*one.whole, one.feed.space)) for one in (before, now))
        way, source = optical_flow.between(seen, was), "optical flow"
        forth = optical_flow.between(was, seen)
    else:
        return None
    start = vectors.start(*now.plate.size)
    visible = vectors.home(start + way, start + forth)
    if "depth" in passes[1]:
        visible &= passes[1]["depth"][0] > 0
    return way, visible, source
