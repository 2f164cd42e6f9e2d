"""How much memory painted keys and fields take once they are unpacked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from velatura.carry.painted_key import LARGEST

_MORE = {"paint": 1, "field": 1, "cover": 3}  # bytes for each byte, once they are numbers
_FAST = {"paint": 4, "depth": 2}  # further ones, of a key that takes memory for time
_HEADER = 2**8  # bytes, at most, of an array that are not values


def held(sizes: Mapping[str, int]) -> int:
    """Return the bytes that a carry takes whose arrays are packed in so many: see `packing.pack`.

    Light and places become 32 bits of 16, covers of 8; all else is kept as it is. A key up to
    `LARGEST` has its paint doubled both ways, except in looks of 0.1, and its depth twice more.

    Args:
        sizes: bytes by the name of an array.
    """
    most = np.dtype(np.uint16).itemsize * LARGEST + _HEADER
    bytes_ = sum(sizes.values())
    for name, size in sizes.items():
        kind = name.rstrip("0123456789")
        bytes_ += _MORE.get(kind, 0) * size
        fast = kind in _FAST and sizes.get(name.replace(kind, "index"), most + 1) <= most
        if fast and (kind != "paint" or "same" in sizes):
            bytes_ += _FAST[kind] * size
    return bytes_
