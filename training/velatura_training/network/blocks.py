"""What the painters are built of: residual blocks, and steps down and up between resolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

LEAK = 0.1
"""Slope of the leaky ReLU on negatives; ONNX Runtime fuses it into the convolution."""


class Block(nn.Module):
    """``x + s conv(act(conv(act(x))))`` with a learned ``s`` that starts at 0.2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)
        self.scale = nn.Parameter(torch.full((), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, width, H, W)`` from the same."""
        y: Tensor = self.first(F.leaky_relu(x, LEAK))
        y = self.second(F.leaky_relu(y, LEAK))
        return x + self.scale * y


class Down(nn.Module):
    """Blur-pool by two with a [1 3 3 1] kernel, then a 3x3 convolution."""

    kernel: Tensor

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", torch.outer(row, row).expand(narrow, 1, 4, 4).clone())
        self.conv = conv(narrow, wide)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, wide, H/2, W/2)`` of ``(N, narrow, H, W)``; the sides are even."""
        blurred = F.conv2d(x, self.kernel, stride=2, padding=1, groups=x.shape[1])
        y: Tensor = self.conv(blurred)
        return y


class Up(nn.Module):
    """1x1 convolution, bilinear by two, plus the skip from the same scale."""

    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.conv = conv(wide, narrow, 1, padding=0)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return ``(N, narrow, 2H, 2W)`` of ``(N, wide, H, W)`` and a skip of the result's size."""
        return skip + F.interpolate(self.conv(x), scale_factor=2.0, mode="bilinear")


def conv(
    narrow: int, wide: int, size: int = 3, stride: int = 1, padding: int | None = None
) -> nn.Conv2d:
    """Return a convolution with He initialisation for the leaky ReLU (He et al. 2015)."""
    layer = nn.Conv2d(narrow, wide, size, stride, size // 2 if padding is None else padding)
    nn.init.kaiming_normal_(layer.weight, a=LEAK)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def stack(width: int, count: int) -> nn.Sequential:
    """Return ``count`` residual blocks, one after the other."""
    return nn.Sequential(*(Block(width) for _ in range(count)))
