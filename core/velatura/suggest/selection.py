"""Which frames to paint: the few that leave the least of a shot without right paint.

Choosing places so that everybody is near one is the facility location problem. What a set of frames
gains is submodular: the more are painted, the less another adds. Taking the best one at a time
therefore reaches at least 63 % of what the best set would (Nemhauser, Wolsey & Fisher 1978). Here
each is then exchanged for a better one while there is one (vertex substitution: Teitz & Bart 1968).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.suggest.coverage import Halves, Reach


@dataclass(frozen=True)
class Prices:
    """What is expected to be wrong with a point, ``mean |E(y) - E(t)|`` of encoded light.

    The defaults are rounded from looks trained for 45 CPU-seconds on the courtyard and the harbour:
    ``docs/learning.md``, "Where to paint next". A run brings its own.

    Attributes:
        own: in a painted frame.
        carried: where paint is carried and the plate's light stays the same.
        change: times by how much the plate's light differs.
        hole: where no paint arrives; nothing costs more.
    """

    own: float = 0.015
    carried: float = 0.02
    change: float = 0.4
    hole: float = 0.065

    def of(self, reach: Reach) -> Halves:
        """Return ``(F, K, P)``: what a point of a frame costs with one key painted."""
        cost = reach.miss * np.float16(self.change)
        cost += np.float16(self.carried)
        np.copyto(cost, np.float16(self.hole), where=np.isnan(cost))
        np.minimum(cost, np.float16(self.hole), out=cost)
        at, place = np.nonzero(reach.frames[:, None] == reach.keys)
        cost[at, place] = np.float16(self.own)
        return cost


@dataclass(frozen=True)
class Ledger:
    """What each point of a shot costs: as things are, and with each frame painted.

    Attributes:
        reach: how far paint reaches.
        cost: ``(F, K, P)``: with one frame painted.
        base: ``(F, P)``: as things are.
    """

    reach: Reach
    cost: Halves
    base: FloatArray

    @classmethod
    def of(cls, reach: Reach, prices: Prices, painted: Sequence[int]) -> Ledger:
        """Return the ledger of a shot in which some frames are painted."""
        cost = prices.of(reach)
        frames, points = len(reach.frames), cost.shape[2]
        base = np.full((frames, points), prices.hole, np.float32)
        for place in reach.at(painted):
            np.minimum(base, cost[:, place], out=base)
        return cls(reach, cost, base)

    def with_keys(self, places: Sequence[int]) -> FloatArray:
        """Return ``(F, P)`` costs once the keys at some places in `Reach.keys` are painted, too."""
        left = self.base.copy()
        for place in places:
            np.minimum(left, self.cost[:, place], out=left)
        return left

    def mean(self, left: FloatArray) -> float:
        """Return the mean of ``(F, P)`` costs over the shot."""
        return self.reach.mean(left.mean(axis=1, dtype=np.float64))

    def gains(self, left: FloatArray, candidates: Sequence[int]) -> npt.NDArray[np.float64]:
        """Return by how much each candidate would lower the mean of ``(F, P)`` costs."""
        now = self.mean(left)
        return np.array([now - self.mean(np.minimum(left, self.cost[:, c])) for c in candidates])


def pick(ledger: Ledger, candidates: Sequence[int], count: int) -> list[int]:
    """Return the places in `Reach.keys` of the frames to paint, in the order in which they help.

    Args:
        ledger: what is weighed.
        candidates: places that may be picked.
        count: how many; not more than there are.
    """
    chosen = _greedy(ledger, candidates, count)
    while (better := _exchanged(ledger, candidates, chosen)) is not None:
        chosen = better
    return _greedy(ledger, chosen, len(chosen))


def _greedy(ledger: Ledger, candidates: Sequence[int], count: int) -> list[int]:
    chosen: list[int] = []
    left = ledger.base
    for _ in range(count):
        rest = [c for c in candidates if c not in chosen]
        best = rest[int(np.argmax(ledger.gains(left, rest)))]
        left = np.minimum(left, ledger.cost[:, best])
        chosen.append(best)
    return chosen


def _exchanged(ledger: Ledger, candidates: Sequence[int], chosen: list[int]) -> list[int] | None:
    """Return a set in which the best exchange of one frame is made; None where none helps."""
    now = ledger.mean(ledger.with_keys(chosen))
    found: list[int] | None = None
    for at in range(len(chosen) if len(chosen) > 1 else 0):
        others = chosen[:at] + chosen[at + 1 :]
        left = ledger.with_keys(others)
        rest = [c for c in candidates if c not in chosen]
        gains = ledger.gains(left, rest) if rest else np.zeros(0)
        if len(gains) and ledger.mean(left) - gains.max() < now * (1 - 1e-6):
            now = ledger.mean(left) - gains.max()
            found = [*others, rest[int(gains.argmax())]]
    return found
