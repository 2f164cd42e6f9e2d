"""A copied graph: a scene's graph to be rewired, with the groups in it that have to be as well.

What lies in a group is led out of it by outputs that are added to the copies of the groups.

Nodes of the copy are muted and unlinked, never removed: a copied graph shares its keyframes with
the original, and removing an animated node would delete them there as well.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from .. import compat
from ..nodes import graph_walk
from ..nodes.graph_walk import Place
from . import layer_groups
from .temp_scenes import silence, temporary


class GraphCopy:
    """The graph of a copied scene, where no node asks for a 3D render.

    Args:
        scene: the copied scene; its graph becomes its own.
        main: the scene it is copied from.
        source: the scene whose render is in memory: ``main``, or a stand-in for it.
    """

    def __init__(
        self, scene: bpy.types.Scene, main: bpy.types.Scene, source: bpy.types.Scene
    ) -> None:
        self.tree = temporary(compat.own_graph(scene))
        self._ours, self._source = {main, scene, None}, source
        self._groups: dict[tuple[str, ...], bpy.types.NodeTree] = {}
        silence(self.tree)
        _drop_result(self.tree)
        self._wrapped = {
            node.name: layer_groups.wrap(self.tree, node, self._shown(node))
            for node in [each for each in self.tree.nodes if layer_groups.reads_renders(each)]
            if not node.mute
        }

    def close(self, discard: Callable[[], None]) -> None:
        """Remove what was made.

        Args:
            discard: removes the scene, and its graph with it.
        """
        wrapped = [instance.node_tree for instance in self._wrapped.values()]
        self.tree, self._wrapped = None, {}
        discard()
        for group in wrapped:
            layer_groups.remove(group)
        for group in reversed(self._groups.values()):  # the inner ones last: others hold them
            bpy.data.node_groups.remove(group)
        self._groups.clear()

    def output(self, place: Place, like: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Return what comes out of a node of the original, as an output in the graph itself."""
        groups = place.groups
        node = self._tree(groups).nodes[place.node.name]
        if not groups and node.name in self._wrapped:
            socket = self._wrapped[node.name].outputs[like.name]
        else:
            socket = next(each for each in node.outputs if each.identifier == like.identifier)
        for depth in range(len(groups), 0, -1):
            tree = self._tree(groups[:depth])
            name = f"velatura {len(tree.interface.items_tree)}"
            layer_groups.add_output(tree, name, socket.type)
            tree.links.new(socket, _exit(tree).inputs[name])
            socket = self._tree(groups[: depth - 1]).nodes[groups[depth - 1].name].outputs[name]
        return socket

    def _tree(self, groups: tuple[bpy.types.Node, ...]) -> bpy.types.NodeTree:
        """Return the copy of the tree in some groups, which are copied first if need be."""
        tree = self.tree
        for depth, outer in enumerate(groups, 1):
            names = tuple(each.name for each in groups[:depth])
            if names not in self._groups:
                node = tree.nodes[outer.name]
                group = node.node_tree = self._groups[names] = temporary(node.node_tree.copy())
                silence(group, inside=True)
                for inner in filter(layer_groups.reads_renders, group.nodes):
                    layer_groups.show(inner, self._shown(inner))
            tree = self._groups[names]
        return tree

    def _shown(self, node: bpy.types.Node) -> bpy.types.Scene:
        return self._source if node.scene in self._ours else node.scene


def _drop_result(tree: bpy.types.NodeTree) -> None:
    """Take a scene's result away: Blender 5 fills a picture with black where nothing is wired."""
    for item in list(tree.interface.items_tree):
        if item.item_type == "SOCKET" and item.in_out == "OUTPUT":
            tree.interface.remove(item)


def _exit(tree: bpy.types.NodeTree) -> bpy.types.Node:
    """Return the node that a group's outputs are wired to; a group without one gets it."""
    return graph_walk.exit_of(tree) or tree.nodes.new("NodeGroupOutput")
