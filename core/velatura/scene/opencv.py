"""OpenCV, as the trainer has it: optical flow, and quick warps and blurs of whole pictures.

Only what looks a shot over for the trainer comes here; a look on a shot runs without OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray

WHOLE = 2**19
"""Pictures of more pixels are matched at half their resolution: their motion is as smooth there,
and a 1080p flow takes 0.4 CPU-seconds instead of 1.2."""


def available() -> bool:
    """Return whether OpenCV is installed."""
    return find_spec("cv2") is not None


def flow(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the motion ``(2, H, W)``, px to the right and down, from a picture to the next.

    Dense inverse search (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search").

    Args:
        before: ``(3, H, W)`` encoded light, about 0..1.
        after: the same, of the other picture.
    """
    cv2 = _cv2()
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(int(before.shape[1] * before.shape[2] > WHOLE))
    found: FloatArray = method.calc(_grey(before), _grey(after), None)
    return np.ascontiguousarray(found.transpose(2, 0, 1))


def warped(planes: FloatArray, places: FloatArray) -> FloatArray:
    """Return ``(C, H, W)`` planes read at ``(2, h, w)`` places in px, linearly, edges repeated."""
    cv2 = _cv2()
    x, y = np.ascontiguousarray(places[0]), np.ascontiguousarray(places[1])
    read = [
        cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in planes
    ]
    return np.stack(read)


def blurred(planes: FloatArray, sigma: float) -> FloatArray:
    """Return ``(C, H, W)`` planes under a Gaussian of ``sigma`` px, mirrored at the border."""
    cv2 = _cv2()
    return np.stack(
        [cv2.GaussianBlur(p, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for p in planes]
    )


def averaged(planes: FloatArray, height: int, width: int) -> FloatArray:
    """Return ``(C, H, W)`` planes at a smaller size, each pixel the mean of what it covers."""
    cv2 = _cv2()
    small = [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in planes]
    return np.stack(small)


def _grey(encoded: FloatArray) -> npt.NDArray[np.uint8]:
    shown: npt.NDArray[np.uint8] = np.rint(np.clip(encoded.mean(axis=0), 0, 1) * 255).astype("u1")
    return shown


def _cv2() -> Any:
    cv2 = import_module("cv2")
    cv2.setNumThreads(1)
    return cv2
