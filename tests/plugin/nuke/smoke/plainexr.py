"""EXR files in plain Python: float scanlines, plain or zipped, which is all that a check needs."""

from __future__ import annotations

import struct
import zlib

MAGIC = b"\x76\x2f\x31\x01\x02\x00\x00\x00"
FLOAT = 2  # OpenEXR's pixel type
LINES = {0: 1, 2: 1, 3: 16}  # rows a block: not compressed, ZIPS, ZIP


def write(path, planes, width, height, texts=()):
    """Write planes, a flat list of ``width * height`` numbers each, row by row from the top."""
    names = sorted(planes)
    channels = b"".join(
        name.encode() + b"\0" + struct.pack("<iB3xii", FLOAT, 0, 1, 1) for name in names
    )
    window = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    header = MAGIC
    header += attribute("channels", "chlist", channels + b"\0")
    header += attribute("compression", "compression", b"\0")
    header += attribute("dataWindow", "box2i", window)
    header += attribute("displayWindow", "box2i", window)
    header += attribute("lineOrder", "lineOrder", b"\0")
    header += attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    header += attribute("screenWindowCenter", "v2f", struct.pack("<ff", 0, 0))
    header += attribute("screenWindowWidth", "float", struct.pack("<f", 1))
    for name, text in texts:
        header += attribute(name, "string", text.encode())
    header += b"\0"
    size = 4 * width * len(names)
    first = len(header) + 8 * height
    offsets = [first + row * (size + 8) for row in range(height)]
    with open(path, "wb") as stream:
        stream.write(header + struct.pack("<%dQ" % height, *offsets))
        for row in range(height):
            stream.write(struct.pack("<ii", row, size))
            for name in names:
                line = planes[name][row * width : (row + 1) * width]
                stream.write(struct.pack("<%df" % width, *line))


def read(path):
    """Return the planes of such a file, whoever wrote it, as flat lists of numbers."""
    with open(path, "rb") as stream:
        data = stream.read()
    assert data[:4] == MAGIC[:4], "no EXR"
    at, found = 8, {}
    while data[at]:
        name, at = word(data, at)
        _, at = word(data, at)
        (size,) = struct.unpack_from("<i", data, at)
        found[name], at = data[at + 4 : at + 4 + size], at + 4 + size
    lines = LINES[found["compression"][0]]
    left, top, right, bottom = struct.unpack("<iiii", found["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    names, place = [], 0
    while found["channels"][place]:
        name, place = word(found["channels"], place)
        assert struct.unpack_from("<i", found["channels"], place)[0] == FLOAT, "no floats"
        names, place = [*names, name], place + 16
    planes = {name: [] for name in names}
    blocks = -(-height // lines)
    for number, offset in enumerate(struct.unpack_from("<%dQ" % blocks, data, at + 1)):
        rows = min(lines, height - number * lines)
        (size,) = struct.unpack_from("<i", data, offset + 4)
        block = unpacked(data[offset + 8 : offset + 8 + size], 4 * width * len(names) * rows)
        for place, name in enumerate(names * rows):
            planes[name] += struct.unpack_from("<%df" % width, block, 4 * width * place)
    return planes


def unpacked(block, size):
    """Undo ZIP, as OpenEXR has it: differences of bytes, the even ones before the odd ones."""
    if len(block) == size:
        return block
    told = bytearray(zlib.decompress(block))
    for at in range(1, size):
        told[at] = (told[at - 1] + told[at] - 128) & 255
    made, half = bytearray(size), (size + 1) // 2
    made[0::2], made[1::2] = told[:half], told[half:]
    return bytes(made)


def attribute(name, kind, value):
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value


def word(data, at):
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1
