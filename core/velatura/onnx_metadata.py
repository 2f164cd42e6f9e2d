"""What an ONNX file says beside its network, read without loading the network.

ONNX is a protobuf message; of its dozens of fields only the metadata are wanted, and the `onnx`
package is no part of the runtime. The network itself is read in `velatura.network`.
Standard library only, Python 3.9 and later: host adapters import this module by way of the look.
"""

from __future__ import annotations

from velatura import protobuf

__all__ = ["metadata", "without"]

_METADATA, _GRAPH, _IR_VERSION = 14, 7, 1  # fields of a ModelProto (onnx.proto)
_KEY, _VALUE = 1, 2  # fields of a StringStringEntryProto (onnx.proto)


def metadata(model: bytes) -> dict[str, str]:
    """Return the metadata_props of an ONNX file, or raise ValueError if it is not one."""
    found: dict[str, str] = {}
    numbers: set[int] = set()
    for number, _, value, _ in protobuf.fields(memoryview(model)):
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
    for number, _, value, end in protobuf.fields(whole):
        if number != _METADATA or _entry(value)[0] != key.encode():
            kept.append(whole[start:end])
        start = end
    return b"".join(kept)


def _entry(data: memoryview) -> tuple[memoryview, memoryview]:
    """Return the key and the value of one of the metadata."""
    entry = {number: value for number, _, value, _ in protobuf.fields(data)}
    if not {_KEY, _VALUE} <= entry.keys():
        raise ValueError("an entry without key or value")
    return entry[_KEY], entry[_VALUE]
