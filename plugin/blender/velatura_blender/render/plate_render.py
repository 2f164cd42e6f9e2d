"""The plate render: what is wired into look nodes, written without rendering the 3D again.

A copy of the scene, empty of objects, holds a copy of its compositor graph. The copy's Render
Layers nodes stand inside a group: there the compositor takes their passes from the render that is
in memory, but does not ask for another one. Each look node's input goes to a file output.

Nodes of the copy are muted and unlinked, never removed: a copied graph shares its keyframes with
the original, and removing an animated node would delete them there as well.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from velatura.errors import InputError, MachineError

from .. import compat
from ..nodes import passes
from ..nodes.looknode import LookNode
from . import layer_groups
from .temp_scenes import discard, empty_copy, render_still, silence, temporary


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
        self._tree = temporary(compat.own_graph(self._scene))
        silence(self._tree)
        ours = {main, self._scene, None}
        self._groups = {
            node.name: layer_groups.wrap(
                self._tree, node, source if node.scene in ours else node.scene
            )
            for node in [each for each in self._tree.nodes if layer_groups.reads_renders(each)]
            if not node.mute
        }
        try:
            self._outputs = {
                look.uid: self._file_output(look, sockets) for look, sockets in wanted.items()
            }
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the scene."""
        groups = [instance.node_tree for instance in self._groups.values()]
        self._tree, self._groups = None, {}
        discard(self._scene)
        for group in groups:
            layer_groups.remove(group)

    def render(self, frame: int, looks: list[LookNode]) -> list[Path]:
        """Write what is wired into each of ``looks`` at a frame; return the files, in order.

        Raises:
            MachineError: Blender left no file.
        """
        wanted = [look.uid for look in looks]
        for uid, node in self._outputs.items():
            node.mute = uid not in wanted
        render_still(self._scene, frame)
        return [self._collected(look, frame) for look in looks]

    def _file_output(
        self,
        look: LookNode,
        guides: dict[str, tuple[bpy.types.Node, bpy.types.NodeSocket]],
    ) -> bpy.types.Node:
        """Wire a look's input, and the guides it reads, to a file output."""
        copy = self._tree.nodes[look.name]
        links = [link for link in copy.inputs["Image"].links if not link.is_muted]
        if not links or links[0].from_socket.type != "RGBA":
            raise InputError(
                f"No picture is wired into the look {look.title}",
                found=f"{links[0].from_socket.name}, no colours" if links else "nothing",
                do="Wire a picture to its Image",
            )
        compat.refuse_lazy_moves(look.node)
        sockets = {"Combined": links[0].from_socket}
        for node, socket in guides.values():
            copy = self._groups.get(node.name) or self._tree.nodes[node.name]
            sockets[socket.name] = copy.outputs[socket.name]
        return compat.new_file_output(self._tree, self._scratch / f"{look.uid}_", sockets)

    def _collected(self, look: LookNode, frame: int) -> Path:
        """Give a file its final name: the gain layer is named after it."""
        file = compat.written(self._scratch / f"{look.uid}_", frame)
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
