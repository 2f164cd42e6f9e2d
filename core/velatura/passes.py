"""Which channels are the beauty and which are guides, in each renderer's own names.

Blender says ``ViewLayer.Combined.R``, Nuke ``rgba.red``, Arnold ``R`` with ``N.X``, RenderMan
``Ci.r``. Names are compared without regard to case, and with or without the view layer in front.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.errors import PassError
from velatura.image import FloatArray, Image, Pixels, Window, place

GUIDES: dict[str, int] = {"normal": 3, "depth": 1, "albedo": 3, "id": 3}
"""Every guide a look may read, in the order of its channels, with the number of them."""

BACKGROUND_DEPTH = 1e9
"""From this depth on there is nothing: Blender writes 1e10, Arnold and RenderMan 1e30 or Inf."""

Layers = dict[str, dict[str, str]]  # layer -> component (R, G, B, A, X, Y, Z...) -> address

# First found wins. "" are the bare channels; Combined: Blender; Ci: RenderMan; C: Karma.
_BEAUTY = ("", "rgba", "rgb", "beauty", "combined", "ci", "c")
_GUIDE_LAYERS = {
    "normal": ("normal", "nn", "n", "normals"),
    "depth": ("depth", "z", "zdepth", ""),
    "albedo": ("diffuse color", "diffcol", "albedo", "diffuse_albedo", "denoising albedo"),
    # Blender 5, Blender 4 and Arnold, RenderMan; the last four are plain object numbers
    "id": (
        *("cryptoobject00", "crypto_object00", "cryptoasset00", "crypto_asset00"),
        *("cryptomaterial00", "crypto_material00"),
        *("object index", "indexob", "object_id", "id"),
    ),
}
_COMPONENTS = {"RED": "R", "GREEN": "G", "BLUE": "B", "ALPHA": "A"}
_TRIPLES = ("RGB", "XYZ")
_SINGLES = ("Z", "V", "X", "R", "Y", "DEPTH")
_CRYPTOMATTE = re.compile(r"crypto|\d\d$", re.IGNORECASE)


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
    layers = _layers(image)
    usual = _usual_beauty(image, layers)
    beauty = _chosen(image, layers, layer) if layer else usual
    if beauty is None:
        raise PassError(
            f"{_name(image)} has no red, green and blue" + (f" in {layer}" if layer else ""),
            found=_listed(layers),
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
    id: a colour in [-0.5, 0.5] for each object, 0 for none (from Cryptomatte or object numbers).

    Args:
        image: the plate.
        wanted: names from `GUIDES`.
        overrides: guide -> layer to take it from, instead of the usual names.
        window: the beauty's data window; guides are cropped or filled with 0 to it.

    Raises:
        PassError: an override names a layer that is not there or lacks the channels.
    """
    layers, found = _layers(image), {}
    for guide in wanted:
        override = (overrides or {}).get(guide, "")
        addresses = (
            _components(_layer(image, layers, override), guide)
            if override
            else _usual_guide(layers, guide)
        )
        if not addresses and override:
            raise PassError(f"{override} has no {guide} channels", found=_listed(layers))
        if addresses:
            found[guide] = _guide(image, guide, addresses, window)
    return found


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


