"""Scripting: put looks into compositor graphs, key their strength, bake them, ask how they are.

::

    from bl_ext.user_default import velatura_blender as velatura

    look = velatura.create("looks/ink.onnx")
    velatura.set_strength(look, 0.0, frame=1)
    velatura.set_strength(look, 1.0, frame=48)
    velatura.bake(frames=range(1, 49))
    print(velatura.status(look))

Everything works without a window as well. Refusals are `velatura.errors.VelaturaError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike

import bpy

from velatura.bakes import Step
from velatura.errors import InputError
from velatura.job import demand_strength

from . import compat
from .nodes import gain_nodes, graph_digest, graph_walk, looknode, uses
from .render.bake import steps


def create(
    look: str | PathLike[str],
    scene: bpy.types.Scene | None = None,
    after: bpy.types.NodeSocket | None = None,
) -> bpy.types.Node:
    """Add a look to a scene's compositor graph and return its node.

    Args:
        look: the look, an ONNX file that `velatura export` wrote.
        scene: whose graph; the current one if omitted.
        after: the output socket to put the look behind: what it fed is then fed by the look. If
            omitted, the look comes last, before the graph's output.

    Raises:
        LookError: the file is not a look.
        InputError: the scene has no compositor graph, or the .blend was never saved.
    """
    scene = scene or bpy.context.scene
    tree = compat.graph_of(scene)
    if tree is None:
        raise InputError(
            f"The scene {scene.name} has no compositor graph",
            do="Switch Use Nodes on in the compositor, or make a graph by script",
        )
    source = after or _last(tree)
    tree = source.node.id_data if source is not None else tree  # a group's, where that is in one
    node = looknode.create(tree, str(look))
    if source is not None:
        fed = [link.to_socket for link in source.links]
        for socket in fed:
            tree.links.new(node.outputs["Image"], socket)
        tree.links.new(source, node.inputs["Image"])
        left, top = source.node.location_absolute  # not `location`: that is within its frame
        node.location = left + source.node.width + 60, top
    return node


def set_look(node: bpy.types.Node, look: str | PathLike[str]) -> None:
    """Let a look node use another look; gain layers of the one before are then out of date.

    Raises:
        InputError: not a look node.
        LookError: the file is not a look.
    """
    _demand_look(node)
    looknode.change(node, str(look))


def set_strength(node: bpy.types.Node, value: float, frame: int | None = None) -> None:
    """Set a look's strength, 0 to 2 on the slider (up to 4); with ``frame`` as a keyframe there.

    Below 1 it is even to the eye where the look was calibrated: see `set_even`.

    Raises:
        InputError: not a look node, or a strength that no look can have.
    """
    _demand_look(node)
    demand_strength(value, f"The strength of {node.name}")
    socket = node.inputs["Strength"]
    socket.default_value = value
    if frame is not None:
        socket.keyframe_insert("default_value", frame=frame)


def set_even(node: bpy.types.Node, even: bool = True) -> None:
    """Let half the strength show half of a look, which is how it begins; or be half of its stops.

    From 1 on the strength counts stops either way, and so does all of it where the look has no
    calibration.

    Args:
        node: the look node.
        even: whether the strength goes through the look's calibration.

    Raises:
        InputError: not a look node.
    """
    _demand_look(node)
    gain_nodes.set_even(node.node_tree, even)


def bake(
    scene: bpy.types.Scene | None = None,
    frames: Iterable[int] | None = None,
    on_step: Callable[[Step], None] | None = None,
    *,
    write: bool = False,
) -> Step:
    """Bake the gain layers of all looks in a scene's graph; return what the last step counted.

    Args:
        scene: the scene; the current one if omitted.
        frames: frame numbers; the scene's range if omitted.
        on_step: called after each frame.
        write: render the frames as *Render Animation* does, and write them where that would: the 3D
            is rendered once then. Without it only gain layers are written.

    Raises:
        InputError: there is no look to bake, or the scene is written as a movie.
        VelaturaError: what the runtime raised; frames that are there are whole.
    """
    scene = scene or bpy.context.scene
    if frames is None:
        frames = compat.frames(scene)
    step = Step(0, 0, 0)
    for step in steps(scene, list(frames), write=write):
        if on_step is not None:
            on_step(step)
    return step


def status(node: bpy.types.Node, frames: Iterable[int] | None = None) -> dict[int, str]:
    """Return for each frame of a look node "baked", "stale" or "missing".

    Stale is what was made with another look, or before the graph in front of the node was changed.
    A change in 3D shows when the frame is rendered.

    Args:
        node: the look node.
        frames: frame numbers; the current scene's range if omitted.

    Raises:
        InputError: not a look node.
    """
    _demand_look(node)
    if frames is None:
        frames = compat.frames(bpy.context.scene)
    look = uses.find(node) or looknode.LookNode(node.name, node)
    return graph_digest.states(look, frames, graph_digest.mark(look))


def _last(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket | None:
    """Return the socket that feeds the graph's output; None where nothing does."""
    node = compat.output_of(tree)
    links = node.inputs[0].links if node is not None else ()
    return next((link.from_socket for link in links if not link.is_muted), None)


def _demand_look(node: bpy.types.Node) -> None:
    if not graph_walk.is_look(node):
        raise InputError(f"{node.name} is not a look node", do="Make one with create")
