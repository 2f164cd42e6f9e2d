"""Look nodes: what one is, making them, and giving them another look.

A look node is a group node whose group is one of ours. It is known by its group's ``uid``, which
also names the folder of its gain layers.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import bpy

from velatura import bakes, fingerprint
from velatura.errors import InputError, LookError
from velatura.look import Look, read

from ..compat import graph_of
from ..preferences import preferences
from . import display, frame_format, gain_nodes, home, pass_sockets
from .graph_walk import GROUP, Place, groups_in

_DIGITS = 4  # of a frame number, as farms write them
_BADGE = re.compile(r": \d+ (missing|out of date)(, \d+ out of date)?$")


@dataclass(frozen=True)
class LookNode:
    """A look node, as it stands in a scene's graph or in a group of it.

    Attributes:
        name: of the node, in its graph.
        node: the node.
        depth: how many look nodes it depends on: those of equal depth need not wait for each other.
        groups: the group nodes around it, the outermost first.
        scene: whose graph it is in: its size and render region decide which gain layers are meant.
            None for those that the node shows now.
    """

    name: str
    node: bpy.types.Node
    depth: int = 0
    groups: tuple[bpy.types.Node, ...] = ()
    scene: bpy.types.Scene | None = None

    @property
    def title(self) -> str:
        """What the artist calls it."""
        return title_of(self.node)

    @property
    def place(self) -> Place:
        return Place(self.node, self.groups)

    @property
    def group(self) -> bpy.types.NodeTree:
        return self.node.node_tree

    @property
    def uid(self) -> str:
        return self.group.velatura.uid

    @property
    def path(self) -> Path:
        """The look's file; where it is not where it was, the place at which it was last seen."""
        known = self.group.velatura
        told = Path(bpy.path.abspath(known.look, library=self.group.library))
        return Path(known.seen) if known.seen and not told.exists() else told

    @property
    def guides(self) -> tuple[str, ...]:
        """The passes that the look reads, as its file said when it was chosen; see `update`."""
        return tuple(self.group.velatura.guides.split())

    @property
    def stem(self) -> Path:
        """What the files of its gain layers begin with: ``.../ink-3f2a/ink``."""
        image = gain_nodes.gain_image(self.group)
        raw, name = home.split(image)
        shown = home.variant_of(image) if self.scene is None else frame_format.variant(self.scene)
        folder = Path(bpy.path.abspath(raw, library=image.library), *filter(None, [shown]))
        return folder / bakes.gain_stem(name)

    @property
    def folder(self) -> Path:
        """The folder of its gain layers, of the size and region that its scene renders."""
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


def title_of(node: bpy.types.Node) -> str:
    """Return a look node's label without our badge; its name where it has no label."""
    return _BADGE.sub("", node.label) or node.name


def create(tree: bpy.types.NodeTree, path: str | Path) -> bpy.types.Node:
    """Add a look node to a graph.

    Args:
        tree: the graph.
        path: the look's file; one that begins with // or lies in the .blend's folder is noted
            relative to the .blend.

    Raises:
        LookError: the file is not a look.
        InputError: the .blend has no folder yet that the gain layers could lie beside.
    """
    found = read(Path(bpy.path.abspath(str(path))))
    card = found.card
    image = gain_sequence(card.name, uid := uuid.uuid4().hex[:8])
    group = group_of(found, str(path), image, uid)
    home.note(group)
    display.show_plates()
    node = tree.nodes.new(GROUP)
    node.node_tree, node.name, node.label = group, card.name, card.name
    node.width = 180
    for scene in bpy.data.scenes:
        graph = graph_of(scene)
        if graph is not None and tree in [graph, *groups_in(graph)]:
            # A render with looks in it makes and removes datablocks while the window is drawn from
            # another thread; Blender's manual wants the interface locked for that.
            scene.render.use_lock_interface = True
    return node


def group_of(found: Look, told: str, image: bpy.types.Image, uid: str = "") -> bpy.types.NodeTree:
    """Return a new group for a look, which no node shows yet.

    Args:
        found: the look.
        told: its path as it was given.
        image: stands for the gain layers.
        uid: the identity; another one is made up if it is empty.
    """
    card = found.card
    group = bpy.data.node_groups.new(card.name, "CompositorNodeTree")
    gain_nodes.build(group, image, card.floor, card.strength_lut)
    group.velatura.uid = uid or uuid.uuid4().hex[:8]
    _remember(group, found, told)
    return group


def change(node: bpy.types.Node, path: str | Path) -> None:
    """Let a look node use another look; its gain layers are then out of date.

    Raises:
        LookError: the file is not a look.
    """
    found = read(Path(bpy.path.abspath(str(path))))
    _remember(node.node_tree, found, str(path))
    gain_nodes.set_floor(node.node_tree, found.card.floor)
    gain_nodes.set_calibration(node.node_tree, found.card.strength_lut)
    node.label = found.card.name


def update(look: LookNode) -> None:
    """Take over from a look's file what has changed in it since it was chosen.

    Raises:
        LookError: the file is not a look; one that is gone changes nothing.
    """
    if not look.path.exists():
        return
    if look.digest() != look.group.velatura.digest:
        told = look.group.velatura.look
        there = Path(bpy.path.abspath(told)).exists()
        change(look.node, told if there else str(look.path))
    if not gain_nodes.is_current(look.group):
        card = read(look.path).card
        gain_nodes.rebuild(look.group, card.floor, card.strength_lut)


def gain_sequence(name: str, uid: str) -> bpy.types.Image:
    """Return a new image that stands for a look node's gain layers, baked or not.

    Raises:
        InputError: the .blend has no folder yet that the gain layers could lie beside.
    """
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


def _number(frame: int) -> str:
    return f"{frame:0{_DIGITS}d}"


def _remember(group: bpy.types.NodeTree, found: Look, told: str) -> None:
    known, card = group.velatura, found.card
    group.name = card.name
    known.look, known.seen = home.relative(told, found.path), str(found.path)
    known.digest, known.guides, known.free = found.digest, " ".join(card.passes), card.free
    pass_sockets.set_passes(group, card.passes)
