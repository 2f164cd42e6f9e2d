"""The hook: how Blender calls us in the middle of a render.

Handlers notice that a render begins and ends; between them the hidden scene's engine is called for
each frame, after its 3D and before compositing. A .blend without looks is left alone.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.app.handlers import persistent

from velatura.errors import InputError

from .. import compat, messages
from ..nodes import looknode
from . import failure
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
    """

    def __init__(self) -> None:
        self.session: RenderSession | None = None
        self.scene: bpy.types.Scene = None
        self.blockade: Blockade | None = None
        self.error: BaseException | None = None
        self.leaves = True

    def start(self, scene: bpy.types.Scene) -> None:
        if self.scene is not None:  # somebody's handler renders in the middle of a render
            raise InputError(
                f"{scene.name} is rendered in the middle of a render of {self.scene.name},"
                " and both have looks",
                do="Render one after the other",
            )
        self.scene = scene
        self.session = RenderSession(scene, scene)

    def fail(self, error: BaseException) -> None:
        main = self.session.main if self.session else self.scene
        where = f"{main.name}, frame {self.scene.frame_current}"
        if self.leaves and bpy.app.background:
            self.end()
            failure.leave(error, where)
        messages.add(f"{where}: {failure.text_of(error)}")
        self.error = error
        if self.blockade is None:
            self.blockade = Blockade(self.scene)

    def end(self) -> None:
        session, self.session, self.scene = self.session, None, None
        blockade, self.blockade = self.blockade, None
        if blockade is not None:
            blockade.lift()
        if session is not None:
            session.end()


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
    _running.error, _running.leaves = None, False
    try:
        render()
    finally:
        _running.leaves, _running.session = True, None
        _running.end()
    if _running.error is not None:
        raise _running.error


def is_rendering() -> bool:
    return _running.session is not None


@persistent
def _begin(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    if scene.is_runtime_data or not scene.render.use_compositing:
        return
    try:
        if looknode.rendered(scene):
            _running.start(scene)
    except BaseException as error:  # noqa: BLE001  # the outermost function: Blender called us
        _running.scene = _running.scene or scene
        _running.fail(error)


@persistent
def _end(scene: bpy.types.Scene, _depsgraph: object = None) -> None:
    if scene == _running.scene:
        _running.end()


@persistent
def _before_saving(*_: object) -> None:
    """Keep our node out of a file that is saved in the middle of a render."""
    if _running.session is not None:
        _running.session.unhook()


@persistent
def _after_saving(*_: object) -> None:
    if _running.session is not None:
        _running.session.hook()


@persistent
def _forget(_path: str = "") -> None:
    """Drop what a file that was saved in the middle of a render, or left then, brings along."""
    _running.session = _running.blockade = _running.scene = None
    for tree in (*map(compat.graph_of, bpy.data.scenes), *bpy.data.node_groups):
        node = tree and tree.nodes.get(HOOK)
        if node:
            tree.nodes.remove(node)


_HANDLERS = {
    "render_init": _begin,
    "render_complete": _end,
    "render_cancel": _end,
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
    _running.end()
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    bpy.utils.unregister_class(VELATURA_Hook)
