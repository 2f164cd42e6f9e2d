"""What becomes of the light: whether highlights survive, and whether anything broke.

All figures are of a result against its plate, scene-linear, on values as they are in the files.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

WHITE = 1.0
"""Scene-linear value above which light is a highlight: what a screen shows as white."""

FEWEST = 16
"""Pixels above `WHITE` from which on their order means anything."""

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Of scene-linear red, green and blue; ITU-R BT.709-6."""


def measure(result: Tensor, plate: Tensor) -> dict[str, float]:
    """Return how a result treats light, by name.

    - ``negative``: share of values below 0 that were not in the plate. 0 is right.
    - ``nonfinite``: share of values NaN or Inf that were finite in the plate. 0 is right.
    - ``clipped``: share of values that lie on the result's ceiling (the largest value of their
      channel) while the plate had more to give there; a single one may always be the largest. 0 is
      right; a picture squeezed through 0..1 shows here.
    - ``p999``: ``log2(P(y) / P(x))``, P the 99.9th percentile of luminance: by how many stops the
      highlights went up or down. 0 leaves them alone; a look may mean to move them.
    - ``over1``: share of the plate's values above 1 that are above 1 in the result. 1 is all.
    - ``order``: Spearman's rank correlation (Spearman 1904) of plate and result luminance where the
      plate is above 1: 1 keeps what is brighter brighter. Left out under 16 such pixels, as `over1`
      is where there is none.

    Args:
        result: ``(1, 3, H, W)`` scene-linear.
        plate: the same of the plate, in the same colour space.
    """
    y, x = (t[0].flatten(1).cpu().numpy().astype(np.float64) for t in (result, plate))
    fit = np.isfinite(y) & np.isfinite(x)
    scores = {
        "negative": float(np.mean((y < 0) & ~(x < 0))),
        "nonfinite": float(np.mean(~np.isfinite(y) & np.isfinite(x))),
        "clipped": _clipped(np.where(fit, y, -np.inf), np.where(fit, x, -np.inf)),
    }
    whole = fit.all(0)
    light_y, light_x = LUMINANCE @ y[:, whole], LUMINANCE @ x[:, whole]
    if len(light_x):
        tops = (float(np.quantile(light, 0.999)) for light in (light_y, light_x))
        top_y, top_x = (max(top, 1e-6) for top in tops)
        scores["p999"] = float(np.log2(top_y / top_x))
    bright = fit & (x > WHITE)
    if bright.any():
        scores["over1"] = float(np.mean(y[bright] > WHITE))
    highlights = light_x > WHITE
    if highlights.sum() >= FEWEST:
        scores["order"] = _rank_correlation(light_y[highlights], light_x[highlights])
    return scores


Values = npt.NDArray[np.float64]


def _clipped(y: Values, x: Values) -> float:
    at_ceiling = y >= y.max(1, keepdims=True)
    lower = x < x.max(1, keepdims=True)
    flat = at_ceiling & (y > 0) & np.isfinite(y)
    crowded = np.maximum(flat.sum(1) - 1, 0)
    return float(np.minimum(crowded, (flat & lower).sum(1)).sum() / y.size)


def _rank_correlation(a: Values, b: Values) -> float:
    ranks = [_ranks(values) - (len(values) - 1) / 2 for values in (a, b)]
    sizes = [float(np.linalg.norm(rank)) for rank in ranks]
    return float(ranks[0] @ ranks[1]) / (sizes[0] * sizes[1]) if min(sizes) > 0 else 0.0


def _ranks(values: Values) -> Values:
    """Return the rank of each value, 0 for the least; equal ones share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Values = (last - (count + 1) / 2)[place]
    return ranks
