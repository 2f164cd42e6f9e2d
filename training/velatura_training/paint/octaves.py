"""Contrasts like the paintings', octave by octave: the last touch on what was painted in strokes.

A picture is taken apart into octaves of detail, each of these into the directions that it runs in,
and its rest. In each the colours' distribution is brought to the paintings': few strong contrasts
and many faint ones, as strokes have them. Then the same is done with the whole picture's colours,
and again with its parts. (Heeger & Bergen 1995, with the steerable pyramid of Simoncelli & Freeman
1995 and the colour distributions of Pitie et al. 2007.) Strokes keep their places and shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from velatura.image.planes import FloatArray
from velatura_training.data.colour_transfer import Palette

COUNT = 6
"""Octaves: the coarsest has waves of 64 to 128 px. With five (and MOST for what is coarser, too)
the courtyard's key after The Starry Night has gram .116 for .105, after Mona Lisa .377 for .306."""

FINEST = 0.25
"""Waves a pixel above which the finest octave lies: there it has half of the power."""

DIRECTIONS = 6
"""Directions of an octave, over half a turn."""

AXES = 3
"""Sets of three colour axes, at right angles, along which distributions are matched in turn."""

PASSES = 3
"""How often all of it is done: bands that were matched one by one do not add up to such bands."""

MOST = 1.3
"""A contrast rises by this factor at most: more would make specks of little flaws. What is coarser
than all octaves gets less contrast or as much: with 1.3 for it as well, Bazille's gram is .348 for
.328."""

COARSE = 0.3
"""How far what is coarser than all octaves goes from one linear map to the paintings' distribution:
with 1 large bright shapes get the colours of a moon; with 0 gram is .122 for .107."""

WHOLE = 0.5
"""How far the whole picture's colours go to the paintings' distribution between two passes. With 1
paintings of few strong colours come nearer (after Kandinsky swd .188 for .210), and pictures lose
edges (kept .18 for .20)."""

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
        whole: of their colours, the same.
        rest: colours ``(3, N)`` of what is coarser.
    """

    bands: tuple[FloatArray, ...]
    whole: FloatArray
    rest: Tensor

    @classmethod
    def of(cls, paintings: Sequence[FloatArray]) -> Octaves:
        """Return the contrasts of ``(H, W, 3)`` display pictures together."""
        taken = [[planes, *_Pyramid.of(planes).parts(planes)] for planes in map(_planes, paintings)]
        rng = np.random.default_rng(0)
        levels = []
        for level in zip(*taken, strict=True):
            colours = np.concatenate([part.reshape(3, -1) for part in level], 1)
            levels.append(_some(colours, 4 * SAMPLED, rng))
        whole, *bands = (_along(level) for level in levels)
        return cls(tuple(bands), whole, torch.from_numpy(levels[-1]))

    def matched(self, shown: FloatArray) -> FloatArray:
        """Return ``(H, W, 3)`` display values with these contrasts."""
        planes, rng = _planes(shown), np.random.default_rng(0)
        pyramid = _Pyramid.of(planes)
        limits: list[FloatArray] = []
        for number in range(PASSES):
            if number > 0:
                planes = planes + WHOLE * (_moved(planes, self.whole, rng) - planes)
            *parts, rest = pyramid.parts(planes)
            limits = limits or [MOST * _along(_some(_flat(part), SAMPLED, rng)) for part in parts]
            moved = [
                _moved(part, wanted, rng, limit)
                for part, wanted, limit in zip(parts, self.bands[:-1], limits, strict=True)
            ]
            planes = np.clip(pyramid.joined([*moved, self._coarse(rest, rng)]), 0, 1)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))

    def _coarse(self, rest: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return what is coarser than all octaves in the paintings' colours."""
        colours = torch.from_numpy(_flat(rest))
        palette = Palette.between(colours, self.rest).limited(0, 1)
        moved = (palette.matrix @ (colours - palette.middle) + palette.wanted).numpy()
        moved = moved.reshape(rest.shape)
        return np.asarray(moved + COARSE * (_moved(moved, self.bands[-1], rng) - moved))


