"""The two shapes of generator: a U-Net and a ResNet."""

from __future__ import annotations

from torch import Tensor, nn

from velatura_training.network.blocks import LEAK, Down, Up, conv, stack
from velatura_training.network.generator import Generator, Shape


class Stem(nn.Module):
    """The first layer: the picture at the whole resolution, passes and paint at half of it.

    Args:
        shape: what is read.
        width: channels of the answer.
        light: reads what comes at the whole resolution.
        stride: from half the resolution to the answer's.
    """

    def __init__(self, shape: Shape, width: int, light: nn.Conv2d, stride: int = 1) -> None:
        super().__init__()
        self.light = light
        self.others = None
        if shape.halved:
            self.others = conv(shape.halved, width, 2 + stride, stride, padding=1)
            self.others.bias = None  # where all are missing, nothing is added

    def forward(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """Return ``(N, width, h, w)`` features of `Generator.trunk`'s inputs."""
        seen: Tensor = self.light(whole)
        return seen if halved is None or self.others is None else seen + self.others(halved)


class Pyramid(Generator):
    """The body of a residual U-Net: 1/2, 1/4 and 1/8 of the resolution, down and up again.

    Args:
        shape: guides, canvas and bound.
        widths: channels at the three scales; multiples of 16 suit ONNX Runtime's blocked layout.
        blocks: residual blocks at each of 1/2, 1/4, 1/8, and back at 1/4, 1/2.
        down: what halves the resolution.
    """

    alignment = 8

    def __init__(
        self,
        shape: Shape,
        widths: tuple[int, int, int],
        blocks: tuple[int, int, int, int, int],
        down: type[Down] = Down,
    ) -> None:
        super().__init__(shape)
        fine, middle, coarse = widths
        # A 6x6 convolution at stride 2 is pixel-unshuffle and 3x3 in one step, 15 % cheaper.
        self.stem = Stem(shape, fine, conv(shape.whole, fine, 6, stride=2, padding=2))
        self.fine_in = stack(fine, blocks[0])
        self.down_1 = down(fine, middle)
        self.middle_in = stack(middle, blocks[1])
        self.down_2 = down(middle, coarse)
        self.coarse = stack(coarse, blocks[2])
        self.up_2 = Up(coarse, middle)
        self.middle_out = stack(middle, blocks[3])
        self.up_1 = Up(middle, fine)
        self.fine_out = stack(fine, blocks[4])

    def body(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """Return ``(N, widths[0], H/2, W/2)`` features of `Generator.trunk`'s inputs."""
        half = self.fine_in(self.stem(whole, halved))
        quarter = self.middle_in(self.down_1(half))
        eighth = self.coarse(self.down_2(quarter))
        quarter = self.middle_out(self.up_2(eighth, quarter))
        seen: Tensor = self.fine_out(self.up_1(quarter, half))
        return seen


class UNet(Pyramid):
    """A `Pyramid` whose answer is shuffled up to the whole resolution."""

    def __init__(
        self,
        shape: Shape,
        widths: tuple[int, int, int],
        blocks: tuple[int, int, int, int, int],
    ) -> None:
        super().__init__(shape, widths, blocks)
        self.head = _head(widths[0], 2, shape.answers)

    def trunk(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """See `Generator`: ``(N, widths[0], H/2, W/2)`` features, shuffled up by two."""
        stops: Tensor = self.head(self.body(whole, halved))
        return stops


class ResNet(Generator):
    """Residual blocks at a quarter of the resolution between a strided stem and a pixel shuffle."""

    alignment = 4

    def __init__(self, shape: Shape, width: int, blocks: int) -> None:
        super().__init__(shape)
        self.stem = Stem(shape, width, conv(shape.whole, width, 8, stride=4, padding=2), stride=2)
        self.body = stack(width, blocks)
        self.head = _head(width, 4, shape.answers)

    def trunk(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """See `Generator`: ``(N, width, H/4, W/4)`` features, shuffled up by four."""
        stops: Tensor = self.head(self.body(self.stem(whole, halved)))
        return stops


def _head(width: int, factor: int, answers: int) -> nn.Sequential:
    layer = conv(width, answers * factor * factor)
    nn.init.normal_(layer.weight, std=1e-4)  # a new look starts as (almost) no change
    return nn.Sequential(nn.LeakyReLU(LEAK), layer, nn.PixelShuffle(factor))
