"""Contrasts like the paintings', octave by octave: the last touch on what was painted in strokes.

A picture is taken apart into octaves of detail, each of these into the directions that it runs in,
and its rest. In each the colours' distribution is brought to the paintings': few strong contrasts
and many faint ones, as strokes have them. (Heeger & Bergen 1995, with the steerable bands of
Simoncelli & Freeman 1995 and the colour distributions of Pitie et al. 2007.) Strokes keep their
places and shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from velatura.image.planes import FloatArray
from velatura_training.data.colour_transfer import Palette

COUNT = 5
"""Octaves: the coarsest holds forms of 16 px, larger than strokes."""

DIRECTIONS = 6
"""Directions of an octave, over half a turn."""

AXES = 3
"""Sets of three colour axes, at right angles, along which distributions are matched in turn."""

PASSES = 2
"""How often all of it is done: bands that were matched one by one do not add up to such bands."""

MOST = 1.3
"""A contrast rises by this factor at most: more would make specks of little flaws. It matters where
strokes of a pale painting are laid over a strong plate: Shipwreck's key has gram .26 with 1.6."""

PALETTE = 0.3
"""How far what is coarser than all octaves goes from one linear map to the paintings' whole
distribution: with 1 large bright shapes get the colours of a moon."""

STEPS = 256
"""Quantiles by which a distribution is known."""

SAMPLED = 2**14
"""Pixels by which a distribution is measured; of a painting, four times as many."""

AROUND = 24
"""Pixels that a picture is mirrored by: the transform takes it as a tile."""


@dataclass(frozen=True)
class Octaves:
    """The contrasts of some paintings.

    Attributes:
        bands: of each octave and direction, finest first, and of what is coarser:
            ``(AXES, 3, STEPS)`` quantiles.
        rest: colours ``(3, N)`` of what is coarser.
    """

    bands: tuple[FloatArray, ...]
    rest: Tensor

    @classmethod
    def of(cls, paintings: Sequence[FloatArray]) -> Octaves:
        """Return the contrasts of ``(H, W, 3)`` display pictures together."""
        taken = [_parted(_planes(painting)) for painting in paintings]
        rng = np.random.default_rng(0)
        levels = []
        for level in zip(*taken, strict=True):
            colours = np.concatenate([part.reshape(3, -1) for part in level], 1)
            levels.append(_some(colours, 4 * SAMPLED, rng))
        bands = tuple(np.stack([_quantiles(axes @ level) for axes in _axes()]) for level in levels)
        return cls(bands, torch.from_numpy(levels[-1]))

    def matched(self, shown: FloatArray) -> FloatArray:
        """Return ``(H, W, 3)`` display values with these contrasts."""
        planes, rng = _planes(shown), np.random.default_rng(0)
        for _ in range(PASSES):
            *bands, rest = _parted(planes)
            colours = torch.from_numpy(rest.reshape(3, -1))
            palette = Palette.between(colours, self.rest).limited(0, MOST)
            whole = (palette.matrix @ (colours - palette.middle) + palette.wanted).numpy()
            whole = whole + PALETTE * (_moved(whole, self.bands[-1], rng) - whole)
            for band, wanted in zip(bands, self.bands, strict=False):
                whole = whole + _moved(band.reshape(3, -1), wanted, rng, MOST ** (1 / PASSES))
            planes = np.clip(whole, 0, 1).reshape(planes.shape)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _moved(
    colours: FloatArray, wanted: FloatArray, rng: np.random.Generator, most: float = np.inf
) -> FloatArray:
    """Return ``(3, N)`` with the wanted quantiles along all axes, one set after the other.

    No quantile becomes more than ``most`` times as large.
    """
    for axes, goal in zip(_axes(), wanted, strict=True):
        seen = axes @ colours
        found = _quantiles(_some(seen, SAMPLED, rng))
        goals = goal
        if most < np.inf:
            limit = most * found
            goals = np.clip(goal, np.minimum(limit, 0), np.maximum(limit, 0))
        moved = [np.interp(*each) for each in zip(seen, found, goals, strict=True)]
        colours = axes.T @ np.stack(moved).astype(np.float32)
    return colours


def _axes() -> list[FloatArray]:
    rng = np.random.default_rng(1)
    return [np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32) for _ in range(AXES)]


def _quantiles(values: FloatArray) -> FloatArray:
    """Return ``(3, STEPS)`` quantiles of ``(3, N)``, from the smallest to the largest."""
    ordered = np.sort(values, 1)
    at = np.linspace(0, ordered.shape[1] - 1, STEPS).round().astype(int)
    return ordered[:, at]


def _some(colours: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    if colours.shape[1] <= count:
        return colours
    return np.ascontiguousarray(colours[:, rng.integers(0, colours.shape[1], count)])


def _parted(planes: FloatArray) -> list[FloatArray]:
    """Return the bands of ``(3, H, W)``, finest first, and what is left; they add up to it."""
    height, width = planes.shape[1:]
    reach = [(0, 0), *((min(AROUND, size - 1),) * 2 for size in (height, width))]
    around = torch.from_numpy(np.pad(planes, reach, mode="reflect"))
    rows, columns = around.shape[1:]
    waves = torch.fft.rfft2(around)
    down, across = torch.fft.fftfreq(rows)[:, None], torch.fft.rfftfreq(columns)
    angle, square = torch.atan2(down, across), down**2 + across**2
    turns = [torch.pi * number / DIRECTIONS for number in range(DIRECTIONS)]
    lobes = torch.stack([torch.cos(angle - turn) ** (2 * (DIRECTIONS - 1)) for turn in turns])
    lobes = lobes / lobes.sum(0)
    parts, rest = [], torch.ones_like(square)
    inside = np.s_[:, reach[1][0] : reach[1][0] + height, reach[2][0] : reach[2][0] + width]
    for number in range(COUNT):
        soft = rest * torch.exp(-2 * (torch.pi * 2.0**number) ** 2 * square)
        masks = [(rest - soft) * lobe for lobe in lobes]
        parts += [torch.fft.irfft2(waves * mask, around.shape[1:])[inside] for mask in masks]
        rest = soft
    parts.append(torch.fft.irfft2(waves * rest, around.shape[1:])[inside])
    return [np.ascontiguousarray(part.numpy()) for part in parts]


def _planes(shown: FloatArray) -> FloatArray:
    return np.ascontiguousarray(shown.transpose(2, 0, 1))
