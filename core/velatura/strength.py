"""The slider: half of its way is half of what can be seen of a look.

The gain law is even in stops, but eyes are not: the first stops of a look show more than the last.
So a look's card may carry a calibration, 17 values ``g_0 .. g_16``. With the slider at ``s`` the
law's gain is::

    g = g_k + (16 s - k) (g_k+1 - g_k)    with k = floor(16 s), for s below 1: straight lines
    g = s                                 from 1 on: as painted, and stronger, in raw stops

``g_0`` is 0 and ``g_16`` is 1, and each value is larger than the one before. So 0 and 1 stay what
they are, g never jumps, and every g has its s. A look without calibration has g = s. Whoever sets g
does this: the gain layer does not know of it, and a mask multiplies g afterwards.

In nodes it is 16 clipped ramps, added: ``g = sum_k (g_k+1 - g_k) clamp(16 s - k, 0, 1)`` up to 1,
plus ``max(s - 1, 0)``.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

__all__ = ["KNOTS", "even", "is_calibration", "slider"]

KNOTS = 17
"""Values of a calibration: at every sixteenth of the slider."""


def even(lut: Sequence[float], strength: float) -> float:
    """Return the gain ``g`` of the law for a slider.

    Args:
        lut: a card's ``strength_lut``; empty for g = s.
        strength: where the slider is, 0 or more; 1 is as painted.
    """
    if not lut or strength >= 1:
        return strength
    place = strength * (KNOTS - 1)
    knot = int(place)
    return lut[knot] + (place - knot) * (lut[knot + 1] - lut[knot])


def slider(lut: Sequence[float], gain: float) -> float:
    """Return where the slider is for a gain ``g`` of 0 or more: the inverse of `even`."""
    if not lut or gain >= 1:
        return gain
    knot = bisect_right(lut, gain) - 1
    part = (gain - lut[knot]) / (lut[knot + 1] - lut[knot])
    return (knot + part) / (KNOTS - 1)


def is_calibration(lut: Sequence[float]) -> bool:
    """Say whether a card may carry this: nothing, or 17 rising values from 0 to 1."""
    if not lut:
        return True
    rising = all(low < high for low, high in zip(lut, lut[1:]))
    return len(lut) == KNOTS and lut[0] == 0 and lut[-1] == 1 and rising
