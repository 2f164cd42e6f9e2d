"""A picture to be measured: soft shapes, sharp daubs and a highlight, large enough for MS-SSIM."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

SIDE = 176
"""px: a little more than MS-SSIM needs."""


def painted(seed: int = 0) -> Tensor:
    """Return ``(1, 3, SIDE, SIDE)`` scene-linear light: daubs of 11 px, and a lamp of 6."""
    rng = torch.Generator().manual_seed(seed)
    light = F.interpolate(torch.rand(1, 3, 16, 16, generator=rng), size=(SIDE, SIDE))
    light = 0.05 + 0.7 * light
    light[..., 30:50, 100:130] = 2 + 4 * torch.rand(1, 3, 20, 30, generator=rng)
    return light


def plain() -> Tensor:
    """Return the plate under the paint: the same places, other colours, no fine daubs."""
    return blurred(painted().flip(1), 4) * 0.6


def blurred(light: Tensor, reach: int = 2) -> Tensor:
    return F.avg_pool2d(F.pad(light, (reach,) * 4, mode="replicate"), 2 * reach + 1, 1)


def noisy(light: Tensor, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return light * torch.exp(0.3 * torch.randn(light.shape, generator=rng))


def shifted(light: Tensor, pixels: int) -> Tensor:
    return light.roll(pixels, 3)
