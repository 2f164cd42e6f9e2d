"""Painted keys as programs save them: with ICC profiles, cICP chunks, alpha of either kind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio  # noqa: N813 - its own idiom

from velatura.plate import primaries

D50 = np.array([0.9642, 1.0, 0.8249])
"""The white of ICC's connection space, XYZ (ICC.1:2022, 7.2.16)."""
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def curve(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return sRGB codes of light 0..1 (IEC 61966-2-1)."""
    x = np.asarray(values, np.float64)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def write_8_bit(
    path: Path, codes: npt.ArrayLike, profile: bytes = b"", **attributes: object
) -> Path:
    """Write ``(H, W, C)`` codes 0..1; a fourth channel is straight alpha."""
    pixels = np.ascontiguousarray(np.rint(np.clip(codes, 0, 1) * 255), np.uint8)
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "uint8")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    for name, value in attributes.items():
        spec.attribute(name.replace("_", ":"), value)
    if profile:
        spec.attribute("ICCProfile", f"uint8[{len(profile)}]", np.frombuffer(profile, np.uint8))
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(pixels), out.geterror()
    out.close()
    return path


def write_cicp(path: Path, codes: npt.ArrayLike, cicp: tuple[int, int, int, int]) -> Path:
    """Write a PNG with a cICP chunk, byte by byte."""
    pixels = np.rint(np.clip(codes, 0, 1) * 255).astype(np.uint8)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    chunks = chunk(b"IHDR", head), chunk(b"cICP", bytes(cicp)), chunk(b"IDAT", rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b""))
    return path


def matrix_profile(gamut: str, gamma: float) -> bytes:
    """Return an ICC profile of a matrix and an exponent."""
    xy = primaries.KNOWN[gamut]
    white = np.array([xy[6] / xy[7], 1, (1 - xy[6] - xy[7]) / xy[7]])
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    columns = (np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ primaries.to_xyz(xy)).T
    tags = {
        name: _xyz(column) for name, column in zip(("rXYZ", "gXYZ", "bXYZ"), columns, strict=True)
    }
    bent = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"RGB ", b"XYZ ", tags | dict.fromkeys(("rTRC", "gTRC", "bTRC"), bent))


def grey_profile(gamma: float) -> bytes:
    return _profile(
        b"GRAY", b"XYZ ", {"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))}
    )


def table_profile() -> bytes:
    """Return an ICC profile of a table of eight colours: Lab of sRGB's corners."""
    xy = primaries.KNOWN["lin_rec709_scene"]
    white = np.array([xy[6] / xy[7], 1, (1 - xy[6] - xy[7]) / xy[7]])
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], float)
    xyz = corners @ (np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ primaries.to_xyz(xy)).T / D50
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)
    stored = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).clip(0, 255).astype(np.uint8)
    ramp = bytes(range(256)) * 3
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes((3, 3, 2, 0)) + identity + ramp + stored.tobytes() + ramp
    return _profile(b"RGB ", b"Lab ", {"A2B0": lut})


def ink_profile() -> bytes:
    """Return an ICC profile of four odd inks: the first is red, the others are black."""
    red, black, paper = (138, 209, 198), (0, 128, 128), (255, 128, 128)  # Lab, as 8 bits hold it
    corners = [(c, m or y or k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    stored = bytes(v for c, dark in corners for v in (black if dark else red if c else paper))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + 4 * ramp + stored + 3 * ramp
    return _profile(b"CMYK", b"Lab ", {"A2B0": lut})


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))


def _profile(space: bytes, connection: bytes, tags: dict[str, bytes]) -> bytes:
    tags = tags | {
        "wtpt": _xyz(D50),
        "desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78),
        "cprt": b"text\0\0\0\0none\0",
    }
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        padded = tag + bytes(-len(tag) % 4)
        table += name.encode() + struct.pack(">II", start + len(data), len(tag))
        data += padded
    size = start + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, connection)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", *(round(v * 65536) for v in D50)) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + data
