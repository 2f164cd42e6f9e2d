"""The primaries of linear colour spaces: which space has them, and the way to ACES2065-1.

A camera's gamut need not be in any config: the red, green, blue and white that a file names say
all that a linear space needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import starmap
from typing import Any

import numpy as np
import numpy.typing as npt

Chromaticities = Sequence[float]
"""x, y of red, green, blue and white."""

_D65 = (0.3127, 0.3290)

# ITU-R BT.709-6, BT.2020-2, SMPTE EG 432-1 (D65) and RP 431-2 (DCI), ST 2065-1 (AP0), Academy
# S-2014-004 (AP1), Adobe RGB (1998).
KNOWN: dict[str, Chromaticities] = {
    "lin_rec709_scene": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65),
    "lin_rec2020_scene": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    "lin_p3d65_scene": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    "lin_ap0_scene": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_ap1_scene": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
    "lin_p3dci_scene": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    "lin_adobergb_scene": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *_D65),
}
# The makers' own papers: ARRI (ALEXA Wide Gamut, 2017; LogC4, 2022), Sony (S-Gamut3, 2014), RED
# (REDWideGamutRGB, 2017), Blackmagic (DaVinci Wide Gamut, 2021), Panasonic (V-Log, 2014).
_CAMERAS = {
    "Linear ARRI Wide Gamut 3": (0.684, 0.313, 0.221, 0.848, 0.0861, -0.102, *_D65),
    "Linear ARRI Wide Gamut 4": (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, *_D65),
    "Linear S-Gamut3": (0.730, 0.280, 0.140, 0.855, 0.100, -0.050, *_D65),
    "Linear S-Gamut3.Cine": (0.766, 0.275, 0.225, 0.800, 0.089, -0.087, *_D65),
    "Linear REDWideGamutRGB": (
        *(0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589),
        *_D65,
    ),
    "Linear DaVinci WideGamut": (0.8, 0.313, 0.1682, 0.9877, 0.079, -0.1155, *_D65),
    "Linear V-Gamut": (0.730, 0.280, 0.165, 0.840, 0.100, -0.030, *_D65),
}
_TOLERANCE = 2e-3  # files round to two or three digits; the nearest pair is .03 apart
_COUNT = 8
_FLATTEST = 1e-3  # determinant of primaries that span no triangle worth the name
_PREFIX = "lin_primaries"

# Lam and Rigg's cone responses, by which ICC and OCIO adapt white (ICC.1:2022, annex E).
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def name_of(found: Any) -> str | None:
    """Return the linear space that has the primaries of an EXR header.

    Where no space that velatura knows has them, its name holds them: ``lin_primaries 0.68 ...``.

    Args:
        found: the header's ``chromaticities``: anything, where the header is damaged.

    Returns:
        A name for `velatura.plate.colour`; empty where they say nothing (no eight numbers, or all
        0); None where no picture can have them.
    """
    xy = _numbers(found)
    if xy is None or not np.any(xy):
        return ""
    for space, known in (KNOWN | _CAMERAS).items():
        if np.allclose(xy, known, rtol=0, atol=_TOLERANCE):
            return space
    white_y = xy[-1]
    flat = abs(float(np.linalg.det(_columns(xy)))) < _FLATTEST
    return None if flat or white_y <= 0 else " ".join((_PREFIX, *(f"{value:.5g}" for value in xy)))


def parse(name: str) -> Chromaticities | None:
    """Return the primaries that a name holds: the inverse of `name_of`; None for other names."""
    if not re.fullmatch(_PREFIX + r"( -?[\d.e-]+){8}", name):
        return None
    try:
        return tuple(map(float, name.split()[1:]))
    except ValueError:
        return None


def to_ap0(xy: Chromaticities) -> list[float]:
    """Return OCIO's 4x4 matrix from linear light of such primaries to ACES2065-1."""
    matrix = np.identity(4)
    ap0 = KNOWN["lin_ap0_scene"]
    matrix[:3, :3] = np.linalg.inv(to_xyz(ap0)) @ _adapted(xy, ap0) @ to_xyz(xy)
    return [float(value) for value in matrix.ravel()]


def to_xyz(xy: Chromaticities) -> npt.NDArray[np.float64]:
    """Return the matrix that takes white (1, 1, 1) to the white point (SMPTE RP 177)."""
    columns = _columns(xy)
    return columns * np.linalg.solve(columns, _white(xy))


def _columns(xy: Chromaticities) -> npt.NDArray[np.float64]:
    pairs = np.reshape(xy, (4, 2))[:3]
    return np.array(list(starmap(lambda x, y: (x, y, 1 - x - y), pairs))).T


def _white(xy: Chromaticities) -> npt.NDArray[np.float64]:
    x, y = xy[6], xy[7]
    return np.array([x / y, 1, (1 - x - y) / y])


def _adapted(source: Chromaticities, target: Chromaticities) -> npt.NDArray[np.float64]:
    cones = (_BRADFORD @ _white(target)) / (_BRADFORD @ _white(source))
    adapted: npt.NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ (cones[:, None] * _BRADFORD)
    return adapted


def _numbers(found: Any) -> Chromaticities | None:
    try:
        xy = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        return None
    return tuple(map(float, xy)) if xy.shape == (_COUNT,) and np.isfinite(xy).all() else None
