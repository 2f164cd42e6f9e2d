"""Layer groups: node groups around the nodes that show a render, so that none is asked for.

A Render Layers node inside a group takes its passes from the render that is in memory; at the top
of a graph it would have Blender render them once more. A Cryptomatte node is the same.
"""

from __future__ import annotations

import bpy

from .. import compat
from ..nodes import passes
from ..nodes.graph_walk import GROUP
from .temp_scenes import temporary

_KINDS = {"RGBA": "NodeSocketColor", "VALUE": "NodeSocketFloat"}


def reads_renders(node: bpy.types.Node) -> bool:
    """Say whether a node shows the render of a scene: its passes, or its Cryptomatte."""
    if node.bl_idname == passes.LAYERS:
        return True
    return node.bl_idname == "CompositorNodeCryptomatteV2" and node.source == "RENDER"


def show(node: bpy.types.Node, scene: bpy.types.Scene) -> None:
    """Let a node that reads renders read another scene's, of the same layer."""
    setting = "layer" if node.bl_idname == passes.LAYERS else "layer_name"
    layer = getattr(node, setting)
    node.scene = scene
    if layer:
        setattr(node, setting, layer)


def wrap(tree: bpy.types.NodeTree, node: bpy.types.Node, scene: bpy.types.Scene) -> bpy.types.Node:
    """Put a group around a node, and let it show ``scene``; return the group node."""
    group, instance = _new_group(tree, node), tree.nodes.new(GROUP)
    instance.node_tree = group
    inner = group.nodes[node.name]
    sink, entry = group.nodes.new("NodeGroupOutput"), group.nodes.new("NodeGroupInput")
    show(inner, scene)
    for socket in (each for each in node.inputs if each.links):
        name = socket.name
        group.interface.new_socket(name=name, in_out="INPUT", socket_type=_KINDS[socket.type])
        tree.links.new(socket.links[0].from_socket, instance.inputs[name])
        group.links.new(entry.outputs[name], inner.inputs[name])
    for socket in (each for each in node.outputs if each.enabled):
        name = socket.name
        add_output(group, name, socket.type)
        group.links.new(inner.outputs[name], sink.inputs[name])
        for link in list(socket.links):
            tree.links.new(instance.outputs[name], link.to_socket)
    node.mute = True
    return instance


def remove(group: bpy.types.NodeTree) -> None:
    """Remove a group; its instance is gone already."""
    group.nodes.clear()  # Blender 4.5 has it in no list of datablocks: empty, it holds nothing
    if compat.IS5:
        bpy.data.node_groups.remove(group)


def _new_group(tree: bpy.types.NodeTree, node: bpy.types.Node) -> bpy.types.NodeTree:
    """Return a group that holds one node of a graph.

    Blender 4.5 lets nobody make a Render Layers node in a group, but the copy of a scene's graph
    becomes a group that has one.
    """
    group = tree.copy()
    if compat.IS5:
        temporary(group)
    group.animation_data_clear()  # before any node goes: its keyframes are the original's
    group.interface.clear()
    for other in list(group.nodes):
        if other.name != node.name:
            group.nodes.remove(other)
    return group


def add_output(group: bpy.types.NodeTree, name: str, kind: str) -> None:
    """Give a group an output for what another socket holds: "RGBA", "VALUE" or "VECTOR"."""
    if kind == "VECTOR":
        compat.new_vector_output(group, name)
    else:
        group.interface.new_socket(name=name, in_out="OUTPUT", socket_type=_KINDS[kind])
