"""What lies around a painting and is no paint: a frame, a wall, bare paper; and how to crop it off.

A photograph of a painting has more in it than paint, and a painter who measures strokes would
measure that, too. Two signs are looked for: sides along which nothing changes, and a rim that runs
straight along a side, as that of a moulding, a mount or a canvas on a wall does and a thing in a
picture seldom does on three sides at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from velatura.image import drawing
from velatura.image.planes import FloatArray

SIDES = ("left", "top", "right", "bottom")

BORDER, BARE = 0.02, 0.02
"""Width of a painting's border, as a part of its shorter side, and the deviation of display values
below which there is no paint in it: a print's margin has .01, a painter's sky .05."""

SEEN = 400
"""Longer side, px, at which rims are looked for: the grain of canvas and paper is gone there."""

DEEP = 0.3
"""Part of a picture's width or height within which a rim is looked for, from each side."""

ALONG = (0.3, 0.7)
"""Part of a side along which a rim must run: its middle, free of what lies at right angles."""

STEP, PIECES = 0.1, 8
"""Change of display values across a rim; in each of so many pieces of it there must be half of
that, the same way. Of three paintings and four photographs without a frame none has that on three
sides, nor has any of 420 parts of them."""

RIMS = 3
"""Sides with a rim from which on it is a frame: a post or a horizon makes one or two."""

ALIKE = 1.5
"""A frame is about as wide on all sides: a rim that lies so many times deeper than another is
something in the picture."""


def found(shown: FloatArray) -> dict[str, float]:
    """Return the sides of a picture along which there is no paint, and how deep, 0..1.

    Args:
        shown: ``(H, W, 3)`` display values.
    """
    return _bare(shown) | _rims(shown)


def as_crop(margins: Mapping[str, float]) -> str:
    """Return what ``--crop`` is to be given for that, in whole percents: ``5,5,5,8``."""
    return ",".join(f"{int(np.ceil(100 * margins.get(side, 0)))}" for side in SIDES)


def _bare(shown: FloatArray) -> dict[str, float]:
    """Return the sides along which everything is even, and where that ends."""
    wide = max(1, round(BORDER * min(shown.shape[:2])))
    margins = {}
    for side in SIDES:
        rows = _from(shown, side)
        count = round(DEEP * len(rows)) // wide
        spreads = [float(rows[n * wide : (n + 1) * wide].std((0, 1)).max()) for n in range(count)]
        if spreads and spreads[0] < BARE:
            ends = next((n for n, spread in enumerate(spreads) if spread >= BARE), count)
            margins[side] = min(DEEP, (ends + 1) * wide / len(rows))
    return margins


def _rims(shown: FloatArray) -> dict[str, float]:
    """Return the sides with a straight rim, and where the innermost one lies."""
    height, width = shown.shape[:2]
    scale = min(1.0, SEEN / max(height, width))
    sized = max(3, round(width * scale)), max(3, round(height * scale))
    small = drawing.resize(np.ascontiguousarray(shown), *sized)
    depths = {side: _straight(_from(small, side), round(BORDER * min(sized))) for side in SIDES}
    there = {side: found for side, found in depths.items() if len(found)}
    if len(there) < RIMS:
        return {}
    most = ALIKE * min(float(found[-1]) for found in there.values())
    margins = {}
    for side, found_ in there.items():
        near = found_[found_ <= most]
        if len(near):
            margins[side] = float(near[-1]) / len(_from(small, side))
    return margins if len(margins) >= RIMS else {}


def _straight(rows: FloatArray, least: int) -> FloatArray:
    """Return how deep rims lie that run along the first row, px, outermost first."""
    length = rows.shape[1]
    ends = np.linspace(*ALONG, PIECES + 1) * length
    starts, stops = ends[:-1].round().astype(int), ends[1:].round().astype(int)
    change = rows[2:] - rows[:-2]
    pieces = np.stack([change[:, a:b].mean(1) for a, b in zip(starts, stops, strict=True)], 1)
    whole = pieces.mean(1)
    one_way = (pieces * np.sign(whole)[:, None]).min(1) > STEP / 2
    straight = ((np.abs(whole) > STEP) & one_way).any(-1)
    straight[: max(0, least - 1)] = False
    return (np.flatnonzero(straight[: round(DEEP * len(rows))]) + 2).astype(np.float32)


def _from(shown: FloatArray, side: str) -> FloatArray:
    """Return a picture's rows, or columns, as they follow from one side inward."""
    turned = shown.transpose(1, 0, 2) if side in ("left", "right") else shown
    return turned[::-1] if side in ("right", "bottom") else turned
