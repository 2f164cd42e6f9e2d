"""A look as Flame and Houdini run it by themselves: an ONNX file of the finished picture.

Their nodes feed pictures and show pictures. So the gain law at strength 1 is inside, and so is what
`velatura apply` does around the network: the border of repeated edge pixels, the canvas, and zeros
for passes and carried paint that are not there. The mix with the plate is the host's own.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from math import lcm
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.apply import canvas
from velatura.atomic import replacing
from velatura.channels import CHANNELS
from velatura.errors import StorageError, TrainingError
from velatura.image.planes import Window
from velatura.look import Card
from velatura.system.onnx_runtime import ort
from velatura_training.encoding import encode, glaze
from velatura_training.export import onnx_file, proof
from velatura_training.export.fused import fused
from velatura_training.export.trained import Trained
from velatura_training.network.generator import Generator

Host = Literal["flame", "houdini"]

SINCE = "2025.2"
"""The Flame whose Inference node reads the Channels of inputs and outputs."""

_VECTOR = 4  # sides are multiples of it: see `velatura.apply.tile`
_PIECES = {1: "A", 3: "RGB"}  # channels of Flame's sockets
_LEAST = 0.01  # encoded light, 0.08 stops: less is not seen, and new networks change .0004 to .0073
_SIZES = ((8, 12), (17, 11))  # of the proof, in steps of the alignment

log = logging.getLogger("velatura.training")


class Picture(nn.Module):
    """The finished picture of a plate, ``(1, 3, H, W)`` scene-linear, as a network.

    Args:
        painter: the look's network.
        floor: ``k`` of its gain law.
        passes: whether its guides are further inputs, one each, in the card's order; else they are
            0, as on a plate that lacks them.
    """

    def __init__(self, painter: Generator, floor: float, *, passes: bool) -> None:
        super().__init__()
        self.painter, self.floor, self.passes = painter, floor, passes
        self.border = lcm(painter.alignment, _VECTOR)
        weave = torch.from_numpy(canvas.patch(Window(0, 0, canvas.PERIOD, canvas.PERIOD)).copy())
        self.weave: Tensor
        self.register_buffer("weave", weave if painter.shape.canvas else torch.zeros(0))

    def forward(
        self,
        front: Tensor,
        a: Tensor | None = None,
        b: Tensor | None = None,
        c: Tensor | None = None,
        d: Tensor | None = None,
        e: Tensor | None = None,
        f: Tensor | None = None,
    ) -> Tensor:
        """Return the picture; sides are multiples of the alignment.

        Args:
            front: the plate.
            a: the first guide, and so on to the sixth; torch's exporter takes no list of them.
            b: see ``a``.
            c: see ``a``.
            d: see ``a``.
            e: see ``a``.
            f: see ``a``.
        """
        shape, border = self.painter.shape, self.border
        parts = [guide for guide in (a, b, c, d, e, f) if guide is not None]
        if not self.passes and shape.passes:
            parts.append(front[:, :1].expand(-1, shape.passes, -1, -1) * 0)
        if shape.canvas:
            rows, columns = (torch.arange(front.shape[axis]) % canvas.PERIOD for axis in (2, 3))
            parts.append(self.weave[:, rows][:, :, columns][None])
        if shape.carried:
            parts.append(front[:, :1].expand(-1, shape.channels - shape.plain, -1, -1) * 0)
        around = (border,) * 4
        light = F.pad(front, around, mode="replicate")
        fed = F.pad(torch.cat(parts, 1), around, mode="replicate") if parts else None
        stops = self.painter(light, fed)
        for axis in (2, 3):
            stops = stops.narrow(axis, border, front.shape[axis])
        return glaze(front, stops, self.floor)


@dataclass(frozen=True)
class Asked:
    """What a host's file is to be like.

    Attributes:
        host: whose it is.
        passes: whether guides are further inputs.
        size: width and height that the file is fixed to, px; None for free ones.
    """

    host: Host
    passes: bool = False
    size: tuple[int, int] | None = None


def asked(host: Host, size: str, *, passes: bool) -> Asked:
    """Return what a command line asks for.

    Raises:
        TrainingError: the size is none, such as 1920x1080.
    """
    if not size:
        return Asked(host, passes)
    sides = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", size)
    if sides is None:
        raise TrainingError(f"{size} is not a size", do="Write it like 1920x1080.")
    return Asked(host, passes, (int(sides[1]), int(sides[2])))


def write(trained: Trained, out: Path, wanted: Asked) -> list[Path]:
    """Write a host's file, and for Flame the JSON beside it; return both.

    Raises:
        TrainingError: the host cannot run this look, the size is none of its own, or ONNX Runtime
            makes another picture than `velatura apply` would.
        StorageError: it cannot be written.
    """
    card, painter = trained.card, trained.painter
    _demand_fit(card, wanted)
    names = ["front", *(card.guides if wanted.passes else ())]
    counts = [3, *(CHANNELS[name] for name in names[1:])]
    module = Picture(painter, card.floor, passes=wanted.passes).eval()
    step = painter.alignment
    height, width = (wanted.size[1], wanted.size[0]) if wanted.size else (8 * step, 12 * step)
    inputs = {n: torch.rand(1, c, height, width) for n, c in zip(names, counts, strict=True)}
    made = Picture(fused(painter), card.floor, passes=wanted.passes).eval()
    model = onnx_file.program(made, inputs, "result", step, free=wanted.size is None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the folder {out.parent}", found=str(error)) from error
    said = {"name": card.name, "author": card.author, "licence": card.licence}
    said |= {"colour space": card.colour_space, "made for": wanted.host}
    with replacing(out) as beside:
        beside.write_bytes(onnx_file.sealed(model, {n: v for n, v in said.items() if v}))
        sizes = [wanted.size[::-1]] if wanted.size else [(h * step, w * step) for h, w in _SIZES]
        prove(beside.read_bytes(), module, dict(zip(names, counts, strict=True)), sizes)
    if _change(module, counts) < _LEAST:
        log.warning("nothing of the look shows in %s: it has hardly learnt", out)
    if wanted.host == "houdini":
        return [out]
    sidecar = out.with_suffix(".json")
    with replacing(sidecar) as beside:
        text = json.dumps(description(card, names, counts), indent=4, ensure_ascii=False)
        beside.write_text(text + "\n", encoding="utf-8")
    return [out, sidecar]


@torch.no_grad()
def _change(module: Picture, counts: list[int]) -> float:
    """Return by how much a host's picture differs from a plate of ramps, mean encoded light."""
    side = 16 * module.painter.alignment
    ramp = np.geomspace(1e-3, 4, side, dtype=np.float32)
    plate = torch.from_numpy(np.stack([np.tile(ramp, (side, 1)), np.tile(ramp[:, None], side)]))
    front = torch.stack([plate[0], plate.mean(0), plate[1]])[None]
    others = [torch.zeros(1, count, side, side) for count in counts[1:]]
    return float((encode(module(front, *others)) - encode(front)).abs().mean())


