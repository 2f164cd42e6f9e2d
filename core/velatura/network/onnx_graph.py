"""The graph inside an ONNX file as values: its nodes, their attributes, and its constants.

Read strictly, as a look may come from anywhere. What `velatura export` never writes is refused by
the field that would hold it: functions, graphs inside nodes, sparse or external constants,
operators of other domains. Whatever a file says of its own intermediates is not read at all.
Source of the field numbers: onnx.proto of ONNX 1.18, IR version 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from velatura import protobuf

FLOAT, INT64 = 1, 7
"""The types of constants: TensorProto.FLOAT and TensorProto.INT64."""

OPSETS = (17, 18)
"""Versions of ai.onnx whose operators are known here; `velatura export` writes 18."""

MOST_NODES = 2000
"""Nodes of a graph: ten times as many as the largest network we train has."""

MOST_CONSTANTS = 64 * 2**20
"""Bytes of all constants: forty times as many as the largest network we train has."""

_SIZES = {FLOAT: 4, INT64: 8}  # bytes of an element
_BRANCHES = {"If", "Loop", "Scan", "SequenceMap"}  # they hold graphs; said as what they are
_MOST_RANK = 4  # N, C, H, W
_LONGEST = 256  # letters of a name

# Fields that may be there: what they are called, or "" for what is of no consequence.
_MODEL = {1: "ir_version", 7: "graph", 8: "opsets", **dict.fromkeys((2, 3, 4, 5, 6, 14), "")}
_GRAPH = {1: "nodes", 2: "name", 5: "constants", 11: "inputs", 12: "outputs"}
_GRAPH |= dict.fromkeys((10, 13, 16), "")
_NODE = {1: "inputs", 2: "outputs", 4: "operator", 5: "attributes", 7: "domain", 3: "", 6: ""}
_ATTRIBUTE = {1: "name", 20: "kind", 2: "f", 3: "i", 4: "s", 8: "ints", 13: ""}
_TENSOR = {1: "dims", 2: "type", 8: "name", 9: "raw", 4: "floats", 7: "ints", 12: "", 14: "place"}
_VALUE = {1: "name", 2: "kind of value", 3: "", 4: ""}
_TYPE = {1: "tensor", 6: ""}
_TENSOR_TYPE = {1: "type", 2: "shape"}
_SHAPE = {1: "axes"}
_AXIS = {1: "size", 2: "symbol", 3: ""}
_OPSET = {1: "domain", 2: "version"}
_TEXT, _ONE, _MANY = {protobuf.BYTES}, {protobuf.VARINT}, {protobuf.VARINT, protobuf.BYTES}
_REAL = {protobuf.BYTES, protobuf.FIXED32}
_WIRES = {  # of all that is no text and no message
    **dict.fromkeys(("ir_version", "version", "kind", "i", "type", "place", "size"), _ONE),
    **dict.fromkeys(("dims", "ints"), _MANY),
    **dict.fromkeys(("f", "floats"), _REAL),
}
_SEVERAL = {"axes", "opsets", "nodes", "constants", "inputs", "outputs", "attributes"}
_SEVERAL |= {"dims", "ints"}

_Fields = Mapping[str, list[tuple[int, memoryview]]]


@dataclass(frozen=True)
class Tensor:
    """A constant.

    Attributes:
        shape: of it.
        type: `FLOAT` or `INT64`.
        data: its values, little endian.
    """

    shape: tuple[int, ...]
    type: int
    data: memoryview


@dataclass(frozen=True)
class Node:
    """One step of a network.

    Attributes:
        operator: its name in ai.onnx.
        inputs: names of what it reads; empty where an optional one is left out.
        output: name of what it gives.
        attributes: by name: whole numbers, lists of them, other numbers as `memoryview`, texts.
    """

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, object]


@dataclass(frozen=True)
class Declared:
    """An input or output as the file declares it.

    Attributes:
        name: what it is called.
        type: a TensorProto.DataType; 0 where it is no tensor.
        shape: of each axis its size, or its name where it is free, which may be empty.
    """

    name: str
    type: int
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class Graph:
    """A network: nodes in the order they run in, and constants by name; and what ORT is given.

    Attributes:
        nodes: each reads inputs, constants and what nodes before it gave.
        constants: by name.
        inputs: what is fed.
        outputs: what comes out.
        model: the ONNX file without what it says of itself beside the network.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, Tensor]
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]
    model: bytes


