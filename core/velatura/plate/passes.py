"""The guides of a picture: the channels that hold them, in each renderer's own names.

Blender says ``ViewLayer.Normal.X``, Arnold ``N.X``; both mean the guide ``normal``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura import channels as guides
from velatura.errors import PassError
from velatura.image.numbered import names_files
from velatura.image.planes import FloatArray, Image, Window, place
from velatura.plate import ids, pass_files
from velatura.plate.layers import Layers, find_layer, group, layer_of, listed, matching, title

GUIDES = guides.CHANNELS
"""Every guide a look may read, in the order of its channels, with the number of them."""

BACKGROUND_DEPTH = 1e9
"""From this depth on there is nothing: Blender writes 1e10, Arnold and RenderMan 1e30 or Inf."""


@dataclass(frozen=True)
class Guides:
    """The guides of a picture: which planes hold each, found once and read as often as it takes.

    Attributes:
        image: the picture, with the planes of passes that lie in files of their own.
        layers: its own channels, grouped.
        overrides: guide -> layer to take it from instead of the usual ones, or files of its own,
            see `velatura.channels.parse_overrides`.
        found: guide -> the addresses of its planes; none where the picture lacks it. A guide whose
            override does not fit is not there: it is refused once a look reads it, not before.
    """

    image: Image
    layers: Layers
    overrides: Mapping[str, str]
    found: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, image: Image, overrides: Mapping[str, str] | None = None) -> Guides:
        """Return the guides of a picture; their pixels are not yet looked at.

        Raises:
            PassError, FrameError, ImageError: an override names files, and the one of this picture
                is not there, cannot be read, or does not hold the guide.
        """
        layers, overrides, found = group(image), overrides or {}, {}
        for guide in GUIDES:
            if guide not in overrides:
                found[guide] = _usual_guide(layers, guide)
            elif names_files(overrides[guide]):
                image, found[guide] = _guide_beside(image, guide, overrides[guide])
            elif named := _named_guide(image, layers, guide, overrides[guide]):
                found[guide] = named
        return cls(image, layers, overrides, found)

    def addresses(self, guide: str) -> tuple[str, ...]:
        """Return the addresses of a guide's planes; none where the picture lacks it.

        Raises:
            PassError: an override names a layer that is not there or lacks the channels.
        """
        if guide in self.found:
            return self.found[guide]
        name = self.overrides[guide]
        find_layer(self.image, self.layers, name)
        raise PassError(
            f"{title(self.image)}: {name} has no {guide} channels", found=listed(self.layers)
        )

    def lacking(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return those of the wanted guides that the picture has not.

        Raises:
            PassError: as `addresses`.
        """
        return tuple(guide for guide in wanted if not self.addresses(guide))

    def read(self, wanted: Sequence[str], window: Window | None = None) -> dict[str, FloatArray]:
        """Return those of the wanted guides that there are, each ``(C, H, W)`` float32, finite.

        normal: as stored; depth: as stored, 0 for the background; albedo: scene-linear, as stored;
        id: a colour in [-0.5, 0.5] for each object, 0 for none (from Cryptomatte or object
        numbers); position: as stored, in the world; vector: motion in px, as Blender stores it
        (`velatura.scene.vectors`); position and vector are 0 in all channels where one of them is
        NaN or Inf, or from 1e9 on. Motion in two channels is not taken: whether it leads back or
        forth, and in what unit, each renderer decides.

        Args:
            wanted: names from `GUIDES`.
            window: the beauty's data window; guides are cropped or filled with 0 to it.

        Raises:
            PassError: as `addresses`.
        """
        there = ((guide, self.addresses(guide)) for guide in wanted)
        return {
            guide: _guide(self.image, guide, addresses, window)
            for guide, addresses in there
            if addresses
        }

    def objects(self, window: Window | None = None) -> npt.NDArray[np.uint32] | None:
        """Return the number of the object that each pixel shows, ``(H, W)``, 0 for none.

        None without an id pass. The window is that of `read`, and so are the errors.
        """
        addresses = self.addresses("id")
        if not addresses:
            return None
        part, plane = self.image.find(addresses[0])
        return ids.numbers(place(plane.pixels, part.data, window or part.data), addresses[0])


def pick_guides(
    image: Image,
    wanted: Sequence[str],
    overrides: Mapping[str, str] | None = None,
    window: Window | None = None,
) -> dict[str, FloatArray]:
    """Return those of the wanted guides that a picture has, read once: see `Guides.read`."""
    return Guides.of(image, overrides).read(wanted, window)


def lacking(
    image: Image, wanted: Sequence[str], overrides: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return those of the wanted guides that a picture has not: see `Guides.lacking`."""
    return Guides.of(image, overrides).lacking(wanted)


def stack_guides(
    found: Mapping[str, FloatArray], wanted: Sequence[str], height: int, width: int
) -> FloatArray:
    """Return the guides as the look's second input: ``(G, H, W)`` float32, 0 for missing ones."""
    stacked = np.zeros((sum(GUIDES[guide] for guide in wanted), height, width), np.float32)
    start = 0
    for guide in wanted:
        if guide in found:
            stacked[start : start + GUIDES[guide]] = found[guide]
        start += GUIDES[guide]
    return stacked


def _named_guide(image: Image, layers: Layers, guide: str, name: str) -> tuple[str, ...]:
    """Return the planes of a guide from the layer, or the single channel, of that name, if any."""
    if name in image.names and (guide == "id" or GUIDES[guide] == 1):
        return (name,)
    there = layer_of(layers, name)
    return tuple(guides.components(guide, there)) if there else ()


def _usual_guide(layers: Layers, guide: str) -> tuple[str, ...]:
    for name in guides.LAYERS[guide]:
        for components in matching(layers, name):
            # Among the bare channels only Z says what it is: R is the beauty's.
            known = (
                components if name else {key: components[key] for key in "Z" if key in components}
            )
            if addresses := guides.components(guide, known):
                return tuple(addresses)
    return ()


def _guide_beside(image: Image, guide: str, pattern: str) -> tuple[Image, tuple[str, ...]]:
    """Return a picture joined by that of its guide, and the guide's planes in it."""
    other = pass_files.read(image, pattern)
    layers = group(other)
    first = next(iter(layers.values()))  # a matte is all that there is, whatever its name
    named = _usual_guide(layers, guide) or tuple(guides.components(guide, first))
    if not named:
        raise PassError(f"{title(other)} has no {guide} channels", found=listed(layers))
    return pass_files.joined(image, other), tuple(pass_files.PREFIX + name for name in named)


def _guide(image: Image, guide: str, addresses: Sequence[str], window: Window | None) -> FloatArray:
    planes = [
        place(p.pixels, part.data, window or part.data) for part, p in map(image.find, addresses)
    ]
    if guide == "id":
        return ids.coloured(ids.numbers(planes[0], addresses[0]))
    values = np.stack(planes, dtype=np.float32, casting="unsafe")
    usable = np.isfinite(values)
    if guide == "depth":
        usable &= (values > 0) & (values < BACKGROUND_DEPTH)
    if guide in {"position", "vector"}:  # two thirds of a point are another point
        usable &= np.abs(values) < BACKGROUND_DEPTH
        usable &= usable.all(axis=0)
    values[~usable] = 0
    return values
