"""What the figures said: one frame's scores, and a shot's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

Scores = dict[str, float]
"""Figures by name; docs/metrics.md says what each is. One that has no meaning is left out."""

RATIOS = {"ewR": ("ew", "ewTruth"), "ewP": ("ew", "ewPlate")}
"""Figures of a shot that are ratios of sums: a frame where nothing moves would rule a mean."""


@dataclass(frozen=True)
class Verdict:
    """Scores of a shot, frame by frame.

    Attributes:
        backbone: which eyes the figures used.
        frames: scores by frame number.
        motion: how motion was known: "vector", "flow", or empty where it was not.
        notes: what was left out, and why; for people.
    """

    backbone: str
    frames: Mapping[int, Scores]
    motion: str = ""
    notes: tuple[str, ...] = ()

    def noting(self, notes: Sequence[str]) -> Verdict:
        """Return the verdict with these notes."""
        return replace(self, notes=tuple(notes))

    def by_frame(self, numbers: Sequence[int]) -> Verdict:
        """Return the verdict with one row a frame: the mean of those rows that are of it.

        Args:
            numbers: the frame's number of each row.
        """
        rows: dict[int, dict[int, Scores]] = {}
        for place, (number, row) in enumerate(zip(numbers, self.frames.values(), strict=True)):
            rows.setdefault(number, {})[place] = row
        means = {number: replace(self, frames=rows[number]).mean for number in sorted(rows)}
        return replace(self, frames=means)

    @property
    def mean(self) -> Scores:
        """The mean of each score over the frames that have it; of `RATIOS`, the ratio of means."""
        rows = list(self.frames.values())
        names = list(dict.fromkeys(name for row in rows for name in row))
        mean = {n: float(np.mean([row[n] for row in rows if n in row])) for n in names}
        for name, (part, whole) in RATIOS.items():
            both = [(row[part], row[whole]) for row in rows if name in row]
            if both:
                mean[name] = sum(p for p, _ in both) / sum(w for _, w in both)
        return mean

    def as_json(self) -> dict[str, object]:
        """Return the verdict as JSON values."""
        return {
            "mean": self.mean,
            "frames": {str(number): dict(row) for number, row in self.frames.items()},
        }
