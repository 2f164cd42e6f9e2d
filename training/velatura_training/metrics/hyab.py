"""How far two pictures on a screen are apart in colour, pixel for pixel: HyAB, as FLIP weighs it.

    mean of bent((|L - L'| + |(a, b) - (a', b')|)^.7)

in L*a*b* whose colours fade in the dark (Hunt); bent, large differences count alike. It is how far
colours are apart in FLIP (Andersson et al. 2020, sections 4.1.2 and 4.1.3), without what the eye
blurs and without edges, and stands in for FLIP where that cannot be had: for the strength's
calibration.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from velatura.image.planes import FloatArray

_POWER = 0.7  # FLIP's q_c
_MOST = 41.28  # FLIP's c_max: sRGB's green and blue are so far apart
_LARGE, _COUNTS = (0.0, 0.4 * _MOST, _MOST), (0.0, 0.95, 1.0)  # FLIP's p_c and p_t
_KNEE = 0.04045  # where sRGB's curve gives way to a line: IEC 61966-2-1
_XYZ = (  # of linear sRGB, over the white of D65: IEC 61966-2-1
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
_BEND = 6 / 29  # where the cube root of L*a*b* gives way to a line: CIE 15


def distance(result: Tensor, wanted: Tensor) -> float:
    """Return the mean distance of two display pictures, 0 for the same.

    Args:
        result: ``(1, 3, H, W)`` display values, sRGB curve, 0..1.
        wanted: the same of the other picture.
    """
    one, other = _lab(result), _lab(wanted)
    apart = np.abs(one[0] - other[0]) + np.hypot(one[1] - other[1], one[2] - other[2])
    return float(np.interp(apart**_POWER, _LARGE, _COUNTS).mean())


def _lab(picture: Tensor) -> FloatArray:
    """Return lightness and colours, ``(3, H, W)``."""
    codes = picture[0].double().cpu().numpy()
    light = np.where(codes <= _KNEE, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    xyz = np.tensordot(np.array(_XYZ), light, 1)
    bent = np.where(xyz > _BEND**3, np.cbrt(xyz), xyz / (3 * _BEND**2) + 4 / 29)
    lightness = 116 * bent[1] - 16
    hunt = 0.01 * lightness
    across, along = 500 * (bent[0] - bent[1]) * hunt, 200 * (bent[1] - bent[2]) * hunt
    return np.stack([lightness, across, along]).astype(np.float32)
