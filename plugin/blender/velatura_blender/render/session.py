"""A render session: one render with looks in it, from its start to its end.

A hidden scene with an engine of ours is referenced from the graph. Blender renders it after the
frame's 3D and before compositing, and that is the moment when gain layers are made.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import bpy

from velatura import bakes, fingerprint
from velatura.errors import FrameError, InputError, StorageError

from .. import compat
from ..nodes import graph_digest, home, looknode, ownership, passes, uses
from ..nodes.looknode import LookNode
from . import gain_cache
from .check_signal import CheckNotes
from .plate_render import PlateRender
from .temp_scenes import HOOK, is_there, temporary

ENGINE = "VELATURA_HOOK"

_MEMORY_DISK = Path("/dev/shm")  # noqa: S108  # Linux: files in memory, a third faster
_LEAST_ROOM = 2**30  # bytes free there; containers often have 64 MiB
_SCRATCH = "velatura-"  # what the names of scratch folders begin with
_FORGOTTEN = 24 * 3600  # seconds since a scratch folder was last written to: a frame at most
_PIXELS = 8  # width and height of the hidden scene, whose picture nobody sees


class RenderSession:
    """A render of a scene with looks in it; a context manager, as it leaves nothing behind.

    Args:
        main: the scene whose graph holds the looks.
        source: the scene that is rendered: ``main``, a stand-in for it, or None where nothing in
            the graph is 3D and `frame` is called without a render.
        always: make what is missing or out of date whatever the scene says.

    Raises:
        InputError: a look cannot be baked as it is wired.
        PassError: a pass that a look reads is not rendered.
    """

    def __init__(
        self, main: bpy.types.Scene, source: bpy.types.Scene | None, *, always: bool = False
    ) -> None:
        self.main, self.source = main, source or main
        self.bakes = always or main.velatura.bake
        self.made = self.kept = 0
        if main.render.use_multiview:
            raise InputError(
                f"{main.name} renders in stereo, which looks do not support",
                do="Switch Stereoscopy off, and render the eyes one after the other",
            )
        if self.bakes:
            ownership.separate()
        self.looks = uses.rendered(main)
        for look in self.looks:
            self._demand_own(look)
        self._known = self._found()
        self._folders = {look.uid: look.folder for look in self.looks}
        self._marks = self._mark()
        self._done: dict[str, list[int]] = {}
        self._checks: dict[str, CheckNotes] = {}
        self._scratch = _new_scratch()
        self._plates: PlateRender | None = None
        self._hook: _Hook | None = None
        try:
            if self.bakes:
                self._plates = self._plate_render()
            for look in self.looks:  # only now: a group may have been built anew
                home.show(look.group, main)
            if source is not None:
                self._hook = _Hook(source)
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> RenderSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        if self._hook is not None:
            self._hook.detach()
            self._hook.remove()
        if self._plates is not None:
            self._plates.remove()
        for uid, frames in self._done.items():
            with suppress(StorageError):  # then the sidebar knows less; the gain layers are whole
                bakes.remember(self._folders[uid], frames, self._marks[uid])
            self._checks[uid].save()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def frame(self, number: int, cancelled: Callable[[], bool] = lambda: False) -> None:
        """See that all gain layers of a frame are there and, if this bakes, that they are right.

        Raises:
            FrameError: one is missing or out of date and this does not bake; a frame between
                frames, or below 0.
            VelaturaError: one could not be made.
        """
        self.demand_same()
        if number < 0 or self.main.frame_subframe:
            raise FrameError(
                f"Looks are baked for whole frames from 0 on, and this is frame "
                f"{number + self.main.frame_subframe:g}",
                do="Shift the frame range, or set the subframe to 0",
            )
        if self._plates is None:
            self._demand(number)
            return
        if self._mark() != self._marks:
            raise InputError(
                f"A script changed the graph in front of a look during the render, at frame"
                f" {number}; Blender would apply it one frame late",
                do="Key or drive the value instead",
            )
        for depth in sorted({look.depth for look in self.looks}):
            level = [look for look in self.looks if look.depth == depth]
            doubtful = self._doubtful(self._plates, number, level)
            self._refresh(self._plates, number, doubtful, cancelled)
            for look in level:
                self._done.setdefault(look.uid, []).append(number)

    def demand_same(self) -> None:
        """Raise InputError if the looks are no more those with which this began.

        A script that is called between two frames may undo, open a file or remove a node. What this
        holds of them then must not be touched: Blender 4.5 crashes.
        """
        try:
            found = self._found()
        except ReferenceError:  # the scene itself is gone
            found = []
        if found != self._known:
            raise InputError(
                "The looks are not those with which this began",
                found="an undo, another file, or a look that was removed, in the middle of it",
                do="Bake again; what is baked stays",
            )

    def _found(self) -> list[tuple[object, ...]]:
        """Return what tells the looks that the render depends on from any others."""
        return [
            (look.place.names[:-1], look.node.as_pointer(), look.uid)
            for look in uses.rendered(self.main)
        ]

    def _doubtful(self, plates: PlateRender, number: int, looks: list[LookNode]) -> list[LookNode]:
        """Return those of some looks whose gain layers may not be right, by their check signals."""
        known = [look for look in looks if number in self._checks[look.uid]]
        known = [look for look in known if look.gain(number).exists()]
        signals = plates.signals(number, known) if known else ()
        right = set()
        for look, signal in zip(known, signals, strict=True):
            plate = self._checks[look.uid].plate(number, signal) if signal.exists() else ""
            if plate and gain_cache.is_right(look, plate, number):
                right.add(look)
        self.kept += len(right)
        return [look for look in looks if look not in right]

    def _refresh(
        self,
        plates: PlateRender,
        number: int,
        looks: list[LookNode],
        cancelled: Callable[[], bool],
    ) -> None:
        """Compare whole plates with the gain layers of some looks, and make what is not right."""
        files = plates.render(number, looks) if looks else ()
        for look, (plate, signal) in zip(looks, files, strict=True):
            digest = fingerprint.of_file(plate)
            made = gain_cache.refresh(look, plate, digest, number, cancelled)
            self.made, self.kept = self.made + made, self.kept + (not made)
            self._checks[look.uid].note(number, signal, digest)
            plate.unlink()

    def _plate_render(self) -> PlateRender:
        """Bring the looks up to date with their files, and prepare to write their plates."""
        for look in self.looks:
            looknode.update(look)
            self._checks[look.uid] = CheckNotes(look.folder)
        guides = {look: look.guides for look in self.looks}
        return PlateRender(self.main, self.source, guides, self._scratch)

    def hook(self) -> None:
        """Let Blender call for the frames of this session."""
        if self._hook is not None:
            self._hook.attach()

    def unhook(self) -> None:
        """Take our node out of the artist's graph for a while."""
        if self._hook is not None:
            self._hook.detach()

    def _mark(self) -> dict[str, str]:
        return {look.uid: graph_digest.mark(look) for look in self.looks}

    def _demand_own(self, look: LookNode) -> None:
        """Raise FrameError if a look's gain layers are another node's or another .blend's."""
        if ownership.is_own(self.main, look.place):
            return
        foreign = home.is_foreign(look.group) or home.is_foreign(look.node.id_data)
        raise FrameError(
            f"The look {look.title} of {self.main.name} has no gain layers of its own",
            found=f"those of {look.group.velatura.home or 'another version of the add-on'}",
            do="Make the graph local (in the Outliner: ID Data > Make Local): looks cannot be baked"
            " in a graph that is linked or overridden"
            if foreign and self.bakes
            else "Open the file in Blender with the add-on, bake, and save it",
        )

    def _demand(self, number: int) -> None:
        for look in self.looks:
            state = graph_digest.states(look, [number], self._marks[look.uid])[number]
            if state != bakes.BAKED:
                wrong = "was not baked" if state == bakes.MISSING else "is out of date"
                raise FrameError(
                    f"The look {look.title} {wrong} for frame {number}",
                    found=f"{state}: {look.gain(number)}",
                    do="Press Bake in the velatura tab, or switch Bake While Rendering on",
                )


