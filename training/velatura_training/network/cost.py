"""What a painter costs and how far it sees: measured on the network itself, not written down."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura_training.network.generator import Generator, Shape

PROBE = 512
"""Height of the picture that is used for measuring, px: several times any receptive field."""

FEED, LAYERS, COPIES = 1.5, 3.0, 12.0
"""Values that ONNX Runtime's arena holds per pixel at its peak: for each input channel, for the
largest layer, and for light and answer at full size. Fitted to the measured peaks of both
generators, with and without guides: 82 to 170 bytes a pixel, met within 25 %."""


@dataclass(frozen=True)
class Cost:
    """What running a painter takes.

    Attributes:
        parameters: number of trained weights.
        kflop_px: 2 x MAC of its trained convolutions per full-resolution pixel, in thousands.
        receptive_field: width of the square that one output pixel depends on, px.
        halo: how far a tile must see beyond its edge, px; a multiple of the alignment.
        bytes_px: peak memory of the network per pixel, its inputs excluded, bytes.
    """

    parameters: int
    kflop_px: float
    receptive_field: int
    halo: int
    bytes_px: float


def measure(painter: Generator) -> Cost:
    """Return the cost of a painter on the CPU."""
    macs, widths = _trace(painter)
    reach, field = _reach(painter)
    step = painter.alignment
    return Cost(
        parameters=sum(p.numel() for p in painter.parameters()),
        kflop_px=2 * macs / 1000,
        receptive_field=field,
        halo=-(-reach // step) * step,
        bytes_px=4 * widths,
    )


@torch.no_grad()
def _trace(painter: Generator) -> tuple[float, float]:
    """Return multiply-accumulates per pixel, and values held per pixel at the peak."""
    side = 8 * painter.alignment
    macs, sizes = [0.0], [0.0]

    def hook(module: nn.Module, _: object, output: Tensor) -> None:
        sizes.append(output.numel() / side**2)
        if isinstance(module, nn.Conv2d):
            taps = module.weight[0].numel()
            macs[0] += taps * output.numel() / side**2

    hooks = [m.register_forward_hook(hook) for m in painter.modules() if not list(m.children())]
    inputs = [torch.zeros(1, 3, side, side)]
    if painter.shape.channels:
        inputs.append(torch.zeros(1, painter.shape.channels, side, side))
    painter(*inputs)
    for handle in hooks:
        handle.remove()
    return macs[0], FEED * (3 + painter.shape.channels) + LAYERS * max(sizes) + COPIES


def _reach(painter: Generator) -> tuple[int, int]:
    """Return how far outputs look, px each way, and the widest field of one output pixel.

    Gradients of the answers inside one aligned cell with respect to a tall, narrow picture:
    whatever is not zero was looked at. Weights are made positive first, so that nothing cancels.
    """
    probe = copy.deepcopy(painter)
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.abs_().add_(1e-3)
    width = 2 * painter.alignment
    picture = torch.ones(1, probe.shape.whole + probe.shape.halved, PROBE, width)
    picture.requires_grad_()
    answers = probe.trunk(*_parted(picture, probe.shape))
    start, reach, field = PROBE // 2, 0, 0
    for at in range(start, start + painter.alignment):
        (seen,) = torch.autograd.grad(answers[:, :, at].sum(), picture, retain_graph=True)
        rows = seen.abs().sum((0, 1, 3)).nonzero()
        first, last = int(rows.min()), int(rows.max())
        reach = max(reach, at - first, last - at)
        field = max(field, last - first + 1)
    return reach, field


def _parted(picture: Tensor, shape: Shape) -> tuple[Tensor, Tensor | None]:
    """Return `Generator.trunk`'s inputs of a picture with all their channels."""
    halved = F.avg_pool2d(picture[:, shape.whole :], 2) if shape.halved else None
    return picture[:, : shape.whole], halved
