"""Proof of the painted frames: what the painter painted comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from velatura.carry.paint import Carry
from velatura.errors import ImageError
from velatura.gain import law
from velatura.image.planes import FloatArray
from velatura.plate import flat
from velatura.plate.encoding import SCALE, decoded, encoded
from velatura.verify.trial import Glazing, Trial
from velatura.verify.verdict import Proof

LIMIT = 0.02
"""Largest difference of a shot look's painted frame, stops: gains are half floats, between 4 and 8
stops .004 apart, and paint is kept to a third of a thousandth of a stop."""

MOST = 0.001
"""Part of the values that may differ by more: the soft edge of what was painted."""

LEFT = 0.5
"""Most of the way from plate to paint that a free look may leave: it learns a manner, and no frame
by heart."""

_NAME, _CLAIM = "painted frames", "painted frames come back as they were painted"


def painted(trial: Trial, keys: Mapping[int, Path]) -> Proof:
    """Prove that painted frames come back.

    A shot look has its paint on board. For a free look, or to compare with the files themselves,
    name the painted keys.

    Args:
        trial: the look.
        keys: painted keys by frame number, opaque pictures; empty for those on board.
    """
    if keys:
        return _of_files(trial, keys)
    carry = trial.session.carry
    if carry is None:
        reason = "a free look has no painted frames on board; name them with --painted"
        return Proof(_NAME, _CLAIM, None, LEFT, "", reason)
    there = {key.frame for key in carry.keys}
    some = [one for one in trial.frames if one.number in there]
    worst = [_off(glazing, carry, trial) for glazing in trial.glazings(some)]
    unit = f"stops, worst of {1 - MOST:.1%} of all values"
    known = [value for value in worst if value is not None]
    if not known:
        listed = ", ".join(map(str, sorted(there))) or "none"
        reason = f"none of the frames was painted; those on board are {listed}"
        return Proof(_NAME, _CLAIM, None, LIMIT, unit, reason)
    return Proof(_NAME, _CLAIM, max(known), LIMIT, unit, f"{len(known)} painted frames on board")


def _off(glazing: Glazing, carry: Carry, trial: Trial) -> float | None:
    """Return how far a frame is from its own paint, stops; None if it is of another shot."""
    if glazing.feed.frame is None:
        return None
    key = next(key for key in carry.keys if key.frame == glazing.number)
    found = carry.only(key.frame).paint(glazing.number, glazing.feed.sight(*glazing.whole))
    sure = found.planes[3] >= 1
    if found.cover is not None:
        sure = sure & (found.cover >= 1)
    reached = _reached(glazing, trial, decoded(found.planes[:3]))
    apart = np.abs(_codes(glazing, trial) - encoded(reached))[:, sure] * SCALE
    return float(np.quantile(apart, 1 - MOST)) if apart.size else 0.0


def _reached(glazing: Glazing, trial: Trial, paint: FloatArray) -> FloatArray:
    """Return painted light as far as gains reach: black on white is 8 stops darker."""
    seen, card = glazing.plate.seen(*glazing.whole, glazing.feed.space), trial.card
    gains = law.derive(seen, paint, floor=card.floor, bound=card.bound)
    return law.apply(seen, gains, floor=card.floor)


def _codes(glazing: Glazing, trial: Trial) -> FloatArray:
    """Return the finished light, encoded, in the look's space and not multiplied by alpha."""
    rgb, alpha = glazing.plate.stored(*glazing.whole)
    red, green, blue = law.apply(rgb, glazing.stops, 1.0, alpha, trial.card.floor)
    after = replace(glazing.plate, rgb=(red, green, blue))
    return encoded(after.seen(*glazing.whole, glazing.feed.space))


def _of_files(trial: Trial, keys: Mapping[int, Path]) -> Proof:
    some = [one for one in trial.frames if one.number in keys]
    left, whole = 0.0, 0.0
    for glazing in trial.glazings(some):
        space = glazing.feed.space
        height, width = glazing.plate.size
        read = flat.read_rgb(keys[glazing.number], max_pixels=flat.LARGER * height * width)
        paint = encoded(read.straight().light(space))
        sure = np.ones(paint.shape[1:], bool) if read.alpha is None else read.alpha >= 1
        before = encoded(glazing.plate.seen(*glazing.whole, space))
        if paint.shape != before.shape:
            sizes = (f"{planes.shape[2]}x{planes.shape[1]}" for planes in (paint, before))
            raise ImageError(
                f"{keys[glazing.number]} has not the size of its plate",
                found=" and ".join(sizes),
                do="Name with --painted keys of the plates' size",
            )
        left += float(np.abs(_codes(glazing, trial) - paint)[:, sure].sum())
        whole += float(np.abs(before - paint)[:, sure].sum())
    shot = bool(trial.card.keys_digest)
    unit = "of the way from plate to paint is left"
    if not whole:
        reason = "none of the frames has a painted key that differs from its plate"
        return Proof(_NAME, _CLAIM, None, LEFT, unit, reason)
    return Proof(
        *(_NAME, _CLAIM, left / whole, LIMIT if shot else LEFT, unit),
        f"{len(some)} painted keys from files",
    )