def prove(
    model: bytes, module: Picture, counts: dict[str, int], sizes: list[tuple[int, int]]
) -> float:
    """Return the largest difference between ONNX Runtime and torch, of the encoded range.

    Raises:
        TrainingError: it is above `proof.TOLERANCE`.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    worst, rng = 0.0, np.random.default_rng(0)
    for height, width in sizes:
        fed = {n: rng.random((1, c, height, width), np.float32) for n, c in counts.items()}
        fed["front"] = proof.trial_plate(rng, height, width)[None]
        (found,) = session.run(["result"], fed)
        with torch.no_grad():
            wanted = module(*(torch.from_numpy(each) for each in fed.values()))
        worst = max(worst, proof.difference(found, wanted))
    proof.demand_small(worst, "ONNX Runtime makes another picture; the file was not written")
    return worst


def description(card: Card, names: list[str], counts: list[int]) -> dict[str, Any]:
    """Return what Flame's Inference node reads beside the ONNX file."""
    inputs = [
        {
            "Name": name,
            "Description": _described(card, name),
            "Type": "Front" if place == 0 else "Aux",
            "Gain": 1.0,
            "Channels": _PIECES[count],
        }
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
    ]
    return {
        "ModelDescription": {
            "MinimumVersion": SINCE,
            "Name": card.name,
            "Description": f"velatura look; scene-linear {card.colour_space} in and out",
            "SupportsSceneLinear": True,
            "KeepAspectRatio": True,
            "Padding": card.alignment,
            "Inputs": inputs,
            "Outputs": [
                {
                    "Name": "result",
                    "Description": "the plate with the look on it, at strength 1",
                    "Type": "Result",
                    "InverseGain": 1.0,
                    "ScalingFactor": 1.0,
                    "Channels": "RGB",
                }
            ],
        }
    }


def _described(card: Card, name: str) -> str:
    if name == "front":
        return f"the plate, scene-linear {card.colour_space}, not multiplied by alpha"
    return f"the {name} pass, as the renderer wrote it"


def _demand_fit(card: Card, asked: Asked) -> None:
    """Raise TrainingError unless a host can run a look."""
    if card.keys_digest and not card.free:
        raise TrainingError(
            f"{card.name} paints with the keys of its own shot, which no host's node carries along",
            do="Learn a look with --free, or use `velatura apply`.",
        )
    if asked.passes and not card.guides:
        raise TrainingError(f"{card.name} reads no passes", do="Omit --passes.")
    odd = [name for name in card.guides if asked.passes and CHANNELS[name] not in _PIECES]
    if asked.host == "flame" and odd:
        raise TrainingError(
            f"Flame's sockets have one channel or three, and {', '.join(odd)} has neither",
            do="Omit --passes.",
        )
    if asked.size and any(side < 1 or side % card.alignment for side in asked.size):
        raise TrainingError(
            f"Sides should be multiples of {card.alignment} px for this look",
            found="x".join(map(str, asked.size)),
            do="Pad the plate in the host, and crop the result.",
        )
