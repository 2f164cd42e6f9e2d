"""The buttons of the Teach panel: paint a frame, train, stop, go on, use the look."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from velatura.errors import InputError

from .. import api, messages
from ..teach import keys, orders, training
from ..teach.training import Training
from . import scope
from .operators import LookOperator

_TICK = 0.5  # seconds between two looks at what the trainer says
_NUMBER = re.compile(r"(\d+)$")
_PASSES = ("z", "normal", "diffuse_color", "position", "vector", "cryptomatte_object")
_SHEET = "velatura contact sheet"


class VELATURA_OT_teach_paint(LookOperator):
    """Keep the render of this frame, and open it in the image editor to be painted on"""

    bl_idname = "velatura.teach_paint"
    bl_label = "Paint This Frame"

    def act(self, context: bpy.types.Context) -> None:
        _show(context, keys.paint(context.scene), "PAINT")


class VELATURA_OT_teach_file(LookOperator):
    """Mark a file that was painted elsewhere as the paint of the frame that its name ends in"""

    bl_idname = "velatura.teach_file"
    bl_label = "Painted File..."

    filepath: bpy.props.StringProperty(
        description="The painted picture", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_image: bpy.props.BoolProperty(
        description="Show pictures alone", default=True, options={"HIDDEN", "SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def act(self, context: bpy.types.Context) -> None:
        file = Path(bpy.path.abspath(self.filepath))
        number = _NUMBER.search(file.stem)
        frame = int(number[1]) if number else context.scene.frame_current
        keys.add(context.scene, file, frame)


class VELATURA_OT_teach_forget(LookOperator):
    """Do not learn from this frame any more; its paint stays on disk under another name"""

    bl_idname = "velatura.teach_forget"
    bl_label = "Forget"

    frame: bpy.props.IntProperty(
        name="Frame", description="The frame whose paint is let go", options={"SKIP_SAVE"}
    )

    def act(self, context: bpy.types.Context) -> None:
        keys.forget(context.scene, self.frame)


class VELATURA_OT_teach_passes(LookOperator):
    """Render the passes that help learning: depth, normal, colour, position, motion and ids"""

    bl_idname = "velatura.teach_passes"
    bl_label = "Render Passes"
    bl_options = {"UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        for layer in context.scene.view_layers:
            for name in _PASSES:
                setattr(layer, f"use_pass_{name}", True)


class VELATURA_OT_teach_train(LookOperator):
    """Learn a look from the painted frames"""

    bl_idname = "velatura.teach_train"
    bl_label = "Train"

    resume: bpy.props.BoolProperty(
        name="Resume", description="Go on with the latest training", options={"SKIP_SAVE"}
    )

    @classmethod
    def obstacle(cls, _context: bpy.types.Context) -> str:
        return "" if _idle() else "A training is under way"

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        keys.save(scene)
        run = orders.run(scene, new=not self.resume)
        training.begin(orders.commands(scene, resume=self.resume), run)
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=_TICK, persistent=True)


class VELATURA_OT_teach_stop(LookOperator):
    """Stop learning; the best so far is written as a look, and Resume goes on from here"""

    bl_idname = "velatura.teach_stop"
    bl_label = "Stop"

    @classmethod
    def obstacle(cls, _context: bpy.types.Context) -> str:
        return "No training is under way" if _idle() else ""

    def act(self, _context: bpy.types.Context) -> None:
        _demand().stop()


class VELATURA_OT_teach_use(LookOperator):
    """Add the look that was learnt to the compositor, behind everything else"""

    bl_idname = "velatura.teach_use"
    bl_label = "Use This Look"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        look = orders.look(context.scene)
        if not look.is_file():
            raise InputError(f"{look} was not learnt yet", do="Press Train")
        api.create(look, context.scene)


class VELATURA_OT_teach_sheet(LookOperator):
    """Open the contact sheet in the image editor: plate, result and paint of each painted frame"""

    bl_idname = "velatura.teach_sheet"
    bl_label = "Contact Sheet"

    @classmethod
    def obstacle(cls, _context: bpy.types.Context) -> str:
        found = training.current()
        return "" if found and found.sheet.is_file() else "No contact sheet is there yet"

    def act(self, context: bpy.types.Context) -> None:
        image = bpy.data.images.load(str(_demand().sheet), check_existing=True)
        image.name = _SHEET
        image.reload()
        _show(context, image, "VIEW")


def _idle() -> bool:
    found = training.current()
    return found is None or found.over


def _demand() -> Training:
    found = training.current()
    if found is None:
        raise InputError("No look was taught yet", do="Press Train")
    return found


def _show(context: bpy.types.Context, image: bpy.types.Image, mode: str) -> None:
    """Show an image in the image editors; in a script without a window there are none."""
    for area in context.screen.areas if context.screen else ():
        if area.type == "IMAGE_EDITOR":
            area.spaces.active.image = image
            area.spaces.active.ui_mode = mode


def _tick() -> float | None:
    """Hear the trainer, and draw what it says; called by Blender until it is over."""
    found = training.current()
    if found is None:
        return None
    goes_on = found.poll()
    sheet = bpy.data.images.get(_SHEET)
    if sheet is not None:
        sheet.reload()
    if found.trouble:
        messages.add(found.trouble)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {scope.EDITOR, "IMAGE_EDITOR"}:
                area.tag_redraw()
    return _TICK if goes_on else None


CLASSES = (
    VELATURA_OT_teach_paint,
    VELATURA_OT_teach_file,
    VELATURA_OT_teach_forget,
    VELATURA_OT_teach_passes,
    VELATURA_OT_teach_train,
    VELATURA_OT_teach_stop,
    VELATURA_OT_teach_use,
    VELATURA_OT_teach_sheet,
)

_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register()


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _unregister()
