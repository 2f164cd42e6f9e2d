"""The painter who needs no eyes: strokes laid coarse to fine, as stroke-based rendering does.

Curved strokes of several sizes, large ones first, finer ones only where the picture asks for them
(Hertzmann 1998), along the plate's forms (Litwinowicz 1997), in an order drawn at random (Haeberli
1990). Each stroke is a strip of the paintings' own pigment, chosen for its colour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import opencv
from velatura_training.paint import brush
from velatura_training.paint.brush import FINER, Strokes
from velatura_training.paint.brushwork import GRID, Brushwork, Strips
from velatura_training.paint.silhouettes import covered
from velatura_training.paint.tangents import Tangents, blurred, normals
from velatura_training.paint.underpainting import Objects

MOST_PARTS = 2**24
"""Numbers of a table of distances between strokes' and strips' colours, for memory."""


@dataclass(frozen=True)
class Layer:
    """Strokes of one size.

    Attributes:
        half: half of what they are wide, in widths of the painting's strokes.
        long: half of what they are long at most, in lengths of the painting's strokes.
        fine: by how much their strip is scaled down.
    """

    half: float
    long: float
    fine: float = 1.0


LAYERS = (Layer(4.7, 1.1), Layer(2.3, 0.9), Layer(1.2, 0.6), Layer(0.55, 0.3, 1.5))
"""From coarse to fine. The first are broader than a stroke: they bring whole bundles of strokes,
as they lie in the painting; with single strokes alone its rhythm is lost."""

LOOSE, TIGHT = 0.3, 0.06
"""By how much paint may be off, display values, before a finer stroke is set: at ``hold`` 0, 1."""

CROSS = 1.2
"""A stroke ends where the picture's colour has changed by this many times as much."""

SNAP = 0.9
"""How far a stroke goes from the colour that is wanted to that of its strip, in the painting."""

PICKED = 8e-3
"""Squared colour differences up to this count alike when a strip is chosen: no strip comes twice
in a row."""

LAYOUT = 0.15, 0.3
"""How much the colours' layout within a strip counts beside their mean: contours of a strip lie
where the plate has some. First for paintings in strokes, then for those made of even shapes."""

EVEN = 0.15, 1.5
"""How much a strip's own contrast counts against it, as a part of that. With 1, as in a distance,
even strips win in even places, and the rhythm of strokes is lost; with 0 flat shapes break up. In
even shapes that is wanted: there strips with a contour inside would be cracks."""

CLOSER = 0.5
"""Part of the tolerance that is left where paintings are made of even shapes: in strokes a drawing
dissolves and is still painted, in a print it is only lost."""

SHORTEST = 0.2
"""Shortest stroke, as a part of the longest one of its layer."""

SPACING = 0.9
"""Distance of strokes' seeds, in halves of their width: they overlap."""

MASS = np.uint32(2**32 - 1)
"""The id of all objects that are smaller than one stroke, together: leaves and hair are painted as
a mass. No renderer has it: as a float it is not a number."""

COVERED = 0.5
"""Part of a pixel that strokes must cover, else a finer one is set: where strokes end with their
object, coarse ones do not reach into objects that lie between their seeds."""

HOLE, WORTHY = 0.001, 0.004
"""What carried paint must be worth not to count as a hole, and from where on all of it stays. Six
frames away, under other light, right paint is worth .003 to .1; with .15 and .3 further keys were
painted anew nearly everywhere, and the courtyard's ewP was 2.3 instead of 1.4 to 1.6."""

CHANGED = 0.35
"""By how much carried paint may be off before it is painted over: the light is another there."""


@dataclass(frozen=True)
class Canvas:
    """What is painted on.

    Attributes:
        paint: ``(H, W, 3)`` display values.
        worth: ``(H, W)`` 0..1, what the paint on it is worth; 0 where there is none.
    """

    paint: FloatArray
    worth: FloatArray


@dataclass(frozen=True)
class Weights:
    """What counts when a strip is chosen, beside its mean colour.

    Attributes:
        layout: how its colours are laid out.
        contrast: against it, what contrast it has.
    """

    layout: float
    contrast: float


