"""Which channels are the beauty, in each renderer's own names.

Blender says ``ViewLayer.Combined.R``, Nuke ``rgba.red``, Arnold ``R``, RenderMan ``Ci.r``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from velatura.channels import LAYERS
from velatura.errors import PassError
from velatura.image.planes import Image
from velatura.plate.layers import Components, Layers, find_layer, group, listed, matching, title

# First found wins. "" are the bare channels; Combined: Blender; Ci: RenderMan; C: Karma.
_BEAUTY = ("", "rgba", "rgb", "beauty", "combined", "ci", "c")
_VIEWS = ("left", "right")  # of stereo files that only their layers' names tell


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
        several = not layer and bool(_pictures(layers))
        lacks = "several pictures, none by a usual name" if several else "no red, green and blue"
        raise PassError(
            f"{title(image)} has {lacks}" + (f" in {layer}" if layer else ""),
            found=listed(layers),
            do=_other_layer(image, layers),
        )
    return _with_alpha(image, beauty, layers, usual)


def lit(image: Image, beauty: Beauty) -> tuple[str, str, str]:
    """Return the addresses of red, green and blue, or raise PassError: they hold whole numbers."""
    if {image.find(name)[1].pixels.dtype.kind for name in beauty.rgb} != {"f"}:
        raise PassError(
            f"{title(image)}: {', '.join(beauty.rgb)} hold whole numbers, not light",
            do=_other_layer(image, group(image)),
        )
    return beauty.rgb


def _other_layer(image: Image, layers: Layers) -> str:
    """Return what to do where the usual picture is none: name another one, if there is any."""
    there = (layers[name].values() for name in _pictures(layers))
    if any(image.find(name)[1].pixels.dtype.kind == "f" for names in there for name in names):
        return "Name the layer to take with --layer"
    return "Render the picture as R, G and B, in half or float"


def _usual_beauty(image: Image, layers: Layers) -> Beauty | None:
    for name in _BEAUTY:
        for components in matching(layers, name):
            if beauty := _rgb(components):
                return beauty
    # Parts whose names say nothing, such as left and right: the first one is the main one.
    taken = {name for names in LAYERS.values() for name in names}
    for part in image.parts:
        bare = {"R", "G", "B"} <= {plane.name.upper() for plane in part.planes}
        if bare and part.name.casefold() not in taken:
            return _rgb(layers[part.name])
    # A file with one picture in it, whatever that is called: Blender's File Output says "Image".
    lone = [layers[name] for name in _pictures(layers)]
    return _rgb(lone[0]) if len(lone) == 1 else None


def others(image: Image, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the layers of pictures that are the chosen one's like: other view layers, or views.

    Args:
        image: the plate.
        chosen: the addresses of the beauty's planes.
    """
    layers = group(image)
    own = next(name for name, planes in layers.items() if chosen[0] in planes.values())
    like = own.casefold().rpartition(".")[2]
    alike = [name for name in _pictures(layers) if name.casefold().rpartition(".")[2] == like]
    views = [name for name in layers if name.casefold() in _VIEWS and _rgb(layers[name])]
    return tuple(name for name in dict.fromkeys([*alike, *views]) if name != own)


def _pictures(layers: Layers) -> list[str]:
    """Return the layers that may be pictures: red, green and blue, and no pass of another name."""
    passes = {name for names in LAYERS.values() for name in names}
    return [
        name
        for name, components in layers.items()
        if _rgb(components)
        and name.casefold().rpartition(".")[2] not in passes
        and "crypto" not in name.casefold()
    ]


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
