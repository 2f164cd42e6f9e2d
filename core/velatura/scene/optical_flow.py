"""Motion seen in pictures, where a renderer has left no vectors: optical flow.

DIS (Kroeger et al. 2016) by OpenCV, which is an optional part: ``pip install "velatura[flow]"``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray


def available() -> bool:
    """Return whether OpenCV is installed."""
    return find_spec("cv2") is not None


def between(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the motion ``(2, H, W)``, px to the right and down, from a picture to the next.

    Args:
        before: ``(3, H, W)`` encoded light, about 0..1.
        after: the same, of the other picture.
    """
    cv2 = import_module("cv2")
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow: FloatArray = method.calc(_grey(before), _grey(after), None)
    return np.ascontiguousarray(flow.transpose(2, 0, 1))


def _grey(encoded: FloatArray) -> npt.NDArray[np.uint8]:
    shown: npt.NDArray[np.uint8] = np.rint(np.clip(encoded.mean(axis=0), 0, 1) * 255).astype("u1")
    return shown
