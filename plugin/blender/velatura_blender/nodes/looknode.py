"""Look nodes: finding them in a scene's graph, making them, and keeping them apart.

A look node is a group node whose group is one of ours. It is known by its group's ``uid``, which
also names the folder of its gain layers.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from velatura import bakes, fingerprint
from velatura.errors import InputError, LookError
from velatura.look import Look, read

from ..compat import graph_of
from ..preferences import preferences
from . import gain_nodes

GROUP = "CompositorNodeGroup"
FILE_OUTPUT = "CompositorNodeOutputFile"
OUTPUTS = ("CompositorNodeComposite", "NodeGroupOutput", FILE_OUTPUT)
"""Nodes whose inputs are what a render computes; viewers are looked at, not rendered."""

_DIGITS = 4  # of a frame number, as farms write them


@dataclass(frozen=True)
class LookNode:
    """A look node, as it stands in a graph.

    Attributes:
        name: of the node, in its graph.
        node: the node.
        depth: how many look nodes it depends on: those of equal depth need not wait for each other.
    """

    name: str
    node: bpy.types.Node
    depth: int = 0

    @property
    def title(self) -> str:
        """What the artist calls it."""
        return self.node.label or self.name

    @property
    def group(self) -> bpy.types.NodeTree:
        return self.node.node_tree

    @property
    def uid(self) -> str:
        return self.group.velatura.uid

    @property
    def path(self) -> Path:
        """The look's file."""
        return Path(bpy.path.abspath(self.group.velatura.look, library=self.group.library))

    @property
    def guides(self) -> tuple[str, ...]:
        """The passes that the look reads, as its file said when it was chosen; see `update`."""
        return tuple(self.group.velatura.guides.split())

    @property
    def stem(self) -> Path:
        """What the files of its gain layers begin with: ``.../ink-3f2a/ink``."""
        image = gain_nodes.gain_image(self.group)
        path = bpy.path.abspath(image.filepath_raw, library=image.library)
        return Path(bakes.gain_stem(path))

    @property
    def folder(self) -> Path:
        """The folder of its gain layers."""
        return self.stem.parent

    def gain(self, frame: int) -> Path:
        """Return the gain layer of a frame."""
        return self.stem.with_name(bakes.gain_name(self.stem.name, _number(frame)))

    def digest(self) -> str:
        """Return the look file's digest; where the file is gone, the one it had when chosen."""
        try:
            return fingerprint.look_digest(self.path)
        except LookError:
            return self.group.velatura.digest


def is_look(node: bpy.types.Node) -> bool:
    return node.bl_idname == GROUP and bool(node.node_tree) and bool(node.node_tree.velatura.uid)


def rendered(scene: bpy.types.Scene) -> list[LookNode]:
    """Return the look nodes that a render of the scene depends on, first those that others need.

    Raises:
        InputError: a look inside a group: what is wired into it is not known from outside.
    """
    tree = graph_of(scene)
    if tree is None or not any(group.velatura.uid for group in bpy.data.node_groups):
        return []
    reached: dict[str, bpy.types.Node] = {}
    for node in tree.nodes:
        if not node.mute and (node.bl_idname in OUTPUTS or _writes(node)):
            reached |= {each.name: each for each in upstream(node)}
    for node in reached.values():
        _refuse_hidden(node)
    found = [
        LookNode(name, node, sum(map(_is_active, upstream(node))))
        for name, node in reached.items()
        if _is_active(node)
    ]
    return sorted(found, key=lambda each: each.depth)


def upstream(node: bpy.types.Node) -> Iterator[bpy.types.Node]:
    """Yield what a node depends on, the nearest first, itself not among it."""
    seen, ring = {node.name}, [node]
    while ring:
        sources = [link.from_node for each in ring for link in _links(each)]
        ring = list({n.name: n for n in sources if n.name not in seen}.values())
        seen |= {n.name for n in ring}
        yield from ring


def create(tree: bpy.types.NodeTree, path: Path) -> bpy.types.Node:
    """Add a look node to a graph.

    Raises:
        LookError: the file is not a look.
        InputError: the .blend has no folder yet that the gain layers could lie beside.
    """
    found = read(path)
    group = bpy.data.node_groups.new(found.card.name, "CompositorNodeTree")
    group.velatura.uid = uuid.uuid4().hex[:8]
    card = found.card
    try:
        image = _gain_sequence(card.name, group.velatura.uid)
    except InputError:
        bpy.data.node_groups.remove(group)
        raise
    gain_nodes.build(group, image, card.floor, card.strength_lut)
    _remember(group, found)
    node = tree.nodes.new(GROUP)
    node.node_tree, node.name, node.label = group, card.name, card.name
    node.width = 180
    for scene in bpy.data.scenes:
        if graph_of(scene) == tree:
            # A render with looks in it makes and removes datablocks while the window is drawn from
            # another thread; Blender's manual wants the interface locked for that.
            scene.render.use_lock_interface = True
    return node


