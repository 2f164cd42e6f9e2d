"""What differs between Blender 4.5 and 5: graphs, math nodes, file outputs, moves, colour spaces.

Everything else in this package is written once for both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import bpy

from velatura.errors import InputError

IS5 = bpy.app.version >= (5, 0, 0)

_SOCKET_KINDS = {"RGBA": "RGBA", "VALUE": "FLOAT", "VECTOR": "VECTOR"}
_FLOATS = "32"  # bits: a plate may hold what half floats cannot
_LAZY = {"CompositorNodeTranslate", "CompositorNodeTransform", "CompositorNodeStabilize"}
_REALISING = {"CompositorNodeScale", "CompositorNodeRotate", "CompositorNodeCrop"}
VECTOR_PARTS = 4  # components of a motion vector: to the frame before, and to the one after


def graph_of(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """Return the scene's compositor graph; None where it has none or does not use it."""
    if IS5:
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def output_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """Return the node whose input is the graph's result; None where there is none.

    Blender takes one of several. 4.5 does not tell scripts which: most often the one that was
    clicked last.
    """
    for kind in ("CompositorNodeComposite", "NodeGroupOutput"):
        found = [node for node in tree.nodes if node.bl_idname == kind and node.inputs]
        found.sort(
            key=lambda node: (
                getattr(node, "is_active_output", False),
                node == tree.nodes.active,
                node.inputs[0].is_linked,
            ),
            reverse=True,
        )
        if found:
            return found[0]
    return None


def own_graph(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """Return a copied scene's graph as its own; Blender 4.5 has copied it along with the scene."""
    if IS5:
        scene.compositing_node_group = scene.compositing_node_group.copy()
    return graph_of(scene)


def new_math(tree: bpy.types.NodeTree) -> bpy.types.Node:
    return tree.nodes.new("ShaderNodeMath" if IS5 else "CompositorNodeMath")


def new_value(tree: bpy.types.NodeTree) -> bpy.types.Node:
    return tree.nodes.new("ShaderNodeValue" if IS5 else "CompositorNodeValue")


def new_file_output(
    tree: bpy.types.NodeTree, stem: Path, sockets: Mapping[str, bpy.types.NodeSocket]
) -> bpy.types.Node:
    """Return a node that writes ``sockets`` (layer -> socket) as one float EXR, not compressed.

    A still render writes it at `written`.
    """
    node = tree.nodes.new("CompositorNodeOutputFile")
    if IS5:
        node.format.media_type = "MULTI_LAYER_IMAGE"  # decides which formats there are
    node.format.file_format = "OPEN_EXR_MULTILAYER"
    node.format.color_depth, node.format.exr_codec = _FLOATS, "NONE"
    if IS5:
        node.directory, node.file_name = str(stem.parent), stem.name
        node.file_output_items.clear()
    else:
        node.base_path = str(stem)
        node.layer_slots.clear()
    for layer, socket in sockets.items():
        if IS5:
            item = node.file_output_items.new(_SOCKET_KINDS[socket.type], layer)
            if socket.type == "VECTOR":
                item.vector_socket_dimensions = VECTOR_PARTS  # three would drop W
        else:
            node.layer_slots.new(layer)
        tree.links.new(socket, node.inputs[layer])
    return node


def written(stem: Path, frame: int) -> Path:
    """Return the file that a still render of a `new_file_output` leaves; 5.0 does not number it."""
    return stem.with_name(f"{stem.name}.exr" if IS5 else f"{stem.name}{frame:04d}.exr")


def as_picture(scene: bpy.types.Scene) -> dict[str, str]:
    """Let a scene be written as pictures and no more as a movie; return what to set to undo it."""
    settings = scene.render.image_settings
    names = (*(("media_type",) if IS5 else ()), "file_format", "color_mode", "color_depth")
    before = {name: getattr(settings, name) for name in names}
    if IS5:
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    return before


def new_vector_output(tree: bpy.types.NodeTree, name: str) -> None:
    """Give a group an output for motion vectors, which have four components."""
    socket = tree.interface.new_socket(name=name, in_out="OUTPUT", socket_type="NodeSocketVector")
    socket.dimensions = VECTOR_PARTS


def refuse_lazy_moves(node: bpy.types.Node) -> None:
    """Raise InputError if, in Blender 4.5, the picture before ``node`` is only said to be moved.

    There a Translate leaves the pixels where they are until two pictures meet: what is written to
    a file is not moved, but what the node itself sees is. In 5.0 both are.
    """
    seen: set[str] = set()
    while not IS5 and node is not None and node.name not in seen:
        seen.add(node.name)
        if node.bl_idname in _LAZY:
            raise InputError(
                f"{node.label or node.name} moves the picture right before a look",
                found="Blender 4.5, which moves it too late for that",
                do="Move it after the look, or put it over an image of the frame's size before",
            )
        pictures = (link.from_node for s in node.inputs if s.type == "RGBA" for link in s.links)
        node = None if node.bl_idname in _REALISING else next(pictures, None)


def working_space() -> str:
    """Return the name, in Blender's OCIO config, of the space that the compositor works in."""
    return bpy.data.colorspace.working_space if IS5 else "scene_linear"


def config() -> str:
    """Return the OCIO config that Blender runs with: the studio's ($OCIO), or its own."""
    own = bpy.utils.system_resource("DATAFILES", path="colormanagement")
    return os.environ.get("OCIO") or str(Path(own, "config.ocio"))


def frames(scene: bpy.types.Scene) -> range:
    """Return the scene's frame range."""
    return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
