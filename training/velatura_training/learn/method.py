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
from velatura_training.learn.gallery import Scene
from velatura_training.metrics import calibration
from velatura_training.metrics.scores import Verdict
from velatura_training.network.generator import Generator


class Method(ABC):
    """What the loop asks of a way of learning.

    Attributes:
        device: where it learns.
        space: colour space of the pictures that `show` gives.
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
    def scenes(self) -> list[Scene]:
        """Return the frames that can be shown, those of `early` first."""

    @abstractmethod
    def early(self) -> list[Scene]:
        """Return the few frames of the contact sheet; the first one's result is the thumbnail."""

    @abstractmethod
    def show(self, scene: Scene, most: int) -> Row:
        """Return plate, result and a third picture of a frame, scene-linear in `space`.

        Args:
            scene: which frame.
            most: longest side, px; of larger frames the middle is shown.

        Raises:
            ImageError, PassError: a frame that has to be read cannot be.
        """

    @abstractmethod
    def size(self, scene: Scene) -> tuple[int, int]:
        """Return height and width of what a painter can read of a frame, px."""

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

    def prepare(self, total: float) -> float:
        """Do what can be done beforehand of what follows the last step; return how long it takes.

        That is `settle`, the calibration of the strength, and `appraise`.

        Args:
            total: seconds that were given for everything: of what follows, a small part may be
                taken.
        """
        return calibration.seconds(total)

    def settle(self) -> None:  # noqa: B027 - most have nothing to settle
        """Settle what the finished painter may still choose, before it is measured and exported."""

    def appraise(self, ends: float) -> Verdict | None:  # noqa: ARG002
        """Return figures of what the exported painter has come to; None where none can be had.

        Args:
            ends: by `time.monotonic`, from when on no further frame is measured.
        """
        return None

    @abstractmethod
    def swatches(self) -> Swatches:
        """Return a few pieces of what is glazed: see `velatura_training.data.calibration_crops`."""

    @property
    def cargo(self) -> str:
        """What the look takes along: see `velatura.carry.packing`; or nothing."""
        return ""

    @property
    def manifest(self) -> str:
        """What was taken of the pictures that it was given, as JSON; or nothing."""
        return ""

    @abstractmethod
    def describe(self) -> LessonRecord:
        """Return what is learnt from: RUN/lesson.json, and a part of the card."""
