"""What the sidebar is about: the scene's graph, the looks in it, and the one being worked on."""

from __future__ import annotations

import bpy

from velatura.errors import InputError

from .. import compat
from ..nodes import looknode
from ..nodes.looknode import LookNode

EDITOR = "NODE_EDITOR"
GRAPH = "CompositorNodeTree"
ADD = "Add one with Add > velatura"


def obstacle(context: bpy.types.Context) -> str:
    """Return why there is nothing to do here, for people; "" where all is well.

    Without a node editor, in a script, the current scene's graph is meant.
    """
    tree = compat.graph_of(context.scene)
    if tree is None:
        return "The scene has no compositor graph yet: press New, or switch Use Nodes on"
    if is_editor(context) and context.space_data.edit_tree != tree:
        return "Looks live in the scene's own graph: leave the group, or unpin the editor"
    return ""


def is_editor(context: bpy.types.Context) -> bool:
    space = context.space_data
    return space is not None and space.type == EDITOR and space.tree_type == GRAPH


def looks(context: bpy.types.Context) -> list[LookNode]:
    """Return the looks of the scene's graph, from left to right as they stand."""
    tree = compat.graph_of(context.scene)
    nodes = [] if tree is None else [node for node in tree.nodes if looknode.is_look(node)]
    nodes.sort(key=lambda node: (node.location_absolute.x, node.name))
    return [LookNode(node.name, node) for node in nodes]


def look(context: bpy.types.Context) -> LookNode | None:
    """Return the look to work on: the active node, or else the first look."""
    every = looks(context)
    tree = compat.graph_of(context.scene)
    active = (each for each in every if each.node == tree.nodes.active)
    return next(active, every[0] if every else None)


def demand(context: bpy.types.Context) -> LookNode:
    """Return the look to work on.

    Raises:
        InputError: there is none.
    """
    found = look(context)
    if found is None:
        raise InputError(f"No look is in the compositor graph of {context.scene.name}", do=ADD)
    return found
