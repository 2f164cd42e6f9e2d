"""Which channels are the beauty and which are guides, in each renderer's own names.

Blender says ``ViewLayer.Combined.R``, Nuke ``rgba.red``, Arnold ``R`` with ``N.X``, RenderMan
``Ci.r``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura import channels as guides
from velatura.errors import PassError
from velatura.image.planes import FloatArray, Image, Window, place
from velatura.plate import ids
from velatura.plate.layers import Components, Layers, find_layer, group, listed, matching, title

GUIDES = guides.CHANNELS
"""Every guide a look may read, in the order of its channels, with the number of them."""

BACKGROUND_DEPTH = 1e9
"""From this depth on there is nothing: Blender writes 1e10, Arnold and RenderMan 1e30 or Inf."""

# First found wins. "" are the bare channels; Combined: Blender; Ci: RenderMan; C: Karma.
_BEAUTY = ("", "rgba", "rgb", "beauty", "combined", "ci", "c")


@dataclass(frozen=True)
class Beauty:
    """The addresses of the picture's own planes; ``alpha`` is None where there is none."""

    rgb: tuple[str, str, str]
    alpha: str | None


def pick_beauty(image: Image, layer: str = "") -> Beauty:
    """Return the beauty's planes.

    Args:
        image: the plate.
        layer: another layer to take, such as ``diffuse``, or the planes' own addresses, such as
            ``diffuse.R,diffuse.G,diffuse.B,A``. Without alpha of its own it takes the beauty's.

    Raises:
        PassError: there is none; the layers and channels there are get named.
    """
    layers = group(image)
    usual = _usual_beauty(image, layers)
    beauty = _chosen(image, layers, layer) if layer else usual
    if beauty is None:
        raise PassError(
            f"{title(image)} has no red, green and blue" + (f" in {layer}" if layer else ""),
            found=listed(layers),
            do="Name the layer to take with --layer",
        )
    return _with_alpha(image, beauty, layers, usual)


def pick_guides(
    image: Image,
    wanted: Sequence[str],
    overrides: Mapping[str, str] | None = None,
    window: Window | None = None,
) -> dict[str, FloatArray]:
    """Return those of the wanted guides that the image has, each ``(C, H, W)`` float32, finite.

    normal: as stored; depth: as stored, 0 for the background; albedo: scene-linear, as stored;
    id: a colour in [-0.5, 0.5] for each object, 0 for none (from Cryptomatte or object numbers);
    position: as stored, in the world; vector: motion in px, as Blender stores it: X and Y to where
    the pixel was a frame before, Z and W from where it will be a frame later; both are 0 in all
    channels where one of them is NaN or Inf, or from 1e9 on. Motion in two channels is not taken:
    whether it leads back or forth, and in what unit, each renderer decides.

    Args:
        image: the plate.
        wanted: names from `GUIDES`.
        overrides: guide -> layer to take it from instead of the usual ones, see
            `velatura.channels.parse_overrides`.
        window: the beauty's data window; guides are cropped or filled with 0 to it.

    Raises:
        PassError: an override names a layer that is not there or lacks the channels.
    """
    layers, found = group(image), {}
    for guide in wanted:
        if addresses := _addresses(image, layers, guide, overrides or {}):
            found[guide] = _guide(image, guide, addresses, window)
    return found


def pick_objects(
    image: Image, overrides: Mapping[str, str] | None = None, window: Window | None = None
) -> npt.NDArray[np.uint32] | None:
    """Return the number of the object that each pixel shows, ``(H, W)``; None without an id pass.

    0 is none. The arguments are those of `pick_guides`, and so are the errors.
    """
    addresses = _addresses(image, group(image), "id", overrides or {})
    if not addresses:
        return None
    part, plane = image.find(addresses[0])
    return ids.numbers(place(plane.pixels, part.data, window or part.data), addresses[0])


def channels(
    image: Image, guide: str, overrides: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the addresses of a guide's channels; none where the image lacks it."""
    return tuple(_addresses(image, group(image), guide, overrides or {}))


def lacking(
    image: Image, wanted: Sequence[str], overrides: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return those of the wanted guides that the image has not; see `pick_guides`."""
    layers = group(image)
    return tuple(g for g in wanted if not _addresses(image, layers, g, overrides or {}))


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


def _usual_beauty(image: Image, layers: Layers) -> Beauty | None:
    for name in _BEAUTY:
        for components in matching(layers, name):
            if beauty := _rgb(components):
                return beauty
    # Parts whose names say nothing, such as left and right: the first one is the main one.
    taken = {name for names in guides.LAYERS.values() for name in names}
    for part in image.parts:
        bare = {"R", "G", "B"} <= {plane.name.upper() for plane in part.planes}
        if bare and part.name.casefold() not in taken:
            return _rgb(layers[part.name])
    return None


def _addresses(image: Image, layers: Layers, guide: str, overrides: Mapping[str, str]) -> list[str]:
    """Return the planes that hold a guide; none where the image lacks it."""
    if guide in overrides:
        return _named_guide(image, layers, guide, overrides[guide])
    return _usual_guide(layers, guide)


def _named_guide(image: Image, layers: Layers, guide: str, name: str) -> list[str]:
    """Return the planes of a guide from the layer, or the single channel, of that name."""
    if name in image.names and (guide == "id" or GUIDES[guide] == 1):
        return [name]
    addresses = guides.components(guide, find_layer(image, layers, name))
    if not addresses:
        raise PassError(f"{title(image)}: {name} has no {guide} channels", found=listed(layers))
    return addresses


def _usual_guide(layers: Layers, guide: str) -> list[str]:
    for name in guides.LAYERS[guide]:
        for components in matching(layers, name):
            # Among the bare channels only Z says what it is: R is the beauty's.
            known = (
                components if name else {key: components[key] for key in "Z" if key in components}
            )
            if addresses := guides.components(guide, known):
                return addresses
    return []


def _chosen(image: Image, layers: Layers, layer: str) -> Beauty | None:
    return _named(image, layer) if "," in layer else _rgb(find_layer(image, layers, layer))


def _rgb(components: Components) -> Beauty | None:
    if not set("RGB") <= set(components):
        return None
    return Beauty((components["R"], components["G"], components["B"]), components.get("A"))


def _named(image: Image, addresses: str) -> Beauty:
    match [name.strip() for name in addresses.split(",")]:
        case [red, green, blue, *rest] if len(rest) <= 1:
            for name in (red, green, blue, *rest):
                image.find(name)
            return Beauty((red, green, blue), rest[0] if rest else None)
        case names:
            raise PassError(f"{addresses} names {len(names)} channels", do="Name three, or four")


def _with_alpha(image: Image, beauty: Beauty, layers: Layers, usual: Beauty | None) -> Beauty:
    """Fill in the alpha that the layer is premultiplied by; refuse planes that do not lie together.

    RenderMan's ``Ci`` has a bare ``a``, and AOVs share the alpha of the beauty.
    """
    windows = {image.find(name)[0].data for name in beauty.rgb}
    if len(windows) > 1:
        raise PassError(
            f"{title(image)}: {', '.join(beauty.rgb)} do not cover the same pixels",
            found=", ".join(map(str, windows)),
        )
    candidates = (beauty.alpha, layers.get("", {}).get("A"), usual and usual.alpha)
    alpha = next(
        (name for name in candidates if name and image.find(name)[0].data in windows), None
    )
    return Beauty(beauty.rgb, alpha)


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
