"""Guides: which channels of a Nuke stream hold the passes that a look reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from velatura import channels
from velatura.errors import PassError

from .group import PASSES, SLOTS
from .looknode import LookNode

_LEAST = 3  # letters: `Beauty_n` may be anything's n, but `ViewLayer_Normal` is a normal

Layers = Mapping[str, Mapping[str, str]]
"""Layer -> R, G, B, A, X, Y... -> the channel's full name."""


def wire(look: LookNode, wanted: Sequence[str], plate: Sequence[str]) -> str:
    """Let SrcWrite write the passes that a look reads; return where they are, as a Job says it.

    They come from the input guides where something is wired to it, else from img, whose channels
    are ``plate``.

    Raises:
        PassError: one is not there; it is named, and so is what there is.
    """
    beside = look.node.input(2) if wanted else None
    look.put("PassesFrom", "which", 1 if beside else 0)
    layers = _layers(beside.channels() if beside else plate)
    named = _named(look)
    found = {guide: _find(layers, guide, named.get(guide)) for guide in wanted}
    missing = [guide for guide, where in found.items() if where is None]
    if missing:
        raise PassError(
            f"{look.name}: its look reads {', '.join(missing)}, which nothing wired in has",
            found=", ".join(layers) or "no channels",
            do="Wire the passes to img or guides, or name their layers in the knob passes, like"
            " normal=N,depth=Z",
        )
    _copy(look, [name for where in found.values() if where for name in where[1]])
    return ",".join(f"{guide}={where[0]}" for guide, where in found.items() if where)


def there(look: LookNode, plate: Sequence[str], layers: Sequence[str] = ()) -> str:
    """Let SrcWrite write every pass that there is, for looks to learn from; return where they are.

    Args:
        look: the look node.
        plate: the channels of img.
        layers: further layers to write, of which all channels are taken, as ``forward``.

    Raises:
        PassError: one of these layers is not there.
    """
    beside = look.node.input(2)
    look.put("PassesFrom", "which", 1 if beside else 0)
    known, named = _layers(beside.channels() if beside else plate), _named(look)
    if missing := [layer for layer in layers if layer not in known]:
        raise PassError(
            f"{look.name} has no layer {', '.join(missing)} to take the motion from",
            found=", ".join(known) or "no channels",
            do="Wire a VectorGenerator to img or guides, or choose another motion",
        )
    wanted = [guide for guide in channels.CHANNELS if not layers or guide != "vector"]
    found = {guide: _find(known, guide, named.get(guide)) for guide in wanted}
    names = [name for layer in layers for name in known[layer].values()]
    names += [name for where in found.values() if where for name in where[1]]
    _copy(look, names[: PASSES * SLOTS])
    return ",".join(f"{guide}={where[0]}" for guide, where in found.items() if where)


def _copy(look: LookNode, names: Sequence[str]) -> None:
    slots = [*names, *["none"] * (PASSES * SLOTS - len(names))]
    for number in range(PASSES):
        node, mine = f"Passes{number + 1}", slots[SLOTS * number :][:SLOTS]
        for slot, name in enumerate(mine):
            for end in ("from", "to"):
                look.put(node, f"{end}{slot}", name)
        look.put(node, "disable", mine[0] == "none")


def _layers(names: Sequence[str]) -> Layers:
    layers: dict[str, dict[str, str]] = {}
    for name in names:
        layer, _, last = name.rpartition(".")
        layers.setdefault(layer, {})[channels.component(last)] = name
    return layers


def _find(layers: Layers, guide: str, named: str | None) -> tuple[str, list[str]] | None:
    """Return a guide's layer and its channels; None where it is not there."""
    for name in [named] if named else filter(None, channels.LAYERS[guide]):
        for layer, there in layers.items():
            found = channels.components(guide, there)
            if found and (layer == name or (not named and _same(layer, name))):
                return layer, found
    return None


def _same(layer: str, name: str) -> bool:
    """Say whether a layer is called so: Nuke makes `ViewLayer_Normal` of `ViewLayer.Normal.X`."""
    called, wanted = (re.sub(r"[^a-z0-9]+", "_", text.casefold()) for text in (layer, name))
    return called == wanted or (len(wanted) >= _LEAST and called.endswith(f"_{wanted}"))


def _named(look: LookNode) -> dict[str, str]:
    """Return which layer each guide is in, as the knob ``passes`` says: ``normal=N,depth=Z``."""
    try:
        return channels.parse_overrides(str(look.node["passes"].value()))
    except PassError as error:
        what = f"In the knob passes of {look.name}: {error.what}"
        raise PassError(what, found=error.found, do=error.do) from error
