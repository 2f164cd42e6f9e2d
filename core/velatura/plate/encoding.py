"""The encoding of light that networks see and paint is kept in, and its inverse."""

from __future__ import annotations

import numpy as np

from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray

SLOPE = 128.0
"""Inverse of the look's default floor: the encoding is linear below about 1/128."""

SCALE = 8.0
"""Stops per unit of the encoding: what lies halfway between two codes lies halfway by eye."""


def encoded(light: FloatArray) -> FloatArray:
    """Return ``E(x) = log2(1 + 128 x) / 8`` of scene-linear light: the inverse of `decoded`.

    Negatives count as black, and what is brighter than a half float can be as the brightest one.

    Args:
        light: any shape, scene-linear.

    Returns:
        float32, 0 to 2.88.
    """
    code = np.clip(light, 0, HALF_MAX).astype(np.float32)
    code *= np.float32(SLOPE)
    np.log1p(code, out=code)
    code *= np.float32(1 / (SCALE * np.log(2)))
    return code


def decoded(code: FloatArray) -> FloatArray:
    """Return the scene-linear light of encoded light: the inverse of `encoded` on 0..65504.

    Args:
        code: any shape, float32.
    """
    light: FloatArray = (np.exp2(code * np.float32(SCALE)) - 1) / np.float32(SLOPE)
    return light
