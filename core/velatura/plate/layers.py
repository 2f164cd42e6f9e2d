"""The layers of a picture: its channels grouped by the name that they have in common.

``diffuse.R``, ``diffuse.G`` and ``diffuse.B`` are the layer ``diffuse``; bare ``R``, ``G``, ``B``
are the layer without a name. Names are compared without regard to case, and with or without
Blender's view layer in front.
"""

from __future__ import annotations

from velatura.channels import component
from velatura.errors import PassError
from velatura.image.planes import Image

Components = dict[str, str]
"""R, G, B, A, X, Y, Z... -> the address of that plane."""

Layers = dict[str, Components]


def group(image: Image) -> Layers:
    """Group the planes by layer; bare channels of a file with many parts belong to their part."""
    layers: Layers = {}
    for part, address, _ in image.planes():
        layer, _, last = address.rpartition(".")
        if not layer and len(image.parts) > 1:
            layer = part.name
        layers.setdefault(layer, {})[component(last)] = address
    return layers


def matching(layers: Layers, name: str) -> list[Components]:
    """Return the layers of that name, exactly or behind a view layer's name, in file order.

    A view layer's name may have dots in it, as ``ViewLayer.001`` has.
    """
    wanted = name.casefold()
    return [
        components
        for layer, components in layers.items()
        if layer.casefold() == wanted or (wanted and layer.casefold().endswith(f".{wanted}"))
    ]


def layer_of(layers: Layers, name: str) -> Components | None:
    """Return the one layer of that name; None where there is none, or more than one."""
    if name in layers:
        return layers[name]
    found = matching(layers, name)
    return found[0] if len(found) == 1 else None


def find_layer(image: Image, layers: Layers, name: str) -> Components:
    """Return the one layer of that name, or raise PassError naming those there are."""
    found = layer_of(layers, name)
    if found is None:
        few = "more than one layer" if matching(layers, name) else "no layer"
        raise PassError(f"{title(image)} has {few} {name}", found=listed(layers))
    return found


def listed(layers: Layers) -> str:
    """Return the layers with their channels, for people: ``diffuse (R G B), depth (Z)``."""
    names = [
        f"{layer} ({' '.join(a.rpartition('.')[2] for a in components.values())})".strip()
        for layer, components in layers.items()
    ]
    return ", ".join(names) or "no channels at all"


def title(image: Image) -> str:
    """Return what an error calls the picture."""
    return image.source or "the image"
