"""The plate render: what is wired into look nodes, written without rendering the 3D again.

A copy of the scene, empty of objects, holds a copy of its compositor graph. The copy's Render
Layers nodes stand inside a group: there the compositor takes their passes from the render that is
in memory, but does not ask for another one. Each look node's input goes to two file outputs: one
for the whole of it, and one for its check signal, see `check_signal`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import bpy

from velatura.errors import InputError, MachineError

from .. import compat
from ..nodes import graph_walk, passes
from ..nodes.looknode import LookNode
from . import check_signal, merged_passes
from .graph_copy import GraphCopy
from .temp_scenes import discard, empty_copy, is_there, render_still


class PlateRender:
    """A scene that writes what is wired into look nodes, until it is removed.

    Args:
        main: the scene whose graph it is.
        source: the scene whose render is in memory: ``main``, or a stand-in for it.
        looks: its look nodes, with the guides that each reads.
        scratch: a folder for what it writes.
    """

    def __init__(
        self,
        main: bpy.types.Scene,
        source: bpy.types.Scene,
        looks: dict[LookNode, tuple[str, ...]],
        scratch: Path,
    ) -> None:
        wanted = {look: passes.sockets(look, guides) for look, guides in looks.items()}
        self._scratch = scratch
        self._scene = empty_copy(main, "plates")
        self._graph = GraphCopy(self._scene, main, source)
        try:
            self._outputs: dict[str, bpy.types.Node] = {}
            for look, guides in wanted.items():
                self._add_outputs(look, guides)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the scene."""
        self._outputs = {}
        if is_there(self._scene):
            self._graph.close(partial(discard, self._scene))

    def render(self, frame: int, looks: list[LookNode]) -> list[tuple[Path, Path]]:
        """Write what is wired into each of ``looks`` at a frame.

        Returns:
            The files with the plate and with its check signal, in the order of the looks.

        Raises:
            MachineError: Blender left no file.
        """
        self._render(frame, {name for look in looks for name in (look.uid, _signal(look))})
        signals = [compat.written(self._scratch / _signal(look), frame) for look in looks]
        plates = [self._collected(look, frame) for look in looks]
        return list(zip(plates, signals, strict=True))

    def signals(self, frame: int, looks: list[LookNode]) -> list[Path]:
        """Write the check signal alone of what is wired into each of ``looks``; return the files.

        One that Blender did not write is missing from the disk.
        """
        self._render(frame, {_signal(look) for look in looks})
        return [compat.written(self._scratch / _signal(look), frame) for look in looks]

    def _render(self, frame: int, wanted: set[str]) -> None:
        for name, node in self._outputs.items():
            node.mute = name not in wanted
            compat.written(self._scratch / name, frame).unlink(missing_ok=True)  # the last frame's
        render_still(self._scene, frame)

    def _add_outputs(self, look: LookNode, guides: dict[str, passes.Guide]) -> None:
        """Wire a look's input, and the guides it reads, to file outputs."""
        found = next(graph_walk.feeding(look.place, look.node.inputs["Image"]), None)
        if found is None or found[1].type != "RGBA":
            raise InputError(
                f"No picture is wired into the look {look.title}",
                found=f"{found[1].name}, no colours" if found else "nothing",
                do="Wire a picture to its Image",
            )
        compat.refuse_lazy_moves(look.node)
        tree, picture = self._graph.tree, self._graph.output(*found)
        whole = {"Combined": picture}
        signal = {"Combined": check_signal.reduced(tree, picture)}
        for guide, where in guides.items():
            name, socket = merged_passes.merge(self._graph, guide, where)
            whole[name] = signal[name] = socket
            if guide in check_signal.SUMMED:
                signal[name] = check_signal.reduced(tree, socket)
        for name, sockets in ((look.uid, whole), (_signal(look), signal)):
            self._outputs[name] = compat.new_file_output(tree, self._scratch / name, sockets)

    def _collected(self, look: LookNode, frame: int) -> Path:
        """Give a file its final name: the gain layer is named after it."""
        file = compat.written(self._scratch / look.uid, frame)
        final = self._scratch / look.uid / f"{look.stem.name}.{frame:04d}.exr"
        final.parent.mkdir(exist_ok=True)
        try:
            file.replace(final)
        except FileNotFoundError as error:
            raise MachineError(
                f"Blender did not write what is wired into the look {look.title}",
                found=f"no file in {self._scratch}",
                do="Wire in a picture whose files exist, not a single colour, and check"
                " that there is room for temporary files",
            ) from error
        return final


def _signal(look: LookNode) -> str:
    """Return what the files of a look's check signal begin with."""
    return f"{look.uid}_signal_"
