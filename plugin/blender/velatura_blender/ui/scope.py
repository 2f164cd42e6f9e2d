"""What the sidebar is about: the scene's graph, the looks in it, and the one being worked on."""

from __future__ import annotations

import bpy

from velatura.errors import InputError

from .. import compat
from ..nodes import uses
from ..nodes.graph_walk import groups_in
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
    if is_editor(context) and _edited(context) not in [tree, *groups_in(tree)]:
        return "This is not the scene's own graph, nor a group in it: unpin the editor"
    return ""


def edited(context: bpy.types.Context) -> bpy.types.NodeTree:
    """Return the tree that is worked on: the one in the editor, or the scene's own graph."""
    return _edited(context) if is_editor(context) else compat.graph_of(context.scene)


def is_editor(context: bpy.types.Context) -> bool:
    space = context.space_data
    return space is not None and space.type == EDITOR and space.tree_type == GRAPH


def looks(context: bpy.types.Context) -> list[LookNode]:
    """Return the looks of the scene's graph and its groups, from left to right as they stand."""
    found = uses.looks(context.scene)

    def across(look: LookNode) -> tuple[float, str]:
        outermost = (*look.groups, look.node)[0]
        return outermost.location_absolute.x, " ".join(look.place.names)

    return sorted(found, key=across)


def look(context: bpy.types.Context) -> LookNode | None:
    """Return the look to work on: the active node, or else the first look."""
    every, tree = looks(context), edited(context)
    active = tree.nodes.active if tree is not None else None
    first = (each for each in every if each.node == active)
    inside = (each for each in every if active in each.groups)
    return next(first, None) or next(inside, every[0] if every else None)


def demand(context: bpy.types.Context) -> LookNode:
    """Return the look to work on.

    Raises:
        InputError: there is none.
    """
    found = look(context)
    if found is None:
        raise InputError(f"No look is in the compositor graph of {context.scene.name}", do=ADD)
    return found


def _edited(context: bpy.types.Context) -> bpy.types.NodeTree:
    return context.space_data.edit_tree
