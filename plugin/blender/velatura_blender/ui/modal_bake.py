"""The modal bake: baking a range of frames from the sidebar, while the window stays alive.

One frame is baked at each tick of a timer. Between two ticks Blender draws the progress and hears
Esc; all else waits until the bake is over, as scenes of ours stand beside the artist's meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from velatura.bakes import Step
from velatura.errors import FrameError, InputError, VelaturaError

from .. import api, compat, messages
from ..render import hook
from ..render.bake import is_at_hand, steps
from . import bake_status, scope
from .operators import NodeOperator

_TICK = 0.01  # seconds between two frames, in which the window is drawn
_RANGES = (
    ("SCENE", "Frame Range", "The scene's range, or the one that is given"),
    ("CURRENT", "This Frame", "The frame that is shown: from its render, if that is there"),
)


class ModalBake:
    """Frames that are being baked, one after the other; end it.

    Attributes:
        frames: all of them.
        last: the one that was baked last, and what was done so far.
        done: how many were baked.
    """

    def __init__(self, context: bpy.types.Context, frames: Sequence[int], *, write: bool) -> None:
        self.frames, self.last, self.done = frames, Step(frames[0], 0, 0), 0
        self._steps = steps(context.scene, frames, write=write)
        self._manager = context.window_manager
        self._screen, self._workspace = context.screen, context.workspace
        self._manager.progress_begin(0, len(frames))
        self._timer = self._manager.event_timer_add(_TICK, window=context.window)
        self._show()

    def advance(self) -> bool:
        """Bake the next frame; return False if there was none.

        Raises:
            VelaturaError: a gain layer could not be made.
        """
        step = next(self._steps, None)
        if step is None:
            return False
        self.last, self.done = step, self.done + 1
        self._show()
        return True

    def end(self) -> None:
        """Stop, and put the window in order; what is baked stays."""
        try:
            self._steps.close()
        finally:
            self._manager.event_timer_remove(self._timer)
            self._manager.progress_end()
            self._workspace.status_text_set(None)
            bake_status.forget()

    @property
    def progress(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / len(self.frames)

    @property
    def text(self) -> str:
        total = len(self.frames)
        return f"Baking frame {self.frames[min(self.done, total - 1)]} ({self.done} of {total})"

    def _show(self) -> None:
        self._manager.progress_update(self.done)
        self._workspace.status_text_set(f"{self.text}. Esc stops; whole frames stay")
        for area in self._screen.areas:
            if area.type == scope.EDITOR:
                area.tag_redraw()


_bake: ModalBake | None = None


def current() -> ModalBake | None:
    """Return the bake that is under way, if one is."""
    return _bake


def begin(context: bpy.types.Context, frames: Sequence[int], *, write: bool = False) -> ModalBake:
    """Begin the one bake that there may be; with ``write`` the frames are written as well."""
    global _bake  # noqa: PLW0603  # the sidebar shows it, and nobody begins a second one
    _bake = ModalBake(context, frames, write=write)
    return _bake


def stop() -> None:
    """End the bake, if one is under way."""
    global _bake  # noqa: PLW0603
    if _bake is not None:
        _bake.end()
        _bake = None


class VELATURA_OT_bake(NodeOperator):
    """Make the gain layers that are missing or out of date. Esc stops; whole frames stay"""

    bl_idname = "velatura.bake"
    bl_label = "Bake Looks"
    cures = True
    bl_options = {"UNDO"}  # no REGISTER: Adjust Last Operation would bake again with every change

    frames: bpy.props.EnumProperty(name="Frames", description="Which frames", items=_RANGES)
    start: bpy.props.IntProperty(
        name="Start",
        description="First frame; the scene's if not given",
        options={"SKIP_SAVE"},
    )
    end: bpy.props.IntProperty(
        name="End",
        description="Last frame; the scene's if not given",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str:
        if _bake is not None or bpy.app.is_job_running("RENDER"):
            return "A bake or a render is under way"
        return super().obstacle(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:  # no window that would have to stay alive
            return self.execute(context)
        scene = context.scene
        if self.frames == "CURRENT" and not is_at_hand(scene, scene.frame_current):
            return self._rendered()
        try:
            begin(context, self._wanted(scene), write=self._writes(scene))
        except VelaturaError as error:
            return self.refuse(error)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, _context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        bake = current()
        if bake is None:  # the add-on was disabled by a script
            return {"CANCELLED"}
        if event.type == "ESC":
            stop()
            return self._told("Stopped", bake.last)
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        goes_on = False
        try:
            goes_on = bake.advance()
        except VelaturaError as error:
            return self.refuse(error)
        finally:
            if not goes_on:
                stop()
        if goes_on:
            return {"RUNNING_MODAL"}
        messages.cured()
        return self._told("Baked", bake.last)

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender ends what is under way: its window closes, or another file is loaded."""
        stop()

    def act(self, context: bpy.types.Context) -> None:
        try:
            scene = context.scene
            frames, write = self._wanted(scene), self._writes(scene)
            self._told("Baked", api.bake(scene, frames, write=write))
        finally:
            bake_status.forget()

    def _wanted(self, scene: bpy.types.Scene) -> Sequence[int]:
        if self.frames == "CURRENT":
            return [scene.frame_current]
        given, usual = self.properties.is_property_set, compat.frames(scene)
        first = self.start if given("start") else usual.start
        last = self.end if given("end") else usual.stop - 1
        if first > last:
            raise FrameError(
                f"The frame range ends before it starts ({first} to {last})",
                do="Swap start and end",
            )
        return range(first, last + 1, usual.step)

    def _rendered(self) -> set[str]:
        """Render the frame as F12 does, whose render is kept, and bake on the way."""
        hook.bake_next()
        try:
            bpy.ops.render.render("INVOKE_DEFAULT")
        except RuntimeError as error:  # no camera, for one
            return self.refuse(InputError(str(error).removeprefix("Error: ").strip()))
        return {"FINISHED"}

    def _writes(self, scene: bpy.types.Scene) -> bool:
        return self.frames == "SCENE" and bool(scene.velatura.keep)

    def _told(self, lead: str, last: Step) -> set[str]:
        text = f"{lead}. Gain layers made: {last.made}, right already: {last.kept}"
        self.report({"INFO"}, text)
        return {"FINISHED"}


def register() -> None:
    bpy.utils.register_class(VELATURA_OT_bake)


def unregister() -> None:
    stop()
    bpy.utils.unregister_class(VELATURA_OT_bake)
