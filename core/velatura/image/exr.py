"""OpenEXR files: every part, plane, window and header attribute, in its own type, bit for bit.

Through the OpenEXR library, because OpenImageIO's Python cannot keep uint planes or the bits of a
half NaN. Both directions release the GIL, so frames can be read and written in several threads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR  # type: ignore[import-not-found]  # a C extension without stubs

from velatura.atomic import replacing
from velatura.errors import ImageError
from velatura.image import exr_attributes, exr_errors
from velatura.image.exr_errors import MAX_PIXELS, window_of
from velatura.image.planes import Extent, Image, Part, Pixels, Plane, Window
from velatura.system.quiet import hushed

_DWA = exr_attributes.DWA
# DWA quantises channels by the last part of their name; all others, and uint, it keeps exactly.
_DWA_LOSSY = {"R", "G", "B", "Y", "BY", "RY"}
# What a Part holds in fields of its own, or what OpenEXR computes anew.
_NOT_ATTRIBUTES = {"channels", "dataWindow", "displayWindow", "name", "chunkCount"}
_WRITE_BUFFER = 1 << 20  # bytes; OpenEXR writes chunk by chunk, and each write takes the GIL


def read(path: Path, max_pixels: int = MAX_PIXELS) -> Image:
    """Return all of an EXR file: ``(H, W)`` float16, float32 or uint32 planes, values as stored.

    Args:
        path: the file.
        max_pixels: a part with a larger data window is refused, before anything is allocated.

    Raises:
        ImageError: no file, no EXR, deep or subsampled pixels, an absurd data window, or a file
            that is truncated or damaged, even if only one part or scanline of it is.
        MachineError: there is not enough memory for it.
    """
    declared = _declared(path, max_pixels)
    with hushed() as printed:
        parts = _open(path, header_only=False).parts
    # OpenEXR drops a part that it cannot decode and only prints a warning.
    whole = [len(part.header["channels"]) for part in declared]
    if [len(part.channels) for part in parts] != whole:
        raise exr_errors.damaged(path, declared, "".join(printed))
    return Image(tuple(map(_part, parts)), str(path))


def extent(path: Path) -> Extent:
    """Return how large an EXR file claims to be.

    Raises:
        ImageError: as `read`, as far as headers tell.
    """
    headers = [part.header for part in _declared(path, MAX_PIXELS)]
    windows = [window_of(header["dataWindow"]) for header in headers]
    numbers = sum(
        window.width * window.height * len(header["channels"])
        for window, header in zip(windows, headers, strict=True)
    )
    largest = max(windows, key=lambda window: window.width * window.height)
    return Extent(
        largest.width, largest.height, exr_errors.LEAST * numbers, exr_errors.MOST * numbers
    )


def write(path: Path, image: Image) -> None:
    """Write all parts of ``image`` as they are; under its final name the file is always whole.

    Compression, tiles, line order and all else come from each part's attributes, with two
    exceptions: mip-map levels are not written, as they would show the picture before the change;
    and a part of a DWA file that still holds planes DWA has quantised becomes ZIP, because
    quantising them again would alter what nobody touched (measured: by 2.3 in a highlight of 54).

    Raises:
        StorageError: the folder is missing or read-only, or the disk is full; nothing is left.
    """
    with replacing(path) as beside, beside.open("wb", buffering=_WRITE_BUFFER) as stream:
        # A stream of ours and not a path: Python reports a full disk at close, C++ would not.
        try:
            _file(image).write(stream)
        except exr_attributes.REFUSED:
            fit = exr_attributes.writable(image)
            stream.seek(0)
            stream.truncate()
            _file(fit).write(stream)


def _file(image: Image) -> OpenEXR.File:
    return OpenEXR.File([exr_attributes.part_of(part) for part in image.parts])


def attributes(path: Path) -> Mapping[str, Any]:
    """Return the header attributes of the first part, without reading pixels.

    Raises:
        ImageError: no file, or no EXR.
    """
    return _attributes(_open(path, header_only=True).parts[0].header)


def new_part(
    planes: Mapping[str, Pixels],
    data: Window,
    display: Window,
    attributes: Mapping[str, Any] | None = None,
) -> Part:
    """Return a fresh ZIP scanline part.

    Args:
        planes: channel name -> ``(H, W)`` float16, float32 or uint32, as large as ``data``.
        data: the data window.
        display: the display window.
        attributes: more header attributes; they win over the defaults.
    """
    fresh = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    named = tuple(Plane(name, pixels) for name, pixels in planes.items())
    return Part("", named, data, display, {**fresh, **(attributes or {})})


def _declared(path: Path, max_pixels: int) -> list[OpenEXR.Part]:
    """Return the parts of a file by its header, or refuse what is no use, or cannot be in it."""
    declared: list[OpenEXR.Part] = _open(path, header_only=True).parts
    try:
        for part in declared:
            exr_errors.refuse_unusable(path, part.header, max_pixels)
    except UnicodeDecodeError as error:
        raise ImageError(
            f"{path} has a channel whose name is not UTF-8",
            found=repr(error.object),
            do="Give it a name of plain letters",
        ) from error
    exr_errors.refuse_bomb(path, [part.header for part in declared])
    return declared


def _open(path: Path, *, header_only: bool) -> OpenEXR.File:
    if header_only:
        exr_errors.refuse_other_files(path)
    try:
        return OpenEXR.File(str(path), separate_channels=True, header_only=header_only)
    except UnicodeDecodeError as error:
        raise ImageError(
            f"{path} has a header that is not UTF-8", found=repr(error.object)
        ) from error
    except ValueError as error:
        shown = os.fsencode(path).decode(errors="replace")
        raise ImageError(f"The name {shown} is not UTF-8", do="Rename it") from error
    except RuntimeError as error:
        raise exr_errors.headless(path) from error
    except (ArithmeticError, LookupError, TypeError, SystemError) as error:
        # What OpenEXR's Python cannot hold: a frame rate of 24/0.
        raise ImageError(
            f"{path} has a header attribute that is no value", found=str(error), do=exr_errors.AGAIN
        ) from error


def _part(part: OpenEXR.Part) -> Part:
    header = part.header
    dwa = header["compression"] in _DWA
    planes = tuple(
        Plane(name, channel.pixels, lossy=dwa and _dwa_quantises(name, channel.pixels))
        for name, channel in part.channels.items()
    )
    data, display = window_of(header["dataWindow"]), window_of(header["displayWindow"])
    return Part(header.get("name", ""), planes, data, display, _attributes(header))


def _attributes(header: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in header.items() if name not in _NOT_ATTRIBUTES}


def _dwa_quantises(name: str, pixels: Pixels) -> bool:
    return pixels.dtype != np.uint32 and name.rpartition(".")[2].upper() in _DWA_LOSSY
