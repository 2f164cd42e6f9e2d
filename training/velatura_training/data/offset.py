"""By how many pixels a painted key was moved against its plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.image.planes import FloatArray
from velatura.plate.encoding import encoded

REACH = 0.04
"""Share of the longer side within which a key is looked for; at least `_LEAST` px."""
_LEAST = 32
_AROUND = 8
"""Edges are measured by those this near, px, so that soft and hard ones count alike."""
_FAR = 0.6
"""Likeness in place from which no other place is looked for: the key lies where it should."""
_KNOWN, _CLEARLY = 0.2, 0.05
"""Another place must be as like as the first, and better than in place by the second."""
_SURE, _BETTER, _MUCH_BETTER = 0.4, 1.25, 1.8
"""It must be better by the factor `_BETTER` where it is as like as `_SURE`, else by `_MUCH_BETTER`.
Measured on keys of four painters. Thin ink: .5 to .9 where they belong; moved by 2 px, .1 to .5 in
place. Thick ink and broad strokes: .2; moved by 2 px, half of that; where they belong, another
place is better by 1.6 times at most, because ink beside an edge is like it a px or two away."""


@dataclass(frozen=True)
class Offset:
    """Where a key lies against its plate.

    Attributes:
        down: px.
        right: px.
        there: likeness of the edges, if it is moved back: 1 the same, 0 nothing in common.
        here: likeness as it is.
    """

    down: int = 0
    right: int = 0
    there: float = 1.0
    here: float = 1.0

    def __bool__(self) -> bool:
        """Say whether it was moved."""
        return bool(self.down or self.right)

    def __str__(self) -> str:
        sides = (
            (self.right, "too far right", "too far left"),
            (self.down, "too low", "too high"),
        )
        return " and ".join(f"{abs(by)} px {a if by > 0 else b}" for by, a, b in sides if by)


def find(key: FloatArray, plate: FloatArray) -> Offset:
    """Return where a key lies against its plate; no offset where that is not clear.

    Args:
        key: ``(3, H, W)`` scene-linear.
        plate: the same.
    """
    painted, plain = _edges(key), _edges(plate)
    here = _likeness(painted, plain, 0, 0)
    if here >= _FAR:
        return Offset(here=here)
    height, width = plain.shape
    spectrum = np.fft.rfft2(painted) * np.conj(np.fft.rfft2(plain))
    fit = np.fft.irfft2(spectrum, (height, width))
    reach = max(_LEAST, round(REACH * max(height, width)))
    rows, columns = (min(reach, size // 4) for size in (height, width))
    near = np.roll(fit, (rows, columns), (0, 1))[: 2 * rows + 1, : 2 * columns + 1]
    at = np.unravel_index(int(near.argmax()), near.shape)
    down, right = int(at[0]) - rows, int(at[1]) - columns
    there = _likeness(painted, plain, down, right)
    better = _BETTER if there >= _SURE else _MUCH_BETTER
    if there < _KNOWN or there < max(better * here, here + _CLEARLY):
        return Offset(here=here)
    return Offset(down, right, there, here)


def moved_back(planes: FloatArray, offset: Offset) -> tuple[FloatArray, FloatArray]:
    """Return ``(..., H, W)`` moved to its plate, and ``(H, W)``: 1 where there was something."""
    height, width = planes.shape[-2:]
    placed, there = np.zeros_like(planes), np.zeros((height, width), np.float32)
    (ours, rows), (left, columns) = _span(offset.down, height), _span(offset.right, width)
    placed[..., ours, left] = planes[..., rows, columns]
    there[ours, left] = 1
    return placed, there


def _span(by: int, size: int) -> tuple[slice, slice]:
    """Return what a moved row or column covers of a plate's, and what of its own."""
    return slice(max(0, -by), min(size, size - by)), slice(max(0, by), min(size, size + by))


def _edges(light: FloatArray) -> FloatArray:
    """Return ``(H, W)``: how much of an edge each pixel is, less the mean of all."""
    grey = encoded(light).mean(0)
    down, across = np.gradient(grey)
    steep = torch.from_numpy(np.hypot(down, across))[None]
    around = F.avg_pool2d(steep, 2 * _AROUND + 1, 1, _AROUND, count_include_pad=False)
    edges: FloatArray = (steep / (around + 0.002)).clamp(max=3)[0].numpy()
    edges -= edges.mean()
    return edges


def _likeness(painted: FloatArray, plain: FloatArray, down: int, right: int) -> float:
    """Return the correlation of edges where both are, the key moved back by so much."""
    (ours, rows), (left, columns) = (
        _span(by, size) for by, size in zip((down, right), plain.shape, strict=True)
    )
    one, other = painted[rows, columns], plain[ours, left]
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return float((one * other).sum()) / max(scale, 1e-12)
