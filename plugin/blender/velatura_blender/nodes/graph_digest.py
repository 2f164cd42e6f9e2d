"""The graph digest: whether the graph in front of a look has changed since a frame was baked.

Every render checks the pictures themselves. The sidebar cannot render, so it compares marks: a
mark is a digest of the nodes before the look, their settings, keyframes and links. What changes in
the 3D scene is not in it and shows when the frame is rendered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

import bpy

from velatura import bakes

from .. import compat
from . import frame_format, gain_nodes, ownership
from .graph_walk import is_look
from .looknode import LookNode
from .pass_sockets import PASSES

_DEEP = 6  # levels of settings within settings: a curve's points are four down
_BESIDE_THE_POINT = {"rna_type", "inputs", "outputs", "internal_links", "node_tree", "parent"}
_NEEDS = {"layer": "has_layers", "view": "has_views"}  # else Blender warns of an empty choice
_OF_FILES = ("filepath", "source", "alpha_mode", "frame_start", "frame_offset")
_TOLD = {
    "Image": (*_OF_FILES, "colorspace_settings"),
    "MovieClip": (*_OF_FILES, "colorspace_settings"),
    "Mask": ("layers",),
}
"""What decides the picture of a datablock that a node shows, beside its name."""
_PLAIN = {str, int, float, bool, type(None)}
_REROUTE = "NodeReroute"

_Source = tuple[bpy.types.Node, bpy.types.NodeSocket]
"""A node, and the one of its outputs that feeds an input."""


def mark(look: LookNode) -> str:
    """Return the digest of all that is wired into a look's picture.

    The sidebar asks for it again and again: it costs a walk over the graph's links, and then one
    over the nodes that are met.
    """
    by_hand = [look.node.inputs.get(name) for name, _ in PASSES.values()]
    ends = [look.node.inputs["Image"], *(each for each in by_hand if each and each.is_linked)]
    told = _told(look.node.id_data, ends, look.scene) + _alpha(look.group)
    for outer in reversed(look.groups):
        told += _told(outer.id_data, outer.inputs, look.scene)
    told.append(compat.working_space())
    if look.scene is not None:
        told.append(frame_format.size(look.scene))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def states(look: LookNode, frames: Iterable[int], now: str) -> dict[int, str]:
    """Return for each frame "baked", "missing", or "stale": made with another look or graph.

    What another node or another .blend has baked counts as missing, see `ownership`.

    Args:
        look: the look.
        frames: frame numbers.
        now: its `mark`.
    """
    if look.scene is not None and not ownership.is_own(look.scene, look.place):
        return dict.fromkeys(frames, bakes.MISSING)
    gains = {frame: (look.gain(frame),) for frame in frames}
    return bakes.states(look.folder, gains, look.digest(), now)


def _told(
    tree: bpy.types.NodeTree, ends: Iterable[bpy.types.NodeSocket], own: bpy.types.Scene | None
) -> list[object]:
    """Return what decides the values of some inputs: these, then each node, the nearest first.

    A node goes by its place in that order, and the look's ``own`` scene is just that, so that both
    may get another name.
    """
    sources, animated = _sources(tree), _animated(tree)
    places: dict[bpy.types.Node, int] = {}
    order: list[bpy.types.Node] = []

    def place(node: bpy.types.Node) -> int:
        if node not in places:
            places[node] = len(order)
            order.append(node)
        return places[node]

    def fed(socket: bpy.types.NodeSocket, path: str) -> object:
        if socket in sources:
            return [(place(node), output.identifier) for node, output in sources[socket]]
        return animated.get(path) or _value(getattr(socket, "default_value", None), 0, own)

    told: list[object] = [fed(socket, "") for socket in ends]
    for node in order:  # grows meanwhile, by what feeds the node
        lead = node.path_from_id() if animated else ""
        settings = [
            animated.get(f"{lead}.{name}") or _value(getattr(node, name), 0, own)
            for name in _names(node.__class__)
            if getattr(node, _NEEDS.get(name, ""), True)
        ]
        sockets = [
            fed(socket, f"{lead}.inputs[{at}].default_value")
            for at, socket in enumerate(node.inputs)
        ]
        told.append((node.bl_idname, settings, sockets, _inside(node, own)))
    return told


def _sources(tree: bpy.types.NodeTree) -> dict[bpy.types.NodeSocket, list[_Source]]:
    """Return what feeds each input that is fed: past reroutes, and not by muted links.

    A table, as `NodeSocket.links` walks all links of the graph each time it is asked.
    """
    direct: dict[bpy.types.NodeSocket, list[_Source]] = {}
    for link in tree.links:
        if not link.is_muted:
            direct.setdefault(link.to_socket, []).append((link.from_node, link.from_socket))
    resolved = {
        socket: [found for each in sources if (found := _origin(each, direct))]
        for socket, sources in direct.items()
    }
    return {socket: sources for socket, sources in resolved.items() if sources}


def _origin(source: _Source, direct: dict[bpy.types.NodeSocket, list[_Source]]) -> _Source | None:
    """Return what comes out of a source, through reroutes; None where nothing goes into these."""
    for _ in range(len(direct) + 1):  # no chain is longer, but a ring has no end
        node, _socket = source
        if node.bl_idname != _REROUTE:
            return source
        before = direct.get(node.inputs[0])
        if not before:
            return None
        source = before[0]
    return None


def _inside(node: bpy.types.Node, own: bpy.types.Scene | None) -> object:
    """Return what is in a group node; of a look, its look."""
    group = getattr(node, "node_tree", None)
    if group is None:
        return None
    if is_look(node):
        raw = gain_nodes.is_calibrated(group) and not gain_nodes.is_even(group)
        said = ["raw"] if raw else []
        return group.velatura.digest, *said, *_alpha(group)
    ends = [each for each in group.nodes if getattr(each, "is_active_output", False)]
    return _told(group, [socket for each in ends for socket in each.inputs], own)


def _alpha(group: bpy.types.NodeTree) -> list[object]:
    """Return what is said of a look's alpha; nothing where that is the usual thing."""
    said = group.velatura.premultiplied
    return [] if said == "auto" else [said]


