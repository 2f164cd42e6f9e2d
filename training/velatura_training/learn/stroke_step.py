"""One step of learning from a painting: the critic learns, then the painter.

There is no target, pixel by pixel. What pulls:

- **style**: the painting's Gram matrices, patch by patch, so that an even wall gets strokes, too;
  where a key is painted, for `OWN` of it that key's, of the same patch: a dark place then keeps its
  dark strokes, where the whole painting's mean would make all places alike;
- **l2**: the key, or where there is none the underpainting
  (`velatura_training.data.colour_transfer`), coarsely: what is light stays light, and the subject
  stays legible. Squared, because absolute differences let the network pay off all the colours that
  the painting has and the plate has not at one place, which was the frame's border;
- **content**: the plate's shapes as the backbone sees them, whatever their colour;
- **adversarial**: a critic that tells patches of the result from patches of the painting;
- **variation**, **grid**: no speckle and no dots;
- **consistency**: the same paint when the picture moves by a few pixels, its grain changes, or its
  border lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.data.augment import Batch, Crop
from velatura_training.data.colour_transfer import Palette
from velatura_training.data.paintings import Painting
from velatura_training.encoding import display, encode, glaze
from velatura_training.learn.gan import Gan, figures, placed, total
from velatura_training.losses import terms as losses
from velatura_training.losses.backbones import Backbone
from velatura_training.losses.terms import Manner

MARGIN = 16
"""Px around a patch that no loss sees: what lies there was painted without its surroundings."""

RIM = 4
"""Cells at the edges of a backbone's maps that its padding reaches."""

BROAD = 8
"""The underpainting is compared in means of so many px a side: finer is the brush's affair."""

SHOULDER = 0.8
"""Scene-linear light from which on the losses see highlights compressed, so that none is blind."""

GRAIN = 0.02
"""Grain, of the light, that must not change the paint."""

OWN = 0.5
"""Part of the style that a key has of its own; the rest is the whole painting's."""


