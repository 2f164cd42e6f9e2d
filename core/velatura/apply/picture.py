"""The finished picture: the plate with its gain layer applied, in strips of rows.

An EXR comes out as it went in but for red, green and blue, which stay in their own encoding and
type. What was no EXR becomes one of scene-linear light, premultiplied.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from velatura.apply.halves import narrow
from velatura.gain import law
from velatura.gain.layer import Stops
from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Pixels, cast, strips, widen
from velatura.plate import formats, linear
from velatura.plate.plate import Plate


def finished(
    plate: Plate, stops: Stops, evened: float, matte: Pixels | None, floor: float
) -> Image:
    """Return the plate's picture with the look on it.

    Args:
        plate: the plate.
        stops: its gain layer.
        evened: the gain that the strength means.
        matte: ``(H, W)``, where the look goes; None for everywhere.
        floor: the look's.
    """
    bits = formats.depth(plate.part.attributes)
    foreign = bits is not None
    kept = plate.rgb if foreign else [plate.image.find(name)[1].pixels for name in plate.names]
    half = bits is not None and formats.half_suffices(bits)
    kinds = [np.dtype(np.float16) if half else old.dtype for old in kept]
    fresh = [np.empty(old.shape, kind) for old, kind in zip(kept, kinds, strict=True)]
    everywhere = slice(0, plate.size[1])
    for rows in strips(slice(0, plate.size[0]), plate.size[1]):
        rgb, alpha = plate.stored(rows, everywhere)
        amount: FloatArray | float = float(np.float32(evened))
        if matte is not None:
            amount = amount * _clamped(matte[rows])
        gains = np.empty_like(rgb)
        widen(stops[:, rows], gains)
        glazed = law.apply(rgb, gains, amount, alpha, floor)
        if not foreign:
            glazed = plate.as_stored(glazed, alpha)
        exact = not foreign and not plate.coded and plate.plain(rows, everywhere)
        touched = None if exact else amount * gains != 0
        for index, (old, new) in enumerate(zip(kept, fresh, strict=True)):
            narrows = new.dtype == np.float16
            new[rows] = narrow(glazed[index]) if narrows else cast(glazed[index], new.dtype)
            # The plate's own bits where nothing happens: a half NaN may not survive a round trip.
            if touched is not None and not touched[index].all():
                np.copyto(new[rows], cast(old[rows], new.dtype), where=~touched[index])
    if not foreign:
        return plate.image.replace(dict(zip(plate.names, fresh, strict=True)))
    return _as_exr(plate, fresh)


def _as_exr(plate: Plate, rgb: list[Pixels]) -> Image:
    """Return the picture that is written for a plate that was no EXR."""
    planes: dict[str, Pixels] = dict(zip("RGB", rgb, strict=True))
    part, kind = plate.part, rgb[0].dtype
    if "A" in plate.image.names:
        alpha = plate.image.find("A")[1].pixels
        if plate.alpha is None:  # EXR's alpha is multiplied in, and theirs was not
            planes = {name: cast(np.multiply(p, alpha), kind) for name, p in planes.items()}
        planes["A"] = cast(alpha, kind)
    attributes = _header(part.attributes, linear.interop_id(plate.space, plate.config))
    return Image((exr.new_part(planes, part.data, part.display, attributes),), plate.image.source)


def _header(attributes: Mapping[str, object], space: str) -> dict[str, object]:
    header = {name: value for name, value in attributes.items() if not name.startswith("oiio:")}
    return {**header, "colorInteropID": space} if space else header


def _clamped(matte: Pixels) -> FloatArray:
    """Return a matte as the law takes it, 0 to 1; 0 where it is NaN or Inf."""
    finite = np.nan_to_num(matte.astype(np.float32), nan=0, posinf=0, neginf=0)
    return np.clip(finite, 0, 1)
