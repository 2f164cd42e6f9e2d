"""The layers in which programs leave motion, by their names, and how each means its numbers.

=====================  ===========================================  =============================
Nuke VectorGenerator   ``forward.u .v``, ``backward.u .v``          px, y up, to the next frame, to
                       (Nuke's layer ``motion``)                    the frame before
Nuke SmartVector       ``smartvector_f01_v01.n_u n_v p_u p_v``,     px, y up, to the frame 1, 2, 4
                       f02, f04, .. f64                             later (n) or earlier (p)
RE:Vision, Cinema 4D   red and green, X and Y, u and v of any       px, y up, to the frame before
                       layer, or of a file of its own
Blender                ``Vector.X Y Z W``                           `velatura.scene.vectors`
=====================  ===========================================  =============================

These are how the numbers are usually meant: other readings are tried as well
(`velatura.scene.artist_motion`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from velatura.errors import PassError
from velatura.image import exr
from velatura.image.planes import FloatArray, Image
from velatura.plate.layers import Components, Layers, find_layer, group, layer_of, listed, title

UNKNOWN = 1e9
"""From this many px on, a vector means that nothing is known."""

_PAIRS = (("U", "V"), ("X", "Y"), ("R", "G"))
_SMART = re.compile(r"(?:.*\.)?smartvector_f(\d+)_v\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Direction:
    """How two numbers are meant.

    Attributes:
        right: 1 where the first counts to the right, -1 to the left.
        up: 1 where the second counts up, -1 down.
        later: 1 where they lead to a later frame, -1 to an earlier one.
    """

    right: int
    up: int
    later: int

    def moved(self, numbers: FloatArray) -> FloatArray:
        """Return ``(2, H, W)`` px to the right and down, of the numbers in a file."""
        return np.stack([self.right * numbers[0], -self.up * numbers[1]]).astype(np.float32)

    def __str__(self) -> str:
        across, along = ("left", "right")[self.right > 0], ("down", "up")[self.up > 0]
        to = "to the next frame" if self.later > 0 else "to the frame before"
        return f"x {across}, y {along}, {to}"


DIRECTIONS = tuple(
    Direction(right, up, later) for later in (1, -1) for right in (1, -1) for up in (1, -1)
)
NEXT, BEFORE = Direction(1, 1, 1), Direction(1, 1, -1)


@dataclass(frozen=True)
class VectorLayer:
    """Two channels that tell a motion.

    Attributes:
        name: what it is called, for people.
        channels: their addresses in each file.
        reach: over how many frames it leads.
        usual: how it is usually meant.
    """

    name: str
    channels: tuple[str, str]
    usual: Direction
    reach: int = 1

    def read(self, image: Image, size: tuple[int, int]) -> FloatArray:
        """Return the numbers ``(2, H, W)`` as they are stored, NaN where they tell nothing.

        Raises:
            PassError: the picture lacks the channels, or is of another size.
        """
        return pair(image, self.channels, size)


def found(image: Image, named: Sequence[tuple[str, str]] = ()) -> tuple[VectorLayer, ...]:
    """Return the layers of a picture that tell motion.

    Args:
        image: one of the files.
        named: the layers and what they are called (``forward``, ``backward`` or nothing), as
            `velatura.scene.motion_files.MotionFiles` has them; none: the usual ones.

    Raises:
        PassError: there is none, or a named layer does not have two channels.
    """
    layers = group(image)
    if named:
        return tuple(layer for pair in named for layer in _named(image, layers, *pair))
    there = _smart(layers) or _nuke(layers) or _usual(layers)
    if not there:
        raise _no_motion(image, layers, "no layer of vectors that is known by its name")
    return there


def pair(image: Image, channels: tuple[str, str], size: tuple[int, int]) -> FloatArray:
    """Return two channels over the display window, ``(2, H, W)``, NaN where they tell nothing.

    Raises:
        PassError: they are not there, or the picture is not of the plate's size, H and W.
    """
    planes = np.full((2, *size), np.nan, np.float32)
    for plane, address in zip(planes, channels, strict=True):
        part, source = image.find(address)
        whole, inside = part.display, part.data.common(part.display)
        if (whole.height, whole.width) != size:
            raise PassError(
                f"{title(image)} is not of the plate's size",
                found=f"{whole.width}x{whole.height}, not {size[1]}x{size[0]}",
                do="Write the motion at the size of the plate, not as a proxy or with overscan",
            )
        plane[inside.within(whole)] = source.pixels[inside.within(part.data)]
    with np.errstate(invalid="ignore"):
        planes[:, ~(np.abs(planes) < UNKNOWN).all(axis=0)] = np.nan
    return planes


def read(path: Path) -> Image:
    """Return a file of motion; see `velatura.image.exr.read`."""
    return exr.read(path)


def _named(image: Image, layers: Layers, called: str, name: str) -> tuple[VectorLayer, ...]:
    kinds = {"smartvector": _smart, "motion": _nuke}
    if name.casefold() in kinds and layer_of(layers, name) is None:
        if some := kinds[name.casefold()](layers):
            return some
        raise _no_motion(image, layers, f"no {name} layers")
    there = _of_layer(name, find_layer(image, layers, name))
    if not there:
        raise _no_motion(image, layers, f"{name} has no two channels u and v, x and y, or r and g")
    if called:
        usual = NEXT if called == "forward" else BEFORE
        return (VectorLayer(name, there[0].channels, usual),)
    return there


def _smart(layers: Layers) -> tuple[VectorLayer, ...]:
    return tuple(
        VectorLayer(
            f"{layer}.{way.lower()}", (there[f"{way}_U"], there[f"{way}_V"]), usual, int(hit[1])
        )
        for layer, there in layers.items()
        if (hit := _SMART.fullmatch(layer)) and int(hit[1]) > 0
        for way, usual in (("N", NEXT), ("P", BEFORE))
        if f"{way}_U" in there and f"{way}_V" in there
    )


def _nuke(layers: Layers) -> tuple[VectorLayer, ...]:
    return tuple(
        VectorLayer(name, (there["U"], there["V"]), usual)
        for name, usual in (("forward", NEXT), ("backward", BEFORE))
        if (there := layer_of(layers, name)) and {"U", "V"} <= set(there)
    )


def _usual(layers: Layers) -> tuple[VectorLayer, ...]:
    """Return the layer of a name for motion, or the only layer of a file of vectors."""
    for name in ("vector", "motionvector", "motion_vector", "motion", "velocity"):
        if there := layer_of(layers, name):
            return _of_layer(name, there)
    (first, there), *more = layers.items()
    return () if more else _of_layer(first, there)


def _of_layer(name: str, there: Components) -> tuple[VectorLayer, ...]:
    name = name or "red and green"
    if set("XYZW") <= set(there):  # as Blender stores it
        back = VectorLayer(f"{name} (X and Y)", (there["X"], there["Y"]), BEFORE)
        forth = VectorLayer(f"{name} (Z and W)", (there["Z"], there["W"]), Direction(-1, -1, 1))
        return back, forth
    for across, along in _PAIRS:
        if across in there and along in there:
            return (VectorLayer(name, (there[across], there[along]), BEFORE),)
    return ()


def _no_motion(image: Image, layers: Layers, found: str) -> PassError:
    return PassError(
        f"{title(image)} tells no motion",
        found=f"{found}, in {listed(layers)}",
        do="Name its layers with --motion forward=LAYER,backward=LAYER",
    )
