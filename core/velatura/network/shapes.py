"""What a network makes of a frame of a certain size: the shape of every value, memory and work.

Each operator has one rule. A value is float, or the answer of a comparison; all have four axes, or
are constants that broadcast.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, prod

from velatura.network.onnx_graph import FLOAT, INT64, Graph, Node, Tensor
from velatura.network.operators import MOST_SCALE

Shape = tuple[int, ...]

_FLOAT, _BOOL = 4, 1  # bytes of an element
_PICTURE = 4  # axes: N, C, H, W


@dataclass(frozen=True)
class Cost:
    """What one run of a network takes.

    Attributes:
        answer: shape of what it gives, ``stops``.
        peak: bytes of all values that are alive at the same time, at most.
        largest: bytes of the largest value.
        flop: arithmetic: two for each multiply-accumulate, one for each element otherwise.
    """

    answer: Shape
    peak: int
    largest: int
    flop: int


def cost(graph: Graph, inputs: Mapping[str, Shape], wanted: str) -> Cost:
    """Return what a run takes that is fed tensors of these shapes.

    Args:
        graph: its operators are known to be allowed.
        inputs: the name and shape of all that is fed.
        wanted: name of the output.

    Raises:
        ValueError: shapes do not fit together, or a value is read before it is there.
    """
    known = {name: (shape, _FLOAT) for name, shape in inputs.items()}
    if twice := graph.constants.keys() & known.keys():
        raise ValueError(f"a constant called {min(twice)}, as an input")
    last = {name: place for place, node in enumerate(graph.nodes) for name in node.inputs}
    last[wanted] = len(graph.nodes)
    alive = {name: _bytes(value) for name, value in known.items()}
    flop, largest, held = 0, 0, sum(alive.values())
    peak = held
    for place, node in enumerate(graph.nodes):
        if node.output in known or node.output in graph.constants:
            raise ValueError(f"two values called {node.output}")
        read = _Inputs(node, known, graph.constants)
        value, work = _RULES[node.operator](read)
        known[node.output] = value
        flop += work
        alive[node.output] = size = _bytes(value)
        held, largest = held + size, max(largest, size)
        peak = max(peak, held)
        for name in {node.output, *node.inputs} & alive.keys():
            if last.get(name, place) == place:
                held -= alive.pop(name)
    if wanted not in known:
        raise ValueError(f"no value called {wanted}")
    return Cost(known[wanted][0], peak, largest, flop)


Value = tuple[Shape, int]
"""A shape, and bytes of an element."""


def _bytes(value: Value) -> int:
    return prod(value[0]) * value[1]


@dataclass(frozen=True)
class _Inputs:
    """What a node reads."""

    node: Node
    known: Mapping[str, Value]
    constants: Mapping[str, Tensor]

    def value(self, place: int) -> Value:
        """Return the shape of a float or a comparison's answer that is read at a place."""
        name = self.node.inputs[place]
        if name in self.known:
            return self.known[name]
        constant = self.constants.get(name)
        if constant is None or constant.type != FLOAT:
            raise ValueError(f"{self.node.operator} reads {name or 'nothing'}, which is no value")
        return constant.shape, _FLOAT

    def shape(self, place: int) -> Shape:
        """Return the shape of a float."""
        shape, element = self.value(place)
        if element != _FLOAT:
            raise ValueError(f"{self.node.operator} of a comparison")
        return shape

    def picture(self) -> Shape:
        """Return the shape of the first input, which must have four axes."""
        shape = self.shape(0)
        if len(shape) != _PICTURE:
            raise ValueError(f"{self.node.operator} of {len(shape)} axes")
        return shape

    def constant(self, place: int, kind: int, count: int) -> list[float]:
        """Return the values of a small constant."""
        found = self.constants.get(self.node.inputs[place])
        if found is None or found.type != kind or found.shape != (count,):
            raise ValueError(f"{self.node.operator} without {count} constants at input {place}")
        return list(struct.unpack(f"<{count}{'q' if kind == INT64 else 'f'}", found.data))


def _elementwise(read: _Inputs) -> tuple[Value, int]:
    shape = _broadcast(read.node, [read.shape(n) for n in range(len(read.node.inputs))])
    return (shape, _FLOAT), prod(shape)


def _greater(read: _Inputs) -> tuple[Value, int]:
    (shape, _), work = _elementwise(read)
    return (shape, _BOOL), work


def _where(read: _Inputs) -> tuple[Value, int]:
    condition, element = read.value(0)
    if element != _BOOL:
        raise ValueError("Where without a comparison")
    shape = _broadcast(read.node, [condition, read.shape(1), read.shape(2)])
    return (shape, _FLOAT), prod(shape)


def _clip(read: _Inputs) -> tuple[Value, int]:
    for place, name in enumerate(read.node.inputs):
        if place and name and read.shape(place) != ():
            raise ValueError("Clip with more than a number")
    return (read.shape(0), _FLOAT), prod(read.shape(0))