def change(node: bpy.types.Node, path: Path) -> None:
    """Let a look node use another look; its gain layers are then out of date.

    Raises:
        LookError: the file is not a look.
    """
    found = read(path)
    _remember(node.node_tree, found)
    gain_nodes.set_floor(node.node_tree, found.card.floor)
    gain_nodes.set_calibration(node.node_tree, found.card.strength_lut)
    node.label = found.card.name


def separate(scene: bpy.types.Scene) -> None:
    """Give each look node a group and a folder of its own, where nodes were duplicated."""
    tree = graph_of(scene)
    taken = set(_taken_before(scene, tree))
    for node in filter(is_look, tree.nodes):
        uid = node.node_tree.velatura.uid
        if uid in taken:
            group = node.node_tree.copy()
            # The same again for a file that is not saved after this, as on every farm machine.
            told = f"{uid} {scene.name} {node.name}"
            uid = group.velatura.uid = hashlib.sha256(told.encode()).hexdigest()[:8]
            gain_nodes.set_gain(group, _gain_sequence(node.label or group.name, uid))
            node.node_tree = group
        taken.add(uid)


def update(look: LookNode) -> None:
    """Take over from a look's file what has changed in it since it was chosen.

    Raises:
        LookError: the file is not a look; one that is gone changes nothing.
        InputError: the look node is linked from another .blend, and cannot be changed here.
    """
    if not look.path.exists() or look.digest() == look.group.velatura.digest:
        return
    if look.group.library:
        raise InputError(
            f"The file of the look {look.title} has changed since it was linked",
            do=f"Open {look.group.library.filepath}, render or bake there, and save it",
        )
    change(look.node, look.path)


def _is_active(node: bpy.types.Node) -> bool:
    return is_look(node) and not node.mute


def _number(frame: int) -> str:
    return f"{frame:0{_DIGITS}d}"


def _links(node: bpy.types.Node) -> Iterator[bpy.types.NodeLink]:
    for socket in node.inputs:
        yield from (link for link in socket.links if not link.is_muted)


def _refuse_hidden(node: bpy.types.Node) -> None:
    """Raise InputError if a look lies inside a group that is none itself."""
    if node.bl_idname != GROUP or node.node_tree is None or is_look(node):
        return
    for inner in node.node_tree.nodes:
        if is_look(inner):
            raise InputError(
                f"The look {inner.name} is inside the group {node.name}",
                do="Ungroup it: looks are baked in the scene's own graph",
            )
        _refuse_hidden(inner)


def _taken_before(scene: bpy.types.Scene, tree: bpy.types.NodeTree) -> Iterator[str]:
    """Yield the looks' identities in the graphs of the scenes that come first in the file."""
    for other in bpy.data.scenes:
        if other == scene:
            return
        graph = None if other.is_runtime_data else graph_of(other)
        if graph is not None and graph != tree:
            yield from (node.node_tree.velatura.uid for node in graph.nodes if is_look(node))


def _writes(node: bpy.types.Node) -> bool:
    """Say whether a group node has a file output in it."""
    if node.bl_idname != GROUP or node.node_tree is None:
        return False
    inner = (each for each in node.node_tree.nodes if not each.mute)
    return any(each.bl_idname == FILE_OUTPUT or _writes(each) for each in inner)


def _remember(group: bpy.types.NodeTree, found: Look) -> None:
    group.name = found.card.name
    group.velatura.look, group.velatura.digest = str(found.path), found.digest
    group.velatura.guides = " ".join(found.card.passes)


def _gain_sequence(name: str, uid: str) -> bpy.types.Image:
    """Return a new image that stands for a look node's gain layers, baked or not."""
    cache = preferences().cache
    if cache.startswith("//") and not bpy.data.filepath:
        raise InputError(
            "The gain layers have no folder yet: the .blend file was never saved",
            do="Save it, or give an absolute cache folder in the add-on's preferences",
        )
    folder = f"{cache.rstrip('/')}/{bakes.folder_name(name, uid)}"
    image = bpy.data.images.new(f"{name} gain", 1, 1, float_buffer=True, is_data=True)
    image.source = "SEQUENCE"
    image.filepath_raw = f"{folder}/{bakes.gain_name(bakes.slug(name), _number(0))}"
    image.colorspace_settings.name = "Non-Color"
    return image
