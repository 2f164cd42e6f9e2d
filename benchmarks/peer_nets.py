"""Networks that peers use, and our own, as ONNX files with random weights: these cost what any do.

    python benchmarks/peer_nets.py FOLDER

The Johnson-style net is that of `generators`. The other has the shape of Texler et al. 2020
("Interactive Video Stylization Using Few-Shot Patch-Based Training", section 3.1): two strided
steps down, residual blocks of 128 channels, up again with skips, and wide layers at full size.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from generators import Johnson, Residual
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from velatura.network import onnx_graph, shuffle
from velatura_training.data.lesson import USUAL
from velatura_training.export import onnx_file
from velatura_training.network import build, generator

SIDE = 256  # px: of the picture whose arithmetic is counted
SHOT = generator.Shape(USUAL, carried=True, merged=True)


class Texler(nn.Module):
    """7x7 at full size, two steps down, seven residual blocks, two up with skips, wide layers."""

    alignment = 4
    shape = generator.Shape()

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 7, padding=3)
        self.down, self.deep = nn.Conv2d(32, 64, 3, 2, 1), nn.Conv2d(64, 128, 3, 2, 1)
        self.body = nn.Sequential(*(Residual() for _ in range(7)))
        self.up = nn.Upsample(scale_factor=2)
        self.halves = nn.Conv2d(128 + 64, 128, 3, padding=1)
        self.whole = nn.Conv2d(128 + 32, 128, 3, padding=1)
        self.wide = nn.Conv2d(128, 128, 7, padding=3)
        self.last = nn.Conv2d(128, 3, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        whole = torch.relu(self.first(rgb))
        half = torch.relu(self.down(whole))
        body = self.body(torch.relu(self.deep(half)))
        halves = torch.relu(self.halves(torch.cat([self.up(body), half], 1)))
        wide = torch.relu(self.whole(torch.cat([self.up(halves), whole], 1)))
        return self.last(torch.relu(self.wide(wide)))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    nets = {
        "velatura, default": build.build("unet", "standard", generator.Shape()),
        "velatura, default with passes": build.build("unet", "standard", generator.Shape(USUAL)),
        "velatura, shot look": build.build("unet", "standard", SHOT),
        "velatura, resnet": build.build("resnet", "standard", generator.Shape()),
        "Johnson-style": Johnson(),
        "Texler-shaped": Texler(),
    }
    about = {}
    for number, (name, net) in enumerate(nets.items()):
        model = onnx_file.sealed(onnx_file.to_onnx(net.eval().requires_grad_(False)), {})
        if name.startswith("velatura"):  # as ONNX Runtime is given it
            model = shuffle.turned(onnx_graph.read(model))
        (folder / f"{number}.onnx").write_bytes(model)
        rgb = torch.rand(1, 3, SIDE, SIDE)
        guides = [torch.rand(1, net.shape.channels, SIDE, SIDE)] * bool(net.shape.channels)
        with FlopCounterMode(display=False) as counted:
            net(rgb, *guides)
        kflop = counted.get_total_flops() / SIDE**2 / 1000
        weights = sum(weight.numel() for weight in net.parameters())
        about[name] = {"file": f"{number}.onnx", "million": weights / 1e6, "kflop": kflop}
        about[name]["guides"] = net.shape.channels
    (folder / "nets.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main()
