"""Calm: what is seen twice is painted alike.

A painter that has learnt a few frames flickers in the others: as things move by parts of a pixel,
under fresh grain and over its own strided grid, its answers change. So it is shown patches twice,
and pays for the difference (`velatura_training.losses.terms`). It needs no paint for that, so
unpainted frames count as well.

What it should have painted is the averaged painter's answer to the first view, which is not learnt
from: the "mean teacher" of Tarvainen & Valpola 2017. If both views were learnt from, the painter
would find that blur agrees with itself best.
"""

from __future__ import annotations

from torch import Tensor

from velatura_training.data.views import Pair, fetch
from velatura_training.encoding import encode, glaze
from velatura_training.losses import terms

JOINS = 0.4
"""Part of the budget after which calm is asked for: a painter that knows little flickers little."""

RAMP = 0.2
"""Part of the budget over which it then grows to its full weight."""


def pull(progress: float) -> float:
    """Return the part of their weight that calm terms have once ``progress`` is used, 0..1."""
    return min(1.0, max(0.0, (progress - JOINS) / RAMP))


def difference(name: str, pair: Pair, stops: Tensor, before: Tensor, floor: float) -> Tensor:
    """Return the loss called ``consistency`` or ``warp`` of a pair.

    Args:
        name: which.
        pair: what was seen.
        stops: ``(N, 3, H, W)`` what the painter answered to the second view.
        before: the averaged painter's answer to the first.
        floor: ``k`` of the gain law, scene-linear.
    """
    result = encode(glaze(pair.plate, stops, floor))
    expected = fetch(encode(glaze(pair.before.plate, before, floor)), pair.places)
    if name == "consistency":
        return terms.consistency(result, expected, pair.visible)
    light, light_before = encode(pair.plate), fetch(encode(pair.before.plate), pair.places)
    return terms.warp(result, expected, light, light_before, pair.visible)
