"""The image assert of all tests: what two pictures differ in, and where, in one message.

It compares what a compositor sees first: the parts, their windows and format, the metadata, the
channels and their types, and then the pixels. NumPy and the standard library only, so that it also
runs in the Python of a host.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt

_Planes = npt.NDArray[Any]


def assert_images_match(
    actual: Any,
    expected: Any,
    *,
    ignore_channels: Collection[str] = (),
    ignore_metadata: Collection[str] = (),
    tolerance: _Planes | float | None = None,
    signed_zeros: bool = True,
) -> None:
    """Fail unless two pictures match; the message names the first thing that differs.

    Channels are compared by name: an EXR file sorts them, so their order says nothing.

    Args:
        actual: a `velatura.image.planes.Image`, or an array ``(C, H, W)`` or ``(H, W)``, whose
            channels are called R, G, B, A, or 0, 1, 2 ... where there are more than four.
        expected: the same kind of picture.
        ignore_channels: names of channels whose pixels are not compared; they must be there.
        ignore_metadata: patterns of header attributes that are not compared: ``velatura/*``, ``*``.
        tolerance: None for the same bits, NaN payloads included. Else the largest difference of two
            finite values, a number or an array that broadcasts against a picture's planes; where a
            value is NaN or Inf the other has to be the same.
        signed_zeros: False lets -0 match +0 where bits are compared.

    Raises:
        AssertionError: with the part, the channel, the worst pixel and both its values.
    """
    if not hasattr(expected, "parts"):
        _match_planes("", _named(actual), _named(expected), (0, 0), (), tolerance, signed_zeros)
        return
    _same("parts", [part.name for part in actual.parts], [part.name for part in expected.parts])
    for part, other in zip(actual.parts, expected.parts, strict=True):
        where = f"part {other.name}: " if other.name else ""
        _same(f"{where}display window (format)", part.display, other.display)
        _same(f"{where}data window", part.data, other.data)
        _match_metadata(where, part.attributes, other.attributes, ignore_metadata)
        planes = ({plane.name: plane.pixels for plane in each.planes} for each in (part, other))
        # As `Image.planes` addresses a channel that two parts have.
        skipped = [name.removeprefix(f"{other.name}.") for name in ignore_channels]
        corner = other.data.x, other.data.y
        _match_planes(where, *planes, corner, (*skipped, *ignore_channels), tolerance, signed_zeros)


def _named(planes: _Planes) -> dict[str, _Planes]:
    """Return the planes of an array by the names that messages call them."""
    stack = planes[None] if planes.ndim == 2 else planes
    names = "RGBA" if len(stack) <= 4 else map(str, range(len(stack)))
    return dict(zip(names, stack, strict=False))


def _same(what: str, actual: object, expected: object) -> None:
    assert actual == expected, f"{what}: {actual}, expected {expected}"


def _match_metadata(
    where: str, actual: Mapping[str, Any], expected: Mapping[str, Any], ignored: Collection[str]
) -> None:
    for name in sorted(actual.keys() | expected.keys()):
        if any(fnmatchcase(name, pattern) for pattern in ignored):
            continue
        assert name in actual, f"{where}metadata {name} is missing"
        assert name in expected, f"{where}metadata {name} was not expected: {actual[name]!r}"
        one, other = actual[name], expected[name]
        # OpenEXR's own types (tile descriptions, chromaticities) compare by identity.
        same = np.array_equal(one, other) or str(one) == str(other)
        assert same, f"{where}metadata {name}: {one!r}, expected {other!r}"


def _match_planes(
    where: str,
    actual: Mapping[str, _Planes],
    expected: Mapping[str, _Planes],
    corner: tuple[int, int],
    ignored: Collection[str],
    tolerance: _Planes | float | None,
    signed_zeros: bool,
) -> None:
    _same(f"{where}channels", sorted(actual), sorted(expected))
    slack = _shared(tolerance, expected)
    for name, wanted in expected.items():
        found = actual[name]
        _same(f"{where}channel {name}: type", found.dtype.name, wanted.dtype.name)
        _same(f"{where}channel {name}: height and width", found.shape, wanted.shape)
        differ = _differ(found, wanted, next(slack), signed_zeros)
        if name in ignored or not differ.any():
            continue
        y, x = _worst(found, wanted, differ)
        place = f"x {x + corner[0]}, y {y + corner[1]}"
        raise AssertionError(
            f"{where}channel {name} differs in {np.count_nonzero(differ)} of {differ.size} pixels, "
            f"worst at {place}: {_value(found[y, x])}, expected {_value(wanted[y, x])}"
        )


def _shared(
    tolerance: _Planes | float | None, planes: Mapping[str, _Planes]
) -> Iterator[_Planes | float | None]:
    """Yield each plane's part of a tolerance that is one number, one plane, or one for each."""
    each = isinstance(tolerance, np.ndarray) and tolerance.ndim == 3 and len(tolerance) > 1
    for index in range(len(planes)):
        yield tolerance[index] if each else tolerance  # type: ignore[index]


def _differ(
    found: _Planes, wanted: _Planes, tolerance: _Planes | float | None, signed_zeros: bool
) -> npt.NDArray[np.bool_]:
    """Return where two planes do not match."""
    if tolerance is None:
        differ = _bits(found) != _bits(wanted)
        return differ if signed_zeros else differ & ~((found == 0) & (wanted == 0))
    one, other = _numbers(found), _numbers(wanted)
    with np.errstate(invalid="ignore"):  # Inf - Inf; both are compared as they are
        near = np.isfinite(one) & np.isfinite(other) & (np.abs(one - other) <= tolerance)
    both_nan = np.isnan(one) & np.isnan(other)
    return ~(near | both_nan | (one == other))


def _worst(found: _Planes, wanted: _Planes, differ: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return row and column of the pixel that is furthest off: NaN beside a number before all."""
    one, other = _numbers(found), _numbers(wanted)
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(one - other)
    off[np.isnan(one) != np.isnan(other)] = np.inf
    off = np.where(differ, np.nan_to_num(off, nan=0, posinf=np.inf), -1)
    y, x = np.unravel_index(int(np.argmax(off)), off.shape)
    return int(y), int(x)


def _value(value: Any) -> str:
    """Return a value with its bits, which tell two NaNs and two zeros apart."""
    return f"{value!s} (0x{int(_bits(np.atleast_1d(value))[0]):0{2 * value.itemsize}x})"


def _numbers(plane: _Planes) -> npt.NDArray[np.float64]:
    """Return a plane in float64, which holds every half, float and uint exactly."""
    with np.errstate(invalid="ignore"):  # a signalling NaN that gets quiet
        return plane.astype(np.float64)


def _bits(plane: _Planes) -> _Planes:
    return np.ascontiguousarray(plane).view(f"u{plane.itemsize}")
