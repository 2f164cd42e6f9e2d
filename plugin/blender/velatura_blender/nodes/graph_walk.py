"""The graph walk: what feeds a node, through the groups that artists tidy their graphs with.

A node inside groups is known by its place: the group nodes that one enters to reach it. The same
node tree may be used by several group nodes, and then its nodes are at several places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

GROUP = "CompositorNodeGroup"
_ENTRY, _EXIT = "NodeGroupInput", "NodeGroupOutput"


@dataclass(frozen=True)
class Place:
    """A node as it is reached from a scene's graph.

    Attributes:
        node: the node.
        groups: the group nodes around it, the outermost first; none in the scene's own graph.
    """

    node: bpy.types.Node
    groups: tuple[bpy.types.Node, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the groups and of the node: no other place of the graph has the same."""
        return (*(group.name for group in self.groups), self.node.name)


Source = tuple[Place, bpy.types.NodeSocket]
"""A place, and the output there that feeds an input."""


def is_look(node: bpy.types.Node) -> bool:
    return node.bl_idname == GROUP and bool(node.node_tree) and bool(node.node_tree.velatura.uid)


def is_group(node: bpy.types.Node) -> bool:
    """Say whether a node is an artist's group, and none of our looks."""
    return node.bl_idname == GROUP and bool(node.node_tree) and not node.node_tree.velatura.uid


def places(
    tree: bpy.types.NodeTree, groups: tuple[bpy.types.Node, ...] = (), *, muted: bool = True
) -> Iterator[Place]:
    """Yield the nodes of a graph and of all groups in it.

    Args:
        tree: the graph.
        groups: what is around it.
        muted: whether to enter groups that are muted as well.
    """
    for node in tree.nodes:
        yield Place(node, groups)
        if is_group(node) and (muted or not node.mute):
            yield from places(node.node_tree, (*groups, node), muted=muted)


def groups_in(tree: bpy.types.NodeTree) -> list[bpy.types.NodeTree]:
    """Return the trees of all groups in a graph."""
    return [each.node.node_tree for each in places(tree) if is_group(each.node)]


def feeding(place: Place, socket: bpy.types.NodeSocket) -> Iterator[Source]:
    """Yield what is wired into one input of a node, into groups and out of them."""
    for link in socket.links:
        if not link.is_muted:
            yield from _behind(place.groups, link.from_node, link.from_socket)


def upstream(place: Place) -> Iterator[Place]:
    """Yield what a node depends on, the nearest first, itself not among it."""
    seen, ring = {place.names}, [place]
    while ring:
        met = [
            source
            for each in ring
            for socket in each.node.inputs
            for source, _ in feeding(each, socket)
        ]
        ring = list({each.names: each for each in met if each.names not in seen}.values())
        seen |= {each.names for each in ring}
        yield from ring


def pictured(place: Place, socket: bpy.types.NodeSocket) -> list[Place]:
    """Return what a picture is put together from, the backmost first: in the order of sockets."""
    order: dict[tuple[str, ...], Place] = {}
    seen: set[tuple[str, ...]] = set()

    def visit(source: Place) -> None:
        if source.names in seen:
            return
        seen.add(source.names)
        for each in source.node.inputs:
            if each.type == "RGBA":
                for before, _ in feeding(source, each):
                    visit(before)
        order[source.names] = source

    for source, _ in feeding(place, socket):
        visit(source)
    return list(order.values())


def exit_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """Return the node whose inputs are a group's outputs."""
    found = [node for node in tree.nodes if node.bl_idname == _EXIT]
    return next((node for node in found if node.is_active_output), next(iter(found), None))


def _behind(
    groups: tuple[bpy.types.Node, ...], node: bpy.types.Node, output: bpy.types.NodeSocket
) -> Iterator[Source]:
    if node.bl_idname == _ENTRY and groups:
        outer = Place(groups[-1], groups[:-1])
        socket = _same(groups[-1].inputs, output)
        if socket is not None:
            yield from feeding(outer, socket)
    elif is_group(node) and not node.mute:
        sink = exit_of(node.node_tree)
        socket = _same(sink.inputs, output) if sink is not None else None
        if socket is not None:
            yield from feeding(Place(sink, (*groups, node)), socket)
    else:
        yield Place(node, groups), output


def _same(
    sockets: bpy.types.bpy_prop_collection, like: bpy.types.NodeSocket
) -> bpy.types.NodeSocket | None:
    """Return the socket that stands for ``like`` on the other side of a group's wall."""
    return next((each for each in sockets if each.identifier == like.identifier), None)
