"""The guides a look may read, and the layers that renderers keep them in.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

from collections.abc import Mapping

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
