"""The encoding of light that networks see and paint is kept in, and its inverse."""

from __future__ import annotations

import numpy as np

from velatura.image.planes import FloatArray

SLOPE, SCALE = 128.0, 8.0
"""Paint is carried as ``E(x) = log2(1 + 128 x) / 8``: what is in between lies in between by eye."""


def encoded(light: FloatArray) -> FloatArray:
    """Return ``E(x) = log2(1 + 128 x) / 8`` of scene-linear light; negatives count as black."""
    code = np.clip(light, 0, 65504).astype(np.float32)
    code *= np.float32(SLOPE)
    np.log1p(code, out=code)
    code *= np.float32(1 / (SCALE * np.log(2)))
    return code
