"""The painter: a small network that looks at a plate and says how many stops to change each pixel.

Two shapes are offered. Neither has a normalisation layer: a frame's exposure cannot pump through
batch statistics, and a tiled frame equals the whole one.

- `UNet`: three scales, blur-pool down and bilinear up (Zhang 2019, "Making Convolutional Networks
  Shift-Invariant Again"), additive skips, residual blocks that start small (after SkipInit, De &
  Smith 2020).
- `ResNet`: everything at a quarter of the resolution, pixel shuffle back (Shi et al. 2016). Faster;
  less detail.

The encoding of light, the bound and the guides' scaling are inside, so the ONNX file needs nothing
around it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from velatura.apply import canvas
from velatura.carry.paint import CHANNELS
from velatura.plate.encoding import SCALE
from velatura.plate.passes import GUIDES
from velatura_training.encoding import STOPS, encode_natural

MIDDLE = 0.6
"""Encoded light around which paint lies; mid-grey 0.18 has 0.57."""

TRUST = 2.0
"""What the trust in carried paint of velatura 0.1 starts from, as a logit: most of it is right."""

FAITH = 3.0
"""What the trust in merged paint starts from, as a logit: a look that has learnt nothing yet shows
its merged paint, which is better than anything it could do instead."""


ENOUGH = 0.05
"""Worth from which on merged paint is shown as it is. On two shots it was better there than all
that a network made of it, and the network was better where it is worth next to nothing."""

BLACK = 1e-3
"""Light x 128 below which darker makes no difference: 17 stops under white."""


@dataclass(frozen=True)
class Shape:
    """What a generator looks like from outside.

    Attributes:
        guides: the passes it reads beside RGB, in order; see ``velatura.plate.passes.GUIDES``.
        bound: largest gain in stops.
        depth_scale: distance, in scene units, that the depth guide maps to one half.
        carried: whether it also reads carried paint, after the guides:
            ``velatura.carry.paint.CHANNELS``.
        merged: whether carried paint is `velatura.carry.paint.Carry`'s; else that of looks of 0.1.
        canvas: whether it also reads the canvas, right after the guides; see
            ``velatura.apply.canvas``.
    """

    guides: tuple[str, ...] = ()
    bound: float = 8.0
    depth_scale: float = 5.0
    carried: bool = False
    canvas: bool = False
    merged: bool = False

    @property
    def channels(self) -> int:
        """Number of channels of the second input: guides, canvas and carried paint."""
        return self.plain + CHANNELS * self.carried

    @property
    def plain(self) -> int:
        """Number of channels of guides and canvas."""
        return sum(GUIDES[name] for name in self.guides) + canvas.CHANNELS * self.canvas

    @property
    def answers(self) -> int:
        """Number of channels that the trunk answers: stops, and how far to trust each paint."""
        return 3 + 2 * self.carried


class Generator(nn.Module, ABC):
    """Scene-linear RGB and guides to stops; subclasses give the trunk.

    Attributes:
        alignment: height and width must be multiples of this many pixels.
        say: how much of what the network says counts against merged paint: 1, or 0
            for none.
    """

    alignment: int
    say: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        if shape.merged:
            self.register_buffer("say", torch.ones(()))

    def forward(self, rgb: Tensor, guides: Tensor | None = None) -> Tensor:
        """Return the gain.

        Args:
            rgb: ``(N, 3, H, W)`` scene-linear, unpremultiplied, finite.
            guides: ``(N, G, H, W)`` raw values, zero where a pass is missing; None if G is 0.

        Returns:
            ``(N, 3, H, W)`` stops, within plus or minus the bound.
        """
        light = encode_natural(rgb)
        x = light if guides is None else torch.cat([light, *self._scaled(guides)], 1)
        answer = self.trunk(x)
        stops = self.shape.bound * torch.tanh(answer[:, :3])
        if guides is None or not self.shape.carried:
            return stops
        carried = guides[:, self.shape.plain :]
        worth = torch.cat([carried[:, 3:4], carried[:, 7:8]], 1)
        if not self.shape.merged:
            trust = torch.sigmoid(TRUST * (2 * worth - 1) + answer[:, 3:]) * torch.ceil(worth)
            return self._mixed(light, stops, carried, trust)
        free = (1 - worth[:, :1] * (1 / ENOUGH)).clamp_min(0) * self.say
        trust = 1 - (1 - torch.sigmoid(FAITH + answer[:, 3:])) * free
        return self._mixed(light, stops * free, carried, trust * torch.ceil(worth))

    def _mixed(self, light: Tensor, stops: Tensor, carried: Tensor, trust: Tensor) -> Tensor:
        """Return the painter's own stops on top of those that lead to the carried paint."""
        near, far = trust[:, :1], trust[:, 1:] * (1 - trust[:, :1])
        painted = near * self._toward(light, carried[:, :3])
        painted = painted + far * self._toward(light, carried[:, 4:7])
        return (stops + painted).clamp(-self.shape.bound, self.shape.bound)

    def _toward(self, light: Tensor, paint: Tensor) -> Tensor:
        """Return the stops that turn encoded light into paint: the inverse of the gain law.

        Its floor is the encoding's, so where paint is brighter the law's ``log2(1 + (y - x) / (x +
        k))`` is a difference of codes.
        """
        x, y = (torch.exp(code * STOPS) - 1 for code in (light, paint))
        down = (torch.log(y + BLACK) - torch.log(x + BLACK)) * (1 / math.log(2))
        stops = torch.where(paint > light, SCALE * (paint - light), down)
        return stops.clamp(-self.shape.bound, self.shape.bound)

    @abstractmethod
    def trunk(self, x: Tensor) -> Tensor:
        """Return the unbounded gain of an encoded picture.

        Args:
            x: ``(N, 3 + shape.channels, H, W)``: encoded light, then guides, canvas and carried
                paint as `forward` scales them; H and W are multiples of `alignment`.

        Returns:
            ``(N, shape.answers, H, W)``: stops before the bound, then logits of the trust in paint.
        """

    def _scaled(self, guides: Tensor) -> list[Tensor]:
        """Return the guides with depth as ``z / (z + scale)``: 0 is background, 1 is far.

        Carried paint lies around 0, as the painter's other inputs do, and is 0 where there is none.
        """
        planes, at = [], 0
        for name in self.shape.guides:
            plane = guides[:, at : at + GUIDES[name]]
            at += GUIDES[name]
            planes.append(plane / (plane + self.shape.depth_scale) if name == "depth" else plane)
        if self.shape.canvas:
            planes.append(guides[:, at : self.shape.plain])
        for first in range(self.shape.plain, self.shape.channels, 4):
            worth = guides[:, first + 3 : first + 4]
            planes += [guides[:, first : first + 3] - MIDDLE * torch.ceil(worth), worth]
        return planes
