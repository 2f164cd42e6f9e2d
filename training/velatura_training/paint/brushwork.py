"""A painting's brushwork, as pieces that can be laid elsewhere: strips cut along its strokes.

A strip follows a line of `velatura_training.paint.tangents` through a painting and is straightened
to a rectangle: bristles, neighbouring strokes, ridges and gaps of pigment as they are, in its own
colours. That is texture for lapped painting (Praun et al. 2000, "Lapped Textures"; strokes by
example: Zhao & Zhu 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura_training.paint.tangents import Tangents, normals

STRIPS = 3000
"""Strips of one size, of all paintings together: more do not change the eye's verdict."""

GRID = (4, 3)
"""Cells along and across by whose colours strips are compared with what is wanted."""

PROBES = 1000
"""Strips by which a painting's strokes are measured."""

PROBE = (40, 20)
"""Reach along and across of such a strip, px: longer and wider than a stroke."""

MARGIN = 0.02
"""Outermost part of a painting that no strip is cut from: bare canvas, frames, scanners' edges."""

VAGUE = 0.4
"""Part of a painting whose strokes run least clearly: no strip is cut there."""

STRAIGHT = 0.9
"""Cosine of the sharpest turn, from px to px, of a line that a strip is cut along."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of display red, green and blue in brightness (ITU-R BT.601)."""

HALF, TAIL = 0.5, 0.2
"""Correlations at which a stroke's width and length are read off. Twice the first lag and three
times the second are what is measured with a ruler in The Starry Night: 4 and 30 px."""

WIDTHS, LENGTHS = (2.5, 5.0), (16.0, 60.0)
"""What strokes of a painting of 600 px are taken to measure at least and at most, px."""


@dataclass(frozen=True)
class Strips:
    """Strips of one size.

    Attributes:
        pixels: ``(N, L, W, 3)`` display values.
    """

    pixels: FloatArray

    @cached_property
    def turns(self) -> tuple[FloatArray, ...]:
        """Their layouts ``(N, *GRID, 3)``: as they are, end to end, side to side, and both."""
        length, width = self.pixels.shape[1:3]
        rows, columns = (
            np.linspace(0, size, parts + 1).astype(int)[:-1]
            for size, parts in zip((length, width), GRID, strict=True)
        )
        summed = np.add.reduceat(np.add.reduceat(self.pixels, rows, 1), columns, 2)
        covered = np.diff(np.append(rows, length))[:, None] * np.diff(np.append(columns, width))
        cells = (summed / covered[..., None]).astype(np.float32)
        return cells, cells[:, ::-1], cells[:, :, ::-1], cells[:, ::-1, ::-1]

    @cached_property
    def means(self) -> FloatArray:
        """Mean colour of each, ``(N, 3)``."""
        means: FloatArray = self.pixels.mean((1, 2))
        return means


@dataclass(frozen=True)
class Brushwork:
    """What is known of the strokes of some paintings.

    Attributes:
        paintings: ``(H, W, 3)`` display values each, as large as their strokes are wanted.
        width: of a stroke, px.
        length: of a stroke, px.
    """

    paintings: tuple[FloatArray, ...]
    width: float
    length: float

    @classmethod
    def of(cls, paintings: Sequence[FloatArray], stroke: float = 1.0) -> Brushwork:
        """Return the measured brushwork of paintings.

        Args:
            paintings: ``(H, W, 3)`` display values each.
            stroke: their size, against paintings of 600 px.
        """
        rng = np.random.default_rng(0)
        width, length = 0.0, 0.0
        for painting in paintings:
            luma = _cut(painting, rng, PROBES, *PROBE).pixels @ LUMA
            width += 2 * _lag(luma, HALF) / len(paintings)
            length += 3 * _lag(luma.transpose(0, 2, 1), TAIL) / len(paintings)
        width = float(np.clip(width, stroke * WIDTHS[0], stroke * WIDTHS[1]))
        length = float(np.clip(length, stroke * LENGTHS[0], stroke * LENGTHS[1]))
        return cls(tuple(paintings), width, length)

    def strips(self, reach: int, across: int, rng: np.random.Generator) -> Strips:
        """Return strips of ``2 reach + 1`` by ``2 across + 1`` px, as many of each painting."""
        each = STRIPS // len(self.paintings)
        cut = [_cut(painting, rng, each, reach, across).pixels for painting in self.paintings]
        return Strips(np.concatenate(cut))


def _cut(
    painting: FloatArray, rng: np.random.Generator, count: int, reach: int, across: int
) -> Strips:
    """Return at most so many strips, from places at random where strokes run clearly."""
    cv2: Any = opencv.cv2()
    tangents = Tangents.of_painting(painting)
    size = np.array(painting.shape[1::-1], np.float32)
    margin = MARGIN * size.min() + across
    seeds = rng.uniform(margin, size - margin, (4 * count, 2)).astype(np.float32)
    paths = tangents.paths(seeds, reach)
    inside = ((paths > margin) & (paths < size - margin)).all((1, 2))
    columns, rows = seeds.astype(int).T
    clear = tangents.coherence[rows, columns] >= np.quantile(tangents.coherence, VAGUE)
    ahead = np.diff(paths, axis=1)
    bent = (ahead[:, 1:] * ahead[:, :-1]).sum(2).min(1)
    good = inside & clear & (bent > STRAIGHT)
    if good.sum() < count // 10:  # of a small painting, or one without clear strokes: any line
        good = np.zeros(len(seeds), bool)
        good[np.argsort(-(bent + inside))[: count // 10]] = True
    paths = paths[good][:count]
    offsets = np.arange(-across, across + 1, dtype=np.float32)
    places = paths[:, :, None] + offsets[:, None] * normals(paths)[:, :, None]
    flat = places.reshape(-1, 2 * across + 1, 2)
    rows_at_once = 2**14  # OpenCV reads at most 2^15 rows in one go
    read = [
        cv2.remap(
            painting, part[..., 0], part[..., 1], cv2.INTER_LANCZOS4, None, cv2.BORDER_REFLECT
        )
        for part in (flat[i : i + rows_at_once] for i in range(0, len(flat), rows_at_once))
    ]
    return Strips(np.clip(np.concatenate(read), 0, 1).reshape(*places.shape[:3], 3))


def _lag(luma: FloatArray, level: float) -> float:
    """Return the distance along the last axis at which luma's correlation falls to a level, px."""
    varied = luma - luma.mean(-1, keepdims=True)
    count = varied.shape[-1]
    power = float(np.mean(varied * varied)) + 1e-12
    before: float = 1.0
    for lag in range(1, count // 2):
        here = float(np.mean(varied[..., :-lag] * varied[..., lag:]) / power)
        if here <= level:
            return float(lag - 1 + (before - level) / max(before - here, 1e-6))
        before = here
    return float(count / 2)
