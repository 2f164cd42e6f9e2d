"""Pass sockets: the inputs of a look node that take a pass by hand instead of the render's own."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..compat import IS5, VECTOR_PARTS

PASSES = {
    "normal": ("Normal", "NodeSocketVector"),
    "depth": ("Depth", "NodeSocketFloat"),
    "albedo": ("Albedo", "NodeSocketColor"),
    "id": ("Object ID", "NodeSocketColor"),
    "position": ("Position", "NodeSocketVector"),
    "vector": ("Motion Vector", "NodeSocketVector"),
}
"""Guide -> name and kind of the input that a pass may be wired to by hand."""

_PANEL = "Passes"


def set_passes(tree: bpy.types.NodeTree, guides: Iterable[str]) -> None:
    """Give a group an input for each pass that its look reads, to wire one in by hand."""
    wanted = [PASSES[guide] for guide in guides if guide in PASSES]
    every = {name for name, _ in PASSES.values()}
    items = {each.name: each for each in tree.interface.items_tree if each.item_type == "SOCKET"}
    for name in (every & items.keys()) - {name for name, _ in wanted}:
        tree.interface.remove(items[name])
    missing = [(name, kind) for name, kind in wanted if name not in items]
    if not missing:
        return
    panels = (each for each in tree.interface.items_tree if each.item_type == "PANEL")
    panel = next(panels, None) or tree.interface.new_panel(_PANEL, default_closed=True)
    for name, kind in missing:
        socket = tree.interface.new_socket(
            name=name, in_out="INPUT", socket_type=kind, parent=panel
        )
        if kind == "NodeSocketVector" and IS5:
            socket.dimensions = VECTOR_PARTS  # motion has two of two
        socket.hide_value = True
        socket.description = "Taken instead of the render's own pass where it is wired in"
