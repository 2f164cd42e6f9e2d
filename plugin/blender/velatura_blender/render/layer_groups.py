"""Boxes: groups around the nodes that show a render, so that no render is asked for.

A Render Layers node inside a group takes its passes from the render that is in memory; at the top
of a graph it would have Blender render them once more. A Cryptomatte node is the same.
"""

from __future__ import annotations

import bpy

from .. import compat
from ..nodes import passes
from ..nodes.looknode import GROUP
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


def box_in(
    tree: bpy.types.NodeTree, node: bpy.types.Node, scene: bpy.types.Scene
) -> bpy.types.Node:
    """Put a group around a node, and let it show ``scene``; return the group node."""
    box, instance = _new_box(tree, node), tree.nodes.new(GROUP)
    instance.node_tree = box
    inner = box.nodes[node.name]
    sink, entry = box.nodes.new("NodeGroupOutput"), box.nodes.new("NodeGroupInput")
    show(inner, scene)
    for socket in (each for each in node.inputs if each.links):
        name = socket.name
        box.interface.new_socket(name=name, in_out="INPUT", socket_type=_KINDS[socket.type])
        tree.links.new(socket.links[0].from_socket, instance.inputs[name])
        box.links.new(entry.outputs[name], inner.inputs[name])
    for socket in (each for each in node.outputs if each.enabled):
        name = socket.name
        _add_output(box, name, socket.type)
        box.links.new(inner.outputs[name], sink.inputs[name])
        for link in list(socket.links):
            tree.links.new(instance.outputs[name], link.to_socket)
    node.mute = True
    return instance


def remove(box: bpy.types.NodeTree) -> None:
    """Take a box away again; its instance is gone already."""
    box.nodes.clear()  # Blender 4.5 has it in no list of datablocks: empty, it holds nothing
    if compat.IS5:
        bpy.data.node_groups.remove(box)


def _new_box(tree: bpy.types.NodeTree, node: bpy.types.Node) -> bpy.types.NodeTree:
    """Return a group that holds one node of a graph.

    Blender 4.5 lets nobody make a Render Layers node in a group, but the copy of a scene's graph
    becomes a group that has one.
    """
    box = tree.copy()
    if compat.IS5:
        temporary(box)
    box.animation_data_clear()  # before any node goes: its keyframes are the original's
    box.interface.clear()
    for other in list(box.nodes):
        if other.name != node.name:
            box.nodes.remove(other)
    return box


def _add_output(box: bpy.types.NodeTree, name: str, kind: str) -> None:
    if kind == "VECTOR":
        compat.new_vector_output(box, name)
    else:
        box.interface.new_socket(name=name, in_out="OUTPUT", socket_type=_KINDS[kind])
