"""The guides a look may read, and the layers and channels that renderers keep them in.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

from collections.abc import Mapping

from velatura.errors import PassError

__all__ = ["CHANNELS", "LAYERS", "component", "components", "dump_overrides", "parse_overrides"]

CHANNELS = {"normal": 3, "depth": 1, "albedo": 3, "id": 3, "position": 3, "vector": 4}
"""Every guide a look may read, in the order of its channels, with the number of them."""

LAYERS = {
    "normal": ("normal", "nn", "n", "normals"),
    "depth": ("depth", "z", "zdepth", ""),
    "albedo": ("diffuse color", "diffcol", "albedo", "diffuse_albedo", "denoising albedo"),
    # Blender 5, Blender 4 and Arnold, RenderMan; the last four are plain object numbers
    "id": (
        *("cryptoobject00", "crypto_object00", "cryptoasset00", "crypto_asset00"),
        *("cryptomaterial00", "crypto_material00"),
        *("object index", "indexob", "object_id", "id"),
    ),
    "position": ("position", "p", "__pworld", "pworld"),  # Blender, Arnold, RenderMan
    "vector": ("vector",),
}
"""Guide -> the layers it may be in, lower case; the first found wins. "" are the bare channels."""

_SEVERAL = {3: ("RGB", "XYZ"), 4: ("XYZW", "RGBA")}
_SINGLES = ("Z", "V", "X", "R", "Y", "DEPTH")
_LONG = {"RED": "R", "GREEN": "G", "BLUE": "B", "ALPHA": "A"}  # as Nuke writes them


def component(name: str) -> str:
    """Return a channel's last name in one spelling: R of ``R``, ``r`` and Nuke's ``red``."""
    name = name.upper()
    return _LONG.get(name, name)


def components(guide: str, there: Mapping[str, str]) -> list[str]:
    """Return the channels of a layer that hold a guide; none where they are not all there.

    Args:
        guide: a name from `CHANNELS`.
        there: R, G, B, A, X, Y, Z... -> the channel.
    """
    if guide == "id":  # the first rank of a Cryptomatte is in its red channel
        return [there[key] for key in ("R", *_SINGLES) if key in there][:1]
    if CHANNELS[guide] == 1:
        return [there[key] for key in _SINGLES if key in there][:1]
    whole = (names for names in _SEVERAL[CHANNELS[guide]] if set(names) <= set(there))
    return [there[key] for key in next(whole, "")]


def parse_overrides(text: str) -> dict[str, str]:
    """Return which layer each guide is to be taken from, as a command line says it.

    Args:
        text: ``normal=N,depth=Z,id=crypto_object00``: names from `CHANNELS`, and layers of the
            plate (or a channel, where the guide is a single one), or numbered files of its own,
            ``id=roto.####.exr``; "" for the usual names.

    Returns:
        Layers by guide, in the order of `CHANNELS`, however they were spelled.

    Raises:
        PassError: no such guide, a guide that is named twice, or no layer.
    """
    overrides: dict[str, str] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        guide, _, layer = (word.strip() for word in item.partition("="))
        example = f"Write passes like normal=N,depth=Z; there are {', '.join(CHANNELS)}"
        if guide not in CHANNELS:
            raise PassError(f"No look reads a pass {guide}", found=text, do=example)
        if guide in overrides or not layer:
            wrong = "is named twice" if guide in overrides else "is given no layer"
            raise PassError(f"The pass {guide} {wrong}", found=text, do=example)
        overrides[guide] = layer
    return {guide: overrides[guide] for guide in CHANNELS if guide in overrides}


def dump_overrides(overrides: Mapping[str, str]) -> str:
    """Return layers of guides in one spelling: the inverse of `parse_overrides`."""
    return ",".join(f"{guide}={layer}" for guide, layer in overrides.items())
