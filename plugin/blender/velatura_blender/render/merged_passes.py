"""Merged passes: one pass out of those of several view layers, as the picture is made of them.

Where a layer's alpha is above a half, its pass hides those of the layers behind it. Nothing is
blended: half a normal and half another one, or two object numbers, mean nothing.
"""

from __future__ import annotations

import bpy

from velatura import channels

from .. import compat, messages
from ..nodes.graph_walk import Source
from ..nodes.passes import Guide
from .graph_copy import GraphCopy

_COVERED = 0.5  # of alpha
_MOTION = "vector"  # has four parts, of which Blender's nodes keep three


def merge(graph: GraphCopy, guide: str, where: Guide) -> tuple[str, bpy.types.NodeSocket]:
    """Return the name of a guide's layer, and the socket that holds it, in a copied graph."""
    *behind, front = where.sources
    name = channels.LAYERS[guide][0] if where.by_hand else front[1].name
    if behind and guide == _MOTION:
        layers = ", ".join(place.node.name for place, _ in behind)
        messages.add(
            f"The motion of {layers} is not used: it cannot be merged with that of"
            f" {front[0].node.name}, which stands before it"
        )
        behind = []
    merged = None
    for source in (*behind, front):
        socket = graph.output(*source)
        merged = socket if merged is None else _laid_over(graph, merged, socket, source)
    return name, merged


def _laid_over(
    graph: GraphCopy, behind: bpy.types.NodeSocket, front: bpy.types.NodeSocket, source: Source
) -> bpy.types.NodeSocket:
    """Return a pass where its layer covers the picture, and elsewhere what is behind."""
    place, _ = source
    alpha = place.node.outputs.get("Alpha")
    if alpha is None:  # an image's, which is in its colours
        return front
    nodes = _Maths(graph.tree)
    covered = nodes.math("GREATER_THAN", graph.output(place, alpha), _COVERED)
    bare = nodes.math("SUBTRACT", 1.0, covered)
    mixed = [
        nodes.math("MULTIPLY_ADD", over, covered, nodes.math("MULTIPLY", under, bare))
        for under, over in zip(nodes.parts(behind), nodes.parts(front), strict=True)
    ]
    return nodes.joined(front.type, mixed)


class _Maths:
    """Adds nodes that compute with the parts of a pass."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self._tree = tree

    def math(self, operation: str, *values: float | bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        node = compat.new_math(self._tree)
        node.operation = operation
        for value, socket in zip(values, node.inputs, strict=False):
            if isinstance(value, float):
                socket.default_value = value
            else:
                self._tree.links.new(value, socket)
        return node.outputs[0]

    def parts(self, socket: bpy.types.NodeSocket) -> list[bpy.types.NodeSocket]:
        if socket.type == "VALUE":
            return [socket]
        kind = "CompositorNodeSeparateColor" if socket.type == "RGBA" else "ShaderNodeSeparateXYZ"
        node = self._tree.nodes.new(kind)
        self._tree.links.new(socket, node.inputs[0])
        return list(node.outputs)

    def joined(self, kind: str, parts: list[bpy.types.NodeSocket]) -> bpy.types.NodeSocket:
        if kind == "VALUE":
            return parts[0]
        name = "CompositorNodeCombineColor" if kind == "RGBA" else "ShaderNodeCombineXYZ"
        node = self._tree.nodes.new(name)
        for part, socket in zip(parts, node.inputs, strict=True):
            self._tree.links.new(part, socket)
        return node.outputs[0]
