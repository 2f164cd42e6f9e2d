"""A method: one way of learning a look, a step at a time.

The loop (`velatura_training.learn.loop`) knows nothing else of what is learnt, or from what:
`Paired` learns from painted keys. A new way to learn is a new subclass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch

from velatura.report.contact_sheet import Row
from velatura_training.data.calibration_crops import Swatches
from velatura_training.data.lesson_record import LessonRecord
from velatura_training.metrics.scores import Verdict
from velatura_training.network.generator import Generator


class Method(ABC):
    """What the loop asks of a way of learning.

    Attributes:
        device: where it learns.
        space: colour space of the pictures in `rows`.
        shown_at_once: whether there is something to see before anything is learnt.
    """

    device: torch.device
    space: str
    shown_at_once: bool = False

    @property
    @abstractmethod
    def exported(self) -> Generator:
        """The averaged painter: what is judged, kept and made a look of."""

    @abstractmethod
    def step(self, used: float, pace: float, rng: torch.Generator) -> dict[str, float]:
        """Draw a batch and learn from it; return the losses by name.

        Args:
            used: how much of the budget is used, 0..1; steers rates and what joins in late.
            pace: the learning rates are multiplied by this; 1 unless learning had to be slowed.
            rng: of all that is random; on the CPU, and kept by the loop.
        """

    @abstractmethod
    def rehearse(self) -> None:
        """Do the work of a step without learning from it: for timing."""

    @abstractmethod
    def judge(self) -> float:
        """Return how far the averaged painter is from what is wanted; 0 is best.

        A score of several times the best so far counts as diverged.
        """

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return the contact sheet's rows, scene-linear in `space`; in each the result is second.

        The first row's result becomes the thumbnail.
        """

    def refresh(self) -> bool:
        """Pick up what has changed on disk since; say whether something else is wanted now.

        Scores from before are not compared with those that follow.
        """
        return False

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return everything that learning needs to go on exactly: the inverse of `restore`."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Pick up the state that `state` gave."""

    def settle(self) -> None:  # noqa: B027 - most have nothing to settle
        """Settle what the finished painter may still choose, before it is measured and exported."""

    def appraise(self) -> Verdict | None:
        """Return figures of what the exported painter has come to; None where none can be had."""
        return None

    @abstractmethod
    def swatches(self) -> Swatches:
        """Return a few pieces of what is glazed: see `velatura_training.data.calibration_crops`."""

    @property
    def cargo(self) -> str:
        """What the look takes along: see `velatura.carry.packing`; or nothing."""
        return ""

    @abstractmethod
    def describe(self) -> LessonRecord:
        """Return what is learnt from: RUN/lesson.json, and a part of the card."""
