"""The uses of looks: which look nodes a scene has, and which of them its render depends on."""

from __future__ import annotations

import bpy

from ..compat import graph_of
from .graph_walk import Place, is_look, places, upstream
from .looknode import LookNode

FILE_OUTPUT = "CompositorNodeOutputFile"
OUTPUTS = ("CompositorNodeComposite", "NodeGroupOutput", FILE_OUTPUT)
"""Nodes whose inputs are what a render computes; viewers are looked at, not rendered."""


def looks(scene: bpy.types.Scene) -> list[LookNode]:
    """Return all look nodes of a scene's graph, those in groups as well."""
    tree = graph_of(scene)
    found = () if tree is None else places(tree)
    return [
        LookNode(each.node.name, each.node, groups=each.groups, scene=scene)
        for each in found
        if is_look(each.node)
    ]


def find(node: bpy.types.Node) -> LookNode | None:
    """Return a look node as it stands in a scene's graph: the current scene's, if it is there."""
    current = bpy.context.scene
    for scene in (current, *(each for each in bpy.data.scenes if each != current)):
        for look in looks(scene):
            if look.node == node:
                return look
    return None


def rendered(scene: bpy.types.Scene) -> list[LookNode]:
    """Return the look nodes that a render of the scene depends on, first those that others need."""
    tree = graph_of(scene)
    if tree is None or not any(group.velatura.uid for group in bpy.data.node_groups):
        return []
    reached: dict[tuple[str, ...], Place] = {}
    for place in places(tree, muted=False):
        kinds = OUTPUTS if not place.groups else (FILE_OUTPUT,)
        if not place.node.mute and place.node.bl_idname in kinds:
            reached |= {each.names: each for each in upstream(place)}
    found = [
        LookNode(
            each.node.name,
            each.node,
            sum(_is_active(before.node) for before in upstream(each)),
            each.groups,
            scene,
        )
        for each in reached.values()
        if _is_active(each.node)
    ]
    return sorted(found, key=lambda look: look.depth)


def _is_active(node: bpy.types.Node) -> bool:
    return is_look(node) and not node.mute
