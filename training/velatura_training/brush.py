"""The painter of looks that are learnt from a painting: a U-Net that leaves no marks of its own.

A painted key says what every pixel should be; a painting only what manner is wanted, and so the
habits of the network itself come out. Two are held back here. The last layers work at full
resolution after a bilinear step up: a pixel shuffle repeats its pattern every two pixels (Odena et
al. 2016, "Deconvolution and Checkerboard Artifacts"). And every layer repeats its edge pixels
instead of setting zeros there: beside zeros the network paints a frame around the picture.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.generator import LEAK, Block, Down, Generator, Shape, Up, conv

FINEST = 16
"""Channels at full resolution: as few as ONNX Runtime's blocked layout takes without padding."""


class Brush(Generator):
    """Residual U-Net at 1/2, 1/4 and 1/8 of the resolution, with two layers at the whole of it.

    Args:
        shape: guides, canvas and bound.
        widths: channels at 1/2, 1/4 and 1/8.
        blocks: residual blocks at each of 1/2, 1/4, 1/8, and back at 1/4, 1/2.
    """

    alignment = 8

    def __init__(
        self,
        shape: Shape,
        widths: tuple[int, int, int],
        blocks: tuple[int, int, int, int, int],
    ) -> None:
        super().__init__(shape)
        fine, middle, coarse = widths
        self.stem = conv(3 + shape.channels, fine, 6, stride=2, padding=2)
        self.fine_in = _stack(fine, blocks[0])
        self.down_1 = SoftDown(fine, middle)
        self.middle_in = _stack(middle, blocks[1])
        self.down_2 = SoftDown(middle, coarse)
        self.coarse = _stack(coarse, blocks[2])
        self.up_2 = Up(coarse, middle)
        self.middle_out = _stack(middle, blocks[3])
        self.up_1 = Up(middle, fine)
        self.fine_out = _stack(fine, blocks[4])
        self.finest_in = conv(3 + shape.channels, FINEST)
        self.up_0 = Up(fine, FINEST)
        self.head = conv(FINEST, shape.answers)
        nn.init.normal_(self.head.weight, std=1e-3)  # a new look starts as almost no change
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.padding_mode = "replicate"

    def trunk(self, x: Tensor) -> Tensor:
        """See `Generator`."""
        half = self.fine_in(self.stem(x))
        quarter = self.middle_in(self.down_1(half))
        eighth = self.coarse(self.down_2(quarter))
        quarter = self.middle_out(self.up_2(eighth, quarter))
        half = self.fine_out(self.up_1(quarter, half))
        whole = self.up_0(half, self.finest_in(x))
        stops: Tensor = self.head(F.leaky_relu(whole, LEAK))
        return stops


class SoftDown(Down):
    """A `Down` that repeats its edge pixels."""

    def forward(self, x: Tensor) -> Tensor:
        framed = F.pad(x, (1, 1, 1, 1), mode="replicate")
        y: Tensor = self.conv(F.conv2d(framed, self.kernel, stride=2, groups=x.shape[1]))
        return y


def _stack(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))
