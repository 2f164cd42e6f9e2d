"""Whether the things of one picture are where those of the other are: content preservation."""

from __future__ import annotations

import pytorch_msssim  # type: ignore[import-untyped]
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

SMALLEST_SIDE = 161
"""Smallest side of a frame that MS-SSIM is defined for, px: its 11 px window at a 16th of it."""

SIGMA = 1.0
"""Blur before edges are looked for, px; Canny's smoothing, small enough for ink lines."""

WEAK, STRONG = 0.05, 0.1
"""Gradient of display luma from which an edge goes on, and from which it starts, per px: those
100 and 200 that OpenCV's documentation uses with 8-bit pictures and a 3x3 Sobel filter."""

LUMA = (0.2126, 0.7152, 0.0722)
"""Of red, green and blue (ITU-R BT.709-6); here of display values."""

DIAGONAL = 2.414213562373095
"""Tangent of 67.5 degrees: from there on a gradient is rather upright than diagonal."""


def ms_ssim(result: Tensor, wanted: Tensor) -> float | None:
    """Return the multi-scale structural similarity (Wang, Simoncelli & Bovik 2003) of a frame.

    ``product_j c_j^w_j * (l_5)^w_5`` over five scales, each half the size of the one before, with
    an 11 px Gaussian window, on display RGB; mean over the channels. 1 is best.

    Args:
        result: ``(1, 3, H, W)`` display values.
        wanted: the same of the other picture.

    Returns:
        None where a side is under `SMALLEST_SIDE` px: with fewer scales it would be another figure.
    """
    if min(result.shape[2:]) < SMALLEST_SIDE:
        return None
    return float(pytorch_msssim.ms_ssim(result, wanted, data_range=1.0))


def edge_f1(result: Tensor, wanted: Tensor) -> float:
    """Return how well the edges of two frames agree, within 1 px: 1 is best, 0 is nowhere.

    ``2 P R / (P + R)``: P the share of the result's edge pixels with a wanted one beside them, R
    the other way round (the F measure of Martin, Fowlkes & Malik 2004, without their matching).
    1 where neither picture has any edge.

    Args:
        result: ``(1, 3, H, W)`` display values.
        wanted: the same of the other picture.
    """
    found, hoped = edges(result), edges(wanted)
    if not found.any() and not hoped.any():
        return 1.0
    right = float((found & _beside(hoped)).sum()) / max(1, int(found.sum()))
    met = float((hoped & _beside(found)).sum()) / max(1, int(hoped.sum()))
    return 2 * right * met / (right + met) if right + met else 0.0


def edges(shown: Tensor) -> Tensor:
    """Return where a frame has edges, ``(1, 1, H, W)`` bool, one px wide (Canny 1986).

    Blur, gradient, thin ridges across the gradient, keep weak ones that touch a strong one.

    Args:
        shown: ``(1, 3, H, W)`` display values.
    """
    luma = (shown * shown.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    down, across = _gradient(_blurred(luma))
    size = (down.square() + across.square()).sqrt()
    ridge = _ridges(size, down, across)
    weak, kept = ridge & (size >= WEAK), ridge & (size >= STRONG)
    while True:
        grown = weak & _beside(kept)
        if torch.equal(grown, kept):
            return kept
        kept = grown


def _blurred(luma: Tensor) -> Tensor:
    reach = int(4 * SIGMA)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1.0).square()) / (2 * SIGMA**2))
    kernel = (kernel / kernel.sum()).to(luma)
    padded = F.pad(luma, (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))


def _gradient(luma: Tensor) -> tuple[Tensor, Tensor]:
    """Return the slope down and across, per px (Sobel filter)."""
    down = luma.new_tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]).view(1, 1, 3, 3) / 8
    padded = F.pad(luma, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, down), F.conv2d(padded, down.transpose(2, 3))


def _ridges(size: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Return where the slope is steeper than at both neighbours across the edge."""
    flat, steep = across.abs() > DIAGONAL * down.abs(), down.abs() > DIAGONAL * across.abs()
    slanted = ~flat & ~steep
    falling = down * across > 0
    around = F.pad(size, (1, 1, 1, 1))
    height, width = size.shape[2:]

    def at(y: int, x: int) -> Tensor:
        return around[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    pairs = (
        (flat, (0, 1)),
        (steep, (1, 0)),
        (slanted & falling, (1, 1)),
        (slanted & ~falling, (1, -1)),
    )
    ridge = torch.zeros_like(size, dtype=torch.bool)
    for where, (y, x) in pairs:  # >= on one side: of two equal neighbours one is kept
        ridge |= where & (size > at(y, x)) & (size >= at(-y, -x))
    return ridge


def _beside(where: Tensor) -> Tensor:
    """Return the mask grown by 1 px, diagonals too."""
    return F.max_pool2d(where.float(), 3, 1, 1) > 0
