"""Learning from the tiny shot, a few milliseconds a step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from tiny import Shot

from velatura_training.data import lesson as lessons
from velatura_training.learn import run as runs
from velatura_training.learn.paired import Paired
from velatura_training.learn.run import Run
from velatura_training.recipe import Budget, Recipe, Weights

CPU = torch.device("cpu")

QUICK = Recipe(patch=32, batch=2, weights=Weights(content=0), refine_from=0.3)
"""No backbone: each step takes a few milliseconds."""


def learn(shot: Shot, out: Path, steps: int, recipe: Recipe = QUICK, **options: Any) -> Path:
    lesson = lessons.load(shot.plate, shot.painted)
    return runs.train(lesson, briefly(out, steps, recipe, **options))


def briefly(out: Path, steps: int, recipe: Recipe = QUICK, **options: Any) -> Run:
    """Return a run of a few steps with one thread, which repeats bit for bit."""
    return Run(
        out, recipe, Budget(steps=steps), CPU, **{"progress": "none", "threads": 1, **options}
    )


class Struck(Paired):
    """A course to which something happens in the middle of its steps.

    Args:
        shot: what is learnt from.
        strikes: what happens, by the number of the step, from 1.
        recipe: how it is learnt.
    """

    def __init__(self, shot: Shot, strikes: dict[int, Any], recipe: Recipe = QUICK) -> None:
        super().__init__(lessons.load(shot.plate, shot.painted), recipe, CPU)
        self.strikes, self.taken = strikes, 0

    def step(self, used: float, pace: float, rng: torch.Generator) -> dict[str, float]:
        self.taken += 1
        if self.taken in self.strikes:
            self.strikes[self.taken](self)
        return super().step(used, pace, rng)


def signalled(number: int) -> Any:
    """Return what sends this process a signal, as Ctrl-C or a farm does."""
    return lambda _: os.kill(os.getpid(), number)
