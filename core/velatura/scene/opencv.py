"""OpenCV, as the trainer has it: quick warps and blurs of whole pictures.

Only what looks a shot over for the trainer comes here; a look on a shot runs without OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray

MOST_ROWS = 2**14
"""Rows that OpenCV reads at once: from 2^15 on it refuses."""

TORN = 0.5
"""px between a place that is read linearly and one that is read of the nearest pixel alone, from
which on a field is torn there. Chains of smooth fields stay far below."""


def warped(planes: FloatArray, places: FloatArray) -> FloatArray:
    """Return ``(C, H, W)`` planes read at ``(2, h, w)`` places in px, linearly, edges repeated."""
    module = cv2()
    x, y = np.ascontiguousarray(places[0]), np.ascontiguousarray(places[1])
    read = [
        module.remap(plane, x, y, module.INTER_LINEAR, borderMode=module.BORDER_REPLICATE)
        for plane in planes
    ]
    return np.stack(read)


def unmixed(field: FloatArray, places: FloatArray) -> FloatArray:
    """Return a field of places, ``(2, H, W)`` px, read at ``(2, h, w)`` places like `warped`.

    Where two things meet, the field is torn, and what lies between their places is neither's: there
    its nearest pixel is read, and goes straight on.
    """
    module = cv2()
    near = np.rint(places)
    read = [
        module.remap(p, *near, module.INTER_NEAREST, borderMode=module.BORDER_REPLICATE)
        for p in field
    ]
    nearest = np.stack(read) + (places - near)
    smooth = warped(field, places)
    torn = np.abs(smooth - nearest).max(axis=0) > TORN
    return np.where(torn, nearest, smooth)


def read_at(planes: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(N, T, C)`` of ``(C, H, W)`` planes, read linearly at ``(N, T)`` places in px."""
    module = cv2()
    picture = np.ascontiguousarray(planes.transpose(1, 2, 0))
    read = np.empty((*x.shape, len(planes)), np.float32)
    for some in (slice(start, start + MOST_ROWS) for start in range(0, len(x), MOST_ROWS)):
        places = np.ascontiguousarray(x[some]), np.ascontiguousarray(y[some])
        border = module.BORDER_REPLICATE
        read[some] = module.remap(picture, *places, module.INTER_LINEAR, borderMode=border)
    return read


def blurred(planes: FloatArray, sigma: float) -> FloatArray:
    """Return ``(C, H, W)`` planes under a Gaussian of ``sigma`` px, mirrored at the border."""
    module = cv2()
    return np.stack(
        [module.GaussianBlur(p, (0, 0), sigma, borderType=module.BORDER_REFLECT) for p in planes]
    )


def averaged(planes: FloatArray, height: int, width: int) -> FloatArray:
    """Return ``(C, H, W)`` planes at a smaller size, each pixel the mean of what it covers."""
    module = cv2()
    small = [module.resize(p, (width, height), interpolation=module.INTER_AREA) for p in planes]
    return np.stack(small)


def resized(planes: FloatArray, height: int, width: int) -> FloatArray:
    """Return ``(C, H, W)`` planes at a larger size, linearly in between."""
    module = cv2()
    large = [module.resize(p, (width, height), interpolation=module.INTER_LINEAR) for p in planes]
    return np.stack(large)


def repeated(planes: FloatArray, height: int, width: int) -> FloatArray:
    """Return ``(C, H, W)`` planes at a larger size, each pixel that of the nearest."""
    module = cv2()
    large = [module.resize(p, (width, height), interpolation=module.INTER_NEAREST) for p in planes]
    return np.stack(large)


def middle(planes: FloatArray) -> FloatArray:
    """Return the medians of ``(C, H, W)`` planes in squares of 5 px."""
    module = cv2()
    return np.stack([module.medianBlur(np.ascontiguousarray(plane), 5) for plane in planes])


def place_of(planes: FloatArray, tile: FloatArray, mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return column and row at which a ``(3, h, w)`` tile fits best into ``(3, H, W)`` planes.

    Args:
        planes: light.
        tile: the same.
        mask: ``(h, w)``: the pixels of the tile that count.
    """
    module = cv2()
    whole, part = (np.ascontiguousarray(p.transpose(1, 2, 0)) for p in (planes, tile))
    off = module.matchTemplate(whole, part, module.TM_SQDIFF, mask=mask.astype(np.float32))
    x, y = module.minMaxLoc(off)[2]
    return int(x), int(y)


def cv2() -> Any:
    """Return the module, which is loaded where it is needed."""
    module = import_module("cv2")
    module.setNumThreads(1)
    return module
