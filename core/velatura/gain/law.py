"""The gain law: how a look touches a plate, and its inverse.

A look is, for each pixel and colour channel, a number of stops ``r``. With ``x`` the scene-linear
premultiplied plate, ``a`` its alpha, ``k`` the look's floor and ``g = strength x mask``::

    y = x + (clamp(x, 0, 65504) + k a [r > 0]) (2^(g r) - 1)

Darkening is a pure gain; brightening also lifts black by the floor, so a look can paint light on
dark; transparent pixels stay transparent; nothing goes negative that was not. Where ``g r`` is 0
the plate comes out bit for bit, NaN, Inf, negatives and -0.0 included.
"""

from __future__ import annotations

import numpy as np

from velatura.half import HALF_MAX
from velatura.image.planes import FloatArray

FLOOR = 1.0 / 128.0
"""Default floor ``k``, scene-linear: about 4.5 stops under mid-grey (0.18)."""

BOUND = 8.0
"""Largest gain of a look, in stops either way."""


_FAINT = 0.05  # stops: fainter gains of black, below .0003 of light, are raised in part


def apply(
    plate: FloatArray,
    stops: FloatArray,
    gain: FloatArray | float = 1.0,
    alpha: FloatArray | float = 1.0,
    floor: float = FLOOR,
) -> FloatArray:
    """Return the plate with the look on it.

    Args:
        plate: ``(..., H, W)`` float32, scene-linear, premultiplied.
        stops: the look's gain ``r``, same shape, stops.
        gain: ``g = strength x mask``, broadcast against the plate; 0 gives the plate bit for bit.
        alpha: the plate's alpha, broadcast against it; 1 where there is none.
        floor: the look's floor ``k``, scene-linear.

    Returns:
        ``(..., H, W)`` float32, scene-linear, premultiplied.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        exponent = np.asarray(gain, np.float32) * stops
        base = np.clip(plate, 0, HALF_MAX)
        base += _where_raised(stops, np.float32(floor) * np.asarray(alpha, np.float32))
        untouched = exponent == 0
        glazed: FloatArray = np.exp2(exponent)
        glazed -= 1
        glazed *= base
        glazed += plate
        # x + 0 would turn -0.0 into +0.0 and may quiet a NaN: untouched pixels are copied instead.
        np.copyto(glazed, plate, where=untouched)
    return glazed


def derive(
    plate: FloatArray,
    glazed: FloatArray,
    alpha: FloatArray | float = 1.0,
    floor: float = FLOOR,
    bound: float = BOUND,
) -> FloatArray:
    """Return the stops ``r`` that turn ``plate`` into ``glazed``: the inverse of `apply` at g = 1.

    ``r = log2(1 + (y - x) / (clamp(x) + k a))`` where y > x, ``log2(y / x)`` where y < x, bounded;
    0 where either picture is NaN or Inf, and where nothing could have been gained (x, a <= 0).

    Args:
        plate: ``(..., H, W)`` float32, scene-linear, premultiplied.
        glazed: what it should become, same shape and colour space.
        alpha: as in `apply`.
        floor: as in `apply`.
        bound: the result lies within plus or minus this many stops.
    """
    with np.errstate(all="ignore"):
        base = np.clip(plate, 0, HALF_MAX)
        lifted = base + np.float32(floor) * np.asarray(alpha, np.float32)
        up = np.log1p((glazed - plate) / lifted) / np.float32(np.log(2))
        down = np.log2(np.maximum(glazed, 0) / base)
        stops = np.where(glazed > plate, up, np.where(base > 0, down, 0))
        stops = np.clip(stops, -bound, bound)
    usable = np.isfinite(plate) & np.isfinite(glazed) & (glazed != plate) & (lifted > 0)
    return np.where(usable & ~np.isnan(stops), stops, 0).astype(np.float32)


def raised(
    plate: FloatArray,
    stops: FloatArray,
    alpha: FloatArray | float = 1.0,
    floor: float = FLOOR,
    bound: float = BOUND,
) -> FloatArray:
    """Return the stops that make of light below black what ``stops`` make of black.

    A network sees black there: video and sharpened renders hold negative values, and paint laid
    over them would come out darker by as much. Where nothing is brightened they stay as they are.

    Args:
        plate: as in `derive`.
        stops: ``r``, same shape.
        alpha: as in `apply`.
        floor: as in `apply`.
        bound: as in `derive`.
    """
    below = (plate < 0) & (stops > 0)
    if not below.any():
        return stops
    wanted = apply(np.maximum(plate, 0), stops, 1.0, alpha, floor)
    wanted += plate * (1 - np.clip(stops / np.float32(_FAINT), 0, 1))
    with np.errstate(invalid="ignore"):  # stops where a plate is NaN count nowhere
        return np.where(below, derive(plate, wanted, alpha, floor, bound), stops)


def _where_raised(stops: FloatArray, values: FloatArray) -> FloatArray:
    """Return float32 values where stops are positive, else 0, in a tenth of `numpy.where`'s time.

    Values also stand where stops are -0.0, which touch nothing, and where they are NaN.

    Args:
        stops: float32.
        values: broadcast against them.
    """
    bits = np.negative(stops.view(np.int32))  # of a positive number, its sign is now set
    bits >>= 31  # all bits, or none
    bits &= np.asarray(values).view(np.int32)
    only: FloatArray = bits.view(np.float32)
    return only
