"""How well a motion explains two pictures, against standing still.

Whatever convention vectors follow, the right reading of them fetches from the other picture what is
seen here. So every reading can be tried, and what explains nothing can be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv, vectors

Item = TypeVar("Item")

MOVED = 0.25
"""Pixels count that move by at least so many px: what stands still speaks neither for nor against
a motion."""

ENOUGH = 0.85
"""A motion must leave less than this part of what standing still leaves. Vectors of the shot leave
.2 to .5 of it, those of another shot 1.0 and more in any reading."""

BLUR = 1.0
"""Deviation, px, of the Gaussian under which pictures are compared: grain does not move along."""


@dataclass(frozen=True)
class Residual:
    """What is left of the difference of pictures, mean of encoded light over the pixels that move.

    Attributes:
        off: when the pixels are fetched from where they are said to be.
        still: when they are fetched from where they are.
        pixels: how many count.
    """

    off: float
    still: float
    pixels: int

    @property
    def part(self) -> float:
        """``off / still``; infinite where nothing moves or nothing changes."""
        return self.off / self.still if self.still > 0 else float("inf")

    @property
    def explains(self) -> bool:
        """Whether the motion is clearly better than standing still."""
        return self.part < ENOUGH

    def __str__(self) -> str:
        off, still = (f"{value:.3f}".removeprefix("0") for value in (self.off, self.still))
        return f"residual {off} against {still} standing still"

    @classmethod
    def of(cls, here: FloatArray, there: FloatArray, places: FloatArray) -> Residual:
        """Return the residual of one pair of pictures.

        Args:
            here: ``(H, W)`` grey, see `grey`.
            there: the same, of the other picture.
            places: ``(2, H, W)`` px in the other picture, NaN where they are not known.
        """
        height, width = here.shape
        moved = places - vectors.start(height, width)
        x, y = places
        with np.errstate(invalid="ignore"):
            counts = np.square(moved).sum(axis=0) >= MOVED**2
            counts &= (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        fetched = opencv.warped(there[None], np.where(counts, places, np.float32(0)))[0]
        off, still = (np.abs(seen - here)[counts] for seen in (fetched, there))
        number = int(counts.sum())
        return cls(float(off.sum()) / max(number, 1), float(still.sum()) / max(number, 1), number)

    @classmethod
    def mean(cls, several: Iterable[Residual]) -> Residual:
        """Return the residual over several pairs of pictures."""
        all_of = list(several)
        pixels = sum(each.pixels for each in all_of)
        off, still = (
            sum(value * each.pixels for value, each in zip(values, all_of, strict=True))
            / max(pixels, 1)
            for values in ([e.off for e in all_of], [e.still for e in all_of])
        )
        return cls(off, still, pixels)


def grey(light: FloatArray) -> FloatArray:
    """Return ``(3, H, W)`` encoded light as it is compared: ``(H, W)``, without its grain."""
    mean: FloatArray = light.mean(axis=0)[None]
    plane: FloatArray = opencv.blurred(mean, BLUR)[0]
    return plane


def spread(frames: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many of some frames, evenly spread."""
    picked = np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int)
    return [frames[place] for place in picked]
