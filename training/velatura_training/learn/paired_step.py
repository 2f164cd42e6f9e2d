"""One step of learning from painted keys: the critic learns, then the painter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from velatura_training.data.augment import Batch, Crop
from velatura_training.data.views import Pair
from velatura_training.encoding import display, encode, glaze
from velatura_training.learn.gan import Gan, figures, placed, total
from velatura_training.losses import consistency
from velatura_training.losses import terms as losses
from velatura_training.losses.backbones import Backbone


class PairedStep:
    """A step for paint that lies over its plate, pixel for pixel.

    Args:
        gan: the networks that learn.
        floor: ``k`` of the gain law, scene-linear.
        backbone: eyes for content and style losses, or None where neither is used. They take
            the look's primaries for Rec.709's: ACEScg looks paler to them, paint and result alike.
    """

    def __init__(self, gan: Gan, floor: float, backbone: Backbone | None) -> None:
        self.gan, self.recipe, self.floor = gan, gan.recipe, floor
        self.backbone = placed(backbone, gan.device) if backbone else None

    def step(
        self,
        batch: Batch,
        progress: float,
        rng: torch.Generator,
        pace: float = 1.0,
        pairs: Mapping[str, Pair] | None = None,
    ) -> dict[str, float]:
        """Learn from one batch; return the losses by name.

        Args:
            batch: patches, on the networks' device.
            progress: how much of the budget is used, 0..1; steers rates and the critic's pull.
            rng: chooses where in the patches the eyes and the critic look; on the CPU.
            pace: the learning rates are multiplied by this.
            pairs: what is seen twice, for the losses of these names: see
                `velatura_training.losses.consistency`.
        """
        gan = self.gan
        gan.set_rates(progress, pace)
        stops, result = self._paint(batch)
        seen, wanted = encode(result), encode(batch.paint)
        crop = self._glance(batch, rng)
        pull = gan.critic_pull(progress)
        critic: dict[str, Tensor] = {}
        if pull:
            critic["critic"] = gan.teach_critic(seen[crop].detach(), wanted[crop])
        painter = self._pixel_terms(stops, seen, wanted)
        if progress >= self.recipe.refine_from:
            painter |= self._eye_terms(result[crop], batch.paint[crop])
        if pull:
            painter["adversarial"] = pull * gan.adversarial(seen[crop])
        painter |= self._consistency_terms(pairs or {}, progress)
        gan.teach_painter(painter)
        return figures(painter, critic)

    def rehearse(self, batch: Batch) -> None:
        """Go through a painter's step without learning from it: for timing."""
        stops, result = self._paint(batch)
        terms = self._pixel_terms(stops, encode(result), encode(batch.paint))
        self.gan.rehearse(terms | self._eye_terms(result, batch.paint))

    @torch.no_grad()
    def judge(self, batch: Batch) -> float:
        """Return the averaged painter's own loss, without the critic, on whole painted keys."""
        result = glaze(batch.plate, self.gan.stops(self.gan.exported, batch), self.floor)
        seen, wanted = encode(result), encode(batch.paint)
        terms = self._pixel_terms(torch.zeros_like(seen), seen, wanted)
        return float(total(terms | self._eye_terms(result, batch.paint)))

    def _paint(self, batch: Batch) -> tuple[Tensor, Tensor]:
        stops = self.gan.stops(self.gan.painter, batch)
        return stops, glaze(batch.plate, stops, self.floor)

    def _pixel_terms(self, stops: Tensor, seen: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """Return the weighted losses that compare encoded pixels with pixels."""
        weights, terms = self.recipe.weights, {}
        if weights.l1:
            terms["l1"] = weights.l1 * losses.l1(seen, wanted)
        if weights.l2:
            terms["l2"] = weights.l2 * losses.l2(seen, wanted)
        if weights.grid:
            terms["grid"] = weights.grid * losses.grid(seen, wanted)
        if weights.variation:
            terms["variation"] = weights.variation * losses.total_variation(stops)
        return terms

    def _eye_terms(self, result: Tensor, paint: Tensor) -> dict[str, Tensor]:
        """Return the weighted losses that compare what the backbone sees."""
        if self.backbone is None:
            return {}
        with self.gan.mixed:
            with torch.no_grad():
                there = self.backbone(display(paint))
            here = self.backbone(display(result))
        here, there = [m.float() for m in here], [m.float() for m in there]
        weights, terms = self.recipe.weights, {}
        if weights.content:
            terms["content"] = weights.content * losses.content(here, there)
        if weights.style:
            terms["style"] = weights.style * losses.style(here, there)
        return terms

    def _consistency_terms(self, pairs: Mapping[str, Pair], progress: float) -> dict[str, Tensor]:
        """Return the weighted losses that compare what is painted twice."""
        terms = {}
        for name, pair in pairs.items():
            with torch.no_grad():
                before = self.gan.stops(self.gan.exported, pair.before)
            now = self.gan.stops(self.gan.painter, pair.now)
            weight = consistency.pull(progress) * getattr(self.recipe.weights, name)
            terms[name] = weight * consistency.difference(name, pair, now, before, self.floor)
        return terms

    def _glance(self, batch: Batch, rng: torch.Generator) -> Crop:
        """Return a part of the patches, a little smaller than they are, at a random place."""
        side = batch.plate.shape[-1] - self.recipe.glance
        top, left = torch.randint(self.recipe.glance + 1, (2,), generator=rng).tolist()
        return ..., slice(top, top + side), slice(left, left + side)
