"""Contrasts like the paintings', octave by octave: the last touch on what was painted in strokes.

A picture is taken apart into octaves of detail (the differences of Gaussians of Burt & Adelson
1983) and its rest. In each, one linear map brings the colours' spread to the paintings'
(`velatura_training.data.colour_transfer`). Strokes keep their places and shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from velatura.image.planes import FloatArray
from velatura_training.data.colour_transfer import Palette
from velatura_training.paint.tangents import blurred

COUNT = 5
"""Octaves: the coarsest holds forms of 16 px, larger than strokes."""

MOST = 1.6
"""An octave's contrast rises by this factor at most: more would make specks of little flaws."""

SAMPLED = 2**18
"""Pixels of all paintings by which an octave is known."""


@dataclass(frozen=True)
class Octaves:
    """The contrasts of some paintings.

    Attributes:
        levels: of each octave, finest first, and of the rest: colours ``(3, N)``.
    """

    levels: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, paintings: Sequence[FloatArray]) -> Octaves:
        """Return the contrasts of ``(H, W, 3)`` display pictures together."""
        taken = [_parted(painting) for painting in paintings]
        rng = np.random.default_rng(0)
        levels = []
        for level in zip(*taken, strict=True):
            colours = np.concatenate([part.reshape(-1, 3) for part in level])
            if len(colours) > SAMPLED:
                colours = colours[rng.choice(len(colours), SAMPLED, replace=False)]
            levels.append(torch.from_numpy(np.ascontiguousarray(colours.T)))
        return cls(tuple(levels))

    def matched(self, shown: FloatArray) -> FloatArray:
        """Return ``(H, W, 3)`` display values with these contrasts."""
        whole = np.zeros_like(shown)
        for level, part in zip(self.levels, _parted(shown), strict=True):
            colours = torch.from_numpy(np.ascontiguousarray(part.reshape(-1, 3).T))
            palette = Palette.between(colours, level).limited(0, MOST)
            moved = (palette.matrix @ (colours - palette.middle) + palette.wanted).numpy()
            whole += moved.T.reshape(shown.shape)
        return np.clip(whole, 0, 1)


def _parted(shown: FloatArray) -> list[FloatArray]:
    """Return the octaves of a picture, finest first, and what is left; they add up to it."""
    parts, rest = [], shown
    for number in range(COUNT):
        soft = blurred(rest, 2.0**number)
        parts.append(rest - soft)
        rest = soft
    return [*parts, rest]
