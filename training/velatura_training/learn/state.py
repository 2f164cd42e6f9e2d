"""How far a training is, and how it is seen that learning has diverged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from velatura_training import run_folder

DIVERGED, CLOSE = 4.0, 0.05
"""A score this many times the best counts as diverged, unless both are next to nothing. On the
courtyard shot no score was more than a tenth above the best before it; painters that had run off
scored 6 to 15 times as much as an untrained one."""


@dataclass
class State:
    """How far a training is.

    Attributes:
        steps: that were taken.
        seconds: that it took, reviews and all.
        best: the best score so far.
        pace: what is left of the learning rates.
        reviewed: steps and seconds at the last review.
        cost: seconds that it took.
        spent: seconds that all processes of the run have taken, from their commands' start on.
    """

    steps: int = 0
    seconds: float = 0.0
    best: float = math.inf
    pace: float = 1.0
    reviewed: tuple[int, float] = (-1, 0.0)
    cost: float = 0.0
    spent: float = 0.0


def found_trouble(score: float, best: float, learnt: dict[str, Any]) -> str:
    """Return how learning has diverged; empty if it has not.

    Args:
        score: that a review gave.
        best: of those before it.
        learnt: the state of the method.
    """
    if not math.isfinite(score) or score > DIVERGED * (best + CLOSE):
        return f"a score of {score:.3g}, when the best was {best:.3g}"
    if not run_folder.finite(learnt):
        return "non-finite weights or optimiser states"
    return ""
