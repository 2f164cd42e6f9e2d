"""Makes the network that mends optical flow (`velatura.scene.refined_flow`).

    python benchmarks/flow/learn.py OUT.onnx [--pairs 12000] [--minutes 72] [--scratch FOLDER]

Pairs of pictures are made up (`scenes`), OpenCV finds their flow, and the network learns what is
wrong with it. A pair takes .13 CPU-seconds and 800 kB of the scratch folder; what lies there is
used again. The file that ships learnt for 10 minutes from 5000 pairs of smaller motion, and then
for 72 from those and 12000 of these, as they were made.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from network import Refiner
from onnx import TensorProto, helper, numpy_helper
from scenes import SIZE, pair
from surfaces import chance
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.scene import optical_flow

BLOCK = 500
"""Pairs in a file."""

CROP = (96, 128)
"""Height and width of what is learnt from, px."""

BATCH, RATE, WARM = 8, 8e-4, 200
"""Crops in a step; the rate of learning, that falls to 0 like a cosine; steps in which it rises."""

_FEW = 256  # numbers; larger weights are stored in 16 bits

Array = npt.NDArray[np.float32]


def main() -> None:
    """Make pairs, learn from them, and write the network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=12000)
    parser.add_argument("--minutes", type=float, default=72)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as spare:
        scratch = given.scratch or Path(spare)
        scratch.mkdir(parents=True, exist_ok=True)
        network = learn(blocks(scratch, given.pairs), given.minutes)
    write(network, given.out)


def blocks(scratch: Path, pairs: int) -> list[tuple[Array, Array]]:
    """Return pictures ``(n, 2, 3, H, W)``, 0..255, and flows ``(n, 4, 2, H, W)`` px, in blocks.

    The flows are those that OpenCV finds there and back, and the true ones.
    """
    found = []
    for first in range(0, pairs, BLOCK):
        number = min(BLOCK, pairs - first)
        files = [scratch / f"{kind}_{first:06d}_{number}.npy" for kind in ("pictures", "flows")]
        if not all(file.exists() for file in files):
            pictures = np.empty((number, 2, 3, *SIZE), np.uint8)
            flows = np.empty((number, 4, 2, *SIZE), np.float16)
            for place in range(number):
                made = pair(np.random.default_rng(first + place))
                pictures[place] = np.rint(np.stack([made.before, made.after]) * 255)
                flows[place, 0] = optical_flow.between(made.before, made.after, fine=True)
                flows[place, 1] = optical_flow.between(made.after, made.before, fine=True)
                flows[place, 2:] = made.motion, made.back
            for file, block in zip(files, (pictures, flows), strict=True):
                np.save(file, block)
            print(f"{first + number} of {pairs} pairs", flush=True)
        found.append((np.load(files[0], mmap_mode="r"), np.load(files[1], mmap_mode="r")))
    return found


def learn(found: list[tuple[Array, Array]], minutes: float) -> Refiner:
    """Return a network that has learnt for so many minutes of the clock."""
    random = np.random.default_rng(0)
    network = Refiner().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-4)
    start, step, noted = time.monotonic(), 0, []
    while (part := (time.monotonic() - start) / 60 / minutes) < 1:
        rate = RATE * min(1, (step + 1) / WARM) * (0.5 + 0.5 * math.cos(math.pi * part))
        for group in optimiser.param_groups:
            group["lr"] = rate
        here, there, go, back, true = _crops(found, random)
        flow, doubt = network(_planes(here, there, go, back), go)
        off, was = (((f - true).square().sum(1) + 1e-4).sqrt() for f in (flow, go))
        # What is off by much may be beyond mending, and must not outweigh the rest; the network
        # also says how far it is usually off (Laplace), for whoever wants to know.
        doubt = doubt.clamp(-4, 4)
        says = (off.detach() * torch.exp(-doubt) + doubt).mean()
        loss = (off + 0.01).pow(0.6).mean() + 0.1 * says
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        noted.append([(each.detach() > 1).float().mean().item() for each in (was, off)])
        step += 1
        if step % WARM == 0:
            before, after = np.mean(noted, axis=0)
            print(f"step {step}: off by a pixel {before:.3f} -> {after:.3f}", flush=True)
            noted = []
    return network.eval()


def write(network: Refiner, out: Path) -> None:
    """Write the network as ONNX, its weights in 16 bits."""
    example = torch.rand(1, 11, *CROP), torch.rand(1, 2, *CROP)
    height, width = (32 * torch.export.Dim(name, min=1, max=256) for name in ("rows", "columns"))
    shapes = ({2: height, 3: width}, {2: height, 3: width})
    program = torch.onnx.export(
        _Flow(network), example, dynamic_shapes=shapes, opset_version=18, dynamo=True,
        input_names=["planes", "flow"], output_names=["refined"], verbose=False,
    )  # fmt: skip
    assert program is not None  # noqa: S101
    model = program.model_proto
    for node in model.graph.node:  # where each comes from in this file: half of its size
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.value_info[:]
    casts = []
    for weight in list(model.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > _FEW:
            half = numpy_helper.from_array(values.astype(np.float16), f"{weight.name}_half")
            model.graph.initializer.remove(weight)
            model.graph.initializer.append(half)
            casts.append(helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, out)


class _Flow(torch.nn.Module):
    """The network without the error that it expects, which the runtime does not read."""

    def __init__(self, network: Refiner) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor, flow: Tensor) -> Tensor:
        refined: Tensor = self.network(planes, flow)[0]
        return refined


def _crops(found: list[tuple[Array, Array]], random: np.random.Generator) -> list[Tensor]:
    """Return pictures here and there, flow there and back, and the true one, of some crops."""
    crops = []
    for _ in range(BATCH):
        pictures, flows = found[random.integers(len(found))]
        place = random.integers(len(pictures))
        rows, columns = (
            slice(at, at + size)
            for at, size in zip(
                (random.integers(whole - size + 1) for whole, size in zip(SIZE, CROP, strict=True)),
                CROP,
                strict=True,
            )
        )
        light = pictures[place, ..., rows, columns].astype(np.float32) / 255
        flow = flows[place, ..., rows, columns].astype(np.float32)
        if chance(random, 0.5):
            light, flow = light[::-1], flow[[1, 0, 3, 2]]
        for axis, sign in ((-1, (-1, 1)), (-2, (1, -1))):
            if chance(random, 0.5):
                turned = np.array(sign, np.float32)[:, None, None]
                light, flow = np.flip(light, axis), np.flip(flow, axis) * turned
        light = light[:, random.permutation(3)]
        light = 1 - light if chance(random, 0.3) else light
        crops.append((light[0], light[1], flow[0], flow[1], flow[2]))
    return [torch.from_numpy(np.stack(planes)) for planes in zip(*crops, strict=True)]


def _planes(here: Tensor, there: Tensor, go: Tensor, back: Tensor) -> Tensor:
    """Return what the network sees, as `velatura.scene.refined_flow` gives it."""
    height, width = go.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = columns + go[:, 0], rows + go[:, 1]
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    grid = torch.stack([x / (width - 1) * 2 - 1, y / (height - 1) * 2 - 1], -1)
    both = torch.cat([there, back], 1)
    fetched = F.grid_sample(both, grid, padding_mode="border", align_corners=True)
    planes = [
        here - 0.5,
        (fetched[:, :3] - here) * 4,
        (go - go.mean((2, 3), keepdim=True)) / 8,
        (go + fetched[:, 3:]).clamp(-8, 8) / 2,
        outside[:, None].float(),
    ]
    return torch.cat(planes, 1).contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
