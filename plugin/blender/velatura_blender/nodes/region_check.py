"""The region check: native nodes that compare the render region with the one that was baked.

A driver reads the scene that is rendered, so it holds on machines without the add-on as well. A
render region leaves the picture's size as it is: sizes alone would not tell it.
"""

from __future__ import annotations

import bpy

from .placed_nodes import Placed

SAME, LOOKED_AT = "same region", "any region"
"""Names of the nodes with the region that was baked, and with 1 while the graph is looked at."""

_EDGES = {  # what a region's number weighs each edge by: roots, so that no two shifts make up
    "border_min_x": 1.4142136,
    "border_max_x": 1.7320508,
    "border_min_y": 2.2360680,
    "border_max_y": 2.6457513,
}
_STEREO = 1000.0  # more than any region's number: stereo has no gain layers
_WHOLE = 0.0, 500.0  # number and tolerance: the whole frame's gain layer is right for any region
_CLOSE = 1e-4  # of a number: a quarter of a px of 4096


def add(nodes: Placed) -> bpy.types.NodeSocket:
    """Add the check to a look's group; return a socket that is 1 where the regions agree, else 0.

    It accepts any region until `expect` says otherwise.
    """
    driven = nodes.new_value(3, "region", 0.0)
    _drive(driven)
    same = nodes.math(4, "COMPARE", driven, *_WHOLE, name=SAME)
    return nodes.math(5, "MAXIMUM", same, 0.0, name=LOOKED_AT)


def expect(tree: bpy.types.NodeTree, scene: bpy.types.Scene | None = None) -> None:
    """Let a look's gain layers be for what a scene renders now; for whole frames if None.

    Nothing in groups from before there was such a check.
    """
    node = tree.nodes.get(SAME)
    if node is None:
        return
    number, tolerance = _WHOLE
    if scene is not None and scene.render.use_border:
        number, tolerance = _number(scene.render), _CLOSE
    node.inputs[1].default_value, node.inputs[2].default_value = number, tolerance


def _number(render: bpy.types.RenderSettings) -> float:
    """Return a number that no other region has; the driver computes the same."""
    return 1.0 + sum(weight * getattr(render, edge) for edge, weight in _EDGES.items())


def _drive(socket: bpy.types.NodeSocket) -> None:
    """Let a value follow the scene that is rendered: its region's number, 0 for whole frames."""
    driver = socket.driver_add("default_value").driver
    driver.type = "SCRIPTED"
    # So simple that Blender computes it without Python, where scripts in files are not allowed.
    weighed = " + ".join(f"{weight} * {edge}" for edge, weight in _EDGES.items())
    driver.expression = f"part * (1 + {weighed}) + {_STEREO} * stereo"
    read = {"part": "use_border", "stereo": "use_multiview"} | {edge: edge for edge in _EDGES}
    for name, setting in read.items():
        variable = driver.variables.new()
        variable.name, variable.type = name, "CONTEXT_PROP"
        target = variable.targets[0]
        target.context_property, target.data_path = "ACTIVE_SCENE", f"render.{setting}"
