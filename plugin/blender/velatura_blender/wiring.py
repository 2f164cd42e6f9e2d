"""The wiring: whether the graph before a look has changed since a frame was baked.

Every render checks the pictures themselves. The sidebar cannot render, so it compares marks: a
digest of the nodes before the look, their settings, keyframes and links. What changes in the 3D
scene is not in it and shows when the frame is rendered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

import bpy

from velatura import fingerprint
from velatura.newfile import replacing

from .looknode import LookNode, is_look, upstream

_FILE = "wiring.json"
_DIGEST_KEY = "velatura/digest"  # header attribute of a gain layer: the look that made it
_DEEP = 6  # levels of settings within settings: a curve's points are four down
_BESIDE_THE_POINT = {"rna_type", "inputs", "outputs", "internal_links", "node_tree", "parent"}


def mark(look: LookNode) -> str:
    """Return the digest of all that is wired into a look."""
    tree = look.node.id_data
    animated = dict(_animated(tree))
    told = [_node(node, animated) for node in upstream(look.node)]
    told.append(_socket(look.node.inputs["Image"]))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def remember(look: LookNode, frames: list[int], made_with: str) -> None:
    """Note with which mark frames were baked: the inverse of `recall`."""
    before = recall(look)
    marks = before | dict.fromkeys(frames, made_with)
    if marks == before:
        return
    with replacing(look.stem.parent / _FILE) as path:
        path.write_text(json.dumps(marks), encoding="utf-8")


def recall(look: LookNode) -> dict[int, str]:
    """Return the marks with which frames were baked; none for those baked elsewhere."""
    try:
        text = (look.stem.parent / _FILE).read_text(encoding="utf-8")
        return {int(frame): str(found) for frame, found in json.loads(text).items()}
    except (OSError, ValueError, AttributeError):  # not there yet, or not ours: nothing is known
        return {}


def states(look: LookNode, frames: Iterable[int]) -> dict[int, str]:
    """Return for each frame "baked", "missing", or "stale": made with another look or graph."""
    digest, now, marks = look.digest(), mark(look), recall(look)
    found = {}
    for frame in frames:
        made_with = fingerprint.stored(look.gain(frame), _DIGEST_KEY)
        right = made_with == digest and marks.get(frame, now) == now
        found[frame] = "missing" if not made_with else "baked" if right else "stale"
    return found


def _node(node: bpy.types.Node, animated: dict[str, object]) -> object:
    """Return what decides a node's result, the values that are keyed by their keys."""
    path = node.path_from_id()
    settings = {
        name: animated.get(f"{path}.{name}", _value(getattr(node, name), 0))
        for name in sorted(_settings(node))
    }
    sockets = [
        animated.get(f"{socket.path_from_id()}.default_value", _socket(socket))
        for socket in node.inputs
    ]
    return node.bl_idname, node.name, settings, sockets, _inside(node)


def _inside(node: bpy.types.Node) -> object:
    """Return what is in a group node; of a look, its look."""
    group = getattr(node, "node_tree", None)
    if group is None:
        return None
    if is_look(node):
        return group.velatura.uid, group.velatura.digest
    animated = dict(_animated(group))
    return [_node(inner, animated) for inner in group.nodes]


def _socket(socket: bpy.types.NodeSocket) -> object:
    if socket.links:
        return [(each.from_node.name, each.from_socket.identifier) for each in socket.links]
    return _value(getattr(socket, "default_value", None), 0)


def _settings(node: bpy.types.Node) -> set[str]:
    """Return the names of a node's settings: not where it stands, nor how it is drawn."""
    every = {each.identifier for each in node.bl_rna.properties}
    general = {each.identifier for each in bpy.types.Node.bl_rna.properties}
    return (every - general - _BESIDE_THE_POINT) | {"mute"}


def _value(value: object, depth: int) -> object:
    """Return a setting as plain values; of another datablock its name."""
    if isinstance(value, bpy.types.ID):
        return value.name_full, getattr(value, "filepath", "")
    if isinstance(value, bpy.types.bpy_prop_collection):
        return [_value(each, depth + 1) for each in value]
    if isinstance(value, bpy.types.bpy_struct):
        names = [p.identifier for p in value.bl_rna.properties if p.identifier != "rna_type"]
        return [_value(getattr(value, name), depth + 1) for name in names if depth < _DEEP]
    if isinstance(value, str | int | float | None):
        return value
    return tuple(value) if isinstance(value, Iterable) else repr(value)


def _animated(tree: bpy.types.NodeTree) -> Iterator[tuple[str, object]]:
    """Yield the paths in a graph that keyframes and drivers set, with what they are set by."""
    data = tree.animation_data
    if data is None:
        return
    for driver in data.drivers:
        yield driver.data_path, ("driver", driver.driver.type, driver.driver.expression)
    layers = data.action.layers if data.action else ()
    for strip in (strip for layer in layers for strip in layer.strips):
        bag = strip.channelbag(data.action_slot)
        for curve in bag.fcurves if bag else ():
            keys = [(*key.co, key.interpolation) for key in curve.keyframe_points]
            yield curve.data_path, ("keys", keys)
