"""Strips: what a scene shows in its sequencer, where Blender renders other scenes' looks."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from velatura.errors import InputError

from ..nodes import home, looknode
from ..nodes.graph_walk import is_look, places


def prepare(scene: bpy.types.Scene) -> None:
    """Prepare a scene's strips for being rendered, if they are and there are looks in the file.

    Blender 5 keeps the pictures of Scene strips. It does not know what has become of their gain
    layers meanwhile, so it has to render them anew.

    Raises:
        InputError: a look is in a strip's modifier, where no plate can be taken from.
    """
    if not scene.render.use_sequencer or not any(True for _ in home.groups()):
        return
    for strip, node in strays(scene):
        raise InputError(
            f"The look {looknode.title_of(node)} is in a compositor modifier of the strip"
            f" {strip}, where looks cannot be baked",
            do="Put it into the compositor of the strip's own scene, and use a Scene strip",
        )
    for strip in _strips(scene):
        if strip.type == "SCENE":
            strip.invalidate_cache("RAW")


def strays(scene: bpy.types.Scene) -> Iterator[tuple[str, bpy.types.Node]]:
    """Yield the looks in the compositor modifiers of a scene's strips: the strip's name, the node.

    Only Blender 5 has such modifiers.
    """
    for strip in _strips(scene):
        for modifier in strip.modifiers:
            group = getattr(modifier, "node_group", None)
            for place in places(group) if group is not None else ():
                if is_look(place.node):
                    yield strip.name, place.node


def _strips(
    scene: bpy.types.Scene, seen: tuple[bpy.types.Scene, ...] = ()
) -> list[bpy.types.Strip]:
    """Return a scene's strips, and those of the sequencers that its Scene strips show."""
    found = list(scene.sequence_editor.strips_all) if scene.sequence_editor is not None else []
    seen = (*seen, scene)
    for strip in list(found):
        inner = strip.scene if strip.type == "SCENE" else None
        if inner is not None and strip.scene_input == "SEQUENCER" and inner not in seen:
            found += _strips(inner, seen)
    return found
