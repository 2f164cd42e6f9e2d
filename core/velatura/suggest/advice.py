"""Where to paint next: the frames whose paint would help the shot most, and how sure that is.

Holes of carried paint, and places where the light changes, cost; a frame is worth what painting it
would save over the whole shot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.suggest import selection
from velatura.suggest.coverage import Reach
from velatura.suggest.selection import Ledger, Prices

ALIKE = 0.95
"""Share of the best frame's gain from which on another frame does as well."""

GAIN_ERROR = 0.06
"""By how much an expected gain is off, as a share of the best one's: rounded up from what makes
`Suggestion.chance` hold as often as it says on the courtyard and the harbour (docs/learning.md)."""

DOZEN = 11
"""Effective number of independent candidates, measured on shots of twelve frames. Longer shots have
more candidates, but neighbours err alike."""

SURE, FAIRLY = 0.9, 0.7
"""Chances from which on a suggestion counts as sure, and as fairly sure."""


@dataclass(frozen=True)
class Suggestion:
    """A frame to paint.

    Attributes:
        frame: its number.
        covered: share of the shot that paint reaches once it is painted, and those before it.
        error: what is expected to be wrong then, encoded light: a mean over the shot.
        gain: the share of the error before that it takes away.
        as_good: other frames that would do as well: their gain is at least `ALIKE` of its.
        rival: the best of the rest; None where all would do as well.
        margin: by how much less that helps, as a share of the gain.
        chance: that no other frame helps clearly more, 0 to 1; None where how things move is not
            known, and with it how far paint reaches.
    """

    frame: int
    covered: float
    error: float
    gain: float
    as_good: tuple[int, ...]
    rival: int | None
    margin: float
    chance: float | None

    @property
    def sure(self) -> str:
        """How far to believe it, in words."""
        if self.chance is None:
            return "a guess"
        return (
            "sure" if self.chance >= SURE else "fairly sure" if self.chance >= FAIRLY else "unsure"
        )


@dataclass(frozen=True)
class Advice:
    """What to paint in a shot.

    Attributes:
        reach: how far paint reaches.
        prices: what is expected to be wrong, and where.
        painted: the frames that are painted already, rising.
        suggestions: the frames to paint, in order.
        wrong: of each suggested frame ``(P,)``: what is expected to be wrong with its points once
            those before it are painted.
        covered: ``(F,)`` share of each frame that paint reaches as things are.
        error: ``(F,)`` what is expected to be wrong with each frame, encoded light.
        left: ``(F,)`` the same once all suggestions are painted.
        worth: ``(F,)`` the share of the whole shot's error that painting a frame next would take
            away; NaN where it is painted or was not weighed.
    """

    reach: Reach
    prices: Prices
    painted: tuple[int, ...]
    suggestions: tuple[Suggestion, ...]
    wrong: tuple[FloatArray, ...]
    covered: FloatArray
    error: FloatArray
    left: FloatArray
    worth: npt.NDArray[np.float64]


def advise(
    reach: Reach,
    painted: Sequence[int],
    count: int = 1,
    prices: Prices | None = None,
    doubt: FloatArray | None = None,
) -> Advice:
    """Return which frames to paint.

    Args:
        reach: how far paint reaches in the shot; not all of its frames are painted.
        painted: the frames that are painted already.
        count: how many to suggest; fewer where there are fewer candidates.
        prices: what is expected to be wrong, and where; default: the usual ones.
        doubt: ``(F, P)``: by how much a trained look is expected to do worse than the prices have
            it, or better, encoded light; NaN where that is not known.
    """
    prices = prices or Prices()
    ledger = Ledger.of(reach, prices, painted)
    if doubt is not None:
        base = np.maximum(ledger.base + np.nan_to_num(doubt), np.float32(prices.own))
        ledger = replace(ledger, base=base)
    there = reach.at(painted).tolist()
    candidates = [at for at in range(len(reach.keys)) if at not in there]
    chosen = selection.pick(ledger, candidates, min(count, len(candidates)))
    worth = np.full(len(reach.frames), math.nan)
    gains = ledger.gains(ledger.base, candidates) / ledger.mean(ledger.base)
    worth[reach.among(candidates)] = gains
    return Advice(
        *(reach, prices, tuple(sorted(painted))),
        tuple(_suggestion(ledger, there, candidates, chosen, rank) for rank in range(len(chosen))),
        tuple(ledger.with_keys(chosen[:n])[at] for n, at in enumerate(reach.among(chosen))),
        covered=reach.covered(there),
        error=ledger.base.mean(axis=1),
        left=ledger.with_keys(chosen).mean(axis=1),
        worth=worth,
    )


def _suggestion(
    ledger: Ledger,
    painted: Sequence[int],
    candidates: Sequence[int],
    chosen: Sequence[int],
    rank: int,
) -> Suggestion:
    """Return the suggestion at a rank, weighed against what else could stand in its place."""
    reach, place = ledger.reach, chosen[rank]
    before, now = (ledger.mean(ledger.with_keys(chosen[:n])) for n in (rank, rank + 1))
    taken = [other for other in chosen if other != place]
    rest = [c for c in candidates if c not in taken]
    gains = ledger.gains(ledger.with_keys(taken), rest)
    frames, own = reach.keys[rest], rest.index(place)
    alike = gains >= ALIKE * gains[own]
    alike[own] = True
    rival = None if alike.all() else int(np.flatnonzero(~alike)[np.argmax(gains[~alike])])
    return Suggestion(
        frame=int(reach.keys[place]),
        covered=reach.mean(reach.covered([*painted, *chosen[: rank + 1]])),
        error=now,
        gain=1 - now / before,
        as_good=tuple(int(f) for f in frames[alike] if f != frames[own]),
        rival=None if rival is None else int(frames[rival]),
        margin=0.0 if rival is None else float(1 - gains[rival] / gains[own]),
        chance=_chance(gains, own) if reach.carried else None,
    )


def _chance(gains: npt.NDArray[np.float64], own: int) -> float:
    """Return the chance that none of the other gains is really more than 1 / `ALIKE` of one's own.

    Each is taken to be off by a normal error of its own, see `GAIN_ERROR`.
    """
    if gains[own] <= 0:
        return 0.0
    ahead = (1 - ALIKE * np.delete(gains, own) / gains[own]) / GAIN_ERROR
    below = [0.5 * (1 + math.erf(lead / math.sqrt(2))) for lead in ahead]
    return float(math.prod(below) ** min(1.0, DOZEN / max(1, len(below))))
