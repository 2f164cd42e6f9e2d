"""Motion seen in pictures, where a renderer has left no vectors: optical flow.

Dense inverse search (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search") by
OpenCV, which comes with the trainer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura.scene.opencv import cv2

LARGE = 2**19
"""Pictures of more pixels are matched at half their resolution: a flow of 1080p takes 0.4
CPU-seconds there, and 1.2 at the whole."""


SMALLEST = 12
"""px that the longer side of a picture has at least, for motion to be seen in it."""

Flows = tuple[FloatArray, FloatArray]
"""``(2, H, W)`` px right and down: how a picture moves to another one, and that one back."""

Mend = Callable[[FloatArray, FloatArray, Flows], Flows]
"""Takes two pictures, ``(3, H, W)`` encoded light, and their flows, and returns better flows."""


def available() -> bool:
    """Return whether OpenCV is installed."""
    return find_spec("cv2") is not None


def between(before: FloatArray, after: FloatArray, *, fine: bool = False) -> FloatArray:
    """Return the motion ``(2, H, W)``, px to the right and down, from a picture to the next.

    Args:
        before: ``(3, H, W)`` encoded light, about 0..1.
        after: the same, of the other picture.
        fine: match pictures at their whole resolution, unless they are `LARGE`.
    """
    if max(before.shape[1:]) < SMALLEST:
        return np.zeros((2, *before.shape[1:]), np.float32)
    module = cv2()
    method = module.DISOpticalFlow_create(module.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if fine and before.shape[1] * before.shape[2] <= LARGE:
        method.setFinestScale(0)
    flow: FloatArray = method.calc(grey(before), grey(after), None)
    return np.ascontiguousarray(flow.transpose(2, 0, 1))


def both(one: FloatArray, other: FloatArray) -> Flows:
    """Return the fine motion from a picture to another, and back: see `between`."""
    with ThreadPoolExecutor(2) as pool:  # OpenCV has one thread each, and lets go of Python
        ways = [pool.submit(between, *way, fine=True) for way in ((one, other), (other, one))]
        return ways[0].result(), ways[1].result()


def mended(one: FloatArray, other: FloatArray, flows: Flows, mend: Mend) -> Flows:
    """Return both flows of two pictures as ``mend`` makes them, at half the size of `LARGE` ones.

    What is changed there is brought to size: the flows themselves keep what they knew.
    """
    height, width = one.shape[1:]
    if height * width <= LARGE:
        return mend(one, other, flows)
    before, after, *small = (
        opencv.averaged(planes, height // 2, width // 2) for planes in (one, other, *flows)
    )
    half = np.float32(0.5)
    halves = small[0] * half, small[1] * half
    changes = [
        2 * (new - old) for new, old in zip(mend(before, after, halves), halves, strict=True)
    ]
    first, second = (opencv.resized(change, height, width) for change in changes)
    return flows[0] + first, flows[1] + second


def grey(encoded: FloatArray) -> npt.NDArray[np.uint8]:
    """Return ``(3, H, W)`` encoded light as OpenCV matches it: ``(H, W)`` uint8."""
    shown: npt.NDArray[np.uint8] = np.rint(np.clip(encoded.mean(axis=0), 0, 1) * 255).astype("u1")
    return shown
