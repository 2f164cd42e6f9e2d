"""A gain layer as a picture: blue where it darkens the plate, orange where it brightens it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from velatura.image.planes import LUMINANCE, FloatArray

RAMP = ("#0b3c7d", "#5b9bd5", "#f7f7f7", "#f4a259", "#a23b00")
"""Display sRGB, from the darkest to the brightest, at equal distances: told apart by all eyes."""

_WEIGHTS = np.array(LUMINANCE, np.float32)
_LEAST_RANGE = 0.5  # stops: a look that does nothing is not to look like noise
_QUANTILE = 0.95  # of a picture's pixels that the ramp tells apart; ink and black may clip


def luminance(stops: FloatArray) -> FloatArray:
    """Return ``(H, W)`` stops: what ``(3, H, W)`` stops of red, green, blue mean for grey light."""
    weighted: FloatArray = np.einsum("c,chw->hw", _WEIGHTS, stops)
    return weighted


def reach(pictures: list[FloatArray]) -> float:
    """Return the stops at the ramp's ends that show ``(H, W)`` pictures well: a multiple of 1/2."""
    most = max((float(np.quantile(np.abs(p), _QUANTILE)) for p in pictures), default=0.0)
    return max(_LEAST_RANGE, float(np.ceil(2 * most) / 2))


def shown(stops: FloatArray, end: float) -> npt.NDArray[np.uint8]:
    """Return ``(H, W)`` stops as display sRGB ``(H, W, 3)``; the ramp ends at ``end`` each way."""
    colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in RAMP], np.float32)
    place = (np.clip(np.nan_to_num(stops) / end, -1, 1) + 1) / 2
    knots = np.linspace(0, 1, len(RAMP), dtype=np.float32)
    channels = [np.interp(place, knots, colours[:, channel]) for channel in range(3)]
    levels: npt.NDArray[np.uint8] = np.rint(np.stack(channels, -1)).astype(np.uint8)
    return levels
