"""What is wrong with a file that should be an EXR picture, in words that help.

OpenEXR's own words are about its insides ("Unable to query scanline information").
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import OpenEXR  # type: ignore[import-not-found]  # a C extension without stubs

from velatura import regular, signatures
from velatura.errors import ImageError, MachineError, VelaturaError
from velatura.image.planes import Window

MAX_PIXELS = 2**28
"""Largest data window that is read, in pixels: 16384 x 16384; beyond, the header is damaged."""

_OTHERS = {
    signatures.PNG[:4]: "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"SDPX": "a DPX picture",
    b"XPDS": "a DPX picture",
    b"#?RADIANCE": "a Radiance HDR picture",
}
_NO_PICTURES = {
    b"version https://git-lfs": ("a Git LFS pointer, not the file itself", "Run `git lfs pull`"),
    b"\0\0\0\0\0\0\0\0": ("zeros", "Render or copy this frame again"),
}
_READ = "Export it as EXR, PNG, JPG, TIFF, DPX, HDR, MOV or MP4, with that end to its name"
_DEEP = (OpenEXR.deepscanline, OpenEXR.deeptile)
_DATA_WINDOW = re.compile(rb"dataWindow\0box2i\0\x10\0\0\0(.{16})", re.DOTALL)
_HEADER = 1 << 16  # bytes in which a header's data window is looked for
AGAIN = "Render or copy this frame again"
"""What helps against damage."""

# How many times smaller than its pixels a file can be, at most. ZIP: zlib's DEFLATE makes 1032 to
# 1 of zeros (zlib.net, "Technical Details"); RLE two bytes of 128; B44 three bytes of 16 halves.
# PIZ and DWA end in a Huffman code with runs of 255, the others are newer: generously.
_RATIOS = {
    OpenEXR.NO_COMPRESSION: 1.0,
    OpenEXR.RLE_COMPRESSION: 65.0,
    OpenEXR.ZIPS_COMPRESSION: 1040.0,
    OpenEXR.ZIP_COMPRESSION: 1040.0,
    OpenEXR.PXR24_COMPRESSION: 1400.0,
}
_MOST_RATIO = 16384.0
_MOST_CHANNELS = 1024  # of a file: a render with all its AOVs and Cryptomattes has a hundred
LEAST, MOST = 2, 4
"""Bytes of a channel's pixel: half, or float. Which it is, a header does not tell in Python."""


def refuse_other_files(path: Path) -> None:
    """Raise ImageError unless the file begins as an EXR does; say what it is instead."""
    try:
        regular.demand(path)
        with path.open("rb") as stream:
            start = stream.read(32)
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        raise ImageError(f"{path} cannot be read", found=found) from error
    if start.startswith(signatures.EXR):
        return
    found, do = _instead(start)
    raise ImageError(f"{path} is not an EXR file", found=found, do=do)


def _instead(start: bytes) -> tuple[str, str]:
    """Return what a file is, by its first bytes, and what to do about it."""
    if not start:
        return "an empty file", AGAIN
    for magic, answer in _NO_PICTURES.items():
        if start.startswith(magic):
            return answer
    for magic, kind in _OTHERS.items():
        if start.startswith(magic):
            return kind, "Let its name end as such a picture's does, or render it as OpenEXR"
    return f"a file that begins with {start[:4]!r}", _READ


def refuse_unusable(path: Path, header: Mapping[str, Any], max_pixels: int) -> None:
    """Raise ImageError if a part is of a kind that has no use here, or is absurdly large.

    Raises:
        UnicodeDecodeError: a channel's name is no text.
    """
    part = f", part {header['name']}" if header.get("name") else ""
    if header.get("type") in _DEEP:
        raise ImageError(
            f"{path}{part} holds deep pixels",
            do="Flatten them first (Nuke: DeepToImage), or give the flat render",
        )
    window = window_of(header["dataWindow"])
    if window.width * window.height > max_pixels:
        raise ImageError(
            f"{path}{part} has a data window beyond {max_pixels} pixels",
            found=str(window),
            do="The header is damaged, or the picture must be cropped first",
        )
    for channel in header["channels"]:
        name = channel.name
        if (channel.xSampling, channel.ySampling) != (1, 1):
            raise ImageError(
                f"{path}{part} has subsampled channels (luminance/chroma)",
                found=f"{name} at 1/{channel.xSampling} x 1/{channel.ySampling}",
                do="Write it as RGB",
            )


def refuse_bomb(path: Path, headers: Sequence[Mapping[str, Any]]) -> None:
    """Raise ImageError if a file is too small for what its header says is in it.

    Before anything is allocated: a header of ten kilobytes may claim more than a machine holds.
    """
    size = path.stat().st_size
    least, channels, window = 0.0, 0, Window(0, 0, 0, 0)
    for header in headers:
        window = window_of(header["dataWindow"])
        pixel = LEAST * len(header["channels"])
        ratio = _RATIOS.get(header.get("compression"), _MOST_RATIO)
        least += window.width * window.height * pixel / ratio
        channels += len(header["channels"])
    if least > size or channels > _MOST_CHANNELS:
        raise ImageError(
            f"{path} is truncated or damaged",
            found=f"{channels} channels of {window}, in {size} bytes",
            do=AGAIN,
        )


def headless(path: Path) -> ImageError:
    """Return the error for a file whose header OpenEXR refuses."""
    size = f"{path.stat().st_size} bytes that OpenEXR cannot read"
    return ImageError(f"{path} has a damaged header", found=_odd_window(path) or size, do=AGAIN)


def damaged(path: Path, declared: Sequence[OpenEXR.Part], printed: str) -> VelaturaError:
    """Return the error for a file of which OpenEXR gave only some pixels.

    Args:
        path: the file.
        declared: its parts, by its header.
        printed: what OpenEXR printed as it dropped some of them.
    """
    if "MemoryError" in printed or "bad_alloc" in printed:
        return MachineError(f"Not enough memory to read {path}", do="Lower --workers")
    numbers = sorted({int(number) for number in re.findall(r"for part (\d+)", printed)})
    names = [declared[n].header.get("name") or f"part {n}" for n in numbers if n < len(declared)]
    where = f" in {', '.join(names)}" if names and len(declared) > 1 else ""
    return ImageError(
        f"{path} is truncated or damaged",
        found=f"pixels that cannot be decoded{where}",
        do=AGAIN,
    )


def window_of(box: tuple[Any, Any]) -> Window:
    """Return the window of an EXR box, whose second corner is the last pixel inside."""
    (left, top), (right, bottom) = (map(int, corner) for corner in box)
    return Window(left, top, right - left + 1, bottom - top + 1)


def _odd_window(path: Path) -> str:
    """Return the data window that a header claims, if that is why OpenEXR refuses it."""
    with path.open("rb") as stream:
        hit = _DATA_WINDOW.search(stream.read(_HEADER))
    if hit is None:
        return ""
    left, top, right, bottom = struct.unpack("<4i", hit[1])
    width, height = right - left + 1, bottom - top + 1
    odd = width <= 0 or height <= 0 or width * height > MAX_PIXELS
    return f"a data window of {Window(left, top, width, height)}" if odd else ""