def _conv(read: _Inputs) -> tuple[Value, int]:
    batch, channels, *sides = read.picture()
    weights, given = read.constants.get(read.node.inputs[1]), read.node.attributes
    if weights is None or weights.type != FLOAT or len(weights.shape) != _PICTURE:
        raise ValueError("Conv without constant weights")
    wide, narrow, *kernel = weights.shape
    group = _whole(given.get("group", 1))
    if narrow * group != channels or wide % group:
        raise ValueError(f"Conv of {channels} channels with weights {weights.shape}")
    if list(_list(given.get("kernel_shape", tuple(kernel)))) != kernel:
        raise ValueError("Conv with another kernel than its weights")
    if len(read.node.inputs) > 2 and read.node.inputs[2]:  # noqa: PLR2004  # its bias
        bias = read.constants.get(read.node.inputs[2])
        if bias is None or bias.type != FLOAT or bias.shape != (wide,):
            raise ValueError("Conv without a constant bias")
    pads, strides = _list(given.get("pads", (0,) * 4)), _list(given.get("strides", (1, 1)))
    made = [
        (side + pads[axis] + pads[axis + 2] - kernel[axis]) // strides[axis] + 1
        for axis, side in enumerate(sides)
    ]
    if any(pad >= kernel[axis % 2] for axis, pad in enumerate(pads)) or min(made) < 1:
        raise ValueError("Conv with more padding than kernel, or nothing left")
    shape = (batch, wide, *made)
    return (shape, _FLOAT), 2 * prod(shape) * narrow * prod(kernel)


def _average_pool(read: _Inputs) -> tuple[Value, int]:
    batch, channels, *sides = read.picture()
    kernel, strides = (_list(read.node.attributes[name]) for name in ("kernel_shape", "strides"))
    made = [
        (side - size) // step + 1 for side, size, step in zip(sides, kernel, strides, strict=True)
    ]
    if min(made) < 1:
        raise ValueError(f"AveragePool of {kernel} on {tuple(sides)}")
    shape = (batch, channels, *made)
    return (shape, _FLOAT), prod(shape) * prod(kernel)


def _concat(read: _Inputs) -> tuple[Value, int]:
    shapes = [read.shape(place) for place in range(len(read.node.inputs))]
    first = read.picture()
    if any(len(s) != _PICTURE or s[0] != first[0] or s[2:] != first[2:] for s in shapes):
        raise ValueError(f"Concat of {', '.join(map(str, shapes))}")
    shape = (first[0], sum(shape[1] for shape in shapes), *first[2:])
    return (shape, _FLOAT), prod(shape)


def _depth_to_space(read: _Inputs) -> tuple[Value, int]:
    batch, channels, height, width = read.picture()
    block = _whole(read.node.attributes["blocksize"])
    if channels % block**2:
        raise ValueError(f"DepthToSpace of {channels} channels by {block}")
    shape = (batch, channels // block**2, height * block, width * block)
    return (shape, _FLOAT), prod(shape)


def _pad(read: _Inputs) -> tuple[Value, int]:
    pads = [int(pad) for pad in read.constant(1, INT64, 2 * _PICTURE)]
    sides = read.picture()
    if any(pads[:2] + pads[4:6]) or not all(0 <= pad <= _MOST_PAD for pad in pads):
        raise ValueError(f"Pad by {pads}")
    shape = tuple(side + pads[axis] + pads[axis + 4] for axis, side in enumerate(sides))
    return (shape, _FLOAT), prod(shape)


def _resize(read: _Inputs) -> tuple[Value, int]:
    scales = read.constant(2, FLOAT, _PICTURE)
    if read.node.inputs[1] or scales[:2] != [1, 1]:
        raise ValueError("Resize of more than height and width")
    if not all(1 <= scale <= MOST_SCALE for scale in scales):
        raise ValueError(f"Resize by {scales}")
    shape = tuple(floor(side * s) for side, s in zip(read.picture(), scales, strict=True))
    return (shape, _FLOAT), 4 * prod(shape)


def _slice(read: _Inputs) -> tuple[Value, int]:
    start, end, axis, *step = (
        int(read.constant(place, INT64, 1)[0]) for place in range(1, len(read.node.inputs))
    )
    batch, channels, height, width = read.picture()
    kept = range(channels)[max(start, -channels) : min(end, channels)]
    if axis != 1 or step not in ([], [1]) or not kept:
        raise ValueError("Slice of other axes than channels, or of none")
    shape = (batch, len(kept), height, width)
    return (shape, _FLOAT), prod(shape)


_MOST_PAD = 16  # px: repeated edges for a convolution of that size

_RULES: Mapping[str, Callable[[_Inputs], tuple[Value, int]]] = {
    **dict.fromkeys(("Ceil", "Exp", "LeakyRelu", "Log", "Relu", "Sigmoid", "Tanh"), _elementwise),
    **dict.fromkeys(("Add", "Div", "Mul", "Pow", "Sub"), _elementwise),
    "AveragePool": _average_pool,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "DepthToSpace": _depth_to_space,
    "Greater": _greater,
    "Pad": _pad,
    "Resize": _resize,
    "Slice": _slice,
    "Where": _where,
}


def _broadcast(node: Node, shapes: list[Shape]) -> Shape:
    """Return the shape that several have together (NumPy's rule, ONNX's Broadcasting.md)."""
    most = max(map(len, shapes))
    whole = [(1,) * (most - len(shape)) + shape for shape in shapes]
    sizes = [set(axis) - {1} for axis in zip(*whole, strict=True)]
    if any(len(size) > 1 for size in sizes):
        raise ValueError(f"{node.operator} of {' and '.join(map(str, shapes))}")
    return tuple(next(iter(size), 1) for size in sizes)


def _whole(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101  # as `operators.check` has seen
    return value


def _list(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)  # noqa: S101  # as `operators.check` has seen
    return value
