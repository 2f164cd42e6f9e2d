"""Generator and discriminator while they learn: here called the painter and the critic.

What every step of training needs, whatever it learns from: both networks, their optimisers, the
averaged painter that will be exported, the learning rates, and the critic's share. The steps
(`velatura_training.learn.paired_step`, `velatura_training.learn.stroke_step`) say what is compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from velatura_training.data.augment import Batch
from velatura_training.learn import ranks
from velatura_training.losses import terms as losses
from velatura_training.network import build, discriminator
from velatura_training.network.generator import Generator, Shape
from velatura_training.recipe import Recipe

WARM_UP = 50
"""Steps over which the learning rate rises: Adam's second moments settle in about as many."""

RATE_FLOOR = 0.02
"""The cosine ends at this part of the learning rate."""

RAMP = 0.1
"""Part of the budget over which the critic's pull grows to its full weight."""

_AVERAGED = "module."  # before the names of weights in the state of an AveragedModel

M = TypeVar("M", bound=nn.Module)
Tensors = tuple[Tensor, ...] | list[Tensor]


class Gan:
    """Painter, critic and optimisers on one device, in mixed precision where that is CUDA.

    Args:
        recipe: how to train.
        shape: guides, canvas and bound of the painter.
        device: where to train.
    """

    def __init__(self, recipe: Recipe, shape: Shape, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they were
            torch.manual_seed(recipe.seed)
            painter = build.build(recipe.generator, recipe.tier, shape)
            critic = discriminator.build(recipe.discriminator)
        self.painter, self.critic = placed(painter, device), placed(critic, device)
        self.average = AveragedModel(self.painter, multi_avg_fn=self._average)
        self.painter_optimiser = torch.optim.Adam(self.painter.parameters(), betas=(0.9, 0.99))
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), betas=(0.5, 0.99))
        self.mixed = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")

    @property
    def exported(self) -> Generator:
        """The averaged painter."""
        painter = self.average.module
        assert isinstance(painter, Generator)  # noqa: S101 - AveragedModel forgets
        return painter

    def stops(self, painter: nn.Module, batch: Batch) -> Tensor:
        """Return a painter's answer to a batch: ``(N, 3, H, W)`` float32, stops."""
        with self.mixed:
            stops: Tensor = painter(batch.plate, batch.guides if batch.guides.shape[1] else None)
        return stops.float()

    def set_rates(self, progress: float, pace: float) -> None:
        """Set both learning rates: a linear rise, then a cosine.

        Args:
            progress: how much of the budget is used, 0..1.
            pace: the rates are multiplied by this.
        """
        warm = min(1.0, (int(self.average.n_averaged) + 1) / WARM_UP)
        cosine = RATE_FLOOR + (1 - RATE_FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))
        for optimiser in (self.painter_optimiser, self.critic_optimiser):
            for group in optimiser.param_groups:
                group["lr"] = self.recipe.rate * pace * warm * cosine

    def critic_pull(self, progress: float) -> float:
        """Return the adversarial weight: 0 before the critic joins, then rising to its full."""
        joined = progress - self.recipe.refine_from
        return self.recipe.weights.adversarial * min(1.0, max(0.0, joined / RAMP))

    def teach_critic(self, fake: Tensor, real: Tensor) -> Tensor:
        """Let the critic learn from ``(N, 3, h, w)`` results and paint; return its loss."""
        self.critic.requires_grad_(True)
        self.critic_optimiser.zero_grad(set_to_none=True)
        with self.mixed:
            judged = [[s.float() for s in self.critic(x)] for x in (real, fake)]
        judge = losses.CRITIC[self.recipe.adversarial]
        loss = 0.5 * (judge(judged[0], True) + judge(judged[1], False))
        loss.backward()  # type: ignore[no-untyped-call]
        ranks.average(self.critic.parameters())
        self.critic_optimiser.step()
        self.critic.requires_grad_(False)
        return loss

    def adversarial(self, fake: Tensor) -> Tensor:
        """Return the painter's adversarial loss of ``(N, 3, h, w)`` results, unweighted."""
        with self.mixed:
            scores = self.critic(fake)
        return losses.fool(self.recipe.adversarial, [s.float() for s in scores])

    def teach_painter(self, terms: Mapping[str, Tensor]) -> None:
        """Let the painter learn from the sum of its losses, and its average follow."""
        self.painter_optimiser.zero_grad(set_to_none=True)
        total(terms).backward()  # type: ignore[no-untyped-call]
        ranks.average(self.painter.parameters())
        nn.utils.clip_grad_norm_(self.painter.parameters(), self.recipe.clip)
        self.painter_optimiser.step()
        self.average.update_parameters(self.painter)

    def rehearse(self, terms: Mapping[str, Tensor]) -> None:
        """Find the painter's gradients and drop them: the work of a step, for timing."""
        total(terms).backward()  # type: ignore[no-untyped-call]
        self.painter_optimiser.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Any]:
        """Return everything that training needs to go on exactly: the inverse of `restore`."""
        return {
            "painter": self.painter.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.state_dict(),
            "painter_optimiser": self.painter_optimiser.state_dict(),
            "critic_optimiser": self.critic_optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Pick up the state that `state` gave."""
        for name, value in state.items():
            getattr(self, name).load_state_dict(value)

    def _average(self, averaged: Tensors, current: Tensors, steps: Tensor | int) -> None:
        """Move the averaged weights; young averages forget faster, so early previews are sharp."""
        decay = min(self.recipe.average, (1 + int(steps)) / (10 + int(steps)))
        torch._foreach_lerp_(averaged, current, 1 - decay)


def painters(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the weights in a state of `Gan.state`: of the averaged painter, and of the latest.

    Empty where the state has none.
    """
    averaged = {
        name.removeprefix(_AVERAGED): value
        for name, value in state.get("average", {}).items()
        if name.startswith(_AVERAGED)
    }
    return averaged, dict(state.get("painter", {}))


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """Return the sum of weighted losses."""
    return torch.stack(list(terms.values())).sum()


def figures(*terms: Mapping[str, Tensor]) -> dict[str, float]:
    """Return losses as plain numbers, by name."""
    return {name: float(value.detach()) for some in terms for name, value in some.items()}


def placed(module: M, device: torch.device) -> M:
    """Return the module on its device, channels last: 15 % quicker on a CPU, more with AMP."""
    return module.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
