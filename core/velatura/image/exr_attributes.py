"""Header attributes as OpenEXR can write them again: most come out as they went in.

Some files have a standard name with a value of another type, or two attributes that contradict each
other. OpenEXR reads those and does not write them; they are left out, which is said once.
"""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from typing import Any

import numpy as np
import OpenEXR  # type: ignore[import-not-found]  # a C extension without stubs

from velatura.errors import ImageError
from velatura.image.planes import Image, Part, Plane, Window

log = logging.getLogger(__name__)

DWA = (OpenEXR.DWAA_COMPRESSION, OpenEXR.DWAB_COMPRESSION)
"""The lossy compressions by cosine transform."""

REFUSED = (ValueError, TypeError, RuntimeError, AttributeError, ArithmeticError)
"""What OpenEXR raises for an attribute that it does not write."""

_NEEDED = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
_TINY = Window(0, 0, 1, 1)


def part_of(part: Part) -> OpenEXR.Part:
    """Return a part as OpenEXR takes it."""
    header = dict(part.attributes)
    header["dataWindow"], header["displayWindow"] = _box(part.data), _box(part.display)
    if header.get("compression") in DWA and any(plane.lossy for plane in part.planes):
        header["compression"] = OpenEXR.ZIP_COMPRESSION
    if "tiles" in header:
        header["tiles"] = _one_level(header["tiles"])
    for name, value in header.items():
        if isinstance(value, list) and not value:  # OpenEXR cannot tell a list's type from nothing
            header[name] = OpenEXR.OpaqueAttribute(b"", "stringvector")
    # OpenEXR would write a strided array as if it had none: the wrong pixels, and no word of it.
    pixels = {plane.name: np.ascontiguousarray(plane.pixels) for plane in part.planes}
    return OpenEXR.Part(header, pixels, part.name)


def writable(image: Image) -> Image:
    """Return a picture without the attributes that OpenEXR does not write; say which those are.

    Raises:
        ImageError: it is not the attributes that it refuses.
    """
    parts, dropped = [], []
    for part in image.parts:
        needed = {
            name: part.attributes[name]
            if _goes({**_NEEDED, name: part.attributes.get(name)})
            else usual
            for name, usual in _NEEDED.items()
        }
        kept = {
            name: value
            for name, value in part.attributes.items()
            if name in _NEEDED or _goes({**needed, name: value})
        }
        kept |= needed
        if not _goes(kept):  # one contradicts another: a picture needs no more than these
            kept = needed
        dropped += [name for name, value in part.attributes.items() if kept.get(name) is not value]
        parts.append(replace(part, attributes=kept))
    if not dropped:
        raise ImageError(
            f"{image.source or 'The picture'} has a header that OpenEXR does not write",
            do="Render this frame again",
        )
    log.warning(
        "%s has attributes that OpenEXR does not write; they are left out: %s",
        *(image.source or "The picture", ", ".join(sorted(set(dropped)))),
    )
    return replace(image, parts=tuple(parts))


def _goes(attributes: dict[str, Any]) -> bool:
    """Say whether OpenEXR writes a picture of one pixel with these attributes."""
    plane = Plane("Y", np.zeros((1, 1), np.float16))
    try:
        tiny = part_of(Part("", (plane,), _TINY, _TINY, attributes))
        OpenEXR.File([tiny]).write(io.BytesIO())
    except REFUSED:
        return False
    return True


def _one_level(tiles: Any) -> Any:
    if not isinstance(tiles, OpenEXR.TileDescription):
        return tiles
    flat = OpenEXR.TileDescription()
    flat.xSize, flat.ySize, flat.mode = tiles.xSize, tiles.ySize, OpenEXR.ONE_LEVEL
    return flat


def _box(window: Window) -> tuple[Any, Any]:
    last = (window.x + window.width - 1, window.y + window.height - 1)
    return np.array((window.x, window.y), np.int32), np.array(last, np.int32)
