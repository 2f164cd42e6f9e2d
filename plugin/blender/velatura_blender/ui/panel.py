"""The velatura tab in the compositor's sidebar."""

from __future__ import annotations

import textwrap

import bpy

from .. import compat, messages
from ..nodes import gain_nodes, passes
from ..nodes.looknode import LookNode
from ..render import failure
from . import bake_status, look_menu, modal_bake, previews, scope

_THUMBNAIL, _GRID = 6.0, 4.0  # size of the look's picture and of those to choose from, in rows
_LETTER = 7.0  # px, about: the width of a letter at 100 % resolution scale
_EDGES = 70.0  # px at 100 %: the indent of a sub-panel, a box's edges, the icon, the scroll bar
_LEAST = 24  # letters in a row of a narrow sidebar
_MARKS = {"baked": "CHECKMARK", "stale": "FILE_REFRESH", "missing": "BLANK1"}
_WORDS = {"baked": "Baked", "stale": "Out of date", "missing": "Missing"}


class Tab(bpy.types.Panel):
    """A panel of the velatura tab.

    `show` fills it. What goes wrong there is said in it: Blender would leave the panel half empty,
    and print a traceback with every redraw.
    """

    bl_space_type = scope.EDITOR
    bl_region_type = "UI"
    bl_category = "velatura"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return scope.is_editor(context)

    def draw(self, context: bpy.types.Context) -> None:
        try:
            self.show(self.layout, context)
        except Exception as error:  # noqa: BLE001  # the outermost function: Blender called us
            messages.add(failure.text_of(error))
            write(self.layout, context, failure.text_of(error), icon="ERROR")

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        raise NotImplementedError


class VELATURA_PT_look(Tab):
    """The looks of the graph, and the one that is being worked on"""

    bl_label = "velatura"

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        why, looks, look = scope.obstacle(context), scope.looks(context), scope.look(context)
        if why:
            write(layout, context, why, icon="INFO")
            return
        if look is None:
            write(layout, context, "No look is in this graph yet", icon="INFO")
        if len(looks) > 1:
            _list(layout, looks, look)
        layout.menu(look_menu.VELATURA_MT_looks.bl_idname, text="Add Look", icon="ADD")
        if look is not None:
            _knobs(layout, context, look)


class VELATURA_PT_frames(Tab):
    """Which frames are baked"""

    bl_label = "Frames"
    bl_parent_id = "VELATURA_PT_look"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and scope.look(context) is not None

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        layout.prop(context.scene.velatura, "bake")
        look = scope.demand(context)
        for state, frames in bake_status.summary(_status(context, look).states).items():
            layout.label(text=f"{_WORDS[state]} {frames}", icon=_MARKS[state])
        under_way = modal_bake.current()
        if under_way is not None:
            layout.progress(factor=under_way.progress, text=under_way.text)
            layout.label(text="Esc stops; whole frames stay")
        layout.prop(context.scene.velatura, "keep")
        row = layout.row(align=True)
        bake = modal_bake.VELATURA_OT_bake.bl_idname
        row.operator(bake, text="Bake Range", icon="RENDER_ANIMATION").frames = "SCENE"
        row.operator(bake, text="This Frame", icon="RENDER_STILL").frames = "CURRENT"


class VELATURA_PT_messages(Tab):
    """What velatura has to say"""

    bl_label = "Messages"
    bl_parent_id = "VELATURA_PT_look"

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        said = messages.latest()
        for text in said:
            write(layout.box(), context, text, icon="ERROR")
        row = layout.row(align=True)
        row.operator("velatura.open_report", icon="FILE_TEXT")
        if said:
            row.operator("velatura.clear_messages", text="", icon="X")


class VELATURA_PT_looks(Tab):
    """The library: published looks, to add to the graph"""

    bl_label = "Looks"
    bl_parent_id = "VELATURA_PT_look"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        found = previews.current()
        grid = layout.grid_flow(columns=0, even_columns=True)
        for item in found.items:
            cell = grid.column()
            cell.template_icon(icon_value=item.icon, scale=_GRID)
            cell.operator("velatura.add_look", text=item.name).path = str(item.path)
        if not found.items:
            hint = "No looks are published yet. Publish one with: velatura publish LOOK.onnx"
            write(layout, context, hint, icon="INFO")
        for text in found.refused:
            write(layout.box(), context, text, icon="ERROR")
        layout.operator("velatura.refresh_looks", icon="FILE_REFRESH")
        if found.items:
            layout.operator("velatura.publish_assets", icon="ASSET_MANAGER")


def _list(layout: bpy.types.UILayout, looks: list[LookNode], active: LookNode | None) -> None:
    column = layout.column(align=True)
    for each in looks:
        pressed = active is not None and each.place.names == active.place.names
        text = " / ".join((*(group.label or group.name for group in each.groups), each.title))
        row = column.operator("velatura.select_look", text=text, depress=pressed)
        row.node = " / ".join(each.place.names)


def _knobs(layout: bpy.types.UILayout, context: bpy.types.Context, look: LookNode) -> None:
    """Show a look's picture, its strength and mask, and what it lacks."""
    layout.template_icon_view(
        look.group, "velatura_choice", show_labels=True, scale=_THUMBNAIL, scale_popup=_GRID
    )
    known = _status(context, look)
    if known.trouble:
        write(layout.box(), context, f"{known.trouble} What is baked still renders.", "ERROR")
    for name in ("Strength", "Mask"):
        socket = look.node.inputs[name]
        if socket.is_linked:
            layout.label(text=f"{name}: wired in", icon="LINKED")
        else:
            layout.prop(socket, "default_value", text=name, slider=True)
        if name == "Strength" and gain_nodes.is_calibrated(look.group):
            layout.prop(look.group.velatura, "even")
    layout.prop(look.group.velatura, "premultiplied")
    gaps = passes.lacking(look, known.guides)
    for layer, missing in gaps.items():
        text = f"The look reads {', '.join(missing)}: not rendered by {layer}"
        write(layout, context, text, icon="ERROR")
    if gaps:
        layout.operator("velatura.enable_passes", icon="RENDERLAYERS")


def _status(context: bpy.types.Context, look: LookNode) -> bake_status.Status:
    return bake_status.of(look, compat.frames(context.scene))


def write(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE"
) -> None:
    """Write a text in as many rows as it needs, as Blender would cut it off.

    Of a bug's story only the beginning and the end: the console and the report have all of it.
    """
    scale = context.preferences.system.ui_scale or 1.0  # 0 in the background
    columns = max(_LEAST, int((context.region.width / scale - _EDGES) / _LETTER))
    column, lines = layout.column(align=True), text.splitlines()
    for line in lines if len(lines) == 1 else (lines[0], lines[-1]):
        for row in textwrap.wrap(line, columns):
            column.label(text=row, icon=icon)
            icon = "BLANK1"


CLASSES = (VELATURA_PT_look, VELATURA_PT_frames, VELATURA_PT_messages, VELATURA_PT_looks)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
