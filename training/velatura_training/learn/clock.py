"""The time that was given, and how it is spent: from the command's start to its last file.

Looking at the shot, reviews, and what comes after the last step take time as learning does. What
comes after it is measured beforehand and set aside.
"""

from __future__ import annotations

import math
import time

from velatura_training.recipe import Budget

LEAST = 0.1
"""Part of the minutes that is learnt in any case: where a shot took longer to look at than it was
given, there is still a look."""

GUESSED = 0.15
"""Part of the minutes that is set aside before the first review has shown how long one takes."""

CLOSING = 1.0
"""Seconds that are set aside for closing files and ending the process."""

SHORT = (
    "It took %.0f s to the first step, and %.0f s were given for everything: little is learnt, and "
    "it takes longer. The same command with --resume --minutes %d goes on, and need not look again"
)
"""Said once, before the first step."""


class Clock:
    """What is left of a budget.

    Args:
        budget: minutes of everything, or steps.
        begun: when the command started, by `time.perf_counter`.
        spent: seconds that earlier processes of the same run took.

    Attributes:
        aside: seconds that are set aside for what comes after the last step.
        reviews: seconds that reviews have taken: learning goes on after them.
    """

    def __init__(self, budget: Budget, begun: float, spent: float = 0.0) -> None:
        self.budget, self.begun, self.spent = budget, begun, spent
        guessed = 0.0 if budget.minutes is None else GUESSED * 60 * budget.minutes
        self.aside, self.reviews = CLOSING + guessed, 0.0

    @property
    def total(self) -> float:
        """Seconds that were given; infinite where steps were."""
        return math.inf if self.budget.minutes is None else 60 * self.budget.minutes

    @property
    def elapsed(self) -> float:
        """Seconds that the whole run has taken so far."""
        return self.spent + time.perf_counter() - self.begun

    @property
    def left(self) -> float:
        """Seconds that are left until the last file; infinite where steps were given."""
        return max(0.0, self.total - self.elapsed)

    def used(self, seconds: float, steps: int) -> float:
        """Return how much of the learning is done, 0..1, after seconds and steps of it.

        It runs evenly from 0 to 1, whatever time was taken before the first step.
        """
        if self.budget.steps is not None:
            return min(1.0, steps / self.budget.steps)
        rest = self._rest(seconds)
        return 1.0 if rest <= 0 else seconds / (seconds + rest)

    def to_end(self, seconds: float) -> float:
        """Return the seconds to the last file, after so many of learning."""
        return max(0.0, self._rest(seconds)) + self.aside

    @property
    def short(self) -> bool:
        """Whether so little is left that the whole takes longer than was given."""
        return self.budget.minutes is not None and self.left - self.aside < LEAST * self.total

    @property
    def lacking(self) -> tuple[float, float, int]:
        """What `SHORT` tells: seconds taken and given, and the minutes that will do."""
        return self.elapsed, self.total, math.ceil((self.elapsed + self.total) / 60)

    def _rest(self, seconds: float) -> float:
        """Return the seconds of learning that are still to come."""
        return max(self.left - self.aside, LEAST * self.total - (seconds - self.reviews))
