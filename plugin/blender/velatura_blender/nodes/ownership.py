"""Ownership: each use of a look has a group and a folder of gain layers of its own.

A use is a look node at a place of one scene's graph. Nodes that were duplicated, groups that are
used twice, graphs that several scenes share, and what was appended or copied with its file all
begin with another use's folder. `separate` gives them theirs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import bpy

from velatura import bakes

from .. import compat
from . import gain_nodes, home, region_check
from .graph_walk import Place, is_group, is_look, places
from .looknode import gain_sequence

_GROUP_TREE = "CompositorNodeTree"


def separate() -> None:
    """Give each use of a look in the file its own, where it has not; other files' graphs stay.

    Copies of scenes are gone through last, and what no scene shows after them: the first use of a
    folder keeps it.
    """
    if not any(True for _ in home.groups()):
        return
    seen: set[int] = set()
    taken: set[str] = set()
    for scene in _scenes():
        tree = compat.graph_of(scene)
        if tree is None or not _has_looks(tree):
            continue
        if compat.IS5 and tree.session_uid in seen:
            tree = scene.compositing_node_group = _copied(tree)
        seen.add(tree.session_uid)
        _separate_in(tree, scene.name, seen, taken)
    _note_scenes()
    for tree in list(bpy.data.node_groups):
        left = tree.bl_idname == _GROUP_TREE and tree.session_uid not in seen
        left = left and not tree.is_runtime_data  # a bake's own copy of a graph
        if left and not tree.velatura.uid and _has_looks(tree):
            _separate_in(tree, tree.name, seen, taken)


def is_own(scene: bpy.types.Scene, place: Place) -> bool:
    """Say whether a use of a look has gain layers of its own, and of the file that is open."""
    uid = place.node.node_tree.velatura.uid
    if not home.is_here(place.node.node_tree):
        return False
    for other in _scenes():
        tree = compat.graph_of(other)
        for each in places(tree) if tree is not None else ():
            if is_look(each.node) and each.node.node_tree.velatura.uid == uid:
                return other == scene and each.names == place.names
    return False


def renew(group: bpy.types.NodeTree, uid: str) -> bpy.types.Image:
    """Give a look's group another identity and folder; return the image that stood for the old."""
    old = gain_nodes.gain_image(group)
    group.velatura.uid = uid
    name = bakes.gain_stem(home.split(old)[1])  # the look's own, whatever the node is called
    gain_nodes.set_gain(group, gain_sequence(name, uid))
    region_check.expect(group)
    home.note(group)
    return old


def _separate_in(tree: bpy.types.NodeTree, told: str, seen: set[int], taken: set[str]) -> None:
    if home.is_foreign(tree):
        return
    for node in tree.nodes:
        if is_group(node) and _has_looks(node.node_tree):
            if node.node_tree.session_uid in seen or home.is_foreign(node.node_tree):
                node.node_tree = _copied(node.node_tree)
            seen.add(node.node_tree.session_uid)
            _separate_in(node.node_tree, f"{told} {node.name}", seen, taken)
        elif is_look(node):
            _own(node, told, taken)
            taken.add(node.node_tree.velatura.uid)


def _own(node: bpy.types.Node, told: str, taken: set[str]) -> None:
    """Let a look node have its own group and folder, if it has not."""
    uid = node.node_tree.velatura.uid
    if uid not in taken and home.is_here(node.node_tree):
        return
    shared = node.node_tree.users > 1 or home.is_foreign(node.node_tree)
    group = _copied(node.node_tree) if shared else node.node_tree
    # The same again for a file that is not saved after this, as on every farm machine.
    where = f"{uid} {Path(bpy.data.filepath).name} {told} {node.name}"
    if not gain_nodes.gain_image(group).filepath_raw.startswith("//"):
        where += f" {Path(bpy.data.filepath).parent}"
    old = renew(group, hashlib.sha256(where.encode()).hexdigest()[:8])
    if node.node_tree != group:
        node.node_tree = group
    elif not old.users:
        bpy.data.images.remove(old)
    home.settle(group)


def _copied(tree: bpy.types.NodeTree) -> bpy.types.NodeTree:
    """Return a copy of a graph that is this file's, and whose keyframes are its own."""
    copy = tree.copy()
    if copy.override_library is not None:
        copy.make_local(clear_liboverride=True)
    data = copy.animation_data
    if data is not None and data.action is not None:
        data.action = data.action.copy()
    return copy


def _has_looks(tree: bpy.types.NodeTree) -> bool:
    return any(is_look(each.node) for each in places(tree))


def _note_scenes() -> None:
    """Let each scene remember its name: copies of it, made later, are told from it by that."""
    for scene in _scenes():
        if scene.library is None and scene.velatura.known_as != scene.name:
            scene.velatura.known_as = scene.name


def _scenes() -> list[bpy.types.Scene]:
    """Return the file's scenes, those that are copies of others last."""

    def as_original(scene: bpy.types.Scene) -> tuple[bool, int]:
        return scene.velatura.known_as not in ("", scene.name), scene.session_uid

    return sorted((each for each in bpy.data.scenes if not each.is_runtime_data), key=as_original)
