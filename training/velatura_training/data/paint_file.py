"""A painted key as a painter saves it: linear EXR or display picture, whole or a layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from velatura.errors import PassError, TrainingError
from velatura.image import drawing
from velatura.image.planes import FloatArray, Part, Window
from velatura.plate import colour, flat
from velatura.plate.flat import Picture
from velatura.plate.plate import Plate
from velatura_training.data import coverage, offset, viewed_key
from velatura_training.data.key_reading import KeyReading
from velatura_training.recipe import SMALLEST_PATCH


@dataclass(frozen=True)
class Paint:
    """What was painted over a plate.

    Attributes:
        rgb: ``(3, H, W)`` scene-linear, unpremultiplied; the plate's own light where unpainted.
        cover: ``(H, W)`` 0..1, what a layer covers; None where all is paint.
        window: where it lies in the frame.
    """

    rgb: FloatArray
    cover: FloatArray | None
    window: Window


def read(path: Path, plate: Plate, light: FloatArray, space: str, reading: KeyReading) -> Paint:
    """Return a painted key.

    Args:
        path: the painted key.
        plate: what it was painted over.
        light: of its data window, ``(3, H, W)``, in ``space``.
        space: the colour space wanted: the look's.
        reading: what its file does not say.

    Raises:
        TrainingError: it has not its plate's size, or is too small to learn from; or a view that
            nobody knows.
        ImageError, PassError: it cannot be read, or holds no one picture.
        ColourError: a colour space that nobody knows.

    A picture of the plate's format covers the display window, overscan or not; an EXR says itself
    where its pixels lie. What lies outside the plate's data window is left out.
    """
    _demand_size(path, plate)
    key = _picture(path, reading.space)
    if not key.told:  # floats of no name are as the plate that they were painted over
        key = replace(key, space=colour.canonical(plate.space, plate.config))
    home = _home(path, key, plate.part)
    if home is None and reading.resized:
        key = _resized(key, plate.part)
        home = _home(path, key, plate.part)
    if home is None:
        (height, width), windows = key.rgb.shape[:2], (plate.part.display, plate.part.data)
        times = "".join(dict.fromkeys(_times(width, height, window) for window in windows))
        raise _misfit(path, key.display.width, key.display.height, plate, times)
    window = home.common(plate.part.data)
    if min(window.width, window.height) < SMALLEST_PATCH:
        raise TrainingError(
            f"The painted key {path} is too small to learn from",
            found=f"{window.width}x{window.height}",
            do=f"At least {SMALLEST_PATCH} px a side are wanted.",
        )
    part, key_part = window.within(plate.part.data), window.within(home)
    under = light[:, *part]
    return _laid(key, key_part, plate, part, under, space, reading, window)


def _demand_size(path: Path, plate: Plate) -> None:
    """Raise TrainingError if a key is far larger than its plate, before it is decoded.

    Of zeros, 800 kilobytes decode to 3 gigabytes.
    """
    found = flat.extent(path)
    windows = plate.part.display, plate.part.data
    if found.pixels > flat.LARGER * max(window.width * window.height for window in windows):
        raise _misfit(path, found.width, found.height, plate)


def _picture(path: Path, space: str) -> Picture:
    try:
        return flat.read_rgb(path, space=space)
    except PassError as error:  # --layer is of the plate
        raise PassError(
            error.what, found=error.found, do="Save the key as one picture: R, G, B, or PNG"
        ) from error


def _laid(
    key: Picture,
    key_part: tuple[slice, slice],
    plate: Plate,
    part: tuple[slice, slice],
    under: FloatArray,
    space: str,
    reading: KeyReading,
    window: Window,
) -> Paint:
    """Return a key's paint over its plate's light."""
    if reading.aligned:
        key = _aligned(key, key_part, under, space)
    covered = coverage.of(key, plate, key_part, part)
    straight = key.straight()
    if reading.view:
        paint = viewed_key.read(
            *(straight, *key_part, under, space, reading.view),
            layer=covered is not None and covered[1] is not None,
        )
    else:
        paint = straight.light(space)[:, *key_part]
    paint = np.where(np.isfinite(paint), paint, np.float32(0))  # as the network sees NaN and Inf
    if covered is None:
        return Paint(paint, None, window)
    over, cover = covered
    laid = np.where(over < 1, under + over * (paint - under), paint)
    return Paint(laid, cover, window)


def _aligned(key: Picture, key_part: tuple[slice, slice], under: FloatArray, space: str) -> Picture:
    """Return a key moved to where it fits its plate; what comes in at the edge is unpainted."""
    found = offset.find(key.straight().light(space)[:, *key_part], under)
    if not found:
        return key
    alpha = np.ones(key.rgb.shape[:2], np.float32) if key.alpha is None else key.alpha
    planes = np.concatenate([key.rgb.transpose(2, 0, 1), alpha[None]])
    placed, _ = offset.moved_back(planes, found)
    return replace(
        key,
        rgb=np.ascontiguousarray(placed[:3].transpose(1, 2, 0)),
        alpha=placed[3],
        premultiplied=key.premultiplied or key.alpha is None,
    )


def _home(path: Path, key: Picture, part: Part) -> Window | None:
    """Return the window that a key covers; None where it has not its plate's size."""
    height, width = key.rgb.shape[:2]
    homes = [part.display, part.data]
    if path.suffix.lower() == ".exr":
        homes.insert(0, key.data)
    fitting = [w for w in homes if (w.width, w.height) == (width, height)]
    of_plate = (key.display.width, key.display.height) in {
        (window.width, window.height) for window in (part.display, part.data)
    }
    return fitting[0] if fitting and of_plate else None


def _resized(key: Picture, part: Part) -> Picture:
    """Return a key of half or twice its plate's size at that size; else as it is."""
    height, width = key.rgb.shape[:2]
    for home in (part.display, part.data):
        if _times(width, height, home):
            whole = key.alpha[..., None] if key.alpha is not None else np.ones((height, width, 1))
            rgb = key.rgb if key.premultiplied else key.rgb * whole
            planes = np.concatenate([rgb, whole], axis=-1).astype(np.float32)
            resized = drawing.resize(planes, home.width, home.height)
            alpha = resized[..., 3] if key.alpha is not None else None
            stored = replace(key, rgb=resized[..., :3], alpha=alpha, premultiplied=True)
            fresh = stored if key.premultiplied else stored.straight()
            return replace(fresh, data=home, display=home)
    return key


def _times(width: int, height: int, home: Window) -> str:
    """Return how a size relates to a window's, if it is exactly half or twice that."""
    if (width, height) == (2 * home.width, 2 * home.height):
        return "twice"
    return "half" if (2 * width, 2 * height) == (home.width, home.height) else ""


def _misfit(path: Path, width: int, height: int, plate: Plate, times: str = "") -> TrainingError:
    shown = plate.part.display
    return TrainingError(
        f"The painted key {path} does not have its plate's size",
        found=f"{width}x{height}, the plate "
        f"{Path(plate.image.source).name} is {shown.width}x{shown.height}",
        do="Paint over the full plate, without cropping or scaling"
        + (f"; --painted-resize scales a key of {times} the size." if times else "."),
    )
