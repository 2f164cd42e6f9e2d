"""What the training pulls on: each loss is one function with its formula and its source.

``y`` is the result, ``t`` the painted target, ``F_l`` the maps of a perceptual backbone at tap
``l``, ``D`` the critic's score maps. Every function returns a scalar tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

Maps = Sequence[Tensor]
"""Feature or score maps, finest first."""

FAINT = 0.3
"""A channel fainter than this part of the others' height is not brought up to it: it is noise."""


def l1(result: Tensor, target: Tensor) -> Tensor:
    """``mean |y - t|``: keeps colours and edges (Isola et al. 2017, eq. 3)."""
    return F.l1_loss(result, target)


def l2(result: Tensor, target: Tensor) -> Tensor:
    """``mean (y - t)^2``: punishes outliers, blurs more than L1."""
    return F.mse_loss(result, target)


def content(result: Maps, target: Maps) -> Tensor:
    """``mean_l |F_l(y) - F_l(t)| / |F_l(t)|``: same things in the same places.

    The feature reconstruction loss of Johnson et al. 2016, eq. 2, made relative so that no tap
    outweighs another, and with absolute values for squares, which pull harder on what is nearly
    right: with them a look takes half the time to the same figures (docs/learning.md).
    """
    terms = [F.l1_loss(y, t) / t.abs().mean().clamp_min(1e-8) for y, t in _pairs(result, target)]
    return torch.stack(terms).mean()


def style(result: Maps, target: Maps) -> Tensor:
    """``mean_l ||G_l(y) - G_l(t)||^2 / ||G_l(t)||^2`` with Gram matrices: same textures, anywhere.

    Gatys et al. 2016, eq. 4 and 5, made relative; averaged over the batch.
    """
    terms = []
    for y, t in _pairs(result, target):
        gram_y, gram_t = gram(y), gram(t)
        size = gram_t.square().sum((1, 2)).clamp_min(1e-8)
        terms.append(((gram_y - gram_t).square().sum((1, 2)) / size).mean())
    return torch.stack(terms).mean()


@dataclass(frozen=True)
class Manner:
    """What a backbone sees of paintings, wherever it lies in them.

    Attributes:
        grams: at each tap the mean Gram matrix, ``(C, C)``, of channels brought to one height.
        heights: those heights, ``(C, 1)``: the root mean square of each channel.
    """

    grams: tuple[Tensor, ...]
    heights: tuple[Tensor, ...]

    @classmethod
    def of(cls, paintings: Sequence[Maps]) -> Manner:
        """Return the manner of one painting's maps, or of several paintings' together."""
        grams, heights = [], []
        for taps in zip(*paintings, strict=True):
            mean = torch.stack([gram(tap.float())[0] for tap in taps]).mean(0)
            height = mean.diagonal().sqrt()[:, None]
            height = height.clamp_min(FAINT * float(height.square().mean().sqrt()) + 1e-8)
            grams.append(mean / (height * height.T))
            heights.append(height)
        return cls(tuple(grams), tuple(heights))


def manner(result: Maps, wanted: Manner) -> Tensor:
    """``mean_l ||S G_l(y) S - S G_l(t) S||^2 / ||S G_l(t) S||^2``, ``S = diag(1 / rms_l(t))``.

    The style loss with all channels on an equal footing: in a plain Gram matrix a few loud ones
    (colour, brightness) drown those that answer to bristles. ``y`` is judged picture by picture, so
    that an even wall must show strokes as well.
    """
    terms = []
    for maps, target, height in zip(result, wanted.grams, wanted.heights, strict=True):
        found = gram(maps) / (height * height.T)
        terms.append((found - target).square().sum((1, 2)).mean() / target.square().sum())
    return torch.stack(terms).mean()


def hand(result: Maps, painted: Maps, wanted: Manner) -> Tensor:
    """``mean_l ||S (G_l(y) - G_l(t)) S||^2 / ||S G_l(t) S||^2``, ``S`` as in `manner`.

    The same textures as in a painted key of this very place ``t``: strokes never fall twice at the
    same places, so they are compared by what they look like together, and not pixel by pixel.
    """
    terms = []
    for y, t, height in zip(result, painted, wanted.heights, strict=True):
        scale = height * height.T
        off = ((gram(y) - gram(t)) / scale).square().sum((1, 2))
        terms.append((off / (gram(t) / scale).square().sum((1, 2))).mean())
    return torch.stack(terms).mean()


def shapes(result: Tensor, plate: Tensor) -> Tensor:
    """``||N(F(y)) - N(F(x))||^2`` per value, each channel of ``N`` brought to mean 0 and spread 1.

    A content loss that sees where things are and not how bright or colourful: those belong to the
    painting (the normalisation of Huang & Belongie 2017, eq. 5).
    """
    return F.mse_loss(_normalised(result), _normalised(plate))