@dataclass(frozen=True)
class _Pyramid:
    """The parts of pictures of one size: filtered by the same masks again they add up to them.

    Attributes:
        masks: ``(N, H, W // 2 + 1)`` amplitudes of waves; their squares add up to 1.
        inside: where the picture lies in what is mirrored around it.
        around: px that are mirrored, ``((0, 0), (above, below), (left, right))``.
    """

    masks: Tensor
    inside: tuple[slice, ...]
    around: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, planes: FloatArray) -> _Pyramid:
        """Return the parts of pictures of the size of ``(3, H, W)``."""
        sizes = planes.shape[1:]
        margins = [min(AROUND, size - 1) for size in sizes]
        rows, columns = (size + 2 * each for size, each in zip(sizes, margins, strict=True))
        down, across = torch.fft.fftfreq(rows)[:, None], torch.fft.rfftfreq(columns)
        angle, waves = torch.atan2(down, across), torch.hypot(down, across).clamp_min(1e-6)
        turns = [torch.pi * number / DIRECTIONS for number in range(DIRECTIONS)]
        lobes = torch.stack([torch.cos(angle - turn) ** (2 * (DIRECTIONS - 1)) for turn in turns])
        lobes = (lobes / lobes.sum(0)).sqrt()
        masks, rest = [], torch.ones_like(waves)
        for number in range(COUNT):
            rise = (torch.log2(waves / FINEST) + number + 0.5).clamp(0, 1) * torch.pi / 2
            masks.append(rest * torch.sin(rise) * lobes)
            rest = rest * torch.cos(rise)
        inside = [slice(each, each + size) for size, each in zip(sizes, margins, strict=True)]
        around = [(each, each) for each in margins]
        return cls(torch.cat([*masks, rest[None]]), (np.s_[:], *inside), ((0, 0), *around))

    def parts(self, planes: FloatArray) -> list[FloatArray]:
        """Return the bands of ``(3, H, W)``, finest first, and what is coarser."""
        wide = self._wide(planes)
        waves = torch.fft.rfft2(wide)
        parts = (torch.fft.irfft2(waves * mask, wide.shape[1:]) for mask in self.masks)
        return [np.ascontiguousarray(part[self.inside].numpy()) for part in parts]

    def joined(self, parts: Sequence[FloatArray]) -> FloatArray:
        """Return the picture ``(3, H, W)`` of such parts."""
        wide = [self._wide(part) for part in parts]
        waves = sum(torch.fft.rfft2(one) * mask for one, mask in zip(wide, self.masks, strict=True))
        planes: FloatArray = torch.fft.irfft2(waves, wide[0].shape[1:])[self.inside].numpy()
        return planes

    def _wide(self, planes: FloatArray) -> Tensor:
        return torch.from_numpy(np.pad(planes, self.around, mode="reflect"))


def _moved(
    part: FloatArray,
    wanted: FloatArray,
    rng: np.random.Generator,
    limits: FloatArray | None = None,
) -> FloatArray:
    """Return ``(3, H, W)`` with the wanted quantiles along all axes, one set after the other.

    Args:
        part: a picture, or a part of it.
        wanted: ``(AXES, 3, STEPS)`` quantiles.
        rng: chooses the pixels by which it is measured.
        limits: quantiles that none goes beyond, the same; None for none.
    """
    colours = _flat(part)
    for number, axes in enumerate(_axes()):
        seen, goal = axes @ colours, wanted[number]
        if limits is not None:
            most = limits[number]
            goal = np.clip(goal, np.minimum(most, 0), np.maximum(most, 0))
        found = _quantiles(_some(seen, SAMPLED, rng))
        moved = [np.interp(*each) for each in zip(seen, found, goal, strict=True)]
        colours = axes.T @ np.stack(moved).astype(np.float32)
    return colours.reshape(part.shape)


def _axes() -> list[FloatArray]:
    rng = np.random.default_rng(1)
    return [np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32) for _ in range(AXES)]


def _along(colours: FloatArray) -> FloatArray:
    """Return the quantiles of ``(3, N)`` along all axes, ``(AXES, 3, STEPS)``."""
    return np.stack([_quantiles(axes @ colours) for axes in _axes()])


def _quantiles(values: FloatArray) -> FloatArray:
    """Return ``(3, STEPS)`` quantiles of ``(3, N)``, from the smallest to the largest."""
    ordered = np.sort(values, 1)
    at = np.linspace(0, ordered.shape[1] - 1, STEPS).round().astype(int)
    return ordered[:, at]


def _some(colours: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    if colours.shape[1] <= count:
        return colours
    return np.ascontiguousarray(colours[:, rng.integers(0, colours.shape[1], count)])


def _flat(part: FloatArray) -> FloatArray:
    return part.reshape(3, -1)


def _planes(shown: FloatArray) -> FloatArray:
    return np.ascontiguousarray(shown.transpose(2, 0, 1))