@cache
def _names(kind: type[bpy.types.Node]) -> list[str]:
    """Return the names of a node's settings: not where it stands, nor how it is drawn."""
    every = {each.identifier for each in kind.bl_rna.properties}
    general = {each.identifier for each in bpy.types.Node.bl_rna.properties}
    return sorted((every - general - _BESIDE_THE_POINT) | {"mute"})


@cache
def _parts(kind: type[bpy.types.bpy_struct]) -> list[str]:
    """Return the names of what a setting of many parts, such as a curve, is made of."""
    return [each.identifier for each in kind.bl_rna.properties if each.identifier != "rna_type"]


def _value(value: object, depth: int, own: bpy.types.Scene | None) -> object:
    """Return a setting as plain values; of a datablock its name, and nothing of the own scene."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, bpy.types.ID):
        counts = _TOLD.get(type(value).__name__, ())
        told = [_value(getattr(value, name, None), 0, own) for name in counts]
        return () if value == own else (value.name_full, *told)
    if isinstance(value, bpy.types.bpy_prop_collection):
        return [_value(each, depth + 1, own) for each in value]
    if isinstance(value, bpy.types.bpy_struct):
        names = _parts(value.__class__) if depth < _DEEP else ()
        return [_value(getattr(value, name), depth + 1, own) for name in names]
    return tuple(value) if isinstance(value, Iterable) else repr(value)


def _animated(tree: bpy.types.NodeTree) -> dict[str, list[object]]:
    """Return the paths in a graph that keyframes and drivers set, with what they are set by."""
    found: dict[str, list[object]] = {}
    data = tree.animation_data
    if data is None:
        return found
    for driver in data.drivers:
        by = "driver", driver.array_index, driver.driver.type, driver.driver.expression
        found.setdefault(driver.data_path, []).append(by)
    layers = data.action.layers if data.action else ()
    for strip in (strip for layer in layers for strip in layer.strips):
        bag = strip.channelbag(data.action_slot)
        for curve in bag.fcurves if bag else ():
            keys = [(*key.co, key.interpolation) for key in curve.keyframe_points]
            found.setdefault(curve.data_path, []).append(("keys", curve.array_index, keys))
    return found
