"""Degrain: a plate with its grain smoothed and its edges kept, for a network to look at.

Film grain and render noise stir a look from frame to frame. A look that is shown the smoothed plate
keeps still; its gain goes on the plate as it was, so the grain stays in the finished picture and
nothing has to be put back.
"""

from __future__ import annotations

import numpy as np

from velatura.image import FloatArray
from velatura.key import SCALE, SLOPE, encoded

RADIUS = 3
"""Half the window, px: 49 px tell grain from texture well, and soften no wider than a brush."""

REACH = 2 * RADIUS
"""How far away a pixel matters, px: the means of a window of means."""

MOST = 2.0
"""Largest amount, stops: grain so strong that there is hardly a picture."""


def smooth(light: FloatArray, amount: float) -> FloatArray:
    """Return scene-linear light without its grain; negatives come out as black.

    In encoded light ``p`` each window's best straight line ``q = a p + b`` for grain of variance
    ``s`` has ``a = max(0, var p - s) / var p`` and ``b = (1 - a) mean p``: Lee 1980, eq. 8. As in
    the guided filter, a pixel takes the mean of the lines of all windows that it lies in (He et
    al. 2010, eq. 8), so edges leave no steps.

    Every sum is over the same pixels in the same order wherever they lie in the array, so parts of
    a frame come out as the whole one does, bit for bit.

    Args:
        light: ``(C, H + 2 REACH, W + 2 REACH)`` float32, scene-linear, finite: with a border.
        amount: standard deviation of the grain, stops; more than 0.

    Returns:
        ``(C, H, W)`` float32, scene-linear, without the border.
    """
    code = encoded(light)
    mean = _mean(code)
    spread = _mean(code * code) - mean * mean
    grain = np.float32((amount / SCALE) ** 2)
    slope: FloatArray = np.maximum(spread - grain, 0)
    slope /= np.maximum(spread, grain)
    offset = _mean(mean - slope * mean)
    inner = code[:, REACH:-REACH, REACH:-REACH]
    code = np.maximum(_mean(slope) * inner + offset, 0)
    smoothed: FloatArray = (np.exp2(code * np.float32(SCALE)) - 1) / np.float32(SLOPE)
    return smoothed


def _mean(planes: FloatArray) -> FloatArray:
    """Return the means of all whole windows: ``(C, H - 2 RADIUS, W - 2 RADIUS)``."""
    side = 2 * RADIUS + 1
    height, width = (size - 2 * RADIUS for size in planes.shape[1:])
    across = planes[:, :, :width].copy()
    for step in range(1, side):
        across += planes[:, :, step : step + width]
    whole = across[:, :height].copy()
    for step in range(1, side):
        whole += across[:, step : step + height]
    whole *= np.float32(1 / side**2)
    return whole
