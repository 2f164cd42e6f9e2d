"""Where a key is painted, by its alpha: in every format that means coverage."""

from __future__ import annotations

import numpy as np

from velatura.image.planes import FloatArray
from velatura.plate.flat import Picture
from velatura.plate.plate import Plate

_ALIKE = 1 / 128
"""An alpha that is thinner by less than this is as thick: halves and 8 bits round."""


def of(
    key: Picture, plate: Plate, key_part: tuple[slice, slice], part: tuple[slice, slice]
) -> tuple[FloatArray, FloatArray | None] | None:
    """Return how much of each pixel is paint, and the same if the key is a layer.

    A key is a whole picture, not a layer, if its alpha is nowhere thinner than its plate's: it was
    painted over a render and kept the render's own. Without light and alpha, nothing is painted.

    Args:
        key: the painted key as stored.
        plate: what it was painted over.
        key_part: rows and columns of the key that lie on the plate.
        part: those of the plate.

    Returns:
        None where all is paint. Else ``(H, W)`` 0..1, how much of the paint is laid over the plate;
        and again what a layer covers, None for a whole picture.
    """
    if key.alpha is None:
        return None
    alpha = np.clip(np.nan_to_num(key.alpha[key_part]), 0, 1)
    light, held = plate.stored(*part)
    lit = (light != 0).any(axis=0)
    if key.premultiplied:  # light that is added (fire), or an alpha that was never filled in
        coloured = (key.rgb[key_part] != 0).any(axis=-1)
        alpha = np.where((alpha == 0) & coloured, np.float32(1), alpha)
    # Footage has no alpha, or one that is 0 all over.
    held = np.where((held == 0) & lit, 1, held) if not isinstance(held, float) else held
    over = (alpha > 0).astype(np.float32)
    if (alpha >= np.minimum(held, 1) - _ALIKE).all() and not ((over == 0) & lit).any():
        return None if over.all() else (over, None)
    return alpha, alpha
