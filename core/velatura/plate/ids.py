"""Object ids as a network can see them: a colour for each object, the same on every machine."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray, Pixels

_CRYPTOMATTE = re.compile(r"crypto|\d\d$", re.IGNORECASE)


def numbers(pixels: Pixels, address: str) -> npt.NDArray[np.uint32]:
    """Return the ids that a plane holds: ``(H, W)`` uint32, 0 for no object.

    Args:
        pixels: rank 0 of a Cryptomatte, or plain object numbers.
        address: the plane's address, whose layer says which of the two it is.
    """
    if pixels.dtype == np.uint32:
        return np.asarray(pixels, np.uint32)
    values = np.ascontiguousarray(pixels, np.float32)
    if _CRYPTOMATTE.search(address.rpartition(".")[0]):
        return values.view(np.uint32)  # Cryptomatte 1.2: an id is a hash, stored as float bits
    whole: FloatArray = np.clip(np.nan_to_num(np.rint(values)), 0, 2**31)
    return whole.astype(np.uint32)


def coloured(objects: npt.NDArray[np.uint32]) -> FloatArray:
    """Return a colour for each id: ``(H, W)`` uint32 -> ``(3, H, W)`` in [-0.5, 0.5], 0 for id 0.

    The three low bytes of MurmurHash3's 32-bit finaliser (Appleby 2011), so that neighbouring
    numbers get colours far apart, the same ones on every machine.
    """
    mixed = objects ^ (objects >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    colours = np.empty((3, *objects.shape), np.float32)
    for channel, shift in enumerate((0, 8, 16)):
        colours[channel] = (mixed >> np.uint32(shift)) & np.uint32(255)
    colours /= 255
    colours -= np.float32(0.5)
    colours[:, objects == 0] = 0
    return colours
