"""Small looks built with the `onnx` package: a real graph shape without any training."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from velatura.apply import canvas
from velatura.carry import paint as carry
from velatura.look import CARD_KEY, CARGO_KEY, Card, keys_digest
from velatura.plate.passes import GUIDES


class Graph:
    """Collects nodes and weights; methods return the name of what they made."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def weight(self, values: Any) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def conv(self, x: str, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> str:
        spread = np.sqrt(2.0 / (inputs * size * size))
        kernel = self.random.normal(0, spread, (outputs, inputs, size, size)).astype(np.float32)
        bias = self.random.normal(0, 0.1, outputs).astype(np.float32)
        pads = [1, 1, 1, 1]  # 3x3 keeps the size, 4x4 with stride 2 halves it
        weights = self.weight(kernel), self.weight(bias)
        return self.node("Conv", x, *weights, strides=[stride, stride], pads=pads)


def encoded(graph: Graph, x: str) -> str:
    """log2(1 + 128 x) / 8: what our networks see."""
    positive = graph.node("Relu", x)
    scaled = graph.node("Mul", positive, graph.weight(np.float32(128)))
    log = graph.node("Log", graph.node("Add", scaled, graph.weight(np.float32(1))))
    return graph.node("Mul", log, graph.weight(np.float32(1 / (8 * np.log(2)))))


def bounded(graph: Graph, x: str, bound: float) -> None:
    """Clip to the bound and name the result as the contract does."""
    low, high = graph.weight(np.float32(-bound)), graph.weight(np.float32(bound))
    graph.node("Clip", x, low, high)
    graph.nodes[-1].output[0] = "stops"


def fed(card: Card) -> int:
    """The contract's count of the second input's channels: not asked of the code under test."""
    guides = sum(GUIDES[name] for name in card.guides)
    return guides + canvas.CHANNELS * card.canvas + carry.CHANNELS * bool(card.keys_digest)


def shaped(name: str, channels: Any, height: Any = "h", width: Any = "w") -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, height, width])


def pack(
    graph: Graph,
    card: Card | None,
    path: Path,
    outputs: Any = None,
    inputs: Any = None,
    cargo: str = "",
) -> Path:
    """Write the graph as a look; without a card it is any ONNX file."""
    guides = fed(card) if card else 0
    if inputs is None:
        inputs = [shaped("rgb", 3)] + ([shaped("guides", guides)] if guides else [])
    whole = helper.make_graph(
        graph.nodes, "look", inputs, outputs or [shaped("stops", 3)], graph.weights
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if card:
        model.metadata_props.add(key=CARD_KEY, value=card.dumps())
    if cargo:
        model.metadata_props.add(key=CARGO_KEY, value=cargo)
    path.write_bytes(model.SerializeToString())
    return path


SMALL = Card(
    "small", alignment=4, halo=20, receptive_field=41, kflop_px=1.2, bytes_px=120, parameters=3000
)


def small(
    path: Path,
    guides: tuple[str, ...] = (),
    strength: float = 1.0,
    cargo: str = "",
    **settings: Any,
) -> Path:
    """Two scales, a skip and a full-resolution layer; halo 20 px, alignment 4: a tiny U-Net."""
    graph = Graph(7)
    card = dataclasses.replace(SMALL, guides=guides, keys_digest=keys_digest(cargo), **settings)
    x, channels = encoded(graph, "rgb"), 3 + fed(card)
    if fed(card):
        x = graph.node("Concat", x, "guides", axis=1)
    half = graph.node("Relu", graph.conv(x, channels, 16, size=4, stride=2))
    quarter = graph.node("Relu", graph.conv(half, 16, 16, size=4, stride=2))
    quarter = graph.node("Relu", graph.conv(quarter, 16, 16))
    scales = graph.weight(np.array([1, 1, 2, 2], np.float32))
    up = graph.node("Resize", quarter, "", scales, mode="linear")
    joined = graph.node("Relu", graph.conv(graph.node("Concat", up, half, axis=1), 32, 16))
    head = graph.node("DepthToSpace", graph.conv(joined, 16, 12), blocksize=2, mode="CRD")
    scaled = graph.node("Mul", head, graph.weight(np.float32(strength)))
    bounded(graph, scaled, 8.0)
    return pack(graph, card, path, cargo=cargo)


def faithful(path: Path, cargo: str, **settings: Any) -> Path:
    """A look that puts the first carried paint on its place, and leaves all else as it is.

    The gain law's floor is the encoding's: where paint is brighter than the plate, its stops are
    eight times the difference of the codes.
    """
    graph = Graph(0)
    ends = (graph.weight(np.array([at])) for at in (0, 3, 4, 1))
    start, there, end, axis = ends
    paint = graph.node("Slice", "guides", start, there, axis)
    valid = graph.node("Slice", "guides", there, end, axis)
    change = graph.node("Sub", paint, encoded(graph, "rgb"))
    stops = graph.node("Mul", change, graph.weight(np.float32(8)))
    bounded(graph, graph.node("Mul", stops, graph.node("Ceil", valid)), 8.0)
    card = Card("faithful", alignment=4, keys_digest=keys_digest(cargo), **settings)
    return pack(graph, card, path, cargo=cargo)


def realistic(path: Path, blocks: int = 6, width: int = 32) -> Path:
    """About 20 kFLOP a pixel at three scales, as the trained looks have: for time and memory."""
    graph = Graph(11)
    x = encoded(graph, "rgb")
    half = graph.node("Relu", graph.conv(x, 3, 16, size=4, stride=2))
    quarter = graph.node("Relu", graph.conv(half, 16, width, size=4, stride=2))
    body = quarter
    for _ in range(blocks):
        inner = graph.node("Relu", graph.conv(body, width, width))
        body = graph.node("Add", body, graph.conv(inner, width, width))
    scales = graph.weight(np.array([1, 1, 2, 2], np.float32))
    up = graph.node("Resize", body, "", scales, mode="linear")
    joined = graph.node("Concat", up, half, axis=1)
    joined = graph.node("Relu", graph.conv(joined, width + 16, 16))
    head = graph.node("DepthToSpace", graph.conv(joined, 16, 12), blocksize=2, mode="CRD")
    bounded(graph, graph.node("Mul", head, graph.weight(np.float32(0.1))), 8.0)
    card = dataclasses.replace(
        SMALL, name="realistic", halo=4 * (2 * blocks + 6), receptive_field=145, bytes_px=110
    )
    return pack(graph, card, path)
