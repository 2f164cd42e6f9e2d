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

from velatura_training.network.blocks import LEAK, Down, Up, conv
from velatura_training.network.generator import Shape
from velatura_training.network.unet import Pyramid

FINEST = 16
"""Channels at full resolution: as few as ONNX Runtime's blocked layout takes without padding."""


class StrokeUNet(Pyramid):
    """A `Pyramid` with two layers at the whole resolution, and edge pixels repeated everywhere."""

    def __init__(
        self,
        shape: Shape,
        widths: tuple[int, int, int],
        blocks: tuple[int, int, int, int, int],
    ) -> None:
        super().__init__(shape, widths, blocks, SoftDown)
        self.finest_in = conv(shape.whole, FINEST)
        self.up_0 = Up(widths[0], FINEST)
        self.head = conv(FINEST, shape.answers)
        nn.init.normal_(self.head.weight, std=1e-4)  # a new look starts as almost no change
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.padding_mode = "replicate"

    def trunk(self, whole: Tensor, halved: Tensor | None) -> Tensor:
        """See `Generator`."""
        finest = self.up_0(self.body(whole, halved), self.finest_in(whole))
        stops: Tensor = self.head(F.leaky_relu(finest, LEAK))
        return stops


class SoftDown(Down):
    """A `Down` that repeats its edge pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """See `Down`."""
        framed = F.pad(x, (1, 1, 1, 1), mode="replicate")
        y: Tensor = self.conv(F.conv2d(framed, self.kernel, stride=2, groups=x.shape[1]))
        return y
