"""Degrain: a plate with its grain smoothed and its edges kept, for a network to look at.

Film grain and render noise stir a look from frame to frame. A look that is shown the smoothed plate
keeps still; its gain goes on the plate as it was, so the grain stays in the finished picture and
nothing has to be put back.
"""

from __future__ import annotations

import numpy as np

from velatura.image.planes import FloatArray
from velatura.plate.encoding import SCALE, decoded, encoded

REACH = 2
"""How far away a pixel still counts, px. 5 x 5 of them halve the grain of a textured plate, 7 x 7
take twice the time for a tenth less (measured on the courtyard)."""

TOLERANCE = 3.5
"""Neighbours further apart than this many standard deviations of the grain are treated as another
surface. Less leaves more grain, more takes texture (measured on the courtyard)."""


def smooth(light: FloatArray, amount: float) -> FloatArray:
    """Return scene-linear light without its grain; negatives come out as black.

    Every pixel becomes the mean of its neighbours, each counting ``max(0, 1 - d^2 / c^2)^2``, where
    ``d^2`` is how far their encoded colours are apart and ``c`` is `TOLERANCE` deviations: a
    bilateral filter (Tomasi & Manduchi 1998) with Tukey's biweight, which unlike a Gaussian lets
    nothing across an edge (Durand & Dorsey 2002, section 4).

    Nothing is summed over the frame, and every pixel takes the same steps in the same order, so
    parts of a frame come out as the whole one does, bit for bit.

    Args:
        light: ``(C, H + 2 REACH, W + 2 REACH)`` float32, scene-linear, finite: with a border.
        amount: standard deviation of the grain, stops; more than 0. In the shadows, where encoded
            light counts no stops but light, it means that much less of them.

    Returns:
        ``(C, H, W)`` float32, scene-linear, without the border.
    """
    code = encoded(light)
    height, width = (size - 2 * REACH for size in code.shape[1:])
    middle = code[:, REACH : REACH + height, REACH : REACH + width]
    nearness = np.float32((SCALE / (TOLERANCE * amount)) ** 2 / len(code))
    total = np.zeros_like(middle)
    weights = np.zeros((height, width), np.float32)
    for top in range(2 * REACH + 1):
        for left in range(2 * REACH + 1):
            neighbour = code[:, top : top + height, left : left + width]
            weight = _apart(neighbour, middle)
            weight *= -nearness
            weight += 1
            np.maximum(weight, 0, out=weight)
            weight *= weight
            weights += weight
            total += weight * neighbour
    total /= weights  # at least 1: every pixel is its own neighbour
    return decoded(total)


def _apart(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return ``(H, W)``: the squared distance of two colours."""
    apart: FloatArray = np.square(one[0] - other[0])
    for channel in range(1, len(one)):
        apart += np.square(one[channel] - other[channel])
    return apart
