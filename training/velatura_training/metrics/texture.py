"""Whether two pictures are painted in the same manner, wherever on the canvas the strokes lie.

Both figures compare the maps of a perceptual backbone and forget places, so a picture may be
measured against a truth or against a painting of another motif and size. 0 is the same manner.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from velatura.image.planes import FloatArray
from velatura_training.losses import terms

Maps = Sequence[Tensor]
"""Maps of one picture, ``(1, C, H, W)`` each, finest first."""

PROJECTIONS = 256
"""Directions that the features are looked at from; more changed the third digit only."""

PLACES = 2**14
"""Places of a map that are looked at, at most; the sampling error is below 1 % of the spread."""

SEED = 0
"""The directions and places are the same in every run."""


def gram_distance(result: Maps, wanted: Maps) -> float:
    """Return ``mean_l |G_l(y) - G_l(t)| / |G_l(t)|``, Frobenius norms of Gram matrices.

    Which features come together: Gatys et al. 2016, eq. 3 and 4, made relative so that taps weigh
    the same. 0 is best; 1 is what a black picture would get.

    Args:
        result: maps of the picture that is judged.
        wanted: maps of what it should look like; their sizes may differ.
    """
    distances = []
    for y, t in zip(result, wanted, strict=True):
        gram_y, gram_t = terms.gram(y), terms.gram(t)
        size = torch.linalg.norm(gram_t).clamp_min(1e-8)
        distances.append(torch.linalg.norm(gram_y - gram_t) / size)
    return float(torch.stack(distances).mean())


def sliced_wasserstein(result: Maps, wanted: Maps) -> float:
    """Return ``mean_l mean_d W1(d F_l(y), d F_l(t)) / mean_d W1(d F_l(t), its mean)``.

    How far the features of one picture must be moved to become those of the other, seen from 256
    random directions d: Rabin et al. 2011, with W1 on deep features as Heitz et al. 2021 propose.
    Made relative to the spread of the wanted features. Unlike Gram matrices it sees the whole
    distribution, not just its second moments. 0 is best; 1 is what a flat grey of the right mean
    would get.

    Args:
        result: maps of the picture that is judged.
        wanted: maps of what it should look like; their sizes may differ.
    """
    rng = torch.Generator().manual_seed(SEED)
    distances = []
    for y, t in zip(result, wanted, strict=True):
        directions = torch.randn(PROJECTIONS, y.shape[1], generator=rng).to(y.device)
        directions = directions / directions.norm(dim=1, keepdim=True)
        seen_y, seen_t = (directions @ _places(maps) for maps in (y, t))
        spread = (seen_t - seen_t.mean(1, keepdim=True)).abs().mean().clamp_min(1e-8)
        distances.append(_w1(seen_y, seen_t) / float(spread))
    return float(np.mean(distances))


def _places(maps: Tensor) -> Tensor:
    """Return the features ``(C, n)`` of at most `PLACES` places, the same for the same size."""
    flat = maps[0].flatten(1)
    if flat.shape[1] <= PLACES:
        return flat
    rng = torch.Generator().manual_seed(SEED)
    return flat[:, torch.randperm(flat.shape[1], generator=rng)[:PLACES].to(flat.device)]


def _w1(y: Tensor, t: Tensor) -> float:
    """Return the mean 1-Wasserstein distance of the rows of two ``(projections, n)`` samples."""
    # numpy sorts floats several times as fast as torch does on one thread
    sorted_y, sorted_t = (np.sort(seen.float().cpu().numpy(), axis=1) for seen in (y, t))
    if sorted_y.shape[1] != sorted_t.shape[1]:  # compare quantiles, as many as the smaller has
        few = min(sorted_y.shape[1], sorted_t.shape[1])
        sorted_y, sorted_t = (_quantiles(s, few) for s in (sorted_y, sorted_t))
    return float(np.abs(sorted_y - sorted_t).mean())


def _quantiles(ordered: FloatArray, count: int) -> FloatArray:
    at = (np.arange(count) + 0.5) / count * ordered.shape[1]
    return ordered[:, at.astype(int)]
