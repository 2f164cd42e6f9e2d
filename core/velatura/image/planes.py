"""A picture as a compositor knows it: named planes in their own types, windows, metadata.

An `Image` is what an EXR file holds: one or more parts, each with planes (channels) of half, float
or uint pixels, a data window, a display window and its header attributes. Images are values:
nothing here changes one in place, and the attributes of a header travel untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.errors import PassError

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of linear red, green and blue in light's luminance (ITU-R BT.709-6, item 3.2)."""

FloatArray = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.generic]

_STRIP = 2**17  # px worked on at a time, so that temporaries stay in the processor's cache
_SHIFT = 13  # bits: how many more a float has behind its point than a half
_SIGN_AND_REST = np.int32(-0x70002000)  # a shifted half without the copies of its sign
_REBASED = np.float32(2**112)  # from a half's exponents, which begin at -14, to a float's at -126
_INFINITE = 0x7C00  # the bits of a half's Inf; those of NaN, and of all with a sign, are higher
_BEYOND = np.float32(2**16)  # what NaN and Inf would have become


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: ``x``, ``y`` of its top left corner, y down, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at ({self.x}, {self.y})"

    def common(self, other: Window) -> Window:
        """Return what two windows share; without width or height where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Window(x, y, max(0, right - x), max(0, bottom - y))

    def within(self, outer: Window) -> tuple[slice, slice]:
        """Return the rows and columns that this window takes up in an array of ``outer``."""
        top, left = self.y - outer.y, self.x - outer.x
        return slice(top, top + self.height), slice(left, left + self.width)


@dataclass(frozen=True)
class Extent:
    """How large a picture is, by what its header claims: no pixel was decoded.

    Attributes:
        width: of its largest part, px.
        height: likewise.
        least: bytes that its pixels take once they are decoded, at least.
        most: likewise, at most.
    """

    width: int
    height: int
    least: int
    most: int

    @property
    def pixels(self) -> int:
        """Pixels of its largest part."""
        return self.width * self.height


@dataclass(frozen=True)
class Plane:
    """One channel.

    Attributes:
        name: its name in the file.
        pixels: ``(H, W)`` half, float or uint.
        lossy: it came out of a codec that rounds (DWA); to store it so again would alter it.
    """

    name: str
    pixels: Pixels
    lossy: bool = False


@dataclass(frozen=True)
class Part:
    """The planes that share a data window, with the header they came with.

    Attributes:
        name: the part's name, empty in a single-part file.
        planes: in the file's order.
        data: the data window: where pixels are.
        display: the display window: what the artist calls the format.
        attributes: every other header attribute, in the reading library's own types.
    """

    name: str
    planes: tuple[Plane, ...]
    data: Window
    display: Window
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Image:
    """All parts of one picture; planes are found by name over all parts."""

    parts: tuple[Part, ...]
    source: str = ""

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Part, Plane]]:
        found: dict[str, tuple[Part, Plane]] = {}
        for part, name, plane in self.planes():
            found.setdefault(name, (part, plane))
        return found

    def planes(self) -> Iterator[tuple[Part, str, Plane]]:
        """Yield each plane with its part and the name it is addressed by.

        That is the channel's own name, or ``part.channel`` where two parts hold the same name.
        """
        seen: dict[str, int] = {}
        for part in self.parts:
            for plane in part.planes:
                seen[plane.name] = seen.get(plane.name, 0) + 1
        for part in self.parts:
            for plane in part.planes:
                unique = seen[plane.name] == 1 or not part.name
                yield part, plane.name if unique else f"{part.name}.{plane.name}", plane

    @property
    def names(self) -> list[str]:
        """The addressable names of all planes, in file order."""
        return [name for _, name, _ in self.planes()]

    def find(self, name: str) -> tuple[Part, Plane]:
        """Return the plane addressed by ``name`` and its part, or raise PassError."""
        if name in self._by_name:
            return self._by_name[name]
        raise PassError(
            f"{self.source or 'the image'} has no channel {name}", found=", ".join(self.names)
        )

    def replace(self, pixels: Mapping[str, Pixels]) -> Image:
        """Return a copy with the named planes exchanged; all else is the same object.

        Args:
            pixels: addressable name -> ``(H, W)`` array; it is cast to the plane's own type, and a
                finite value beyond a half's range becomes the largest half (65504), never Inf.
        """
        for name in pixels:
            self.find(name)
        fresh = {id(plane): pixels[name] for _, name, plane in self.planes() if name in pixels}

        def exchanged(plane: Plane) -> Plane:
            if id(plane) not in fresh:
                return plane
            pixels = cast(fresh[id(plane)], plane.pixels.dtype)
            # The plate's own bits again (strength 0) must not pass through the codec once more.
            same = plane.lossy and np.array_equal(_bits(pixels), _bits(plane.pixels))
            return plane if same else Plane(plane.name, pixels)

        parts = (replace(part, planes=tuple(map(exchanged, part.planes))) for part in self.parts)
        return replace(self, parts=tuple(parts))


def place(pixels: Pixels, source: Window, target: Window) -> Pixels:
    """Return ``pixels`` of the window ``source`` as they lie in ``target``, 0 elsewhere.

    The same array where both windows are one.
    """
    if source == target:
        return pixels
    placed = np.zeros((target.height, target.width), pixels.dtype)
    shared = source.common(target)
    if shared.width and shared.height:
        placed[shared.within(target)] = pixels[shared.within(source)]
    return placed


def strips(rows: slice, width: int) -> Iterator[slice]:
    """Yield rows in portions that the processor's cache holds."""
    step = max(1, _STRIP // width)
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def cast(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """Return ``pixels`` as ``dtype``; finite values saturate at a half's 65504, Inf stays Inf."""
    if np.dtype(dtype) != np.float16 or pixels.dtype == np.float16:
        return np.ascontiguousarray(pixels, dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # dealt with below; a NaN that gets quiet
        half = pixels.astype(np.float16, order="C")
    beyond = np.isinf(half)
    if beyond.any():
        beyond &= np.isfinite(pixels)
        half[beyond] = np.copysign(np.finfo(np.float16).max, half[beyond])
    return half


def widen(pixels: Pixels, into: FloatArray) -> None:
    """Write pixels of any type as float32: the inverse of `cast`.

    NumPy takes halves one by one, in four times the time: here are its bits by whole rows.

    Args:
        pixels: any shape.
        into: same shape; it is overwritten.
    """
    if pixels.dtype != np.float16 or not pixels.size:
        into[...] = pixels
        return
    bits = into.view(np.int32)
    bits[...] = pixels.view(np.int16)  # the sign fills the upper half
    bits <<= _SHIFT
    bits &= _SIGN_AND_REST
    into *= _REBASED
    signed_or_not_finite = pixels.view(np.uint16).max() >= _INFINITE
    if signed_or_not_finite and (into.max() >= _BEYOND or into.min() <= -_BEYOND):
        into[...] = pixels


def _bits(pixels: Pixels) -> Pixels:
    return pixels.view(f"u{pixels.itemsize}")
