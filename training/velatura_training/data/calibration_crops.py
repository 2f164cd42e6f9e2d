"""Swatches: a few pieces of a shot that stay with a run, to try its look on when it is exported.

The strength slider is calibrated on them (`velatura_training.metrics.calibration`), so that a run
can be exported without its shot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from velatura_training.data.patches import about
from velatura_training.encoding import HALF_MAX

COUNT, SIDE = 12, 160
"""How many swatches there are, and their side, px: large enough for calibration crops."""

STRIDES = 0.7548776662, 0.5698402910
"""Steps down and across from swatch to swatch, in frames: places that fill a frame evenly (Roberts
2018, the R2 sequence). The middle of every frame, say, would be one part of the scene only."""

Swatches = list[dict[str, Tensor]]
"""``plate`` ``(3, h, w)`` scene-linear, ``guides`` ``(G, h, w)``: what a painter reads, in half."""


def cut(frames: Sequence[tuple[Tensor, Tensor]], step: int) -> Swatches:
    """Return swatches of all parts of the picture, the frames taken in turn.

    Args:
        frames: plate ``(3, H, W)`` and guides ``(G, H, W)`` of each.
        step: their sides are multiples of this many px.
    """
    picked = np.linspace(0, len(frames) - 1, min(COUNT, len(frames))).round().astype(int)
    swatches = []
    for number in range(COUNT):
        plate, guides = frames[picked[number % len(picked)]]
        height, width = plate.shape[1:]
        tall, wide = (min(size, SIDE) // step * step for size in (height, width))
        down, across = ((0.5 + number * stride) % 1 for stride in STRIDES)
        top, left = about(down, tall, height), about(across, wide, width)
        window = (..., slice(top, top + tall), slice(left, left + wide))
        planes = {"plate": plate[window], "guides": guides[window]}
        swatches.append({name: p.clamp(-HALF_MAX, HALF_MAX).half() for name, p in planes.items()})
    return swatches
