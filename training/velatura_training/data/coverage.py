"""Where a key is painted, by its alpha: in every format that means coverage."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.plate.flat import Picture
from velatura.plate.plate import Plate

_ALIKE = 1 / 128
"""An alpha that is thinner by less than this is as thick: halves and 8 bits round."""
_BARE, _SOFT = 0.01, 0.002
"""Share of a key that has colour without alpha, or soft edges, from which that is asked about."""
_MOST, _THIN = 0.5, 0.03
"""Share of soft edges that may be brighter than their alpha, as highlights are; by how much."""

log = logging.getLogger("velatura.training")


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
        colour = key.rgb[key_part]
        bare = (alpha == 0) & (colour != 0).any(axis=-1)
        _doubt(key.source, alpha, colour, bare)
        alpha = np.where(bare, np.float32(1), alpha)
    # Footage has no alpha, or one that is 0 all over.
    held = np.where((held == 0) & lit, 1, held) if not isinstance(held, float) else held
    over = (alpha > 0).astype(np.float32)
    if (alpha >= np.minimum(held, 1) - _ALIKE).all() and not ((over == 0) & lit).any():
        return None if over.all() else (over, None)
    return alpha, alpha


def _doubt(source: str, alpha: FloatArray, colour: FloatArray, bare: npt.NDArray[np.bool_]) -> None:
    """Say so where colour seems not to be multiplied by the alpha that it lies under."""
    if bare.mean() > _BARE and (alpha > 0).any():
        log.warning(
            "%s has colour in %.0f %% of it where its alpha is 0, which counts as paint. If its "
            "alpha says where it is painted, save it as PNG, or multiply the colour by it",
            *(source, 100 * bare.mean()),
        )
        return
    edge = (alpha > _THIN) & (alpha < 1 - _THIN)
    over = edge & (np.nan_to_num(colour).max(axis=-1) > alpha + _THIN)
    if edge.mean() > _SOFT and over.sum() > _MOST * edge.sum():
        log.warning(
            "%s is brighter than its alpha allows in much of its soft edges: is it multiplied by "
            "it? If not, save it as PNG, or multiply the colour by it",
            source,
        )
