"""Proofs of equal bits: strength 0, tiles, and a job that runs twice or in many threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from velatura.apply import frame as frames
from velatura.apply.tile import plan
from velatura.errors import MachineError
from velatura.gain import law
from velatura.image import exr
from velatura.look import Card
from velatura.plate import formats
from velatura.verify.trial import Trial
from velatura.verify.verdict import Proof

_UNIT = "values that differ"
_LESS = 0.8  # of a memory budget, from try to try
_TILES = 4  # as many tell all: corners, edges, and seams both ways


def zero(trial: Trial, out: Path) -> Proof:
    """Prove that strength 0 gives the plate back, in every bit of every channel.

    Args:
        trial: the look.
        out: the finished pictures of the same job at strength 0.
    """
    differing = 0
    for one, glazing in zip(trial.frames, trial.glazings(), strict=True):
        if formats.is_exr(one.plate) and one.picture:
            before = exr.read(one.plate)
            after = exr.read(out / one.picture.path.name)
            for (_, _, old), (_, _, new) in zip(before.planes(), after.planes(), strict=True):
                if not old.lossy:  # a codec that rounds is not the look's doing
                    differing += _differing(old.pixels, new.pixels)
        rgb, alpha = glazing.plate.stored(*glazing.whole)
        back = law.apply(rgb, glazing.stops, 0.0, alpha, trial.card.floor)
        differing += _differing(rgb, back)
    claim = "strength 0 gives the plate back, bit for bit"
    return Proof("strength 0", claim, differing, 0, _UNIT, _frames(len(trial.frames)))


def tiles(trial: Trial) -> Proof:
    """Prove that a frame in tiles is the frame as a whole, in every bit."""
    differing, most = 0, 0
    some = trial.few()
    for glazing in trial.glazings(some):
        height, width = glazing.plate.size
        whole, small, count = _budgets(height, width, trial.card)
        if count == 1:
            continue
        one, other = (frames.bake(glazing.feed, trial.session, budget) for budget in (whole, small))
        differing, most = differing + _differing(one, other), max(most, count)
    claim = "tiles make the same gain as the whole frame"
    if most == 0:
        reason = f"the frames are smaller than two tiles of this look (halo {trial.card.halo} px)"
        return Proof("tiles", claim, None, 0, _UNIT, reason)
    return Proof("tiles", claim, differing, 0, _UNIT, f"{_frames(len(some))}, {most} tiles")


def repeats(name: str, claim: str, one: Path, other: Path, note: str) -> Proof:
    """Prove that two jobs wrote the same files, byte for byte."""
    names = {path.name for folder in (one, other) for path in folder.glob("*.exr")}
    differing = sum(_content(one / name) != _content(other / name) for name in names)
    return Proof(name, claim, differing, 0, "files that differ", f"{len(names)} files, {note}")


def _budgets(height: int, width: int, card: Card) -> tuple[int, int, int]:
    """Return memory budgets for one tile and for a few, bytes, and how many tiles these are."""
    budget = whole = int(4 * card.bytes_px * (height + 64) * (width + 64))
    while len(plan(height, width, card, whole)) > 1:
        whole *= 2
    small, count = whole, 1
    while count < _TILES:
        budget = int(budget * _LESS)
        try:
            found = len(plan(height, width, card, budget))
        except MachineError:  # it holds no tile any more
            break
        if found > count:
            small, count = budget, found
    return whole, small, count


def _differing(one: np.ndarray, other: np.ndarray) -> int:
    """Return how many values are not the same bits."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return int(one.size)
    kind = np.dtype(f"u{one.dtype.itemsize}")
    return int(np.count_nonzero(_bits(one, kind) != _bits(other, kind)))


def _bits(values: np.ndarray, kind: np.dtype) -> np.ndarray:
    return np.ascontiguousarray(values).view(kind)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _frames(count: int) -> str:
    return f"{count} frames" if count > 1 else "1 frame"