def gram(features: Tensor) -> Tensor:
    """Return ``F F^T / (H W)``, ``(N, C, C)``: Gatys et al. 2016, eq. 3, divided by the pixels."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def total_variation(stops: Tensor) -> Tensor:
    """``mean |d r / dx| + mean |d r / dy|`` of the gain (Rudin et al. 1992, anisotropic form)."""
    across = (stops[..., :, 1:] - stops[..., :, :-1]).abs().mean()
    down = (stops[..., 1:, :] - stops[..., :-1, :]).abs().mean()
    return across + down


def grid(result: Tensor, target: Tensor) -> Tensor:
    """``mean_b |A_8(H_b(y) - H_b(t))|``: no dot grid.

    ``H_b`` are the three detail bands of a Haar transform at stride 2 (Haar 1910), ``A_8`` the mean
    over 8x8 of them. Real detail changes its sign from place to place and averages out; the pattern
    that an upsampling network repeats every two pixels (Odena et al. 2016, "Deconvolution and
    Checkerboard Artifacts") does not. Of one that repeats every four (the ResNet's) it sees a part.
    """
    difference = result - target
    a, b = difference[..., ::2, ::2], difference[..., ::2, 1::2]
    c, d = difference[..., 1::2, ::2], difference[..., 1::2, 1::2]
    bands = torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], 1) / 4
    return F.avg_pool2d(bands, min(8, *bands.shape[2:])).abs().mean()


def consistency(result: Tensor, expected: Tensor, visible: Tensor) -> Tensor:
    """``sum V |y - e| / sum V``: what is seen twice is painted alike.

    L1 over what was visible both times, after the temporal loss of Lai et al. 2018, eq. 5, with the
    mask in place of their exponential weight.

    Args:
        result: ``(N, C, H, W)`` encoded.
        expected: the same place's other result, fetched along its motion.
        visible: ``(N, 1, H, W)``, 0 or 1. Nothing visible costs nothing.
    """
    seen = visible.sum().clamp_min(1) * result.shape[1]
    return ((result - expected).abs() * visible).sum() / seen


def warp(
    result: Tensor, expected: Tensor, light: Tensor, before: Tensor, visible: Tensor
) -> Tensor:
    """``sum V |(y - e) - B(x - b)| / sum V``: from frame to frame paint changes as light does.

    The output-level temporal loss of Gao et al. 2018 (ReCoNet), eq. 4: the change of a result is
    compared with that of the plate's luminance, so that a moving light does not count as flicker.
    Light is encoded here, so that twice the light is the same difference anywhere, and ``B`` is the
    mean over `LIGHT` px: grain, and what fetching between pixels leaves, are no change of light.

    Args:
        result: as in `consistency`.
        expected: as in `consistency`: the result of the other frame.
        light: ``(N, 3, H, W)`` the plate, encoded.
        before: the other frame's plate, encoded and fetched along the motion.
        visible: as in `consistency`.
    """
    change = ((light - before) * visible).mean(1, keepdim=True)
    area = F.avg_pool2d(visible, LIGHT, 1, LIGHT // 2).clamp_min(1 / LIGHT**2)
    return consistency(
        result, expected + F.avg_pool2d(change, LIGHT, 1, LIGHT // 2) / area, visible
    )


LIGHT = 9
"""Side of the window in which a plate's change of light is averaged, px; odd."""


def bce(scores: Maps, real: bool) -> Tensor:
    """``-log D`` or ``-log(1 - D)`` on logits, non-saturating (Goodfellow et al. 2014)."""
    terms = (F.binary_cross_entropy_with_logits(s, torch.full_like(s, float(real))) for s in scores)
    return torch.stack(list(terms)).mean()


def lsgan(scores: Maps, real: bool) -> Tensor:
    """``mean (D - [real])^2`` (Mao et al. 2017, eq. 2 with a = 0, b = c = 1)."""
    return torch.stack([(s - float(real)).square().mean() for s in scores]).mean()


def hinge(scores: Maps, real: bool) -> Tensor:
    """``mean max(0, 1 -+ D)``: the critic's side (Lim & Ye 2017; Miyato et al. 2018, eq. 16)."""
    sign = -1.0 if real else 1.0
    return torch.stack([F.relu(1 + sign * s).mean() for s in scores]).mean()


def hinge_generator(scores: Maps) -> Tensor:
    """``-mean D(y)``: the painter's side of the hinge loss (Miyato et al. 2018, eq. 17)."""
    return -torch.stack([s.mean() for s in scores]).mean()


Adversarial = Callable[[Maps, bool], Tensor]

CRITIC: dict[str, Adversarial] = {"bce": bce, "lsgan": lsgan, "hinge": hinge}
"""The critic's loss by name."""


def fool(name: str, scores: Maps) -> Tensor:
    """Return the painter's adversarial loss: how far its patches are from passing as painted."""
    return hinge_generator(scores) if name == "hinge" else CRITIC[name](scores, True)


def _normalised(maps: Tensor) -> Tensor:
    centred = maps - maps.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True).sqrt() + 1e-3)


def _pairs(result: Maps, target: Maps) -> list[tuple[Tensor, Tensor]]:
    return list(zip(result, target, strict=True))
