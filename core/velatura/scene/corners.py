"""Corners of a picture, followed into another one from where they are expected.

Lucas and Kanade 1981, without pyramids: whoever asks says where to start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.scene import opencv
from velatura.scene.vectors import Bools

CORNERS, QUALITY, APART, AROUND = 600, 0.003, 4, 5
"""Corners that are followed at most, the least of them to the best, px between them, and the side
of the squares in which they are looked for (Shi and Tomasi 1994)."""

WINDOW, STEPS, STILL, RETURN = 15, 10, 0.01, 0.3
"""Side of the square that is followed, px; steps at most, and the last one's length, px; how far
from home it may come back, px. 11 px find the courtyard's floor less often, 21 less exactly."""

Points = npt.NDArray[np.float32]
"""``(N, 2)`` columns and rows, px."""


@dataclass(frozen=True)
class Corners:
    """Corners of a picture, and what they are followed through.

    Attributes:
        at: where they are.
        here: ``(H, W)`` their picture.
        there: the other.
    """

    at: Points
    here: npt.NDArray[np.uint8]
    there: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, here: npt.NDArray[np.uint8], there: npt.NDArray[np.uint8]) -> Corners:
        """Return those of a picture; there may be none."""
        module = opencv.cv2()
        found = module.goodFeaturesToTrack(here, CORNERS, QUALITY, APART, blockSize=AROUND)
        at = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)
        return cls(at, here, there)

    def followed(
        self, guess: npt.NDArray[np.floating[Any]], *, back: bool = True
    ) -> tuple[Points, Bools]:
        """Return where they are in the other picture, near a guess, and which are seen there.

        With ``back``, those alone that come back home.
        """
        if not len(self.at):
            return self.at, np.zeros(0, bool)
        there, seen = self._step(self.here, self.there, self.at, guess)
        if not back:
            return there, seen
        home, returned = self._step(self.there, self.here, there, self.at)
        return there, seen & returned & (np.hypot(*(home - self.at).T) < RETURN)

    @staticmethod
    def _step(
        here: npt.NDArray[np.uint8],
        there: npt.NDArray[np.uint8],
        at: Points,
        guess: npt.NDArray[np.floating[Any]],
    ) -> tuple[Points, Bools]:
        module = opencv.cv2()
        found, seen, _ = module.calcOpticalFlowPyrLK(
            *(here, there, at, np.array(guess, np.float32)),
            winSize=(WINDOW, WINDOW),
            maxLevel=0,
            criteria=(module.TERM_CRITERIA_COUNT | module.TERM_CRITERIA_EPS, STEPS, STILL),
            flags=module.OPTFLOW_USE_INITIAL_FLOW,
        )
        return found, seen.ravel() > 0
