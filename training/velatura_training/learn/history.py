"""How a training has gone so far: losses, scores and what happened, as the loss plot shows them.

They are kept with the checkpoint, so that a resumed run's curves go on where they stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SMOOTH = 0.05
"""How fast the losses shown follow the measured ones: single steps jump about too much."""
MOST = 600
"""Points of the losses at most: more than a plot has columns for. Then every second one goes."""


@dataclass
class Curves:
    """Losses, scores and events; each begins with the steps and the seconds when it was.

    Attributes:
        shown: running means of the losses, by name.
        points: steps, seconds, running means then.
        scores: steps, seconds, score that a review gave; 0 is best.
        events: steps, seconds, what happened, in two or three words.
        stride: steps from point to point.
        since: the first score that counts for the best: what was wanted before was another thing.
    """

    shown: dict[str, float] = field(default_factory=dict)
    points: list[tuple[int, float, dict[str, float]]] = field(default_factory=list)
    scores: list[tuple[int, float, float]] = field(default_factory=list)
    events: list[tuple[int, float, str]] = field(default_factory=list)
    stride: int = 1
    since: int = 0

    @property
    def best(self) -> int:
        """Which of the scores is the best."""
        return min(range(self.since, len(self.scores)), key=lambda place: self.scores[place][2])

    def record(self, steps: int, seconds: float, terms: dict[str, float]) -> None:
        """Take in the losses of a step."""
        shown = self.shown
        self.shown = {k: shown.get(k, v) + SMOOTH * (v - shown.get(k, v)) for k, v in terms.items()}
        if steps % self.stride:
            return
        self.points.append((steps, seconds, self.shown))
        if len(self.points) > MOST:
            self.stride *= 2
            self.points = [point for point in self.points if point[0] % self.stride == 0]
