"""Pictures as they flow between Nuke's nodes: float32 channels by full names, a bbox, a format.

Names and windows of EXR files become Nuke's here. Rows run down, as in files; Nuke's own y runs up.
Nuke's reader and writer put a black pixel around a bbox that is not the format, and take it off
again: here it is never there, and all outside of a bbox is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Window, place

_LONG = {"R": "red", "G": "green", "B": "blue", "A": "alpha"}
_SHORT = {long: short for short, long in _LONG.items()}
_LAYERS = {
    "rgb": ("rgba.red", "rgba.green", "rgba.blue"),
    "rgba": ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"),
    "alpha": ("rgba.alpha",),
}
NOWHERE = Window(0, 0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """What one node hands to the next, of one frame.

    Attributes:
        planes: channel -> ``(H, W)`` float32, as large as the bbox.
        bbox: where pixels are.
        size: the format.
        metadata: of the file it came from.
    """

    planes: Mapping[str, FloatArray] = field(default_factory=dict)
    bbox: Window = NOWHERE
    size: Window = NOWHERE
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def plane(self, channel: str, window: Window | None = None) -> FloatArray:
        """Return one channel within a window; 0 outside of the bbox, and where there is none."""
        wanted = window or self.bbox
        if channel not in self.planes:
            return np.zeros((wanted.height, wanted.width), np.float32)
        found: FloatArray = place(self.planes[channel], self.bbox, wanted)  # type: ignore[assignment]
        return found

    def within(self, window: Window) -> Picture:
        """Return the picture with another bbox."""
        planes = {name: self.plane(name, window) for name in self.planes}
        return replace(self, planes=planes, bbox=window)

    def having(self, planes: Mapping[str, FloatArray]) -> Picture:
        """Return the picture with some channels exchanged or added."""
        return replace(self, planes={**self.planes, **planes})

    def chosen(self, channels: str) -> list[str]:
        """Return which of its channels a knob's text means: ``rgb``, ``all``, ``rgba.red -b``."""
        names = expand(channels, self.planes)
        return [name for name in self.planes if name in names]


def expand(channels: str, known: Iterable[str] = ()) -> list[str]:
    """Return the channels that a knob's text means; a layer's are among the ``known`` ones."""
    names: list[str] = []
    for word in channels.strip("{} ").split():
        if word.startswith("-") or word in {"none", "{}"}:
            continue
        inside = [name for name in known if word == "all" or name.split(".")[0] == word]
        names += _LAYERS.get(word) or ([word] if "." in word else inside)
    return names


def union(a: Window, b: Window) -> Window:
    """Return the smallest window around two."""
    if not (a.width and a.height):
        return b
    if not (b.width and b.height):
        return a
    left, top = min(a.x, b.x), min(a.y, b.y)
    right = max(a.x + a.width, b.x + b.width)
    bottom = max(a.y + a.height, b.y + b.height)
    return Window(left, top, right - left, bottom - top)


def read(path: Path) -> Picture:
    """Return an EXR file as Nuke's Read shows it with ``raw``: values as they are, in float32."""
    image = exr.read(path)
    first = image.parts[0]
    bbox = NOWHERE
    for part in image.parts:
        bbox = union(bbox, part.data)
    planes = {
        _channel(name): place(plane.pixels.astype(np.float32), part.data, bbox)
        for part, name, plane in image.planes()
    }
    metadata = {f"exr/{name}": value for name, value in first.attributes.items()}
    kinds = {plane.pixels.dtype.name for _, name, plane in image.planes() if "." not in name}
    metadata["input/bitsperchannel"] = (
        "16-bit half float" if kinds == {"float16"} else "32-bit float"
    )
    return Picture(planes, bbox, first.display, metadata)  # type: ignore[arg-type]


def write(path: Path, picture: Picture, channels: str, *, half: bool) -> None:
    """Write the chosen channels as Nuke's Write does: bbox as data window, format as display."""
    dtype = np.float16 if half else np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        planes = {
            _plane(name): picture.planes[name].astype(dtype) for name in picture.chosen(channels)
        }
    part = exr.new_part(planes, picture.bbox, picture.size, {"nuke/version": "13.2v8"})
    exr.write(path, Image((part,)))


def _channel(plane: str) -> str:
    """Return Nuke's name of a file's channel: R is rgba.red, a.b.R is a_b.red."""
    *layer, last = plane.split(".")
    return f"{'_'.join(layer) or 'rgba'}.{_LONG.get(last, last)}"


def _plane(channel: str) -> str:
    layer, _, last = channel.partition(".")
    return _SHORT.get(last, last) if layer == "rgba" else channel
