"""A painter's network as TorchScript that an old torch can still read.

Scripting the painter itself would put torch's own Python into the file, of the version at hand: in
2.13 that of `interpolate` names an operator that 1.12 has never heard of, and nothing of the file
loads there. So the network is followed once with torch.fx, down to the operators, and written out
as a plain list of them; torch has had them all since 1.6. Nothing in the list depends on a size.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.errors import TrainingError
from velatura_training.network.generator import Generator

_CONVOLUTION = ("x", "weight", "bias", "stride", "padding", "dilation", "groups")
_PIXELS = 2  # dimensions of a picture


class Trunk(nn.Module):
    """The weights of a network, as buffers."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name, weight in weights.items():
            self.register_buffer(name, weight)


def script(painter: Generator) -> torch.jit.ScriptModule:
    """Return `Generator.trunk` as TorchScript, without passes and carried paint.

    Args:
        painter: the network.

    Raises:
        TrainingError: the network has an operator that is not in the list.
    """
    weights, lines = _followed(_Whole(painter))
    kind = type("Trunk", (Trunk,), {})  # all modules of one type would share one source
    trunk: torch.jit.ScriptModule = torch.jit.script(kind(weights))
    # Not a method of the class above: of that, torch would want the Python source.
    trunk.define("def forward(self, x):\n" + "".join(f"    {line}\n" for line in lines))
    return trunk


class _Whole(nn.Module):
    """`Generator.trunk` as the whole of a module."""

    def __init__(self, painter: Generator) -> None:
        super().__init__()
        self.painter = painter

    def forward(self, x: Tensor) -> Tensor:
        return self.painter.trunk(x, None)


class _Follower(fx.Tracer):
    """Goes into every module, those of torch included."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:  # noqa: ARG002
        """See `torch.fx.Tracer`."""
        return False


def _followed(network: nn.Module) -> tuple[dict[str, Tensor], list[str]]:
    """Return the weights of a network by name, and its lines, one an operator."""
    weights: dict[str, Tensor] = {}
    lines: list[str] = []
    names: dict[fx.Node, str] = {}
    for node in _Follower().trace(network).nodes:
        if node.op == "placeholder":
            names[node] = "x"
        elif node.op == "get_attr":
            names[node] = f"self.w{len(weights)}"
            weights[f"w{len(weights)}"] = operator.attrgetter(str(node.target))(network).detach()
        elif node.op == "output":
            lines.append(f"return {_text(node.args[0], names)}")
        else:
            names[node] = f"y{len(lines)}"
            lines.append(f"{names[node]} = {_written(node, names)}")
    return weights, lines


def _written(node: fx.Node, names: dict[fx.Node, str]) -> str:
    """Return one operator as TorchScript."""
    write = _OPERATORS.get(node.target)
    if write is None:
        raise TrainingError(
            "This look's network cannot be written as TorchScript", found=f"{node.op} {node.target}"
        )
    return write(*(_text(value, names) for value in node.args), **_texts(node.kwargs, names))


def _texts(values: dict[str, Any], names: dict[fx.Node, str]) -> dict[str, str]:
    return {key: _text(value, names) for key, value in values.items()}


def _text(value: Any, names: dict[fx.Node, str]) -> str:
    if isinstance(value, tuple):
        return str(list(value))
    return names[value] if isinstance(value, fx.Node) else repr(value)


def _convolved(*given: str, **named: str) -> str:
    usual = {"bias": "None", "stride": "1", "padding": "0", "dilation": "1", "groups": "1"}
    said = {**usual, **dict(zip(_CONVOLUTION, given, strict=False)), **named}
    for name in ("stride", "padding", "dilation"):
        said[name] = said[name] if said[name].startswith("[") else str([int(said[name])] * _PIXELS)
    return f"torch.conv2d({', '.join(said[name] for name in _CONVOLUTION)})"


def _resized(x: str, **how: str) -> str:
    assert (how["scale_factor"], how["mode"]) == ("2.0", "'bilinear'"), how  # noqa: S101
    size = f"[2 * {x}.size(2), 2 * {x}.size(3)]"
    return f"torch._C._nn.upsample_bilinear2d({x}, {size}, False, 2.0, 2.0)"


def _framed(x: str, by: str, **how: str) -> str:
    assert how["mode"] == "'replicate'", how  # noqa: S101
    return f"torch._C._nn.replication_pad2d({x}, {by})"


_OPERATORS: dict[object, Callable[..., str]] = {
    operator.add: lambda a, b: f"{a} + {b}",
    operator.mul: lambda a, b: f"{a} * {b}",
    operator.getitem: lambda sizes, index: f"{sizes}[{index}]",
    getattr: lambda x, _: f"{x}.size()",  # of `x.shape`
    torch.conv2d: _convolved,
    torch.pixel_shuffle: lambda x, factor: f"torch.pixel_shuffle({x}, {factor})",
    F.interpolate: _resized,
    F.leaky_relu: lambda x, negative_slope, **_: f"torch._C._nn.leaky_relu({x}, {negative_slope})",
    F.pad: _framed,
}
