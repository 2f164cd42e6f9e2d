"""Where every pixel of a frame was in another one, followed from frame to frame by its vectors.

For what bends, and for shots without Position: motion vectors of a renderer, or optical flow. Each
step is checked forth and back; what was hidden on the way is lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.image.sampling import linear

Field = npt.NDArray[np.float32]
"""``(2, H, W)``: column and row, px, of each pixel in another frame; NaN where it is not known."""

Bools = npt.NDArray[np.bool_]

Items = npt.NDArray[np.int64]
"""``(H, W)`` object numbers."""


def start(height: int, width: int) -> Field:
    """Return a frame's field into itself."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)


def back(vector: FloatArray) -> Field:
    """Return where each pixel was one frame earlier, of ``(4, H, W)`` motion as Blender stores it.

    Blender's Vector pass: X and Y to where it was, y up; Z and W from where it will be.
    """
    here = start(*vector.shape[1:])
    return np.stack([here[0] + vector[0], here[1] - vector[1]])


def forth(vector: FloatArray) -> Field:
    """Return where each pixel will be one frame later."""
    here = start(*vector.shape[1:])
    return np.stack([here[0] - vector[2], here[1] + vector[3]])


def home(way: Field, returning: Field, items: tuple[Items, Items] | None = None) -> Bools:
    """Return ``(H, W)``: where the way to another frame and back leads home.

    Args:
        way: where this frame's pixels are in the other one, px.
        returning: where the other one's pixels are in this frame, px.
        items: the objects of this frame and of the other one; paint stays on its object.

    It does where ``|w + w'|^2 <= .01 (|w|^2 + |w'|^2) + .5`` with the motions ``w`` and ``w'``, px
    (Sundaram et al. 2010, eq. 5; Lai et al. 2018).
    """
    height, width = way.shape[1:]
    x, y = way.reshape(2, -1)
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    kept = np.flatnonzero(inside)
    x, y = x[kept], y[kept]
    ahead = np.stack([x, y]) - start(height, width).reshape(2, -1)[:, kept]
    behind = linear(returning, x, y) - np.stack([x, y])
    off = np.square(ahead + behind).sum(axis=0)
    with np.errstate(invalid="ignore"):
        fit = off <= 0.01 * (np.square(ahead).sum(axis=0) + np.square(behind).sum(axis=0)) + 0.5
    if items is not None:
        near = np.rint(y).astype(int) * width + np.rint(x).astype(int)
        fit &= items[0].ravel()[kept] == items[1].ravel()[near]
    found = np.zeros(height * width, bool)
    found[kept[fit]] = True
    return found.reshape(height, width)


def step(
    field: Field, way: Field, returning: Field, items: tuple[Items, Items] | None = None
) -> Field:
    """Return a frame's field into another, from its neighbour's field into the same one.

    Args:
        field: the neighbour's.
        way: where this frame's pixels are in the neighbour, px.
        returning: where the neighbour's pixels are in this frame, px.
        items: the objects of this frame and of the neighbour; paint stays on its object.

    A pixel is lost where there and back does not lead `home`.
    """
    kept = np.flatnonzero(home(way, returning, items))
    x, y = way.reshape(2, -1)[:, kept]
    found = np.full((2, way.shape[1] * way.shape[2]), np.nan, np.float32)
    found[:, kept] = linear(field, x, y)
    return found.reshape(way.shape)
