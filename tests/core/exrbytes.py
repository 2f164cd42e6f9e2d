"""EXR headers as bytes, by the file layout document: a witness independent of any library."""

from __future__ import annotations

import struct
from pathlib import Path

Header = dict[str, tuple[str, bytes]]  # attribute -> type, value


def headers(path: Path) -> list[Header]:
    """Return the header of each part."""
    data = path.read_bytes()
    multipart = struct.unpack_from("<I", data, 4)[0] & 0x1000
    found, at = [], 8
    while True:
        header, at = _header(data, at)
        if header:
            found.append(header)
        if not (header and multipart):
            return found


def attribute(name: str, kind: str, value: bytes) -> bytes:
    size = struct.pack("<i", len(value))
    return name.encode() + b"\0" + kind.encode() + b"\0" + size + value


def insert(path: Path, attributes: bytes) -> None:
    """Put attributes in front of a single-part file's header and move its chunk offsets along."""
    data = path.read_bytes()
    _, end = _header(data, 8)
    first = struct.unpack_from("<Q", data, end)[0]  # the chunks begin where the table ends
    count = (first - end) // 8
    moved = (at + len(attributes) for at in struct.unpack_from(f"<{count}Q", data, end))
    table = struct.pack(f"<{count}Q", *moved)
    path.write_bytes(data[:8] + attributes + data[8:end] + table + data[first:])


def patch(path: Path, name: str, value: bytes) -> None:
    """Overwrite an attribute of the first part by a value of the same length."""
    data = bytearray(path.read_bytes())
    kind, old = headers(path)[0][name]
    assert len(old) == len(value)
    start = data.index(attribute(name, kind, old)) + len(attribute(name, kind, b""))
    data[start : start + len(value)] = value
    path.write_bytes(data)


def _header(data: bytes, at: int) -> tuple[Header, int]:
    header: Header = {}
    while data[at]:
        name, at = _text(data, at)
        kind, at = _text(data, at)
        size = struct.unpack_from("<i", data, at)[0]
        header[name] = (kind, data[at + 4 : at + 4 + size])
        at += 4 + size
    return header, at + 1


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1
