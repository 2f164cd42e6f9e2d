"""The Teach panel: painted frames, and a training with its contact sheet while it learns."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

from ..teach import orders, training
from ..teach.training import Training
from . import panel
from .panel import Tab

_SHEET = 12.0  # size of the contact sheet, in rows


class TeachTab(Tab):
    """The panel, wherever it is shown."""

    bl_label = "Teach"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        teach, found = context.scene.velatura_teach, training.current()
        if not bpy.data.filepath:
            panel.write(layout, context, "Save the .blend first: paint lies beside it", "INFO")
            return
        _painted(layout, teach, context.scene.frame_current)
        column = layout.column(align=True)
        for name in ("name", "minutes", "free"):
            column.prop(teach, name)
        row = layout.row(align=True)
        if found is not None and not found.over:
            row.operator("velatura.teach_stop", icon="PAUSE")
        else:
            row.operator("velatura.teach_train", icon="PLAY").resume = False
            again = row.row(align=True)
            again.enabled = found is not None
            again.operator("velatura.teach_train", text="Resume", icon="FF").resume = True
        if found is not None:
            _told(layout, context, found)


class VELATURA_PT_teach(TeachTab):
    """Learn a look from frames that you paint"""


class VELATURA_PT_teach_plates(Tab):
    """The frames that were painted over, where Paint This Frame has not kept them"""

    bl_label = "Plates"
    bl_parent_id = "VELATURA_PT_teach"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        layout.prop(context.scene.velatura_teach, "plates")
        layout.prop(context.scene.velatura_teach, "start")
        layout.operator("velatura.teach_passes", icon="RENDERLAYERS")


class VELATURA_PT_teach_image(TeachTab):
    """Learn a look from frames that you paint"""

    bl_space_type = "IMAGE_EDITOR"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return True


def _painted(layout: bpy.types.UILayout, teach: bpy.types.PropertyGroup, frame: int) -> None:
    """List the painted frames."""
    for key in sorted(teach.keys, key=lambda key: key.frame):
        row = layout.row(align=True)
        row.label(text=f"Frame {key.frame}", icon="DOT" if key.frame == frame else "BLANK1")
        row.label(text=Path(key.path).name)
        row.operator("velatura.teach_forget", text="", icon="X").frame = key.frame
    row = layout.row(align=True)
    row.operator("velatura.teach_paint", icon="BRUSH_DATA")
    row.operator("velatura.teach_file", icon="FILE_FOLDER")


def _told(layout: bpy.types.UILayout, context: bpy.types.Context, found: Training) -> None:
    """Show how far a training is, and what came out."""
    if not found.over:
        layout.progress(factor=found.progress, text=found.text)
    elif found.trouble:
        panel.write(layout.box(), context, found.trouble, "ERROR")
    else:
        said = "Stopped: the best so far is a look" if found.stopped else "Learnt"
        layout.label(text=said, icon="CHECKMARK")
    if found.over and orders.look(context.scene).is_file():
        layout.operator("velatura.teach_use", icon="ADD")
    if found.advice is not None:
        layout.label(text=f"Paint frame {found.advice} next", icon="BRUSH_DATA")
    icon = _icon(found.sheet)
    if icon:
        layout.template_icon(icon_value=icon, scale=_SHEET)
        layout.operator("velatura.teach_sheet", icon="IMAGE_DATA")


_sheets: dict[str, bpy.utils.previews.ImagePreviewCollection] = {}


def _icon(sheet: Path) -> int:
    """Return the icon of a contact sheet as it is now; 0 where there is none yet."""
    try:
        key = f"{sheet} {sheet.stat().st_mtime_ns}"
    except OSError:
        return 0
    if key not in _sheets["sheets"]:
        _sheets["sheets"].clear()
        _sheets["sheets"].load(key, str(sheet), "IMAGE")
    return _sheets["sheets"][key].icon_id


CLASSES = (VELATURA_PT_teach, VELATURA_PT_teach_image, VELATURA_PT_teach_plates)

_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _sheets["sheets"] = bpy.utils.previews.new()
    _register()


def unregister() -> None:
    _unregister()
    bpy.utils.previews.remove(_sheets.pop("sheets"))
