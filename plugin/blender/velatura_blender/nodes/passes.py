"""The passes that looks read beside the picture, by the names Blender gives them."""

from __future__ import annotations

import bpy

from velatura import channels
from velatura.errors import PassError

from .looknode import LookNode, upstream

LAYERS = "CompositorNodeRLayers"

_SOURCES = {LAYERS, "CompositorNodeImage"}
_SWITCHES = {  # guide -> the view layer's switch that renders it
    "normal": "use_pass_normal",
    "depth": "use_pass_z",
    "position": "use_pass_position",
    "vector": "use_pass_vector",
    "albedo": "use_pass_diffuse_color",
    "id": "use_pass_cryptomatte_object",
}


def sockets(
    look: LookNode, guides: tuple[str, ...]
) -> dict[str, tuple[bpy.types.Node, bpy.types.NodeSocket]]:
    """Return where each guide comes from: the nearest node before the look that has it.

    Raises:
        PassError: none has it; the pass is named.
    """
    found = {guide: _nearest(look, guide) for guide in guides}
    missing = [guide for guide, where in found.items() if where is None]
    if missing:
        raise PassError(
            f"The look {look.title} reads {', '.join(missing)}, which nothing before it has",
            found=_listed(look),
            do="Press Enable Passes in the velatura tab, or wire the passes' own layers in",
        )
    return {guide: where for guide, where in found.items() if where is not None}


def enable(look: LookNode, guides: tuple[str, ...]) -> list[str]:
    """Switch on, in the view layers before a look, the passes it lacks; return their names."""
    layers = [node for node in upstream(look.node) if node.bl_idname == LAYERS and node.scene]
    missing = lacking(look, guides)
    if not layers or not missing:
        return []
    scene, layer = layers[0].scene, layers[0].layer
    for guide in missing:
        setattr(scene.view_layers[layer], _SWITCHES[guide], True)
    layers[0].scene, layers[0].layer = scene, layer  # the node of another scene looks only then
    return missing


def lacking(look: LookNode, guides: tuple[str, ...]) -> list[str]:
    """Return the guides that nothing before a look has."""
    return [guide for guide in guides if _nearest(look, guide) is None]


def _nearest(look: LookNode, guide: str) -> tuple[bpy.types.Node, bpy.types.NodeSocket] | None:
    """Return the nearest node before a look that has a guide, and the socket that holds it."""
    for node in upstream(look.node):
        if node.bl_idname not in _SOURCES:
            continue
        there = {socket.name.casefold(): socket for socket in node.outputs if socket.enabled}
        for name in channels.LAYERS[guide]:
            if name in there:
                return node, there[name]
    return None


def _listed(look: LookNode) -> str:
    sources = [node for node in upstream(look.node) if node.bl_idname in _SOURCES]
    return (
        "; ".join(
            f"{node.name} with {', '.join(s.name for s in node.outputs if s.enabled)}"
            for node in sources
        )
        or "no Render Layers and no Image node"
    )
