"""Runs inside Blender: a renderer that counts its frames, and compositor graphs to put looks in.

The scripts of the tests import this module; the tests themselves do not.
"""

from __future__ import annotations

import atexit
import json
import os
import sys

import bpy
import numpy as np
from pictures import SIZE, picture

IS5 = bpy.app.version >= (5, 0, 0)


class TEST_Counter(bpy.types.RenderEngine):  # noqa: N801  # as Blender names classes
    """Renders `picture`, and remembers for which frames it was asked to."""

    bl_idname = "TEST_COUNTER"
    bl_label = "Counter"
    frames: list[int] = []  # noqa: RUF012  # Blender makes an instance for each render

    def render(self, depsgraph: bpy.types.Depsgraph) -> None:
        scene = depsgraph.scene
        frame = scene.frame_current
        TEST_Counter.frames.append(frame)
        scale = scene.render.resolution_percentage / 100
        width = int(scene.render.resolution_x * scale)
        height = int(scene.render.resolution_y * scale)
        bright = 0.25 if frame in scene.get("bright", ()) else 0.0
        pixels = picture(frame, width, height, bright).reshape(-1, 4)
        result = self.begin_result(0, 0, width, height)
        for each in result.layers[0].passes:
            each.rect = np.ascontiguousarray(pixels[:, : each.channels])
        self.end_result(result)


def start() -> bpy.types.Scene:
    """Return the scene of an empty file that renders pictures with `TEST_Counter`."""
    bpy.ops.wm.read_factory_settings(use_empty=False)
    _register()
    return _dressed(bpy.context.scene)


def new_scene() -> bpy.types.Scene:
    """Return the scene of another new file, after `start`."""
    bpy.ops.wm.read_homefile(use_empty=False)
    return _dressed(bpy.context.scene)


def _dressed(scene: bpy.types.Scene) -> bpy.types.Scene:
    render = scene.render
    render.engine = TEST_Counter.bl_idname
    render.resolution_x, render.resolution_y, render.resolution_percentage = *SIZE, 100
    if IS5:
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format, render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.frame_start, scene.frame_end = 1, 4
    return scene


def _register() -> None:
    bpy.utils.register_class(TEST_Counter)
    atexit.register(tidy)


def tidy() -> None:
    """Take away what a script has registered: Blender 4.5 hangs at its exit otherwise."""
    if TEST_Counter.is_registered:
        bpy.utils.unregister_class(TEST_Counter)
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            handlers[:] = [each for each in handlers if each.__module__ != "__main__"]


def reopen(path: str) -> bpy.types.Scene:
    """Open a file that `start` began, in a fresh process."""
    _register()
    bpy.ops.wm.open_mainfile(filepath=path)
    return bpy.context.scene


def enable() -> object:
    """Enable the add-on from its sources, and return it."""
    bpy.ops.preferences.addon_enable(module="velatura_blender")
    import velatura_blender

    return velatura_blender


def new_graph(scene: bpy.types.Scene) -> tuple[bpy.types.NodeTree, bpy.types.NodeSocket]:
    """Return the scene's new compositor graph, and the socket that is its result."""
    if not IS5:
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
        return scene.node_tree, scene.node_tree.nodes.new("CompositorNodeComposite").inputs[0]
    tree = bpy.data.node_groups.new("Comp", "CompositorNodeTree")
    tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    scene.compositing_node_group = tree
    return tree, tree.nodes.new("NodeGroupOutput").inputs[0]


def graph(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    return scene.compositing_node_group if IS5 else scene.node_tree


def exposed(
    tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket, stops: float, name: str
) -> bpy.types.NodeSocket:
    """Return a socket graded by an Exposure node: doubled for each stop."""
    node = tree.nodes.new("CompositorNodeExposure")
    node.name, node.inputs["Exposure"].default_value = name, stops
    tree.links.new(socket, node.inputs["Image"])
    return node.outputs[0]


def rendered(scene: bpy.types.Scene) -> tuple[bpy.types.NodeTree, bpy.types.NodeSocket]:
    """Give the scene a graph that hands its render on; return the graph and that socket."""
    tree, result = new_graph(scene)
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(layers.outputs["Image"], result)
    return tree, layers.outputs["Image"]


def result(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket:
    """Return the socket that is the graph's result."""
    kinds = "CompositorNodeComposite", "NodeGroupOutput"
    return next(node.inputs[0] for node in tree.nodes if node.bl_idname in kinds)


def animate(scene: bpy.types.Scene, out: str) -> None:
    """Render the scene's range to ``out####.exr``."""
    scene.render.filepath = out
    bpy.ops.render.render(animation=True)


def say(**found: object) -> None:
    """Tell the test what was found, as one line of JSON on stdout."""
    sys.stdout.write("\nFOUND " + json.dumps(found, default=str) + "\n")
    sys.stdout.flush()


def blocks() -> dict[str, int]:
    """Return how many datablocks of each kind there are."""
    kinds = (name for name in dir(bpy.data) if not name.startswith("_"))
    collections = {name: getattr(bpy.data, name) for name in kinds}
    return {
        name: len(each)
        for name, each in collections.items()
        if isinstance(each, bpy.types.bpy_prop_collection)
    }


def memory() -> int:
    """Return the bytes of memory that this process holds now."""
    with open("/proc/self/statm") as stream:  # noqa: PTH123
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