def colour_ids(ids: npt.NDArray[np.uint32]) -> FloatArray:
    """Return a colour for each id: ``(H, W)`` uint32 -> ``(3, H, W)`` in [-0.5, 0.5], 0 for id 0.

    The three low bytes of MurmurHash3's 32-bit finaliser (Appleby 2011), so that neighbouring
    numbers get colours far apart, the same ones on every machine.
    """
    mixed = ids ^ (ids >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    colours = np.empty((3, *ids.shape), np.float32)
    for channel, shift in enumerate((0, 8, 16)):
        colours[channel] = (mixed >> np.uint32(shift)) & np.uint32(255)
    colours /= 255
    colours -= np.float32(0.5)
    colours[:, ids == 0] = 0
    return colours


def _layers(image: Image) -> Layers:
    """Group the planes by layer; bare channels of a file with many parts belong to their part."""
    layers: Layers = {}
    for part, address, _ in image.planes():
        layer, _, component = address.rpartition(".")
        if not layer and len(image.parts) > 1:
            layer = part.name
        component = component.upper()
        layers.setdefault(layer, {})[_COMPONENTS.get(component, component)] = address
    return layers


def _usual_beauty(image: Image, layers: Layers) -> Beauty | None:
    for name in _BEAUTY:
        for components in _matching(layers, name):
            if beauty := _rgb(components):
                return beauty
    # Parts whose names say nothing, such as left and right: the first one is the main one.
    guides = {name for names in _GUIDE_LAYERS.values() for name in names}
    for part in image.parts:
        bare = {"R", "G", "B"} <= {plane.name.upper() for plane in part.planes}
        if bare and part.name.casefold() not in guides:
            return _rgb(layers[part.name])
    return None


def _usual_guide(layers: Layers, guide: str) -> list[str]:
    for name in _GUIDE_LAYERS[guide]:
        for components in _matching(layers, name):
            # Among the bare channels only Z says what it is: R is the beauty's.
            known = (
                components if name else {key: components[key] for key in "Z" if key in components}
            )
            if addresses := _components(known, guide):
                return addresses
    return []


def _matching(layers: Layers, name: str) -> list[dict[str, str]]:
    """Return the layers of that name, exactly or behind a view layer's name, in file order."""
    wanted = name.casefold()
    return [
        components
        for layer, components in layers.items()
        if wanted in (layer.casefold(), layer.casefold().partition(".")[2] or None)
    ]


def _layer(image: Image, layers: Layers, name: str) -> dict[str, str]:
    if name in layers:
        return layers[name]
    found = _matching(layers, name)
    if len(found) != 1:
        few = "more than one layer" if found else "no layer"
        raise PassError(f"{_name(image)} has {few} {name}", found=_listed(layers))
    return found[0]


def _chosen(image: Image, layers: Layers, layer: str) -> Beauty | None:
    return _named(image, layer) if "," in layer else _rgb(_layer(image, layers, layer))


def _rgb(components: Mapping[str, str]) -> Beauty | None:
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
            f"{_name(image)}: {', '.join(beauty.rgb)} do not cover the same pixels",
            found=", ".join(map(str, windows)),
        )
    candidates = (beauty.alpha, layers.get("", {}).get("A"), usual and usual.alpha)
    alpha = next(
        (name for name in candidates if name and image.find(name)[0].data in windows), None
    )
    return Beauty(beauty.rgb, alpha)


def _components(components: Mapping[str, str], guide: str) -> list[str]:
    if guide == "id":  # the first rank of a Cryptomatte is in its red channel
        return [components[key] for key in ("R", *_SINGLES) if key in components][:1]
    if GUIDES[guide] == 1:
        return [components[key] for key in _SINGLES if key in components][:1]
    whole = (triple for triple in _TRIPLES if set(triple) <= set(components))
    return [components[key] for key in next(whole, "")]


def _guide(image: Image, guide: str, addresses: Sequence[str], window: Window | None) -> FloatArray:
    planes = [
        place(p.pixels, part.data, window or part.data) for part, p in map(image.find, addresses)
    ]
    if guide == "id":
        return colour_ids(_ids(planes[0], addresses[0]))
    values = np.stack(planes, dtype=np.float32, casting="unsafe")
    usable = np.isfinite(values)
    if guide == "depth":
        usable &= (values > 0) & (values < BACKGROUND_DEPTH)
    values[~usable] = 0
    return values


def _ids(pixels: Pixels, address: str) -> npt.NDArray[np.uint32]:
    if pixels.dtype == np.uint32:
        return np.asarray(pixels, np.uint32)
    values = np.ascontiguousarray(pixels, np.float32)
    if _CRYPTOMATTE.search(address.rpartition(".")[0]):
        return values.view(np.uint32)  # Cryptomatte 1.2: an id is a hash, stored as float bits
    numbers: FloatArray = np.clip(np.nan_to_num(np.rint(values)), 0, 2**31)
    return numbers.astype(np.uint32)


def _listed(layers: Layers) -> str:
    names = [
        f"{layer} ({' '.join(a.rpartition('.')[2] for a in components.values())})".strip()
        for layer, components in layers.items()
    ]
    return ", ".join(names) or "no channels at all"


def _name(image: Image) -> str:
    return image.source or "the image"
