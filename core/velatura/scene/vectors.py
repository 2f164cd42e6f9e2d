"""Motion vectors as Blender stores them, and where they lead from frame to frame.

Blender's Vector pass has four channels in px, y up: X and Y lead to where a pixel was a frame
before, Z and W from where it will be a frame later. So with x, y in the picture, y down, a pixel
was at ``(x + X, y - Y)`` and will be at ``(x - Z, y + W)``. No other module knows these signs.

What bends, and shots without Position, are followed by motion vectors of a renderer, or optical
flow. Each step is checked forth and back; what was hidden on the way is lost.
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

_RELATIVE, _SLACK = 0.01, 0.5  # of the ways' squared lengths, and px^2: see `agree`

_TURNS = 4  # steps of `turned`: each makes the error smaller by the motion's gradient


def start(height: int, width: int) -> Field:
    """Return a frame's field into itself."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)


def stored(
    to_before: FloatArray | None, to_after: FloatArray | None, size: tuple[int, int]
) -> FloatArray:
    """Return motion as Blender stores it, ``(4, H, W)``: the inverse of `to_before`, `to_after`.

    Args:
        to_before: ``(2, H, W)`` px right and down, to where each pixel was a frame before. A
            neighbour that is not there leaves zeros, as in a render.
        to_after: the same, to where it will be a frame later.
        size: H and W.
    """
    vector = np.zeros((4, *size), np.float32)
    if to_before is not None:
        vector[0], vector[1] = to_before[0], -to_before[1]
    if to_after is not None:
        vector[2], vector[3] = -to_after[0], to_after[1]
    return vector


def to_before(vector: FloatArray) -> FloatArray:
    """Return the way to where pixels were a frame before: ``(2, ...)`` px right and down.

    Args:
        vector: ``(4, ...)`` px, as Blender stores motion.
    """
    return np.stack([vector[0], -vector[1]])


def to_after(vector: FloatArray) -> FloatArray:
    """Return the way to where pixels will be a frame later; see `to_before`."""
    return np.stack([-vector[2], vector[3]])


def back(vector: FloatArray) -> Field:
    """Return where each pixel was one frame earlier, of ``(4, H, W)`` motion."""
    return start(*vector.shape[1:]) + to_before(vector)


def forth(vector: FloatArray) -> Field:
    """Return where each pixel will be one frame later."""
    return start(*vector.shape[1:]) + to_after(vector)


def agree(way: FloatArray, returning: FloatArray) -> npt.NDArray[np.bool_]:
    """Return where a way there and the way back lead home: ``(...)`` of two ``(2, ...)`` ways.

    ``|w + w'|^2 <= .01 (|w|^2 + |w'|^2) + .5`` with the motions ``w`` and ``w'``, px (Sundaram et
    al. 2010, eq. 5; Lai et al. 2018). NaN agrees with nothing.
    """
    with np.errstate(invalid="ignore"):
        lengths = np.square(way).sum(axis=0) + np.square(returning).sum(axis=0)
        off = np.square(way + returning).sum(axis=0)
        fit: npt.NDArray[np.bool_] = off <= _RELATIVE * lengths + _SLACK
    return fit


def home(way: Field, returning: Field, items: tuple[Items, Items] | None = None) -> Bools:
    """Return ``(H, W)``: where the way to another frame and back leads home.

    Args:
        way: where this frame's pixels are in the other one, px.
        returning: where the other one's pixels are in this frame, px.
        items: the objects of this frame and of the other one; paint stays on its object.

    It does where their motions `agree`.
    """
    height, width = way.shape[1:]
    x, y = way.reshape(2, -1)
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    kept = np.flatnonzero(inside)
    x, y = x[kept], y[kept]
    ahead = np.stack([x, y]) - start(height, width).reshape(2, -1)[:, kept]
    behind = linear(returning, x, y) - np.stack([x, y])
    fit = agree(ahead, behind)
    if items is not None:
        near = np.rint(y).astype(int) * width + np.rint(x).astype(int)
        fit &= items[0].ravel()[kept] == items[1].ravel()[near]
    found = np.zeros(height * width, bool)
    found[kept[fit]] = True
    return found.reshape(height, width)


def turned(returning: FloatArray, guess: FloatArray) -> FloatArray:
    """Return the motion to another frame from the motion back, NaN where the two do not `agree`.

    Args:
        returning: ``(2, H, W)`` px, from the other frame to this one; NaN where it is not known.
        guess: about the motion from this frame: it tells what lies before from what lies behind.

    The fixed point of ``w(x) = -w'(x + w(x))`` (Chen et al. 2008, "A simple fixed-point approach to
    invert a deformation field").
    """
    height, width = guess.shape[1:]
    home_at = start(height, width).reshape(2, -1)
    first = guess.reshape(2, -1)

    def back(way: FloatArray) -> FloatArray:
        x, y = home_at + way
        return linear(returning, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1))

    way = first
    for _ in range(_TURNS):
        led = back(way)
        way = np.where(np.isfinite(led), -led, way)
    fit = agree(way, back(way))
    return np.where(fit, way, np.float32(np.nan)).reshape(guess.shape)


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
