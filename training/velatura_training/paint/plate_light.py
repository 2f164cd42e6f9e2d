"""Light of a plate as a painter sees it, and paint as light: highlights keep their stops.

A painting ends at white and a plate does not. What lies above the shoulder is seen compressed;
paint is set on what is seen, and the light that was compressed away is put back on top of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.scene import opencv
from velatura_training.encoding import display, light_of
from velatura_training.learn.stroke_step import shown

LONGEST = 640
"""Longer side of what is painted, px: where strokes of 3 to 5 px look like paint, and a key takes
half a minute. Larger plates get the paint scaled up."""

LEAST = 1e-4
"""Display values below which there is nothing to divide by."""


MOST = 4.0
"""By how much light that is lit up may rise at a touch: two stops."""


@dataclass(frozen=True)
class PlateLight:
    """A frame that is painted.

    Attributes:
        light: ``(3, H, W)`` scene-linear, unpremultiplied.
        seen: ``(H, W, 3)`` display values 0..1, the same size.
        small: the same at the size that is painted.
    """

    light: FloatArray
    seen: FloatArray
    small: FloatArray

    @classmethod
    def of(cls, light: FloatArray) -> PlateLight:
        """Return a frame from its light ``(3, H, W)``, scene-linear, unpremultiplied."""
        seen = look(light)
        height, width = seen.shape[:2]
        return cls(light, seen, resized(seen, *working_size(height, width)))

    def painted(self, paint: FloatArray, hold: float) -> FloatArray:
        """Return paint as light: ``(3, H, W)`` scene-linear, not negative.

        Args:
            paint: ``(h, w, 3)`` display values, of the size of `small`.
            hold: 0..1, how much of the plate's detail that was too fine to be painted stays.
        """
        height, width = self.seen.shape[:2]
        if paint.shape[:2] != (height, width):
            detail = (self.seen + LEAST) / (resized(self.small, height, width) + LEAST)
            detail = np.clip(detail, 0.5, 2) ** np.float32(hold)
            paint = np.asarray(np.clip(resized(paint, height, width) * detail, 0, 1), np.float32)
        ordinary = colour.convert(_planes(paint), colour.PAINTED, colour.SCENE)
        lit: FloatArray = np.maximum(ordinary, 0) * self._above
        return lit

    @property
    def above(self) -> FloatArray:
        """By how much paint is lit up, ``(h, w, 3)``, of the size of `small`: 1 below white."""
        whole = np.ascontiguousarray(self._above.transpose(1, 2, 0))
        return np.maximum(resized(whole, *self.small.shape[:2]), 1)

    @cached_property
    def _above(self) -> FloatArray:
        plain = colour.convert(_planes(self.seen), colour.PAINTED, colour.SCENE)
        lifted = np.minimum(self.light / np.maximum(plain, LEAST), self.light)
        above: FloatArray = np.maximum(lifted, 1)
        return above


def look(light: FloatArray) -> FloatArray:
    """Return ``(3, H, W)`` scene-linear light as it is seen: ``(H, W, 3)`` display values 0..1."""
    seen = shown(torch.from_numpy(np.ascontiguousarray(light))[None])[0].numpy()
    return np.ascontiguousarray(seen.transpose(1, 2, 0))


def retouched(
    paint: FloatArray, above: FloatArray, touch: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Return paint changed as a touch changes what a screen shows of it.

    Where the screen ends at white, paint gets as many stops darker as the screen does.

    Args:
        paint: ``(h, w, 3)`` display values.
        above: by how much it is lit up, the same size.
        touch: from display values to display values.
    """
    light = light_of(torch.from_numpy(paint))
    lit = light * torch.from_numpy(above)
    screen = display(lit).numpy()
    changed = light_of(torch.from_numpy(np.ascontiguousarray(touch(screen))))
    ratio = (changed / lit.clamp(LEAST, 1)).clamp_max(MOST)
    moved: FloatArray = display(torch.where(lit > light, light * ratio, changed)).numpy()
    return moved


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return the height and width at which a plate is painted."""
    scale = min(1.0, LONGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resized(pixels: FloatArray, height: int, width: int) -> FloatArray:
    """Return ``(H, W, C)`` or ``(H, W)`` at another size: means if smaller, cubic if larger."""
    if pixels.shape[:2] == (height, width):
        return pixels
    cv2: Any = opencv.cv2()
    how = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_CUBIC
    sized: FloatArray = cv2.resize(pixels, (width, height), interpolation=how)
    return sized


def _planes(shown: FloatArray) -> FloatArray:
    return np.ascontiguousarray(shown.transpose(2, 0, 1))
