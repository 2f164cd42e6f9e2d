"""The hook: how Blender calls us in the middle of a render.

Handlers notice that a render begins and ends; between them the hidden scene's engine is called for
each frame, after its 3D and before compositing. A .blend without looks is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.app.handlers import persistent

from velatura.errors import InputError, VelaturaError

from .. import compat, messages
from ..nodes import display, ownership, saving, uses
from . import failure, last_render, strips
from .failure import Blockade
from .session import ENGINE, RenderSession
from .temp_scenes import HOOK


class _Running:
    """The render under way: Blender renders one at a time.

    Attributes:
        session: its looks; None between renders, and for renders without looks.
        scene: the scene that Blender renders, or None.
        blockade: what keeps it from writing, once it has failed.
        error: why it has failed.
        leaves: whether a failure ends the process; a script that bakes wants an exception.
        ours: whether it was begun by `run`, which has its session.
        always: whether the next render bakes whatever its scene says.
        outer: the scene whose render is under way, with looks or without; None between renders.
    """

    def __init__(self) -> None:
        self.session: RenderSession | None = None
        self.scene: bpy.types.Scene = None
        self.blockade: Blockade | None = None
        self.error: BaseException | None = None
        self.leaves = True
        self.ours = self.always = False
        self.outer: bpy.types.Scene = None

    def start(self, scene: bpy.types.Scene) -> None:
        if self.scene is not None:  # somebody's handler renders in the middle of a render
            raise InputError(
                f"{scene.name} is rendered in the middle of a render of {self.scene.name},"
                " and both have looks",
                do="Render one after the other",
            )
        self.scene = scene
        self.session = RenderSession(scene, scene, always=self.always)

    def fail(self, error: BaseException) -> None:
        main = self.session.main if self.session else self.scene
        where = f"{main.name}, frame {self.scene.frame_current}"
        if self.leaves and bpy.app.background:
            self.end()
            failure.leave(error, where)
        messages.refuse(f"{where}: {failure.text_of(error)}")
        self.error = error
        if self.blockade is None:
            self.blockade = Blockade(self.scene, self.outer)

    def end(self) -> None:
        session, self.session, self.scene = self.session, None, None
        if session is not None:
            session.end()

    def lift(self) -> None:
        """Let Blender write again, at the end of the outermost render: a strip's may be inside."""
        blockade, self.blockade = self.blockade, None
        if blockade is not None:
            blockade.lift()


_running = _Running()


class VELATURA_Hook(bpy.types.RenderEngine):
    """Renders nothing: it is the moment at which gain layers are made."""

    bl_idname = ENGINE
    bl_label = "velatura (internal)"

    def render(self, depsgraph: bpy.types.Depsgraph) -> None:
        scene, session = depsgraph.scene, _running.session
        if session is not None and _running.blockade is None:
            try:
                session.frame(scene.frame_current, self.test_break)
            except BaseException as error:  # noqa: BLE001  # the outermost function: Blender called
                _running.fail(error)
                self.report({"ERROR"}, failure.text_of(error))
        size = scene.render.resolution_x, scene.render.resolution_y
        self.end_result(self.begin_result(0, 0, *size))


def run(session: RenderSession, render: Callable[[], None]) -> None:
    """Run a render of our own, with its session; raise what stopped it."""
    _running.session, _running.scene = session, session.source
    _running.error, _running.leaves, _running.ours = None, False, True
    try:
        render()
    finally:
        _running.leaves, _running.ours, _running.session = True, False, None
        _running.lift()
        _running.end()
    if _running.error is not None:
        raise _running.error


def bake_next() -> None:
    """Let the next render bake, whatever its scene says of *Bake While Rendering*."""
    _running.always = True


def is_rendering() -> bool:
    return _running.session is not None


@persistent
def _begin(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    if scene.is_runtime_data:
        return
    try:
        _running.outer = _running.outer or scene
        display.show_alarm()
        strips.prepare(scene)
        if _running.ours and scene == _running.scene:
            return
        if scene.render.use_compositing and uses.rendered(scene):
            _running.start(scene)
    except BaseException as error:  # noqa: BLE001  # the outermost function: Blender called us
        _running.scene = _running.scene or scene
        _running.fail(error)


@persistent
def _end(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    if scene == _running.scene and not _running.ours:
        _running.end()
        _running.always = False
    if scene == _running.outer:
        _running.lift()
        _running.outer = None
        display.show_plates()


@persistent
def _finished(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    whole = scene == _running.scene and _running.blockade is None
    _end(scene)
    if not scene.is_runtime_data:
        last_render.note(scene)
        if whole:
            messages.cured()


@persistent
def _scrubbed(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    """Show the plate alone while the render of one frame stands under the gain of another.

    A viewport that composites has rendered the frame itself: there the gain is the right one.
    """
    if bpy.app.background or _running.outer is not None or scene.is_runtime_data:
        return
    display.show_plates(alone=last_render.is_of_another(scene) and not _viewport_composites())


def _viewport_composites() -> bool:
    windows = bpy.context.window_manager.windows
    spaces = (area.spaces.active for window in windows for area in window.screen.areas)
    views = (space.shading for space in spaces if space.type == "VIEW_3D")
    return any(view.type == "RENDERED" and view.use_compositor != "DISABLED" for view in views)


@persistent
def _before_saving(path: str = "", *_: object) -> None:
    """Give a copy of the file folders of its own; keep our node out, in the middle of a render."""
    if _running.session is not None:
        _running.session.unhook()
    else:
        _own()
    saving.before(path)
    display.show_alarm()


@persistent
def _after_saving(path: str = "", *_: object) -> None:
    saving.after(path)
    if _running.session is not None:
        _running.session.hook()
    else:
        display.show_plates()


@persistent
def _forget(_path: str = "") -> None:
    """Drop what a file that was saved in the middle of a render, or left then, brings along."""
    _running.session = _running.blockade = _running.scene = _running.outer = None
    last_render.forget()
    for tree in (*map(compat.graph_of, bpy.data.scenes), *bpy.data.node_groups):
        node = tree and tree.nodes.get(HOOK)
        if node:
            tree.nodes.remove(node)
    _own()
    display.show_plates()


def _own() -> None:
    """Give every look in the file a folder of its own, where it has one of another file's."""
    try:
        ownership.separate()
    except VelaturaError as error:  # the outermost function: Blender called us
        messages.add(str(error))


_HANDLERS = {
    "render_init": _begin,
    "render_complete": _finished,
    "render_cancel": _end,
    "frame_change_post": _scrubbed,
    "load_post": _forget,
    "save_pre": _before_saving,
    "save_post": _after_saving,
    "save_post_fail": _after_saving,
}


def register() -> None:
    bpy.utils.register_class(VELATURA_Hook)
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    _running.lift()
    _running.end()
    display.show_alarm()
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    bpy.utils.unregister_class(VELATURA_Hook)
