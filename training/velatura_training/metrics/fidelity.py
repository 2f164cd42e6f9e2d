"""How close a picture is to the one that was wanted, place by place.

``y`` is the result, ``t`` what was wanted; both scene-linear Rec.709, ``(1, 3, H, W)``, finite.
FLIP has a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.encoding import encode
from velatura_training.losses import terms

MOST_PSNR = 100.0
"""PSNR of equal pictures, dB: the formula would give infinity."""


def l1log(result: Tensor, wanted: Tensor) -> float:
    """Return ``mean |E(y) - E(t)|``, ``E(x) = log2(1 + 128 max(x, 0)) / 8``; 0 is best.

    Nothing clips, so highlights count; a stop is worth the same in light and in half-shade.
    """
    return float(terms.l1(encode(result), encode(wanted)))


def psnr(result: Tensor, wanted: Tensor) -> float:
    """Return ``-10 log10 mean (y - t)^2`` of display values in dB; more is better."""
    error = (result - wanted).square().mean().clamp_min(10 ** (-MOST_PSNR / 10))
    return float(-10 * torch.log10(error))


def lpips(result: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """Return ``mean_l mean_p |u_l(y) - u_l(t)|^2 / 2``, u the features scaled to length 1.

    That is 1 - cos, and LPIPS (Zhang et al. 2018, eq. 1) with uniform heads, averaged over the
    taps and halved. Its published heads fit their own training of the nets only, so the numbers are
    nobody else's: they rank results seen by the same backbone, and no more. It forgives what an eye
    forgives, small shifts of a texture, but it was tuned on photographs, not on paint. 0 is best.

    Args:
        result: maps of the result, ``(1, C, H, W)`` each.
        wanted: maps of what was wanted, from the same backbone.
    """
    distances = []
    for y, t in zip(result, wanted, strict=True):
        difference = F.normalize(y, eps=1e-8) - F.normalize(t, eps=1e-8)
        distances.append(difference.square().sum(1).mean() / 2)
    return float(torch.stack(distances).mean())


def sharpness(result: Tensor, wanted: Tensor) -> float:
    """Return ``mean |grad y| / mean |grad t|`` of display values: 1 is right, less is blurred.

    Noise and grids raise it as detail does, so it is never read alone.
    """
    return float(_gradient(result) / _gradient(wanted).clamp_min(1e-8))


def _gradient(shown: Tensor) -> Tensor:
    """Return the mean gradient magnitude of ``(N, C, H, W)``, forward differences."""
    down = shown[..., 1:, :-1] - shown[..., :-1, :-1]
    across = shown[..., :-1, 1:] - shown[..., :-1, :-1]
    return (down.square() + across.square()).sqrt().mean()
