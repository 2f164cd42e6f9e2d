"""Paint like some place of a painting: each place of a picture is drawn to the one it resembles.

Gram matrices know what comes together on the whole, and not whether any one place could be in the
painting. Nearest features do (Kolkin et al. 2022, "Neural Neighbor Style Transfer").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

FINEST = 0.2
"""Side of the maps that are compared, at least, as a part of the picture's: places of 4 px."""

KNOWN = 2**13
"""Places by which the paintings are known."""

AT_ONCE = 2**11
"""Places that are compared at once, for memory."""


@dataclass(frozen=True)
class Likeness:
    """Places of paintings.

    Attributes:
        known: ``(C, N)`` their features without the mean, each of length 1.
    """

    known: Tensor

    @classmethod
    def of(cls, paintings: Sequence[Sequence[Tensor]], width: int) -> Likeness:
        """Return the places of paintings.

        Args:
            paintings: each one's maps, ``(1, C, H, W)``, finest first.
            width: of the first of them, px.
        """
        number = _deep(paintings[0], width)
        places = torch.cat([_directions(maps[number]) for maps in paintings], 1)
        drawn = torch.Generator().manual_seed(0)
        some = torch.randperm(places.shape[1], generator=drawn)[:KNOWN]
        return cls(places[:, some].contiguous())

    @torch.no_grad()
    def nearest(self, maps: Sequence[Tensor], width: int) -> Tensor:
        """Return for each place of a picture the features ``(C, n)`` that are most like it."""
        places = _directions(maps[_deep(maps, width)])
        parts = (places[:, at : at + AT_ONCE] for at in range(0, places.shape[1], AT_ONCE))
        which = [(part.T @ self.known).argmax(1) for part in parts]
        return self.known[:, torch.cat(which)]


def unlike(maps: Sequence[Tensor], wanted: Tensor, width: int) -> Tensor:
    """``mean (1 - cos(F(y) - mean F(y), f))``: how far places are from what they resembled.

    Args:
        maps: of the picture, finest first.
        wanted: ``(C, n)`` of `Likeness.nearest`.
        width: of the picture, px.
    """
    alike = (_directions(maps[_deep(maps, width)]) * wanted).sum(0)
    off: Tensor = (1 - alike).mean()
    return off


def _deep(maps: Sequence[Tensor], width: int) -> int:
    """Return the number of the deepest map that is fine enough."""
    return max(at for at, tap in enumerate(maps) if tap.shape[3] >= FINEST * width or at == 0)


def _directions(tap: Tensor) -> Tensor:
    flat = tap[0].flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    unit: Tensor = centred / centred.norm(dim=0).clamp_min(1e-6)
    return unit
