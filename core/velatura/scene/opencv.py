"""OpenCV, as the trainer has it: quick warps and blurs of whole pictures.

Only what looks a shot over for the trainer comes here; a look on a shot runs without OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from velatura.image.planes import FloatArray


def warped(planes: FloatArray, places: FloatArray) -> FloatArray:
    """Return ``(C, H, W)`` planes read at ``(2, h, w)`` places in px, linearly, edges repeated."""
    module = cv2()
    x, y = np.ascontiguousarray(places[0]), np.ascontiguousarray(places[1])
    read = [
        module.remap(plane, x, y, module.INTER_LINEAR, borderMode=module.BORDER_REPLICATE)
        for plane in planes
    ]
    return np.stack(read)


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


def cv2() -> Any:
    """Return the module, which is loaded where it is needed."""
    module = import_module("cv2")
    module.setNumThreads(1)
    return module