def read(model: bytes) -> Graph:
    """Return the graph of an ONNX file.

    Raises:
        ValueError: it is damaged, or holds what no look has; the text says which.
    """
    fields = _fields(memoryview(model), _MODEL, "the model")
    opsets = [_fields(value, _OPSET, "an operator set") for _, value in fields["opsets"]]
    domains = [_text(opset, "domain") or "ai.onnx" for opset in opsets]
    if domains != ["ai.onnx"]:
        raise ValueError(f"operators of {', '.join(domains) or 'no version'}; a look has ai.onnx's")
    if _number(opsets[0], "version") not in OPSETS:
        raise ValueError(f"version {_number(opsets[0], 'version')} of ai.onnx's operators")
    graph = _fields(_bytes(fields, "graph"), _GRAPH, "the graph")
    if len(graph["nodes"]) > MOST_NODES:
        raise ValueError(f"{len(graph['nodes'])} nodes; {MOST_NODES} at most")
    nodes = tuple(_node(value) for _, value in graph["nodes"])
    constants: dict[str, Tensor] = {}
    for _, value in graph["constants"]:
        name, tensor = _constant(value)
        if name in constants:
            raise ValueError(f"two constants called {name}")
        constants[name] = tensor
    if sum(len(tensor.data) for tensor in constants.values()) > MOST_CONSTANTS:
        raise ValueError(f"more than {MOST_CONSTANTS >> 20} MiB of constants")
    inputs, outputs = (
        tuple(_declared(value) for _, value in graph[kind]) for kind in ("inputs", "outputs")
    )
    return Graph(nodes, constants, inputs, outputs, _bare(model))


def _declared(data: memoryview) -> Declared:
    fields = _fields(data, _VALUE, "an input")
    kind = _fields(_bytes(fields, "kind of value"), _TYPE, "an input's type")
    tensor = _fields(_bytes(kind, "tensor"), _TENSOR_TYPE, "an input's type")
    axes = [
        _fields(axis, _AXIS, "an axis")
        for _, axis in _fields(_bytes(tensor, "shape"), _SHAPE, "a shape")["axes"]
    ]
    shape = tuple(_number(axis, "size") if axis["size"] else _text(axis, "symbol") for axis in axes)
    return Declared(_text(fields, "name"), _number(tensor, "type"), shape)


def _node(data: memoryview) -> Node:
    fields = _fields(data, _NODE, "a node")
    operator, domain = _text(fields, "operator"), _text(fields, "domain")
    if domain not in {"", "ai.onnx"}:
        raise ValueError(f"the operator {operator} of {domain}")
    outputs = _names(fields["outputs"])
    if len(outputs) != 1 or not outputs[0]:
        raise ValueError(f"{len(outputs)} outputs of {operator}; wanted 1")
    if operator in _BRANCHES:
        raise ValueError(f"the operator {operator}, which no look has")
    attributes = dict(map(_attribute, (value for _, value in fields["attributes"])))
    if len(attributes) != len(fields["attributes"]):
        raise ValueError(f"an attribute of {operator} twice")
    return Node(operator, _names(fields["inputs"]), outputs[0], attributes)


_KINDS: Mapping[int, tuple[str, Callable[[_Fields], object]]] = {  # AttributeProto.AttributeType
    1: ("f", lambda fields: _bytes(fields, "f")),
    2: ("i", lambda fields: _number(fields, "i")),
    3: ("s", lambda fields: _text(fields, "s")),
    7: ("ints", lambda fields: tuple(_numbers(fields["ints"]))),
}