class _Hook:
    """The hidden scene, and the node that makes Blender render it."""

    def __init__(self, source: bpy.types.Scene) -> None:
        self._tree = compat.graph_of(source)
        self._scene = temporary(bpy.data.scenes.new(HOOK))
        self._camera = temporary(bpy.data.cameras.new(HOOK))
        self._object = temporary(bpy.data.objects.new(HOOK, self._camera))
        self._scene.collection.objects.link(self._object)
        self._scene.camera = self._object  # Blender renders no scene without one
        render = self._scene.render
        render.engine = ENGINE
        render.resolution_x = render.resolution_y = _PIXELS
        bpy.context.view_layer.update()  # else Blender 5.2 crashes on a scene this young
        self.attach()

    def attach(self) -> None:
        # Blender 5.0 counts a user too many of the scene that a new node shows: let it be ours.
        with bpy.context.temp_override(scene=self._scene):
            node = self._tree.nodes.new(passes.LAYERS)  # the last one: after other scenes' 3D
        node.name, node.scene, node.hide = HOOK, self._scene, True

    def detach(self) -> None:
        if not is_there(self._scene):
            return
        node = self._tree.nodes.get(HOOK)
        if node is not None:
            self._tree.nodes.remove(node)

    def remove(self) -> None:
        if is_there(self._scene):
            bpy.data.scenes.remove(self._scene)
            bpy.data.objects.remove(self._object)
            bpy.data.cameras.remove(self._camera)


def _new_scratch() -> Path:
    """Make a folder for what lives for one frame: in memory, where there is room."""
    folder = Path(tempfile.gettempdir())
    if _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free >= _LEAST_ROOM:
        folder = _MEMORY_DISK
    for left in folder.glob(f"{_SCRATCH}*"):  # by a Blender that was killed
        with suppress(OSError):  # another's, or gone already
            if time.time() - left.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(left)
    return Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=folder))
