"""Whether the strokes of painted keys agree: bound to what they lie on, or drawn anew each time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from velatura.carry.paint import Carry
from velatura.scene import opencv
from velatura.scene.gbuffer import Sight

FINE = 4.0
"""Deviation of a Gaussian, px: what is finer than that is stroke, what is coarser is tone."""


def agreement(carry: Carry, sights: Mapping[int, Sight]) -> float:
    """Return the correlation of what is fine in the paint of each two keys, carried to some frames.

    Weighted by what both are worth there, and by how much of both was painted: the plate below
    always agrees. 1 for a single key.

    Args:
        carry: the keys and their fields.
        sights: the passes of those frames, by number.
    """
    both = one = other = 0.0
    for frame, sight in sights.items():
        paints = [carry.only(key.frame).paint(frame, sight) for key in carry.keys]
        fine = [p.planes[:3] - opencv.blurred(p.planes[:3], FINE) for p in paints]
        seen = [p.planes[3] * (1 if p.cover is None else p.cover) for p in paints]
        for (a, first), (b, second) in combinations(zip(fine, seen, strict=True), 2):
            weight = first * second
            both += float((weight * (a * b).sum(axis=0)).sum())
            one += float((weight * np.square(a).sum(axis=0)).sum())
            other += float((weight * np.square(b).sum(axis=0)).sum())
    return both / float(np.sqrt(one * other)) if one * other > 0 else 1.0
