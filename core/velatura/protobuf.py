"""Protobuf messages, read field by field from bytes: as much as an ONNX file needs.

Nothing in them is believed: every length is checked. Source: protobuf.dev, "Encoding".
Standard library only, Python 3.9 and later: host adapters import this module by way of the look.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["BYTES", "FIXED32", "VARINT", "fields", "number", "numbers", "sized", "whole"]

VARINT, BYTES, FIXED32 = 0, 2, 5
"""Wire types: a number, bytes that begin with their length, and four bytes."""

_MORE = 0x80  # the bit of a byte that says that another follows
_FIXED = {1: 8, FIXED32: 4}  # the wire types of a fixed size, bytes


def fields(data: memoryview) -> Iterator[tuple[int, int, memoryview, int]]:
    """Yield of each field its number, its wire type, its bytes, and where it ends.

    Raises:
        ValueError: the message is damaged.
    """
    at, size = 0, len(data)
    while at < size:
        key = data[at]
        key, at = (key, at + 1) if key < _MORE else _varint(data, at)  # most are one byte
        wire, start = key & 7, at
        if wire == BYTES:
            length, start = _varint(data, at)
            at = start + length
        elif wire == VARINT:
            _, at = _varint(data, at)
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise ValueError(f"wire type {wire}")
        if at > size:
            raise ValueError("truncated")
        yield key >> 3, wire, data[start:at], at


def number(value: memoryview) -> int:
    """Return a field of wire type `VARINT` as a signed 64-bit number."""
    found, _ = _varint(value, 0)
    found &= 2**64 - 1
    return found - 2**64 if found >= 2**63 else found


def numbers(value: memoryview) -> list[int]:
    """Return a packed field's numbers, signed, 64 bits each.

    Raises:
        ValueError: it is damaged.
    """
    found, at = [], 0
    while at < len(value):
        one, end = _varint(value, at)
        found.append(number(value[at:end]) if one >= 2**63 else one)
        at = end
    return found


def sized(field: int, content: bytes) -> bytes:
    """Return a field of wire type `BYTES`: the inverse of one step of `fields`."""
    return _written(field << 3 | BYTES) + _written(len(content)) + content


def whole(field: int, value: int) -> bytes:
    """Return a field of wire type `VARINT`; the value is not negative."""
    return _written(field << 3 | VARINT) + _written(value)


def _written(value: int) -> bytes:
    """Return a number as a varint: the inverse of `_varint`."""
    written = bytearray()
    while value >= _MORE:
        written.append(value & 0x7F | _MORE)
        value >>= 7
    return bytes([*written, value])


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the number at ``at`` (seven bits a byte, lowest first) and where it ends."""
    if at < len(data) and data[at] < _MORE:  # most are one byte
        return data[at], at + 1
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & _MORE:
            return value, at + place + 1
    raise ValueError("a number that does not end")
