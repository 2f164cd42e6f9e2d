"""Augmentation: other exposures, fresh grain, a missing pass.

They make a look hold on frames that were not painted. Exposure moves plate and paint together, so
that the look learns gains; grain touches the plate alone, so that the look does not learn noise.
There are no flips: paint has a direction, and world-space normals would lie.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import EllipsisType

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.plate.passes import GUIDES
from velatura_training.encoding import decode, encode
from velatura_training.recipe import Recipe

Crop = tuple[EllipsisType, slice, slice]
"""Indices of a part of pictures: rows and columns."""


@dataclass(frozen=True)
class Batch:
    """Patches of painted keys.

    Attributes:
        plate: ``(N, 3, H, W)`` scene-linear, unpremultiplied, in the look's space.
        guides: ``(N, G, H, W)`` raw passes; G may be 0.
        paint: ``(N, 3, H, W)`` scene-linear, unpremultiplied, in the look's space.
        cover: ``(N, 1, H, W)`` 0..1, how much of the look shows where some was left transparent;
            None where all was painted.
    """

    plate: Tensor
    guides: Tensor
    paint: Tensor
    cover: Tensor | None = None


def augment(batch: Batch, recipe: Recipe, guides: tuple[str, ...], rng: torch.Generator) -> Batch:
    """Return the batch with the recipe's lies told; ``rng`` lives on the CPU."""
    plain = sum(GUIDES[name] for name in guides)
    carried = batch.guides.shape[1] > plain
    if recipe.exposure:
        batch = expose(batch, recipe.exposure, plain, rng)
    if recipe.grain:
        batch = add_grain(batch, recipe.grain, rng)
    if recipe.guide_dropout and guides:
        batch = drop_guides(batch, recipe.guide_dropout, guides, rng)
    if recipe.paint_dropout and carried:
        batch = drop_paint(batch, recipe.paint_dropout, plain, rng)
    return batch


def expose(batch: Batch, stops: float, plain: int, rng: torch.Generator) -> Batch:
    """Return plate, paint and carried paint brightened or darkened together, per patch.

    Args:
        batch: the patches.
        stops: at most so many, either way.
        plain: guide channels before those of carried paint.
        rng: on the CPU.
    """
    factor = ((2 * _uniform(batch, rng) - 1) * stops).exp2()
    guides = batch.guides.clone()
    for first in range(plain, guides.shape[1], 4):
        paint = guides[:, first : first + 3]
        guides[:, first : first + 3] = encode(decode(paint) * factor)
    return Batch(batch.plate * factor, guides, batch.paint * factor)


def add_grain(batch: Batch, amount: float, rng: torch.Generator) -> Batch:
    """Return the plate with noise of up to ``amount`` of its value (photon-like), per patch."""
    noise = torch.randn(batch.plate.shape, generator=rng).to(batch.plate)
    sigma = amount * _uniform(batch, rng) * (batch.plate.clamp_min(0) + 0.02)
    return replace(batch, plate=batch.plate + sigma * noise)


def drop_guides(
    batch: Batch, chance: float, guides: tuple[str, ...], rng: torch.Generator
) -> Batch:
    """Return the batch with passes zeroed, as if they were missing.

    Each pass of each patch goes by ``chance``, and by ``chance`` again all of a patch's passes: a
    shot either has its passes or, more often than by four coincidences, has none.
    """
    kept = torch.rand(len(batch.guides), len(guides), generator=rng) >= chance
    kept &= torch.rand(len(batch.guides), 1, generator=rng) >= chance
    widths = torch.tensor([GUIDES[name] for name in guides])
    mask = kept.repeat_interleave(widths, dim=1)
    carried = batch.guides.shape[1] - mask.shape[1]  # carried paint has holes of its own
    mask = F.pad(mask, (0, carried), value=True)[..., None, None].to(batch.guides)
    return replace(batch, guides=batch.guides * mask)


def drop_paint(batch: Batch, chance: float, plain: int, rng: torch.Generator) -> Batch:
    """Return the batch with some patches' carried paint gone, the channels from ``plain`` on."""
    kept = torch.rand(len(batch.guides), 1, 1, 1, generator=rng) >= chance
    guides = batch.guides.clone()
    guides[:, plain:] *= kept.to(guides)
    return replace(batch, guides=guides)


def _uniform(batch: Batch, rng: torch.Generator) -> Tensor:
    return torch.rand(len(batch.plate), 1, 1, 1, generator=rng).to(batch.plate)
