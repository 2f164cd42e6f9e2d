"""What an ONNX file says beside its network, read without loading the network.

ONNX is a protobuf message; of its dozens of fields only the metadata are wanted, and the `onnx`
package is no part of the runtime. Nothing in the file is believed: every length is checked.
Standard library only, Python 3.9 and later: host adapters import this module by way of the look.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["metadata", "without"]

_METADATA, _GRAPH, _IR_VERSION = 14, 7, 1  # fields of a ModelProto (onnx.proto)
_KEY, _VALUE = 1, 2  # fields of a StringStringEntryProto (onnx.proto)
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types (protobuf.dev: "Encoding")


def metadata(model: bytes) -> dict[str, str]:
    """Return the metadata_props of an ONNX file, or raise ValueError if it is not one."""
    found: dict[str, str] = {}
    numbers: set[int] = set()
    for number, value, _ in _fields(memoryview(model)):
        numbers.add(number)
        if number == _METADATA:
            key, text = _entry(value)
            found[str(key, "utf-8")] = str(text, "utf-8")
    if not {_IR_VERSION, _GRAPH} <= numbers:
        raise ValueError("no graph")
    return found


def without(model: bytes, key: str) -> bytes:
    """Return an ONNX file without one of its metadata_props: of a shot look, most of it."""
    whole, kept, start = memoryview(model), [], 0
    for number, value, end in _fields(whole):
        if number != _METADATA or _entry(value)[0] != key.encode():
            kept.append(whole[start:end])
        start = end
    return b"".join(kept)


def _entry(data: memoryview) -> tuple[memoryview, memoryview]:
    """Return the key and the value of one of the metadata."""
    entry = {number: value for number, value, _ in _fields(data)}
    if not {_KEY, _VALUE} <= entry.keys():
        raise ValueError("an entry without key or value")
    return entry[_KEY], entry[_VALUE]


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, int]]:
    """Yield number and bytes of each field of one protobuf message, and where the field ends."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        start = at
        if wire == _BYTES:
            size, start = _varint(data, at)
            at = start + size
        elif wire == _VARINT:
            _, at = _varint(data, at)
        elif wire in {_FIXED64, _FIXED32}:
            at += {_FIXED64: 8, _FIXED32: 4}[wire]
        else:
            raise ValueError(f"wire type {wire}")
        if at > len(data):
            raise ValueError("truncated")
        yield number, data[start:at], at


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the number at ``at`` (seven bits a byte, lowest first) and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at + place + 1
    raise ValueError("a number that does not end")
