"""Whether a picture looks painted or embossed: where its fine contrasts lie, and how they run.

A small network meets the statistics of a painting by ripples along the plate's edges; strokes have
directions and lengths of their own.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.metrics.structure import LUMA

DIRECTIONS = 8
"""Directions in which a relief may be lit, over half a turn: one lit from behind has the other
sign."""

FINE, SOFT = 2.0, 1.0
"""Deviations, px: what is finer than the first is relief; edges are those under the second."""

SCALES = (2.0, 4.0, 8.0)
"""Deviations under which directions are gathered, px: thin strokes, usual ones, bundles of them."""

PLACES, FARTHEST = 4000, 32
"""Places that strokes are followed from, and so many px at most."""

TURN = math.cos(math.radians(30))
"""Cosine of the angle between neighbouring directions up to which a stroke goes on."""

Floats = npt.NDArray[np.float32]


def emboss(result: Tensor, plate: Tensor) -> float:
    """Return ``max_theta |corr(H(y), d_theta G(x))|``: 0 is paint, 1 the plate as a relief.

    ``H`` is luma less its Gaussian of `FINE` px, ``G`` a Gaussian of `SOFT` px, ``d_theta`` the
    derivative in a direction: what an emboss filter lit from there makes of the plate.

    Args:
        result: ``(1, 3, H, W)`` display values.
        plate: the same of the plate.
    """
    y, x = _luma(result), _blurred(_luma(plate), SOFT)
    relief = (y - _blurred(y, FINE))[..., 1:-1, 1:-1]
    across = (x[..., 1:-1, 2:] - x[..., 1:-1, :-2]) / 2
    down = (x[..., 2:, 1:-1] - x[..., :-2, 1:-1]) / 2
    found = []
    for number in range(DIRECTIONS):
        angle = math.pi * number / DIRECTIONS
        lit = math.cos(angle) * across + math.sin(angle) * down
        pair = torch.stack([relief.flatten(), lit.flatten()]).double()
        pair = pair - pair.mean(1, keepdim=True)
        size = pair.norm(dim=1).prod().clamp_min(1e-12)
        found.append(float((pair[0] * pair[1]).sum().abs() / size))
    return max(found)


def coherence(result: Tensor, painting: Tensor) -> float:
    """Return ``mean_s W1(c_s(y), c_s(t))``: how unlike two pictures' strokes agree all around.

    ``c_s = (l1 - l2) / (l1 + l2)`` of the structure tensor gathered over ``s`` px (Bigun & Granlund
    1987), W1 the 1-Wasserstein distance of its distributions. 0 is best.

    Args:
        result: ``(1, 3, H, W)`` display values.
        painting: the same, of any size.
    """
    distances = []
    for scale in SCALES:
        y, t = (np.sort(_directions(p, scale)[1].ravel()) for p in (result, painting))
        at = (np.arange(1000) + 0.5) / 1000
        distances.append(np.abs(np.quantile(y, at) - np.quantile(t, at)).mean())
    return float(np.mean(distances))


def run_length(shown: Tensor) -> float:
    """Return how far strokes run until they turn by 30 degrees, px, at most twice `FARTHEST`.

    The mean over places at random, followed both ways at the first of `SCALES`.

    Args:
        shown: ``(1, 3, H, W)`` display values.
    """
    along, _ = _directions(shown, SCALES[0])
    height, width = along.shape[:2]
    rng = np.random.default_rng(0)
    start = rng.uniform(0, [width - 1, height - 1], (PLACES, 2))
    total = np.zeros(PLACES)
    for sign in (1, -1):
        at, going = start.copy(), np.ones(PLACES, bool)
        heading = sign * along[at[:, 1].astype(int), at[:, 0].astype(int)]
        for _ in range(FARTHEST):
            at = at + heading
            going &= ((at >= 0) & (at <= [width - 1, height - 1])).all(1)
            column, row = np.clip(at, 0, [width - 1, height - 1]).astype(int).T
            there = along[row, column]
            dot = (there * heading).sum(1)
            going &= np.abs(dot) > TURN
            heading = there * np.where(dot < 0, -1, 1)[:, None]
            total += going
    return float(total.mean())


def _directions(shown: Tensor, scale: float) -> tuple[Floats, Floats]:
    """Return ``(H, W, 2)`` the directions along which a picture changes least, and coherence."""
    y = _blurred(_luma(shown), SOFT / 2)
    padded = F.pad(y, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    gathered = [_blurred(p, scale) for p in (across * across, across * down, down * down)]
    xx, xy, yy = (g[0, 0].cpu().numpy() for g in gathered)
    angle = np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2
    clear = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-9)
    return np.stack([np.cos(angle), np.sin(angle)], -1), clear


def _luma(shown: Tensor) -> Tensor:
    return (shown * torch.tensor(LUMA).to(shown).view(1, 3, 1, 1)).sum(1, keepdim=True)


def _blurred(plane: Tensor, deviation: float) -> Tensor:
    """Return ``(1, 1, H, W)`` under a Gaussian, edges repeated."""
    reach = math.ceil(3 * deviation)
    kernel = torch.exp(-torch.arange(-reach, reach + 1).to(plane).square() / (2 * deviation**2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    wide = F.conv2d(F.pad(plane, (reach, reach, 0, 0), mode="replicate"), kernel)
    return F.conv2d(F.pad(wide, (0, 0, reach, reach), mode="replicate"), kernel.transpose(2, 3))
