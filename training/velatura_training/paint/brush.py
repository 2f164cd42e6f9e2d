"""A brush: strips of pigment laid along lines on a canvas, one over the other.

The canvas is finer than the picture, so that edges and bristles come out smooth when it is scaled
down. Pigment covers: no stroke is mixed with what lies under it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura_training.paint.tangents import normals
from velatura_training.paint.underpainting import Objects

FINER = 2
"""Canvas px per px of the picture, each way."""

DENSE = 1.35
"""Points of a stroke per canvas px, each way: with fewer, bends would show holes."""

RAGGED = 0.06
"""How far bristles reach beyond each other at a stroke's ends, as a part of half its length."""

CLUMP = 3
"""Points across a stroke that end together: a few hairs that stick to each other."""

AT_ONCE = 3 * 10**6
"""Points that are laid at once, for memory."""


@dataclass(frozen=True)
class Strokes:
    """Strokes to lay.

    Attributes:
        paths: ``(N, L, 2)`` the lines that they follow, px of the picture.
        first: ``(N,)`` where on its line each begins.
        last: ``(N,)`` where it ends.
        half: half their width, px.
        pigment: ``(N, L, W, 3)`` their colours, display values.
        things: ``(N,)`` the object that each lies on; None where no ids tell.
    """

    paths: FloatArray
    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]
    half: float
    pigment: FloatArray
    things: Objects | None = None


def lay(
    canvas: FloatArray,
    strokes: Strokes,
    rng: np.random.Generator,
    objects: Objects | None = None,
) -> None:
    """Lay strokes on a canvas, in an order drawn at random.

    Args:
        canvas: ``(FINER H, FINER W, C)``, changed in place. What is beyond three channels is set to
            1 where there is new paint.
        strokes: what to lay.
        rng: draws the order, and the ends' bristles.
        objects: ``(H, W)`` ids of the picture: strokes end where their object does.
    """
    count, length = strokes.paths.shape[:2]
    along = np.linspace(0, length - 1, round((length - 1) * FINER * DENSE) + 1, dtype=np.float32)
    across = np.linspace(-1, 1, round(2 * strokes.half * FINER * DENSE) + 1, dtype=np.float32)
    order = rng.permutation(count)
    parts = max(1, count * len(along) * len(across) // AT_ONCE)
    for some in np.array_split(order, parts):
        _lay(canvas, strokes, some, along, across, rng, objects)


def _lay(
    canvas: FloatArray,
    strokes: Strokes,
    some: npt.NDArray[np.intp],
    along: FloatArray,
    across: FloatArray,
    rng: np.random.Generator,
    objects: Objects | None,
) -> None:
    height, width = canvas.shape[:2]
    paths = strokes.paths[some]
    before = np.minimum(along.astype(int), paths.shape[1] - 2)
    share = (along - before)[:, None]
    sides = normals(paths)
    line, side = (p[:, before] * (1 - share) + p[:, before + 1] * share for p in (paths, sides))
    places = line[:, :, None] + strokes.half * across[:, None] * side[:, :, None]
    places = np.rint(places * FINER + (FINER - 1) / 2).astype(np.int32)
    x, y = places[..., 0], places[..., 1]
    first, last = strokes.first[some][:, None], strokes.last[some][:, None]
    part = np.abs(2 * (along - first) / np.maximum(last - first, 1) - 1)
    clumps = rng.standard_normal((len(some), len(across) // CLUMP + 1)).astype(np.float32)
    bristles = np.repeat(clumps, CLUMP, axis=1)[:, : len(across)]
    ends = np.clip(part[:, :, None] + RAGGED * bristles[:, None], 0, 1)
    covered = np.abs(across) <= np.sqrt(1 - ends**5)
    covered &= (part <= 1)[:, :, None] & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if objects is not None and strokes.things is not None:
        inside = (
            np.clip(y // FINER, 0, objects.shape[0] - 1),
            np.clip(x // FINER, 0, objects.shape[1] - 1),
        )
        covered &= objects[inside] == strokes.things[some][:, None, None]
    rows = np.rint(along).astype(int)
    columns = np.rint((across + 1) / 2 * (strokes.pigment.shape[2] - 1)).astype(int)
    which, row, column = np.nonzero(covered)
    pigment = strokes.pigment[some[which], rows[row], columns[column]]
    canvas[y[covered], x[covered], :3] = pigment
    canvas[y[covered], x[covered], 3:] = 1
