"""The painter: a small network that looks at a plate and says how many stops to change each pixel.

Two shapes are offered. Neither has a normalisation layer: a frame's exposure cannot pump through
batch statistics, and a tiled frame equals the whole one.

- `UNet`: three scales, blur-pool down and bilinear up (Zhang 2019, "Making Convolutional Networks
  Shift-Invariant Again"), additive skips, residual blocks that start small (after SkipInit, De &
  Smith 2020).
- `ResNet`: everything at a quarter of the resolution, pixel shuffle back (Shi et al. 2016). Faster;
  less detail.

Passes and carried paint are read at half the resolution: they say what is there and what it was
painted with, while the plate says exactly where. That makes a look with all of them a third cheaper
to run (docs/learning.md).

The encoding of light, the bound and the guides' scaling are inside, so the ONNX file needs nothing
around it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.apply import canvas
from velatura.carry.paint import CHANNELS
from velatura.plate.encoding import SCALE, SLOPE
from velatura.plate.passes import GUIDES
from velatura_training.encoding import HALF_MAX, STOPS, encode_natural

MIDDLE = 0.6
"""Encoded light around which paint lies; mid-grey 0.18 has 0.57."""

TRUST = 2.0
"""What the trust in carried paint of velatura 0.1 starts from, as a logit: most of it is right."""

FAITH = 3.0
"""What the trust in merged paint starts from, as a logit: a look that has learnt nothing yet shows
its merged paint, which is better than anything it could do instead."""


ENOUGH = 0.002
"""Worth from which on merged paint is shown as it is: the plates differ by less than .087 there.
With .05, sharp falls from .92 to .88 and gram rises from .073 to .105 on the street, whose keys are
18 frames apart: the network takes strokes away that are only old. On the courtyard without passes
.05 gives l1log .0269 instead of .0271, and gram .046 instead of .039."""

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
        return self.passes + canvas.CHANNELS * self.canvas

    @property
    def passes(self) -> int:
        """Number of channels of guides."""
        return sum(GUIDES[name] for name in self.guides)

    @property
    def whole(self) -> int:
        """Number of channels that the trunk reads at the whole resolution: light and canvas."""
        return 3 + canvas.CHANNELS * self.canvas

    @property
    def halved(self) -> int:
        """Number of channels that the trunk reads at half of it: guides and carried paint."""
        return self.passes + CHANNELS * self.carried

    @property
    def answers(self) -> int:
        """Number of channels that the trunk answers: stops, and how far to trust paint."""
        return 3 + self.carried * (1 if self.merged else 2)


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
        if guides is None:
            answer = self.trunk(light, None)
        else:
            answer = self.trunk(self._whole(light, guides), self._halved(guides))
        stops = self.shape.bound * torch.tanh(answer[:, :3])
        if guides is None or not self.shape.carried:
            return stops
        if self.shape.merged:
            stops = self._over_merged(rgb, light, stops, answer[:, 3:], guides)
        else:
            carried = guides[:, self.shape.plain :]
            stops = self._over_nearest(rgb, light, stops, answer[:, 3:], carried)
        return stops.clamp(-self.shape.bound, self.shape.bound)

    def _over_merged(
        self, rgb: Tensor, light: Tensor, stops: Tensor, faith: Tensor, guides: Tensor
    ) -> Tensor:
        """Return merged paint where it is worth enough, and elsewhere what the network makes of it.

        The paint of one key, the second one, is only looked at.
        """
        end = self.shape.plain + 3
        paint, worth = guides[:, end - 3 : end], guides[:, end : end + 1]
        free = (1 - worth * (1 / ENOUGH)).clamp_min(0) * self.say
        trust = 1 - (1 - torch.sigmoid(FAITH + faith)) * free
        painted = self._toward(rgb, light, paint)
        return stops * free + trust * torch.ceil(worth) * painted

    def _over_nearest(
        self, rgb: Tensor, light: Tensor, stops: Tensor, faith: Tensor, carried: Tensor
    ) -> Tensor:
        """Return the network's stops on top of the paint of two keys: looks of velatura 0.1."""
        worth = torch.cat([carried[:, 3:4], carried[:, 7:8]], 1)
        trust = torch.sigmoid(TRUST * (2 * worth - 1) + faith) * torch.ceil(worth)
        near, far = trust[:, :1], trust[:, 1:] * (1 - trust[:, :1])
        painted = near * self._toward(rgb, light, carried[:, :3])
        return stops + painted + far * self._toward(rgb, light, carried[:, 4:7])

    def _toward(self, rgb: Tensor, light: Tensor, paint: Tensor) -> Tensor:
        """Return the stops that turn a plate into encoded paint: the inverse of the gain law.

        Its floor is the encoding's, so where paint is brighter the law's ``log2(1 + (y - x) / (x +
        k))`` is a difference of codes. Both branches have one sign at a pixel: their sum is one.
        """
        x, y = SLOPE * rgb.clamp(0.0, HALF_MAX), torch.exp(paint * STOPS)
        down = torch.log((y + (BLACK - 1)) / (x + BLACK)) * (1 / math.log(2))
        stops = (SCALE * (paint - light)).relu() + down.clamp_max(0)
        return stops.clamp(-self.shape.bound, self.shape.bound)

    @abstractmethod
    def trunk(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """Return the unbounded gain of an encoded picture.

        Args:
            whole: ``(N, shape.whole, H, W)``: encoded light, then canvas; H and W are multiples of
                `alignment`.
            halved: ``(N, shape.halved, H/2, W/2)``: guides and carried paint as `forward` scales
                them; None where all of them are missing.

        Returns:
            ``(N, shape.answers, H, W)``: stops before the bound, then logits of the trust in paint.
        """

    def _whole(self, light: Tensor, guides: Tensor) -> Tensor:
        """Return what is read at the whole resolution."""
        if not self.shape.canvas:
            return light
        return torch.cat([light, guides[:, self.shape.passes : self.shape.plain]], 1)

    def _halved(self, guides: Tensor) -> Tensor | None:
        """Return the passes and the carried paint at half the resolution, None without any.

        Depth is ``z / (z + scale)``: 0 is background, 1 is far. Carried paint lies around 0, as the
        painter's other inputs do, and is 0 where there is none.
        """
        if not self.shape.halved:
            return None
        pooled = F.avg_pool2d(guides, 2)  # all at once, and before what may as well come after
        planes, at = [], 0
        for name in self.shape.guides:
            plane = pooled[:, at : at + GUIDES[name]]
            if name == "depth":
                depth = guides[:, at : at + 1]
                plane = F.avg_pool2d(depth / (depth + self.shape.depth_scale), 2)
            at += GUIDES[name]
            planes.append(plane)
        for first in range(self.shape.plain, self.shape.channels, 4):
            end = first + 3
            there = F.avg_pool2d(torch.ceil(guides[:, end : end + 1]), 2)
            planes += [pooled[:, first:end] - MIDDLE * there, pooled[:, end : end + 1]]
        return torch.cat(planes, 1)
