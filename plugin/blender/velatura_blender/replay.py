"""The replay: what is wired into the look nodes of a frame, computed without rendering it again.

A copy of the scene, empty of objects, holds a copy of its compositor graph. The copy's Render
Layers nodes stand inside a group: there the compositor takes their passes from the render that is
in memory, but does not ask for another one. Each look node's input goes to a file output.

Nodes of the copy are muted and unlinked, never removed: a copied graph shares its keyframes with
the original, and removing an animated node would delete them there as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from velatura.errors import InputError, MachineError

from . import dialect, looknode, passes
from .looknode import GROUP, LookNode

PREFIX = ".velatura "
"""What the names of our short-lived datablocks begin with; a leading dot hides them in menus."""

_SINKS = (*looknode.OUTPUTS, "CompositorNodeViewer")
_KINDS = {"RGBA": "NodeSocketColor", "VALUE": "NodeSocketFloat"}


class Replay:
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
        self._scene = empty_copy(main, "replay")
        self._tree = dialect.own_graph(self._scene)
        temporary(self._tree)
        silence(self._tree)
        self._box = _box_layers(self._tree, {main, self._scene}, source)
        self._outputs = {
            look.uid: self._file_output(look, sockets) for look, sockets in wanted.items()
        }

    def remove(self) -> None:
        """Take the scene away again."""
        # The group of Blender 4.5 is in no list of datablocks: empty, it holds on to nothing.
        self._box.nodes.clear()
        tree, self._tree = self._tree, None
        bpy.data.scenes.remove(self._scene)
        if dialect.IS5:
            bpy.data.node_groups.remove(tree)
            bpy.data.node_groups.remove(self._box)

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
        links = copy.inputs["Image"].links
        if not links:
            raise InputError(
                f"Nothing is wired into the look {look.title}", do="Wire a picture to its Image"
            )
        sockets = {"Combined": links[0].from_socket}
        for node, socket in guides.values():
            sockets[socket.name] = self._boxed(node, socket)
        return dialect.new_file_output(self._tree, self._scratch / f"{look.uid}_", sockets)

    def _boxed(self, node: bpy.types.Node, socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Return the copy's socket for a socket of the original graph."""
        if node.bl_idname != passes.LAYERS:
            return self._tree.nodes[node.name].outputs[socket.name]
        box = next(n for n in self._tree.nodes if n.bl_idname == GROUP and n.node_tree == self._box)
        return box.outputs[_boxed_name(node, socket)]

    def _collected(self, look: LookNode, frame: int) -> Path:
        """Give a file its final name: the gain layer is named after it."""
        file = dialect.written(self._scratch / f"{look.uid}_", frame)
        final = self._scratch / look.uid / f"{look.stem.name}.{frame:04d}.exr"
        final.parent.mkdir(exist_ok=True)
        try:
            file.replace(final)
        except FileNotFoundError as error:
            raise MachineError(
                f"Blender did not write what is wired into the look {look.title}",
                found=f"no file in {self._scratch}",
                do="See that there is room for temporary files",
            ) from error
        return final


def empty_copy(main: bpy.types.Scene, what: str) -> bpy.types.Scene:
    """Return a copy of a scene that is never saved, renders no objects and stamps no dates."""
    scene = main.copy()
    scene.name = PREFIX + what
    temporary(scene)
    for child in list(scene.collection.children):
        scene.collection.children.unlink(child)
    for thing in list(scene.collection.objects):
        scene.collection.objects.unlink(thing)
    scene.render.use_sequencer, scene.render.use_compositing = False, True
    for name in dir(scene.render):
        if name.startswith("use_stamp"):  # a date in the header would be a change in the file
            setattr(scene.render, name, False)
    return scene


def temporary(block: bpy.types.ID) -> bpy.types.ID:
    """Mark a datablock as one that must not be saved."""
    block.is_runtime_data = True
    return block


def render_still(scene: bpy.types.Scene, frame: int, quiet: str = "") -> None:
    """Render one of our own scenes; handlers whose name begins with ``quiet`` are not called.

    The artist has not asked for this render: a handler that sends a mail after each must not.
    """
    with _quiet(quiet), bpy.context.temp_override(scene=scene):
        scene.frame_set(frame)
        bpy.ops.render.render()


@contextmanager
def _quiet(lead: str) -> Iterator[None]:
    names = [name for name in dir(bpy.app.handlers) if name.startswith(lead)]
    every = (getattr(bpy.app.handlers, name) for name in names)
    handlers = [each for each in every if isinstance(each, list)]
    kept = [list(each) for each in handlers]
    for each in handlers:
        each.clear()
    try:
        yield
    finally:
        for each, before in zip(handlers, kept, strict=True):
            each[:] = before


def silence(tree: bpy.types.NodeTree) -> None:
    """Let a copied graph compute and write nothing."""
    for node in tree.nodes:
        if node.bl_idname in _SINKS:
            node.mute = True
            for link in [link for socket in node.inputs for link in socket.links]:
                tree.links.remove(link)


def _box_layers(
    tree: bpy.types.NodeTree, ours: set[bpy.types.Scene], source: bpy.types.Scene
) -> bpy.types.NodeTree:
    """Let a group of Render Layers nodes take the place of those in ``tree``; return the group.

    Args:
        tree: the copied graph.
        ours: the scenes that ``source`` stands for.
        source: where their passes are in memory.
    """
    layers = [node for node in tree.nodes if node.bl_idname == passes.LAYERS]
    box = _new_box(tree)
    sink, instance = box.nodes.new("NodeGroupOutput"), tree.nodes.new(GROUP)
    instance.node_tree = box
    for node in layers:
        inner = box.nodes.get(node.name) or box.nodes.new(passes.LAYERS)
        inner.name, inner.mute = node.name, node.mute
        inner.scene = source if node.scene in {*ours, None} else node.scene
        inner.layer = node.layer
        for socket in (each for each in node.outputs if each.enabled):
            name = _boxed_name(node, socket)
            _add_output(box, name, socket.type)
            box.links.new(inner.outputs[socket.name], sink.inputs[name])
            for link in list(socket.links):
                tree.links.new(instance.outputs[name], link.to_socket)
        node.mute = True
    return box


def _new_box(tree: bpy.types.NodeTree) -> bpy.types.NodeTree:
    """Return a group that may hold Render Layers nodes.

    Blender 4.5 lets nobody make such a node in a group, but the copy of a scene's graph becomes a
    group that has them.
    """
    if dialect.IS5:
        return temporary(bpy.data.node_groups.new(PREFIX + "passes", "CompositorNodeTree"))
    box = tree.copy()
    box.animation_data_clear()  # before any node goes: its keyframes are the original's
    for node in list(box.nodes):
        if node.bl_idname != passes.LAYERS:
            box.nodes.remove(node)
    return box


def _add_output(box: bpy.types.NodeTree, name: str, kind: str) -> None:
    if kind == "VECTOR":
        dialect.new_vector_output(box, name)
    else:
        box.interface.new_socket(name=name, in_out="OUTPUT", socket_type=_KINDS[kind])


def _boxed_name(node: bpy.types.Node, socket: bpy.types.NodeSocket) -> str:
    return f"{node.name} / {socket.name}"
