"""A painter as ONNX Runtime runs it fastest: the same sums, in the layout of its convolutions.

ONNX Runtime holds what convolutions give in blocks of 16 channels, and a layer that does not know
those blocks costs two changes of layout. So here a block's scale is in its weights, its second
convolution adds what goes past it, and the activation before a convolution is that of a 1x1
convolution which changes nothing. Four fifths of the default look's time are convolutions then,
for three fifths before (benchmarks/RESULTS.md). Answers differ by rounding alone.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.network.blocks import LEAK, Block
from velatura_training.network.generator import Generator
from velatura_training.network.unet import Stem

_BLOCKED = 16
"""Channels of a block. What has fewer is read as it lies, what has more only by whole blocks."""


def fused(painter: Generator) -> Generator:
    """Return a copy of a painter, in evaluation mode, made of the modules below."""
    made = copy.deepcopy(painter)
    for module in list(made.modules()):
        for name, part in module.named_children():
            if isinstance(part, Block):
                setattr(module, name, FusedBlock(part))
            elif isinstance(part, Stem):
                setattr(module, name, PartedStem(part))
            elif isinstance(part, nn.Sequential) and isinstance(part[0], nn.LeakyReLU):
                part[0] = Leak(_reads(part[1]))
    return made.eval().requires_grad_(False)


class Leak(nn.Module):
    """The leaky ReLU, as a convolution that changes nothing and is fused with it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.same = nn.Conv2d(width, width, 1, groups=width, bias=False)
        nn.init.ones_(self.same.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.same(x), LEAK)


class FusedBlock(nn.Module):
    """A `Block` with its scale in the weights."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.leak = Leak(block.first.in_channels)
        self.first, self.second = block.first, block.second
        with torch.no_grad():
            for weights in self.second.parameters():
                weights.mul_(block.scale)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(F.leaky_relu(self.first(self.leak(x)), LEAK))
        return x + y


class PartedStem(nn.Module):
    """A `Stem` that reads passes and paint by parts of fewer channels than a block has."""

    def __init__(self, stem: Stem) -> None:
        super().__init__()
        self.light = stem.light
        self.others = nn.ModuleList()
        if stem.others is not None:
            for weights in stem.others.weight.chunk(
                -(-stem.others.in_channels // (_BLOCKED - 1)), 1
            ):
                part = copy.deepcopy(stem.others)
                part.weight = nn.Parameter(weights.clone())
                self.others.append(part)

    def forward(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        seen: Tensor = self.light(whole)
        if halved is None:
            return seen
        at = 0
        for part in self.others:
            end = at + _reads(part)
            seen, at = seen + part(halved[:, at:end]), end
        return seen


def _reads(part: nn.Module) -> int:
    """Return how many channels a convolution reads, as its weights have it."""
    assert isinstance(part, nn.Conv2d)  # noqa: S101
    return int(part.weight.shape[1])
