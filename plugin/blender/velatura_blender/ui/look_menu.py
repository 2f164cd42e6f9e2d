"""The look menu: the library's looks as a menu to add one from, and as a grid of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bpy

from velatura.errors import VelaturaError

from .. import messages
from ..nodes import looknode, uses
from . import previews, scope
from .previews import Item

_Choice = tuple[str, str, str, int, int]  # identifier, name, tooltip, icon, number


class VELATURA_MT_looks(bpy.types.Menu):
    """Adds a look to the graph"""

    bl_idname = "VELATURA_MT_looks"
    bl_label = "velatura"

    def draw(self, _context: bpy.types.Context) -> None:
        layout, found = self.layout, previews.current()
        layout.operator_context = "INVOKE_REGION_WIN"  # where the mouse is, which places the node
        for item in found.items:
            add = layout.operator("velatura.add_look", text=item.name, icon_value=item.icon)
            add.path = str(item.path)
        if found.refused:
            row = layout.row()
            row.enabled = False
            row.label(text=f"{len(found.refused)} in the folders cannot be used", icon="ERROR")
        layout.separator()
        layout.operator("velatura.add_look", text="From File...", icon="FILE_FOLDER").path = ""


def _extend_add_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    if scope.is_editor(context):
        menu.layout.menu(VELATURA_MT_looks.bl_idname, icon="BRUSHES_ALL")


@cache
def _choices(items: tuple[Item, ...]) -> list[_Choice]:
    """Return items as Blender wants choices; it does not keep them, so they are never let go."""
    return [(str(each.path), each.name, each.tip, each.icon, each.number) for each in items]


def _offered(group: bpy.types.NodeTree, _context: bpy.types.Context | None) -> list[_Choice]:
    """Return the choices for a look node: those of the library, and the look it has."""
    found = previews.current()
    own = found.item(_path(group))
    return _choices(found.items if own in found.items else (own, *found.items))


def _chosen(group: bpy.types.NodeTree) -> int:
    return previews.current().item(_path(group)).number


def _choose(group: bpy.types.NodeTree, number: int) -> None:
    path = previews.current().path(number)
    try:
        for node in _users(group):
            looknode.change(node, str(path))
    except VelaturaError as error:  # the outermost function: Blender called us
        messages.add(str(error))


def _users(group: bpy.types.NodeTree) -> Iterator[bpy.types.Node]:
    """Yield the nodes of a group: a duplicate shares it until it is saved or rendered."""
    for scene in bpy.data.scenes:
        yield from (look.node for look in uses.looks(scene) if look.group == group)


def _path(group: bpy.types.NodeTree) -> Path:
    return Path(bpy.path.abspath(group.velatura.look))


def register() -> None:
    bpy.utils.register_class(VELATURA_MT_looks)
    bpy.types.NODE_MT_add.append(_extend_add_menu)
    bpy.types.NodeTree.velatura_choice = bpy.props.EnumProperty(
        name="Look",
        description="The look of this node. Choosing another makes its gain layers out of date",
        items=_offered,
        get=_chosen,
        set=_choose,
    )


def unregister() -> None:
    del bpy.types.NodeTree.velatura_choice
    bpy.types.NODE_MT_add.remove(_extend_add_menu)
    bpy.utils.unregister_class(VELATURA_MT_looks)
    _choices.cache_clear()
