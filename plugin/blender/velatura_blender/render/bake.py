"""Baking: making the gain layers of a range of frames ahead of the render."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

import bpy

from velatura.bakes import Step
from velatura.errors import InputError

from .. import compat
from ..nodes import uses
from ..nodes.graph_walk import places
from . import hook, last_render
from .layer_groups import reads_renders, show
from .session import RenderSession
from .temp_scenes import PREFIX, discard, is_there, render_frame, render_still, silence, temporary


def steps(
    scene: bpy.types.Scene, frames: Sequence[int], *, write: bool = False
) -> Generator[Step, None, None]:
    """Bake frame by frame; close the iterator to stop: frames that are there are whole.

    A single frame whose render is in memory is baked from that. Else what is in 3D is rendered as
    in a render, but nothing is written except gain layers: the file outputs of the graph stay
    quiet.

    Args:
        scene: the scene.
        frames: the frame numbers.
        write: render the frames as *Render Animation* does, and write them where that would.

    Raises:
        InputError: there is no look in the scene's graph, or it cannot be baked as it is wired.
        VelaturaError: a gain layer could not be made.
    """
    if hook.is_rendering():
        raise InputError("A render is under way", do="Wait for its end, then bake")
    if not uses.rendered(scene):
        raise InputError(
            f"No look is in the compositor graph of {scene.name}, or none reaches its output",
            do="Add one with Add > velatura, and wire it",
        )
    if write:
        return _written(scene, frames)
    return _baked(scene, frames)


def is_at_hand(scene: bpy.types.Scene, frame: int) -> bool:
    """Say whether a frame can be baked without rendering any 3D."""
    return last_render.is_of(scene, frame) or not _has_3d(scene)


def _baked(scene: bpy.types.Scene, frames: Sequence[int]) -> Generator[Step, None, None]:
    at_hand = len(frames) == 1 and last_render.is_of(scene, frames[0])
    stand_in = nullcontext(None) if at_hand else _copy(scene)
    with stand_in as copy, RenderSession(scene, copy, always=True) as session:
        for frame in frames:
            session.demand_same()
            if copy is None:
                session.frame(frame)
            else:
                # Rigs may live in frame_change handlers; what is told of renders is not for this.
                hook.run(session, partial(render_still, copy, frame, quiet="render_"))
            yield Step(frame, session.made, session.kept)


def _written(scene: bpy.types.Scene, frames: Sequence[int]) -> Generator[Step, None, None]:
    if scene.render.is_movie_format:
        raise InputError(
            f"{scene.name} is written as a movie, which cannot be written frame by frame",
            do="Choose an image format, or switch Keep Renders off",
        )
    with RenderSession(scene, scene, always=True) as session:
        for frame in frames:
            session.demand_same()
            hook.run(session, partial(render_frame, scene, frame))
            yield Step(frame, session.made, session.kept)


def _has_3d(scene: bpy.types.Scene) -> bool:
    nodes = [place.node for place in places(compat.graph_of(scene))]
    return any(reads_renders(node) and not node.mute for node in nodes)


@contextmanager
def _copy(scene: bpy.types.Scene) -> Iterator[bpy.types.Scene | None]:
    """Yield a copy of the scene that renders its 3D and nothing else; None where it has no 3D."""
    nodes = compat.graph_of(scene).nodes
    for node in nodes:
        _refuse_inner_layers(node)
    if not any(reads_renders(node) and not node.mute for node in nodes):
        yield None
        return
    copy = temporary(scene.copy())
    tree = temporary(compat.own_graph(copy))
    try:
        copy.name = PREFIX + "bake"
        silence(tree)
        for node in tree.nodes:
            if reads_renders(node) and node.scene == scene:
                show(node, copy)
        yield copy
    finally:
        if is_there(copy):
            discard(copy)


def _refuse_inner_layers(node: bpy.types.Node) -> None:
    """Raise InputError if a group shows a render: baking renders another scene than it asks for."""
    for inner in getattr(getattr(node, "node_tree", None), "nodes", ()):
        if reads_renders(inner):
            raise InputError(
                f"{inner.name} inside the group {node.name} shows a render",
                do="Ungroup it, or let a render with Bake While Rendering bake its looks",
            )
        _refuse_inner_layers(inner)
