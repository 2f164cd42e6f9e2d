"""Where things were a frame before, and how much a picture flickers when it is followed there.

The renderer's vectors are taken where the plate has them (`velatura.scene.vectors`), else optical
flow of the plate. The first frame of a render has no motion to the frame before and the last none
to the frame after, though things move; as both frames of a pair must tell the same story, such
zeros are found out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.scene import optical_flow, vectors
from velatura_training.encoding import encode

BEND, BEND_SLACK = 0.01, 0.002
"""Steepest change of an estimated flow that is no boundary: part of its squared length, plus px^2
(Sundaram, Brox & Keutzer 2010, as Lai et al. 2018 use it)."""


@dataclass(frozen=True)
class Motion:
    """How a frame follows from the one before.

    Attributes:
        back: ``(2, H, W)`` px right and down, from a pixel to where it was a frame before.
        visible: ``(H, W)`` bool: was seen there, and is something that moves with ``back``.
        source: "vector" or "flow".
    """

    back: Tensor
    visible: Tensor
    source: str


def of_vectors(before: Tensor, now: Tensor, surface: Tensor | None = None) -> Motion:
    """Return the motion that a renderer's vector pass tells.

    Args:
        before: ``(4, H, W)`` vector pass of the frame before.
        now: the same of this frame.
        surface: ``(H, W)`` bool, where this frame's depth pass has something; None counts the sky
            as well. With it, ink lines that hang over the sky beside an object do not count: they
            go with the object, and the vectors there with the sky.
    """
    back = torch.from_numpy(vectors.to_before(now.numpy()))
    forth = torch.from_numpy(vectors.to_after(before.numpy()))
    visible = _agree(back, forth)
    return Motion(back, visible if surface is None else visible & surface, "vector")


def of_flow(before: Tensor, now: Tensor, surface: Tensor | None = None) -> Motion:
    """Return the motion that is seen in two frames: dense inverse search, Kroeger et al. 2016.

    A flow makes the frames that it was seen in look calmer than they are, so figures with it and
    figures with vectors are not to be compared.

    Args:
        before: ``(1, 3, H, W)`` display values of the frame before.
        now: the same of this frame.
        surface: see `of_vectors`.
    """
    was, seen = (frame[0].cpu().numpy() for frame in (before, now))
    back, forth = map(
        torch.from_numpy, (optical_flow.between(seen, was), optical_flow.between(was, seen))
    )
    visible = _agree(back, forth) & ~_bends(back)
    return Motion(back, visible if surface is None else visible & surface, "flow")


def warp(before: Tensor, back: Tensor) -> Tensor:
    """Return ``(1, C, H, W)`` of a frame, fetched bilinearly along ``(2, H, W)`` px."""
    height, width = back.shape[1:]
    x, y = _targets(back)
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1)[None]
    return F.grid_sample(before, grid, padding_mode="border", align_corners=False)


def warp_error(before: Tensor, now: Tensor, motion: Motion) -> float | None:
    """Return ``E_warp``: ``mean |E(O_t) - W(E(O_t-1))|`` over visible pixels and channels.

    How much of a frame does not follow from the one before: Lai et al. 2018, eq. 10, with the
    absolute difference of log-encoded light (E of `velatura_training.encoding`) for the squared
    difference of display values, so that highlights count and a few torn pixels do not rule.

    Args:
        before: ``(1, 3, H, W)`` scene-linear result of the frame before.
        now: the same of this frame.
        motion: of the plate between the two.

    Returns:
        None where nothing of the frame was visible in the one before.
    """
    if not motion.visible.any():
        return None
    difference = (encode(now) - warp(encode(before), motion.back)).abs().mean(1)[0]
    return float(difference[motion.visible].mean())


def _agree(back: Tensor, forth: Tensor) -> Tensor:
    """Return where following ``back`` and then ``forth`` comes home, inside the picture."""
    height, width = back.shape[1:]
    x, y = _targets(back)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    home = warp(forth[None], back)[0]
    return inside & torch.from_numpy(vectors.agree(back.numpy(), home.numpy()))


def _bends(way: Tensor) -> Tensor:
    """Return where a flow changes abruptly from pixel to pixel: the edge of something moving."""
    down = F.pad(way[:, 1:] - way[:, :-1], (0, 0, 0, 1))
    across = F.pad(way[:, :, 1:] - way[:, :, :-1], (0, 1))
    change = (down.square() + across.square()).sum(0)
    return change > BEND * way.square().sum(0) + BEND_SLACK


def _targets(back: Tensor) -> tuple[Tensor, Tensor]:
    height, width = back.shape[1:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return x.to(back) + back[0], y.to(back) + back[1]
