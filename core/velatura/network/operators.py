"""The operators that a look's network may be made of: those that `velatura export` writes.

All of them are ai.onnx's own, in float; whole numbers are constants that a Slice or a Pad reads.
None loops, branches, draws random numbers, or makes a tensor larger than a factor allows. The list
was collected from every generator, with and without guides, canvas and carried paint, back to
velatura 0.1; Relu and Resize without its defaults are there for looks made by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from velatura.network.onnx_graph import Node

MOST_SCALE = 4
"""Largest step of a resolution in one node: of Resize, a stride and DepthToSpace's block is 8."""

_WIDEST = 64  # inputs of a Concat: the guides have 17 channels in all
_KERNEL = 16  # px: side of the largest convolution; ours have 8

Test = Callable[[object], bool]


@dataclass(frozen=True)
class Operator:
    """What is allowed of one operator.

    Attributes:
        inputs: how many it may have.
        attributes: tests of the attributes that it may have.
        demanded: those that it must have.
    """

    inputs: range
    attributes: Mapping[str, Test] = field(default_factory=dict)
    demanded: tuple[str, ...] = ()


def _is(*values: object) -> Test:
    return lambda found: found in values


def _number(least: int, most: int) -> Test:
    return lambda found: isinstance(found, int) and least <= found <= most


def _list(least: int, most: int, length: int) -> Test:
    inside = _number(least, most)
    return lambda found: (
        isinstance(found, tuple) and len(found) == length and all(map(inside, found))
    )


def _any(found: object) -> bool:  # a float, whose value makes no other shape and no other work
    return isinstance(found, memoryview)


def _exactly(count: int) -> range:
    return range(count, count + 1)


_CONV: Mapping[str, Test] = {
    "auto_pad": _is("NOTSET"),
    "dilations": _is((1, 1)),
    "group": _number(1, 4096),
    "kernel_shape": _list(1, _KERNEL, 2),
    "pads": _list(0, _KERNEL, 4),
    "strides": _list(1, 8, 2),
}
_POOL: Mapping[str, Test] = {
    "auto_pad": _is("NOTSET"),
    "ceil_mode": _is(0),
    "count_include_pad": _is(0, 1),
    "kernel_shape": _list(1, MOST_SCALE, 2),
    "pads": _is((0, 0, 0, 0)),
    "strides": _list(1, MOST_SCALE, 2),
}
_RESIZE: Mapping[str, Test] = {
    "antialias": _is(0),
    "coordinate_transformation_mode": _is("half_pixel"),
    "cubic_coeff_a": _any,
    "exclude_outside": _is(0),
    "extrapolation_value": _any,
    "keep_aspect_ratio_policy": _is("stretch"),
    "mode": _is("linear"),
    "nearest_mode": _is("floor", "round_prefer_floor"),
}

ALLOWED: Mapping[str, Operator] = {
    **dict.fromkeys(("Ceil", "Exp", "Log", "Relu", "Sigmoid", "Tanh"), Operator(_exactly(1))),
    **dict.fromkeys(("Add", "Div", "Greater", "Mul", "Pow", "Sub"), Operator(_exactly(2))),
    "AveragePool": Operator(_exactly(1), _POOL, ("kernel_shape", "strides")),
    "Clip": Operator(range(1, 4)),
    "Concat": Operator(range(1, _WIDEST + 1), {"axis": _is(1)}, ("axis",)),
    "Conv": Operator(range(2, 4), _CONV),
    "DepthToSpace": Operator(
        _exactly(1), {"blocksize": _number(2, 8), "mode": _is("CRD")}, ("blocksize",)
    ),
    "LeakyRelu": Operator(_exactly(1), {"alpha": _any}),
    "Pad": Operator(_exactly(2), {"mode": _is("edge")}, ("mode",)),
    "Resize": Operator(_exactly(3), _RESIZE, ("mode",)),
    "Slice": Operator(range(4, 6)),
    "Where": Operator(_exactly(3)),
}


def check(node: Node) -> None:
    """Raise ValueError unless a look may have this node."""
    allowed = ALLOWED.get(node.operator)
    if allowed is None:
        raise ValueError(f"the operator {node.operator}, which no look has")
    if len(node.inputs) not in allowed.inputs:
        raise ValueError(f"{node.operator} with {len(node.inputs)} inputs")
    for name, value in node.attributes.items():
        test = allowed.attributes.get(name)
        if test is None or not test(value):
            raise ValueError(f"{node.operator} with {name} {_shown(value)}")
    for name in allowed.demanded:
        if name not in node.attributes:
            raise ValueError(f"{node.operator} without {name}")


def _shown(value: object) -> str:
    return "" if isinstance(value, memoryview) else str(value)[:40]