class StrokeStep:
    """A step for the manner of paintings, which lie over no plate.

    Args:
        gan: the networks that learn.
        floor: ``k`` of the gain law, scene-linear.
        backbone: eyes.
        paintings: what to learn from.
        palette: the footage's colours to theirs.
        keyed: whether batches have paint: of painted keys, which teach.
    """

    def __init__(
        self,
        gan: Gan,
        floor: float,
        backbone: Backbone,
        paintings: Sequence[Painting],
        palette: Palette,
        keyed: bool = False,
    ) -> None:
        self.keyed = keyed
        self.gan, self.recipe, self.floor = gan, gan.recipe, floor
        self.backbone = placed(backbone, gan.device)
        self.paintings = [painting.shown.to(gan.device) for painting in paintings]
        self.palette = palette.to(gan.device)
        with torch.no_grad():
            self.manner = Manner.of([_inner(self.backbone(shown)) for shown in self.paintings])

    def step(
        self, batch: Batch, progress: float, rng: torch.Generator, pace: float = 1.0
    ) -> dict[str, float]:
        """Learn from one batch of plates; return the losses by name.

        Args:
            batch: patches, on the networks' device.
            progress: how much of the budget is used, 0..1; steers rates and the critic's pull.
            rng: chooses where in patches and paintings the eyes and the critic look; on the CPU.
            pace: the learning rates are multiplied by this.
        """
        gan = self.gan
        gan.set_rates(progress, pace)
        stops, result = self._paint(batch)
        crop = self._inside(batch, rng)
        seen, plate = shown(result)[crop], shown(batch.plate)[crop]
        key = shown(batch.paint)[crop] if self.keyed else None
        pull = gan.critic_pull(progress)
        critic: dict[str, Tensor] = {}
        if pull:
            critic["critic"] = gan.teach_critic(seen.detach(), self._real(seen, rng))
        painter = self._terms(stops, seen, plate, key)
        if self.recipe.weights.grid:
            codes = encode(result), encode(batch.plate)
            painter["grid"] = self.recipe.weights.grid * losses.grid(*codes)
        if self.recipe.weights.consistency:
            painter["consistency"] = self._consistency(batch, result, rng)
        if pull:
            painter["adversarial"] = pull * gan.adversarial(seen)
        gan.teach_painter(painter)
        return figures(painter, critic)

    def rehearse(self, batch: Batch) -> None:
        """Go through a painter's step without learning from it: for timing."""
        stops, result = self._paint(batch)
        self.gan.rehearse(self._terms(stops, *self._shown(batch, result)))

    @torch.no_grad()
    def judge(self, batch: Batch) -> float:
        """Return the averaged painter's own loss, without the critic, on whole frames."""
        stops = self.gan.stops(self.gan.exported, batch)
        result = glaze(batch.plate, stops, self.floor)
        return float(total(self._terms(stops, *self._shown(batch, result))))

    def _paint(self, batch: Batch) -> tuple[Tensor, Tensor]:
        stops = self.gan.stops(self.gan.painter, batch)
        return stops, glaze(batch.plate, stops, self.floor)

    def _shown(self, batch: Batch, result: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return result, plate and key, if there is one, as display values."""
        key = shown(batch.paint) if self.keyed else None
        return shown(result), shown(batch.plate), key

    def _terms(
        self, stops: Tensor, seen: Tensor, plate: Tensor, key: Tensor | None
    ) -> dict[str, Tensor]:
        """Return the weighted losses of what is seen of a result, display values."""
        weights, terms = self.recipe.weights, {}
        broad = _broad(seen), _broad(self.palette(plate) if key is None else key)
        if weights.l1:
            terms["l1"] = weights.l1 * losses.l1(*broad)
        if weights.l2:
            terms["l2"] = weights.l2 * losses.l2(*broad)
        with self.gan.mixed:
            here = _inner(self.backbone(seen))
            with torch.no_grad():
                there = _inner(self.backbone(plate))[-1]
                painted = None if key is None else _inner(self.backbone(key))
        here = [m.float() for m in here]
        style = losses.manner(here, self.manner)
        if painted is not None:
            own = losses.hand(here, [m.float() for m in painted], self.manner)
            style = style + OWN * (own - style)
        terms["style"] = weights.style * style
        terms["content"] = weights.content * losses.shapes(here[-1], there.float())
        terms["variation"] = weights.variation * losses.total_variation(stops)
        return terms

    def _consistency(self, batch: Batch, result: Tensor, rng: torch.Generator) -> Tensor:
        """Return how much the paint changes in a part of the patch, seen alone and with grain.

        Plate and canvas come at another place of the painter's grid, and the part's edges lie where
        the patch had none: paint must depend on neither.
        """
        side = batch.plate.shape[-1] // 2
        corner = torch.randint(batch.plate.shape[-1] - side + 1, (2,), generator=rng)
        top, left = (int(offset) for offset in corner)
        side = side // 8 * 8
        part = (..., slice(top, top + side), slice(left, left + side))
        noise = torch.randn(batch.plate[part].shape, generator=rng).to(batch.plate)
        plate = batch.plate[part] * (1 + GRAIN * noise)
        stops = self.gan.stops(self.gan.painter, Batch(plate, batch.guides[part], plate))
        alone = shown(glaze(plate, stops, self.floor))
        difference = losses.l1(alone, shown(result)[part].detach())
        return self.recipe.weights.consistency * difference

    def _inside(self, batch: Batch, rng: torch.Generator) -> Crop:
        """Return a part of the patches, at a random place so that no strides line up."""
        side = batch.plate.shape[-1] - 2 * MARGIN - self.recipe.glance
        corner = torch.randint(self.recipe.glance + 1, (2,), generator=rng).tolist()
        top, left = (MARGIN + int(offset) for offset in corner)
        return ..., slice(top, top + side), slice(left, left + side)

    def _real(self, seen: Tensor, rng: torch.Generator) -> Tensor:
        """Return as many patches of the paintings as there are results, no larger than those."""
        patches = []
        side = min(seen.shape[-1], *(min(p.shape[2:]) for p in self.paintings))
        for _ in range(len(seen)):
            painting = self.paintings[int(torch.randint(len(self.paintings), (), generator=rng))]
            top, left = (
                int(torch.randint(size - side + 1, (), generator=rng))
                for size in painting.shape[2:]
            )
            patches.append(painting[..., top : top + side, left : left + side])
        return torch.cat(patches)


def shown(linear: Tensor) -> Tensor:
    """Return display values 0..1 of scene-linear light, with a shoulder instead of a clip."""
    light = linear.clamp_min(0)
    above = SHOULDER + (1 - SHOULDER) * torch.tanh((light - SHOULDER) / (3 * (1 - SHOULDER)))
    return display(torch.where(light > SHOULDER, above, light))


def _inner(maps: Sequence[Tensor]) -> list[Tensor]:
    """Return a backbone's maps without their rims, which its own zero padding has touched.

    A patch has more rim than a painting, and the network would make up for that: with a coloured
    band just where the patches' rims lie, all along the frame.
    """
    return [m[..., RIM:-RIM, RIM:-RIM] for m in maps]


def _broad(seen: Tensor) -> Tensor:
    return F.avg_pool2d(seen, BROAD, BROAD // 2)
