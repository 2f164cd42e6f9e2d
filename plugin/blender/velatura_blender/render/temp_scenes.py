"""Temporary scenes and datablocks, which the artist never sees and no file holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from .. import compat
from ..nodes import uses

PREFIX = ".velatura "
"""What the names of our short-lived datablocks begin with; a leading dot hides them in menus."""

HOOK = PREFIX + "hook"
"""The name of the node, scene and camera by which Blender calls us in the middle of a render."""

_WRITERS = (uses.FILE_OUTPUT, "CompositorNodeViewer")
_SINKS = (*uses.OUTPUTS, "CompositorNodeViewer")


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


def discard(scene: bpy.types.Scene) -> None:
    """Remove a copied scene, and the graph that it has as its own."""
    tree = compat.graph_of(scene)
    bpy.data.scenes.remove(scene)  # in Blender 4.5 the graph goes along
    if compat.IS5:
        bpy.data.node_groups.remove(tree)


def is_there(block: bpy.types.ID) -> bool:
    """Say whether a datablock of ours is there still: an undo takes all of them away."""
    try:
        return bool(block.name)
    except ReferenceError:
        return False


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


def render_frame(scene: bpy.types.Scene, frame: int) -> None:
    """Render a frame of the artist's scene, and write it as a render of the animation does."""
    before = scene.frame_start, scene.frame_end
    scene.frame_start = scene.frame_end = frame
    try:
        with bpy.context.temp_override(scene=scene):
            bpy.ops.render.render(animation=True)
    finally:
        scene.frame_start, scene.frame_end = before


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


def silence(tree: bpy.types.NodeTree, *, inside: bool = False) -> None:
    """Let a copied graph compute and write nothing; of a group (``inside``) write nothing."""
    kinds = _WRITERS if inside else _SINKS
    for node in tree.nodes:
        if node.bl_idname in kinds:
            node.mute = True
            for link in [link for socket in node.inputs for link in socket.links]:
                tree.links.remove(link)
