"""How fast the default look runs beside a Johnson-style net: megapixels per CPU-second, one thread.

    python benchmarks/generators.py [--runs 5]

Both nets are exported alike and take turns in one process, on ONNX Runtime's CPU provider, at
1920x1080. The clock is the process's own CPU time, so other work on the machine disturbs it little;
the ratio of the medians is the figure to quote. Weights are random: they do not change the time.

The yardstick is the image transformation network of Johnson et al. 2016 (supplementary material,
table 1) with nearest upsampling, zero padding and folded norms: 1.68 M parameters, 308 kFLOP/px.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from velatura.system.onnx_runtime import ort
from velatura_training.data.lesson import USUAL
from velatura_training.export import onnx_file
from velatura_training.network import build, generator
from velatura_training.network.cost import measure

HEIGHT, WIDTH = 1080, 1920
MEGAPIXELS = HEIGHT * WIDTH / 1e6


class Residual(nn.Module):
    """Two 3x3 convolutions of 128 channels around a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(128, 128, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(torch.relu(self.first(x)))


class Johnson(nn.Sequential):
    """9x9 at full size, two strided steps down, five residual blocks, two steps up, 9x9."""

    alignment = 4
    shape = generator.Shape()

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 32, 9, padding=4), nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(64, 128, 3, 2, 1), nn.ReLU(),
            *(Residual() for _ in range(5)),
            nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 3, 9, padding=4),
        )  # fmt: skip

    def trunk(self, rgb: Tensor, halved: None = None) -> Tensor:  # noqa: ARG002
        """Return the answer: what `measure` looks through."""
        return super().forward(rgb)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.trunk(rgb)


def runner(net: nn.Module, folder: Path, label: str) -> Callable[[], None]:
    """Return a function that runs the exported net once on a 1080p picture, on one thread."""
    path = folder / f"{label}.onnx"
    path.write_bytes(onnx_file.to_onnx(net.eval().requires_grad_(False)).SerializeToString())
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    step = net.alignment
    size = (-(-HEIGHT // step) * step, WIDTH)
    rng = np.random.default_rng(0)
    feed = {"rgb": rng.random((1, 3, *size), np.float32)}
    if net.shape.channels:
        feed["guides"] = rng.random((1, net.shape.channels, *size), np.float32)
    return lambda: session.run(None, feed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    torch.manual_seed(0)
    nets = {
        "Johnson-style": Johnson(),
        "unet (default), no guides": build.build("unet", "standard", generator.Shape()),
        "unet (default), all guides": build.build("unet", "standard", generator.Shape(USUAL)),
        "resnet, no guides": build.build("resnet", "standard", generator.Shape()),
    }
    times: dict[str, list[float]] = {label: [] for label in nets}
    with tempfile.TemporaryDirectory() as folder:
        runners = {
            label: runner(net, Path(folder), str(i)) for i, (label, net) in enumerate(nets.items())
        }
        for turn in range(runs + 1):  # the first turn warms up
            for label, run in runners.items():
                started = time.process_time()
                run()
                if turn:
                    times[label].append(time.process_time() - started)
    base = statistics.median(times["Johnson-style"])
    print(f"{'':28}{'M params':>9}{'kFLOP/px':>10}{'CPU-s':>8}{'MP/CPU-s':>10}{'ratio':>8}")
    for label, net in nets.items():
        seconds, cost = statistics.median(times[label]), measure(net)
        print(
            f"{label:28}{cost.parameters / 1e6:9.3f}{cost.kflop_px:10.1f}{seconds:8.3f}"
            f"{MEGAPIXELS / seconds:10.2f}{base / seconds:8.1f}"
        )


if __name__ == "__main__":
    main()
