"""Two views of the same thing: patches seen twice, a few pixels apart or a frame apart."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.data.augment import Batch, add_grain
from velatura_training.encoding import decode, encode

REACH = 4
"""The second view lies up to so many px away: all places on the coarsest grid, of 8 px, occur."""

EDGE = 8
"""So near to a patch's edge nothing is compared, px: one view lacks what the other saw beyond."""

GRAIN = 0.02
"""Grain of a nudged view at most, as a part of the light."""

SOLID = 0.5
"""Where so much of what is fetched is carried paint, there is paint."""


@dataclass(frozen=True)
class Pair:
    """Patches that show the same things twice.

    Attributes:
        before: the first view; its paint is not looked at.
        now: the second, as the painter sees it; the same.
        plate: ``(N, 3, H, W)`` what the second view's stops are put on, scene-linear.
        places: ``(N, 2, H, W)`` column and row, px, of each pixel of ``now`` in ``before``.
        visible: ``(N, 1, H, W)`` 1 where it is seen in both, else 0.
    """

    before: Batch
    now: Batch
    plate: Tensor
    places: Tensor
    visible: Tensor


def nudged(batch: Batch, plain: int, rng: torch.Generator) -> Pair:
    """Return patches and the same patches moved by parts of a pixel, under fresh grain.

    The gain of the second view is put on the plate without that grain: the plate's own grain may
    show in the result, but must not stir the look.

    Args:
        batch: patches of any frames; their paint is not looked at.
        plain: guide channels before those of carried paint.
        rng: on the CPU.
    """
    count, _, height, width = batch.plate.shape
    offset = (2 * torch.rand(count, 2, 1, 1, generator=rng) - 1).to(batch.plate) * REACH
    places = _here(height, width).to(batch.plate) + offset
    plate = decode(fetch(encode(batch.plate), places).clamp_min(0))
    guides = _guides(batch.guides, places, plain)
    now = add_grain(Batch(plate, guides, plate), GRAIN, rng)
    return Pair(batch, now, plate, places, inside(places))


def fetch(planes: Tensor, places: Tensor, mode: str = "bicubic") -> Tensor:
    """Return ``(N, C, H, W)`` planes read at ``(N, 2, H, W)`` places, px; edges are repeated.

    Bicubic, because what is compared must not be blurred: Keys 1981, with torch's a = -3/4.
    """
    height, width = planes.shape[2:]
    size = torch.tensor([width, height]).to(places).view(2, 1, 1)
    grid = ((2 * places + 1) / size - 1).permute(0, 2, 3, 1)
    return F.grid_sample(planes, grid, mode, padding_mode="border", align_corners=False)


def inside(places: Tensor) -> Tensor:
    """Return ``(N, 1, H, W)``: 1 where both views are `EDGE` px within their patches, else 0."""
    height, width = places.shape[2:]
    most = torch.tensor([width, height]).to(places).view(2, 1, 1) - 1 - EDGE
    within = torch.ones_like(places[:, :1])
    for place in (places, _here(height, width).to(places).expand_as(places)):
        within *= ((place >= EDGE) & (place <= most)).all(1, keepdim=True)
    return within


def _here(height: int, width: int) -> Tensor:
    """Return ``(1, 2, H, W)``: each pixel's own column and row."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([columns, rows])[None].float()


def _guides(guides: Tensor, places: Tensor, plain: int) -> Tensor:
    """Return guides and carried paint at other places: there is paint where most of it is."""
    if not guides.shape[1]:
        return guides
    moved = fetch(guides, places, "bilinear")
    for first in range(plain, guides.shape[1], 4):
        worth = guides[:, first + 3 : first + 4]
        there = fetch(torch.ceil(worth), places, "bilinear")
        solid = (there > SOLID).to(there)
        moved[:, first : first + 3] *= solid / there.clamp_min(SOLID)
        moved[:, first + 3 : first + 4] = solid * fetch(worth, places, "nearest")
    return moved