def _attribute(data: memoryview) -> tuple[str, object]:
    fields = _fields(data, _ATTRIBUTE, "an attribute")
    name, kind = _text(fields, "name"), _number(fields, "kind")
    held = {key for key in ("f", "i", "s", "ints") if fields[key]}
    if kind not in _KINDS or not held <= {_KINDS[kind][0]}:
        raise ValueError(f"the attribute {name} of type {kind}")
    return name, _KINDS[kind][1](fields)


def _constant(data: memoryview) -> tuple[str, Tensor]:
    fields = _fields(data, _TENSOR, "a constant")
    name, kind = _text(fields, "name"), _number(fields, "type")
    shape = tuple(_numbers(fields["dims"]))
    if not name or kind not in _SIZES or _number(fields, "place"):
        raise ValueError(f"the constant {name} of type {kind}, or outside the file")
    if len(shape) > _MOST_RANK or any(size < 1 for size in shape):
        raise ValueError(f"the constant {name} of shape {shape}")
    raw = _bytes(fields, "raw")
    if fields["floats"] or fields["ints"] or len(raw) != prod(shape) * _SIZES[kind]:
        raise ValueError(f"the constant {name} of {len(raw)} bytes and shape {shape}")
    return name, Tensor(shape, kind, raw)


def _bare(model: bytes) -> bytes:
    """Return an ONNX file without its metadata and without shapes that it claims."""
    kept, start, whole = [], 0, memoryview(model)
    for field, _, value, end in protobuf.fields(whole):
        if _MODEL[field] == "graph":
            kept.append(protobuf.sized(field, b"".join(_consequential(value))))
        elif _MODEL[field]:
            kept.append(bytes(whole[start:end]))
        start = end
    return b"".join(kept)


def _consequential(graph: memoryview) -> Iterator[memoryview]:
    start = 0
    for field, _, _, end in protobuf.fields(graph):
        if _GRAPH[field]:
            yield graph[start:end]
        start = end


def _fields(data: memoryview, known: Mapping[int, str], what: str) -> _Fields:
    """Return wire type and bytes of a message's fields by name.

    Another reader would skip fields that it does not know, or take the last of two: then two
    readers see two networks. Such fields are refused.
    """
    found: dict[str, list[tuple[int, memoryview]]] = {name: [] for name in known.values()}
    for number, wire, value, _ in protobuf.fields(data):
        name = known.get(number)
        if name is None:
            raise ValueError(f"field {number} of {what}, which no look has")
        if name and wire not in _WIRES.get(name, _TEXT):
            raise ValueError(f"{name} of {what} with wire type {wire}")
        if name and name not in _SEVERAL and found[name]:
            raise ValueError(f"{name} of {what} twice")
        found[name].append((wire, value))
    return found


def _bytes(fields: _Fields, name: str) -> memoryview:
    return fields[name][0][1] if fields[name] else memoryview(b"")


def _text(fields: _Fields, name: str) -> str:
    return _decoded(_bytes(fields, name))


def _names(values: list[tuple[int, memoryview]]) -> tuple[str, ...]:
    return tuple(_decoded(value) for _, value in values)


def _decoded(data: memoryview) -> str:
    if len(data) > _LONGEST:
        raise ValueError(f"a name of {len(data)} letters")
    return str(data, "utf-8")


def _number(fields: _Fields, name: str) -> int:
    values = _numbers(fields[name])
    return values[0] if values else 0


def _numbers(values: list[tuple[int, memoryview]]) -> list[int]:
    """Return the numbers of a repeated field, packed or not."""
    found: list[int] = []
    for wire, value in values:
        found += protobuf.numbers(value) if wire == protobuf.BYTES else [protobuf.number(value)]
    return found