class StrokePainter:
    """Paints pictures in strips of paintings.

    Args:
        brushwork: of the paintings.
        hold: 0..1, how much of the drawing stays.
        seed: of everything random.
        graphic: 0..1, how far the paintings are even shapes.
    """

    def __init__(
        self, brushwork: Brushwork, hold: float = 0.3, seed: int = 0, graphic: float = 0.0
    ) -> None:
        self._tolerance = LOOSE * (TIGHT / LOOSE) ** hold
        self._tolerance *= 1 + graphic * (CLOSER - 1)
        layout, even = (few + graphic * (many - few) for few, many in (LAYOUT, EVEN))
        self._weights = Weights(layout, layout * even)
        self._seed = seed
        self._stroke = brushwork.width * brushwork.length
        self._sizes = [self._size(layer, brushwork) for layer in LAYERS]
        rng = np.random.default_rng(seed)
        self._strips = [
            brushwork.strips(reach, max(1, round(half * fine)), rng)
            for half, reach, fine in self._sizes
        ]

    def paint(
        self,
        wanted: FloatArray,
        tangents: Tangents,
        begun: Canvas | None = None,
        objects: Objects | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Return a painted picture, and where it was painted.

        Args:
            wanted: ``(H, W, 3)`` display values: the plate in the paintings' colours.
            tangents: which way strokes run.
            begun: paint that lies there already: it stays where it is worth much.
            objects: ``(H, W)`` ids: strokes end where their object does. None without.

        Returns:
            ``(H, W, 3)`` display values, and ``(H, W)`` 0..1 how much of each pixel is new.
        """
        cv2: Any = opencv.cv2()
        height, width = wanted.shape[:2]
        rng = np.random.default_rng(self._seed)
        under = wanted if begun is None else begun.paint
        canvas = np.zeros((FINER * height, FINER * width, 4), np.float32)
        canvas[..., :3] = cv2.resize(under, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        worth = None if begun is None else begun.worth
        if objects is not None:
            objects = np.where(covered(objects) < self._stroke, MASS, objects)
        for size, strips in zip(self._sizes, self._strips, strict=True):
            half = size[0]
            seeds = _seeds(height, width, SPACING * half, rng)
            small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
            allowed = self._allowed(small[..., 3] < COVERED, worth)
            painted = np.ascontiguousarray(small[..., :3])
            off = np.abs(blurred(painted, 0.7 * half) - blurred(wanted, 0.5 * half)).max(-1)
            columns, rows = np.rint(seeds).astype(int).T
            seeds = seeds[off[rows, columns] > allowed[rows, columns]]
            if len(seeds):
                strokes = self._strokes(seeds, wanted, tangents, size, strips, rng)
                if objects is not None:
                    columns, rows = np.rint(seeds).astype(int).T
                    strokes = replace(strokes, things=objects[rows, columns])
                brush.lay(canvas, strokes, rng, objects)
        small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
        paint, fresh = np.clip(small[..., :3], 0, 1), small[..., 3]
        if begun is not None:  # strokes over a hole end at its rim
            same = np.abs(blurred(begun.paint, 2) - blurred(wanted, 2)).max(-1) < CHANGED
            stays = np.clip((begun.worth - HOLE) / (WORTHY - HOLE), 0, 1) * same
            fresh = fresh * (1 - stays)
            paint = begun.paint + fresh[..., None] * (paint - begun.paint)
        return paint, fresh

    def _allowed(self, bare: npt.NDArray[np.bool_], worth: FloatArray | None) -> FloatArray:
        """Return by how much paint may be off: not at all where no stroke lies yet."""
        allowed = np.where(bare, -1, self._tolerance).astype(np.float32)
        if worth is None:
            return allowed
        kept = np.float32(max(CHANGED, self._tolerance))
        return np.where(worth < HOLE, allowed, kept).astype(np.float32)

    def _size(self, layer: Layer, brushwork: Brushwork) -> tuple[float, int, float]:
        """Return a layer's half width, px, its reach, steps, and how much finer its strips are."""
        half = max(1.0, layer.half * brushwork.width)
        return half, max(4, round(layer.long * brushwork.length * layer.fine)), layer.fine

    def _strokes(
        self,
        seeds: FloatArray,
        wanted: FloatArray,
        tangents: Tangents,
        size: tuple[float, int, float],
        strips: Strips,
        rng: np.random.Generator,
    ) -> Strokes:
        half, reach, fine = size
        paths = tangents.paths(seeds, reach, 1 / fine)
        soft = blurred(wanted, max(0.6, 0.6 * half))
        bounds = np.array(wanted.shape[1::-1]) - 1
        columns, rows = np.moveaxis(np.rint(np.clip(paths, 0, bounds)).astype(int), -1, 0)
        under = soft[rows, columns]
        change = np.abs(under - under[:, reach : reach + 1]).max(-1) > CROSS * self._tolerance
        first, last = _ends(change, reach, rng)
        middle = np.linspace(0, 2 * reach, 2 * GRID[0] + 1)[1::2].astype(int)
        middle = np.clip(middle, first[:, None], last[:, None])
        at = np.arange(len(paths))[:, None]
        beside = half * np.linspace(-1, 1, 2 * GRID[1] + 1, dtype=np.float32)[1::2]
        places = (
            paths[at, middle][:, :, None] + beside[:, None] * normals(paths)[at, middle][:, :, None]
        )
        columns, rows = np.moveaxis(np.rint(np.clip(places, 0, bounds)).astype(int), -1, 0)
        layouts = soft[rows, columns]
        which, turn = _nearest(layouts, strips, self._weights, rng)
        pigment = strips.pixels[which]
        for flipped, axis in ((turn % 2 == 1, 1), (turn // 2 == 1, 2)):
            pigment[flipped] = np.flip(pigment[flipped], axis)
        shift = (1 - SNAP) * (layouts.mean((1, 2)) - strips.means[which])
        pigment += shift[:, None, None]
        return Strokes(paths, first, last, half, pigment)


def _seeds(height: int, width: int, apart: float, rng: np.random.Generator) -> FloatArray:
    """Return ``(N, 2)`` points x, y all over a picture, one near each knot of a grid."""
    down, across = np.mgrid[0:height:apart, 0:width:apart]
    knots = np.stack([across.ravel(), down.ravel()], 1)
    knots += rng.uniform(-apart / 2, apart / 2, knots.shape)
    seeds: FloatArray = np.clip(knots, 0, [width - 1, height - 1]).astype(np.float32)
    return seeds


def _ends(
    change: npt.NDArray[np.bool_], reach: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where strokes begin and end: before the colour changes, and not all alike."""
    number = np.arange(2 * reach + 1)
    first = np.where(change & (number < reach), number, -1).max(1) + 1
    last = np.where(change & (number > reach), number, 2 * reach + 1).min(1) - 1
    most = (reach * rng.uniform(0.5, 1, len(change))).astype(int)
    least = max(1, round(SHORTEST * reach))
    first = np.minimum(np.maximum(first, reach - most), reach - least)
    return first, np.maximum(np.minimum(last, reach + most), reach + least)


def _nearest(
    wanted: FloatArray, strips: Strips, weights: Weights, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return for each layout that is wanted the strip that comes near it, and how it is turned."""
    known = np.concatenate([_known(turned) for turned in strips.turns])
    asked = _known(wanted)
    asked[:, 3:] *= weights.layout
    means, places = known[:, :3], known[:, 3:]
    size = (means * means).sum(1) + weights.contrast * (places * places).sum(1)
    chosen = []
    for some in np.array_split(asked, len(asked) * len(known) // MOST_PARTS + 1):
        apart = size - 2 * some @ known.T
        chosen.append((apart + rng.random(apart.shape, np.float32) * PICKED).argmin(1))
    turn, which = np.divmod(np.concatenate(chosen), len(strips.pixels))
    return which, turn


def _known(layouts: FloatArray) -> FloatArray:
    """Return ``(N, K)`` numbers by whose products strips are compared with what is wanted."""
    means = layouts.mean((1, 2))
    places = layouts - means[:, None, None]
    share = np.float32(np.sqrt(1 / (layouts.shape[1] * layouts.shape[2])))
    return np.concatenate([means, share * places.reshape(len(layouts), -1)], 1)
