"""The gain layers in a folder, each looked into once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from velatura import bakes
from velatura.errors import FrameError, InputError
from velatura.fingerprint import DIGEST_KEY
from velatura.gain import false_colour
from velatura.gain.layer import LOOK_KEY, STRENGTH_KEY, stops_of
from velatura.image import drawing, exr, numbered
from velatura.image.planes import FloatArray
from velatura.system import resources

SEEN = 0.05
"""Stops from which on a change of the picture counts as one."""

_MARKS = (LOOK_KEY, DIGEST_KEY)
_LARGEST = 2**25  # px of a layer that is looked into: 8K; two at a time take 1.2 GiB
_AT_ONCE = 2
_TINY = 160  # px across in which changes in time are measured


@dataclass(frozen=True)
class Layer:
    """One gain layer.

    Attributes:
        path: where it lies.
        lead: its file name up to the number.
        number: its frame, as written; empty where it has none.
        look: name of the look that made it.
        digest: SHA-256 of that look.
        stops: min, mean and max of all channels; empty where it cannot be read.
        coverage: share of the pixels that it changes by `SEEN` or more.
        small: ``(h, w)`` its luminance, stops, small: to tell how much it changes in time.
        trouble: why it cannot be read.
    """

    path: Path
    lead: str
    number: str
    look: str = ""
    digest: str = ""
    stops: tuple[float, ...] = ()
    coverage: float = 0.0
    small: FloatArray | None = None
    trouble: str = ""


def gather(folder: Path) -> list[Layer]:
    """Return the gain layers in a folder, by name and number; other files are passed over.

    Raises:
        FrameError: there are none.
    """
    paths = sorted(path for path in folder.glob("*.exr") if path.is_file())
    with ThreadPoolExecutor(min(_AT_ONCE, resources.processors())) as pool:
        layers = [layer for layer in pool.map(_layer, paths) if layer]
    if not layers:
        raise FrameError(
            f"There are no gain layers in {folder}",
            found=f"{len(paths)} other EXR files" if paths else None,
            do="Name the folder that a host or `velatura apply` wrote them to",
        )
    return sorted(layers, key=lambda layer: (layer.lead, int(layer.number or 0)))


def _layer(path: Path) -> Layer | None:
    """Return the gain layer in a file; None if it is another file."""
    pattern = numbered.Pattern.parse(str(path))
    layer = Layer(path, pattern.lead, pattern.single or "")
    try:
        header = exr.attributes(path)
        if DIGEST_KEY not in header or STRENGTH_KEY in header:
            return None
        marks = [value if isinstance(value, str) else "" for value in map(header.get, _MARKS)]
        layer = replace(layer, look=marks[0], digest=marks[1])
        stops = stops_of(exr.read(path, _LARGEST))
    except InputError as error:
        ours = layer.digest or bakes.is_gain(path.name)
        said = str(error).replace(f"{path.parent}{os.sep}", "")  # the reader has other folders
        return replace(layer, trouble=said) if ours else None
    luminance = false_colour.luminance(stops)
    return replace(
        layer,
        stops=(float(stops.min()), float(stops.mean()), float(stops.max())),
        coverage=float((np.abs(stops).max(axis=0) >= SEEN).mean()),
        small=small(luminance, _TINY),
    )


def small(stops: FloatArray, most: int) -> FloatArray:
    """Return stops ``(H, W)`` at most so many px wide."""
    height, width = stops.shape
    across = min(most, width)
    return drawing.resize(stops[..., None], across, max(1, round(height * across / width)))[..., 0]
