"""The passes that looks read beside the picture, by the names Blender gives them.

A picture may be put together from several view layers. Then a pass is as well, see
`velatura_blender.render.merged_passes`, and each of them has to render it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy

from velatura import channels
from velatura.errors import PassError

from .graph_walk import Place, Source, feeding, pictured, upstream
from .looknode import LookNode
from .pass_sockets import PASSES

LAYERS = "CompositorNodeRLayers"

_IMAGE = "CompositorNodeImage"
_SOURCES = {LAYERS, _IMAGE}
_SWITCHES = {  # guide -> the view layer's switch that renders it
    "normal": "use_pass_normal",
    "depth": "use_pass_z",
    "position": "use_pass_position",
    "vector": "use_pass_vector",
    "albedo": "use_pass_diffuse_color",
    "id": "use_pass_cryptomatte_object",
}


@dataclass(frozen=True)
class Guide:
    """Where a pass comes from.

    Attributes:
        sources: the outputs that hold it, those of the backmost layer first.
        by_hand: whether it is wired into the look node itself.
    """

    sources: tuple[Source, ...]
    by_hand: bool = False


def sockets(look: LookNode, guides: Iterable[str]) -> dict[str, Guide]:
    """Return where each guide comes from; of a free look on footage only those there are.

    Raises:
        PassError: a pass is not rendered, or not by all view layers that the picture is made of.
    """
    gaps = lacking(look, guides)
    if gaps:
        each = "; ".join(f"{layer}: {', '.join(missing)}" for layer, missing in gaps.items())
        some = ", ".join(dict.fromkeys(name for missing in gaps.values() for name in missing))
        where = f", which is not rendered by all of the picture ({each})" if _layers(look) else ""
        raise PassError(
            f"The look {look.title} reads {some}{where or ', which nothing before it has'}",
            found=_listed(look),
            do="Press Enable Passes in the velatura tab, or wire the passes into the look node",
        )
    found = {guide: _guide(look, guide) for guide in guides}
    return {guide: each for guide, each in found.items() if each.sources}


def enable(look: LookNode, guides: Iterable[str]) -> list[str]:
    """Switch on, in the view layers before a look, the passes they lack; return their names."""
    gaps, enabled = lacking(look, guides), {}
    for node in [place.node for place in _layers(look)]:
        scene, layer = node.scene, node.layer
        for guide in gaps.get(_title(node), ()):
            setattr(scene.view_layers[layer], _SWITCHES[guide], True)
            enabled[guide] = True
        node.scene, node.layer = scene, layer  # the node of another scene looks only then
    return list(enabled)


def lacking(look: LookNode, guides: Iterable[str]) -> dict[str, list[str]]:
    """Return the guides that are missing, by the view layer that does not render them.

    Where no view layer is before the look, one that may be put on any shot goes without; of
    another the missing guides are told for "the picture".
    """
    wanted = [guide for guide in guides if not _by_hand(look, guide)]
    layers = _layers(look)
    if layers:
        gaps = {
            _title(place.node): [guide for guide in wanted if _held(place, guide) is None]
            for place in layers
        }
        return {layer: missing for layer, missing in gaps.items() if missing}
    missing = absent(look, wanted)
    return {"the picture": missing} if missing and not look.group.velatura.free else {}


def absent(look: LookNode, guides: Iterable[str]) -> list[str]:
    """Return the guides that nothing before a look has, whether or not it can go without."""
    return [guide for guide in guides if not _guide(look, guide).sources]


def _guide(look: LookNode, guide: str) -> Guide:
    if by_hand := _by_hand(look, guide):
        return Guide((by_hand,), by_hand=True)
    held = [(place, _held(place, guide)) for place in _seen(look)]
    merged = tuple((place, socket) for place, socket in held if socket is not None)
    return Guide(merged)


def _seen(look: LookNode) -> list[Place]:
    """Return the layers and images that a look's picture is made of, the backmost first.

    Where none of it shows any, the nearest before the look.
    """
    every = pictured(look.place, look.node.inputs["Image"])
    found: dict[object, Place] = {}
    for place in every:
        if place.node.bl_idname in _SOURCES:
            found[_what(place.node)] = place
    if not found:
        nearest = (p for p in upstream(look.place) if p.node.bl_idname in _SOURCES)
        found = {_what(place.node): place for place in list(nearest)[:1]}
    return list(found.values())


def _layers(look: LookNode) -> list[Place]:
    return [p for p in _seen(look) if p.node.bl_idname == LAYERS and p.node.scene]


def _what(node: bpy.types.Node) -> object:
    """Return what a node shows: two nodes may show the same layer."""
    return (node.scene, node.layer) if node.bl_idname == LAYERS else node


def _title(node: bpy.types.Node) -> str:
    """Return a view layer's name, as the artist knows it."""
    return f"{node.scene.name}, {node.layer}" if node.scene != bpy.context.scene else node.layer


def _by_hand(look: LookNode, guide: str) -> Source | None:
    name = PASSES[guide][0] if guide in PASSES else ""
    socket = look.node.inputs.get(name)
    return next(feeding(look.place, socket), None) if socket is not None else None


def _held(place: Place, guide: str) -> bpy.types.NodeSocket | None:
    """Return the output of a node that holds a guide; None where it has none."""
    there = {socket.name.casefold(): socket for socket in place.node.outputs if socket.enabled}
    return next((there[name] for name in channels.LAYERS[guide] if name in there), None)


def _listed(look: LookNode) -> str:
    sources = [place.node for place in _seen(look)]
    return (
        "; ".join(
            f"{node.name} with {', '.join(s.name for s in node.outputs if s.enabled)}"
            for node in sources
        )
        or "no Render Layers and no Image node"
    )
