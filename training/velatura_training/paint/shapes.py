"""Shapes as a painting has them: even areas, and dark contours around them in its own ink.

How much of a painting is even, and how much of it thin dark lines cover, is measured in it. Then
the plate's areas are flattened, and its edges are drawn, the clearest ones, until they cover as
much: a difference of Gaussians, averaged along the edge (Kang et al. 2007, "Coherent Line
Drawing"). A painting in strokes has no such shapes, and nothing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura_training.paint.brushwork import LUMA
from velatura_training.paint.silhouettes import Silhouettes
from velatura_training.paint.tangents import Tangents, blurred

WINDOW = 5
"""Side of the window in which a painting is even or not, and which a line does not fill, px."""

EVEN = 0.015
"""Deviation of brightness within that window up to which a place counts as even."""

GRAPHIC = 0.3, 0.5
"""Part of a painting that is even, without its grain, from which on it counts as even, and where it
wholly does: The Starry Night has .27, Hokusai's Great Wave .51, a Kandinsky .62."""

LINES = 0.9, 1.05
"""Thin dark parts, to thin light ones, from which on the dark ones are lines: impasto has as much
of both (Shipwreck .85), the Great Wave 1.07 for its foam, other prints 1.2 to 5."""

PLAIN = 0.5
"""How far even paintings without lines count as made of shapes: glazes have relief, too."""

FEWEST = 0.003
"""Part of a painting that lines cover at least, where they count as its manner."""

DARK = 0.12
"""By how much a line is darker than what is beside it, display values."""

INNER, OUTER = 0.8, 1.3
"""Deviations of the Gaussians whose difference is a line, px."""

ALONG = 4
"""How far lines are averaged along the edge to either side, px."""

FAINTEST = 0.01
"""Difference of Gaussians, display values, that edges must stand out from to be drawn."""

AROUND = 12.0
"""Deviation of the Gaussian under which edges are weighed against their surroundings, px: a face
gets lines beside a chequered floor, too."""

LEAST = 0.5
"""How much more than these surroundings an edge must be at least: grain is no edge."""

OUTLINE = 0.25
"""What a change of object counts as beside such differences."""

THIN = 0.45, 0.75
"""Parts of an edge's strongest response between which its line fades."""

SOFT = 0.75
"""Part of the least strength that counts at which a line has faded away."""

TIMES, SAME, NEAR = 3, 0.1, 3.0
"""How often shapes are flattened, and by what deviations of display values and of px."""


@dataclass(frozen=True)
class Shapes:
    """The even areas and the contours of some paintings.

    Attributes:
        ink: the contours' colour, display values.
        share: part of a picture that contours cover; 0 for none.
        graphic: 0..1, how far the paintings are even shapes instead of strokes.
    """

    ink: FloatArray
    share: float
    graphic: float

    @classmethod
    def of(cls, paintings: Sequence[FloatArray]) -> Shapes:
        """Return the shapes of paintings, ``(H, W, 3)`` display values each."""
        each = [_measured(painting) for painting in paintings]
        share, graphic = np.mean([(one.share, one.graphic) for one in each], 0)
        counted = [one.share for one in each] if share else None  # who draws none has no ink
        ink = np.average([one.ink for one in each], 0, counted).astype(np.float32)
        return cls(ink, float(share), float(graphic))

    def flattened(self, shown: FloatArray) -> FloatArray:
        """Return ``(H, W, 3)`` display values as even as the paintings' shapes, edges as they are.

        (Winnemoeller et al. 2006, "Real-time Video Abstraction": a bilateral filter, repeated.)
        """
        if self.graphic == 0:
            return shown
        cv2: Any = opencv.cv2()
        flat: Any = shown
        for _ in range(TIMES):
            flat = cv2.bilateralFilter(flat, -1, SAME, NEAR)
        flatter: FloatArray = shown + np.float32(self.graphic) * (flat - shown)
        return flatter

    def inked(self, paint: FloatArray, lines: FloatArray) -> FloatArray:
        """Return paint with lines in ink over it.

        Args:
            paint: ``(H, W, 3)`` display values.
            lines: ``(H, W)`` 0..1.
        """
        darker = np.minimum(self.ink, paint) - paint
        return np.asarray(paint + lines[..., None] * darker, np.float32)

    def lines(self, shown: FloatArray, silhouettes: Silhouettes | None = None) -> FloatArray:
        """Return where a plate is given lines, ``(H, W)`` 0..1.

        Args:
            shown: ``(H, W, 3)`` display values.
            silhouettes: of its objects; None where no ids tell them.
        """
        cv2: Any = opencv.cv2()
        if self.share == 0:
            return np.zeros(shown.shape[:2], np.float32)
        edges = _edges(shown, Tangents.of_plate(shown))
        if silhouettes is not None:
            edges = edges + OUTLINE * blurred(silhouettes.rims.astype(np.float32), OUTER)
            edges[silhouettes.behind] = 0
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WINDOW, WINDOW))
        peak = cv2.dilate(edges, disc)
        crest = peak / (blurred(peak, AROUND) + np.median(peak) + FAINTEST)
        thin = np.clip((edges / (peak + 1e-6) - THIN[0]) / (THIN[1] - THIN[0]), 0, 1)
        # The strongest edges first, until they cover as much as in the paintings.
        order = np.sort(crest.ravel())[::-1]
        covered = np.cumsum(thin.ravel()[np.argsort(-crest, axis=None)]) / crest.size
        at = min(int(np.searchsorted(covered, self.share)), crest.size - 1)
        least = max(float(order[at]), LEAST)
        strong = np.clip(crest / least - SOFT, 0, 1 - SOFT) / (1 - SOFT)
        return np.asarray(thin * strong, np.float32)


def _measured(painting: FloatArray) -> Shapes:
    cv2: Any = opencv.cv2()
    luma = painting @ LUMA
    quiet = cv2.medianBlur((255 * luma).round().astype(np.uint8), WINDOW) / np.float32(255)
    mean = cv2.blur(quiet, (WINDOW, WINDOW))
    deviation = np.sqrt(np.maximum(cv2.blur(quiet * quiet, (WINDOW, WINDOW)) - mean * mean, 0))
    even = _part(float((deviation < EVEN).mean()), *GRAPHIC)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WINDOW, WINDOW))
    dark = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, disc) - luma > DARK
    light = luma - cv2.morphologyEx(luma, cv2.MORPH_OPEN, disc) > DARK
    if dark.mean() < FEWEST:
        return Shapes(np.zeros(3, np.float32), 0.0, PLAIN * even)
    lines = _part(float(dark.sum() / max(light.sum(), 1)), *LINES)
    darker = dark & (luma <= np.median(luma[dark]))
    share = even * lines * float(dark.mean())
    return Shapes(painting[darker].mean(0), share, even * (PLAIN + (1 - PLAIN) * lines))


def _part(value: float, none: float, all_: float) -> float:
    return float(np.clip((value - none) / (all_ - none), 0, 1))


def _edges(shown: FloatArray, tangents: Tangents) -> FloatArray:
    """Return how dark each place is beside its surroundings, the same all along an edge."""
    around = blurred(shown, OUTER) - blurred(shown, INNER)
    dark = np.maximum(around.max(-1), 0).astype(np.float32)
    height, width = dark.shape
    rows, columns = np.mgrid[:height, :width].reshape(2, -1).astype(np.float32)
    paths = tangents.paths(np.stack([columns, rows], 1), ALONG)
    at = np.rint(np.clip(paths, 0, (width - 1, height - 1))).astype(int)
    edges: FloatArray = dark[at[..., 1], at[..., 0]].mean(1).reshape(height, width)
    return edges
