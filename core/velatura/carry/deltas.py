"""Planes as differences along rows, low and high bytes apart: so they are compressed to half."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def apart(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return differences along rows, byte by byte in planes of their own: see `together`."""
    change = np.diff(values, axis=-1, prepend=values.dtype.type(0))
    planes = change.view(np.uint8).reshape(*values.shape, values.dtype.itemsize)
    return np.ascontiguousarray(np.moveaxis(planes, -1, 0))


def together(planes: npt.NDArray[Any], dtype: type[np.unsignedinteger[Any]]) -> npt.NDArray[Any]:
    """Return the values that `apart` took: its inverse.

    Raises:
        ValueError: it cannot have made such planes.
    """
    if planes.dtype != np.uint8 or planes.ndim <= 1 or len(planes) != np.dtype(dtype).itemsize:
        raise ValueError("planes do not fit")
    change = np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(dtype)[..., 0]
    return np.cumsum(change, axis=-1, dtype=dtype)
