"""Where objects end in a painted key: how far places are from there, and what lies beyond ink."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from velatura.carry.painted_key import Key
from velatura.image.planes import FloatArray
from velatura.scene.gbuffer import MARGIN, Indices

SIDE = 2 * MARGIN + 1
"""Side of the square, px, in which an object's pixels are counted. The part of it that shows the
object tells how far away the edge is, finer than a pixel: 1/2 on a straight edge."""

DRY = 0.8
"""Ink of an outline reaches as far as to where this part shows the object, 1.5 px from its edge. On
two shots, with lines of 1 to 1.5 px, places with more are as good as those well inside."""

ROUNDS = 2
"""Newton's steps towards the right distance from an edge; each reads 36 pixels."""

_FARTHEST = 2.0  # px that one of the rounds moves
_HALF = np.float32(0.5)
_FLAT = np.float32(1e-6)  # slopes are divided by no less


def counted(
    key: Key, items: Indices, x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return which part of the square around places shows an object, and how that changes.

    Args:
        key: the key.
        items: ``(N,)`` indices of the objects.
        x: ``(N,)`` columns, px, finite.
        y: rows.

    Returns:
        ``(N,)`` parts, 0..1, and ``(2, N)`` their slope across and down, per px.
    """
    height, width = key.index.shape
    across, down = np.clip(x, -1, width - _HALF), np.clip(y, -1, height - _HALF)
    left, top = np.floor(across), np.floor(down)
    across, down = across - left, down - top
    pitch = width + SIDE + 1  # of `Key.bordered`, whose first pixel is 3 px left of and above it
    at = (top.astype(np.intp) + 1) * pitch + (left.astype(np.intp) + 1)
    flat = key.bordered.reshape(-1)
    part, slope = np.zeros_like(x), np.zeros((2, len(x)), np.float32)
    for dy in range(SIDE + 1):
        share = 1 - down if dy == 0 else down if dy == SIDE else np.float32(1)
        line = np.zeros_like(x)
        for dx in range(SIDE + 1):
            there = flat.take(at + (dy * pitch + dx)) == items
            if dx in (0, SIDE):
                slope[0] += there * (share if dx else -share)
                line += there * (across if dx else 1 - across)
            else:
                line += there
        if dy in (0, SIDE):
            slope[1] += line if dy else -line
        part += line * share
    scale = np.float32(1 / SIDE**2)
    return part * scale, slope * scale


def stepped(
    x: FloatArray, y: FloatArray, slope: FloatArray, off: FloatArray, slack: float, most: float
) -> tuple[FloatArray, FloatArray]:
    """Return places moved along a slope to where the part is as it has to be.

    Args:
        x: ``(N,)`` columns, px.
        y: rows.
        slope: ``(2, N)``, as `counted` gives it.
        off: ``(N,)``: what the part has to rise by.
        slack: px by which it may be off.
        most: px that places are moved by at most.
    """
    steep = np.maximum(np.sqrt(np.square(slope[0]) + np.square(slope[1])), _FLAT)
    px = off / steep
    px -= np.clip(px, -slack, slack)
    px = np.clip(px, -most, most) / steep
    return x + px * slope[0], y + px * slope[1]


def dry(
    key: Key, items: Indices, x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return places moved to where no ink of the outline of the objects they lie on reaches.

    And which part of the square around the given places shows their object.
    """
    given, slope = counted(key, items, x, y)
    wet = np.flatnonzero(given < np.float32(DRY))
    part, slope, items = given.take(wet), slope.take(wet, axis=1), items.take(wet)
    at_x, at_y = x.take(wet), y.take(wet)
    for left in range(ROUNDS - 1, -1, -1):
        short = np.maximum(np.float32(DRY) - part, np.float32(0))
        at_x, at_y = stepped(at_x, at_y, slope, short, 0, _FARTHEST)
        if left:
            part, slope = counted(key, items, at_x, at_y)
    x, y = x.copy(), y.copy()
    x[wet], y[wet] = at_x, at_y
    return x, y, given


def flattened(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], height: int, width: int
) -> npt.NDArray[np.intp]:
    """Return places among all pixels, row by row; the outermost ones beyond the picture."""
    places: npt.NDArray[np.intp] = np.clip(rows, 0, height - 1) * width
    places += np.clip(columns, 0, width - 1)
    return places
