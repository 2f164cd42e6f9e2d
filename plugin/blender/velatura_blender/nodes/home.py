"""A look node's home: the .blend that its gain layers belong to, and the folder they lie in.

A group that was appended, dragged from an asset library, or that is in a copy of its .blend still
names the folder of the file it came from. It knows the file it was made for, so that is noticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import bpy

from velatura import fingerprint
from velatura.errors import LookError

from . import blend_paths, frame_format, gain_nodes, region_check

_UNSAVED = "a file that was never saved"


def note(group: bpy.types.NodeTree, blend: str = "") -> None:
    """Let a look's group belong to a file: the one that is open, if none is given."""
    known, image = group.velatura, gain_nodes.gain_image(group)
    known.home, known.cache = blend or _open(), split(image)[0]


def is_here(group: bpy.types.NodeTree) -> bool:
    """Say whether a look's group was made for the file that is open.

    A project folder may be moved: then the file's name is what it was, and the gain layers lie
    beside it as they did. A folder elsewhere, named by its whole path, tells nothing.
    """
    known = group.velatura
    if is_foreign(group) or not known.home:
        return False
    before, now = blend_paths.pure(known.home), blend_paths.pure(_open())
    if before == now:
        return True
    if before.name != now.name or not known.cache.startswith(blend_paths.RELATIVE):
        return False
    raw, _ = split(gain_nodes.gain_image(group))
    return _resolved(raw) == _resolved(known.cache)


def is_foreign(tree: bpy.types.NodeTree) -> bool:
    """Say whether a graph is another file's: linked from it, or a library override of one."""
    return tree.library is not None or tree.override_library is not None


def split(image: bpy.types.Image) -> tuple[str, str]:
    """Return the folder of a look's gain layers, whatever size they are, and the file's name."""
    folder, name = blend_paths.cut(image.filepath_raw)
    outer, last = blend_paths.cut(folder)
    return (outer if frame_format.is_variant(last) else folder), name


def variant_of(image: bpy.types.Image) -> str:
    """Return which size and region an image shows, as `frame_format.variant` names them."""
    _, last = blend_paths.cut(blend_paths.cut(image.filepath_raw)[0])
    return last if frame_format.is_variant(last) else ""


def show(group: bpy.types.NodeTree, scene: bpy.types.Scene) -> None:
    """Let a look show its gain layers of the size and region that a scene renders now."""
    image, variant = gain_nodes.gain_image(group), frame_format.variant(scene)
    if group.library is None:
        region_check.expect(group, scene)
    if variant_of(image) != variant and image.library is None:
        folder, name = split(image)
        image.filepath_raw = "/".join(filter(None, (folder, variant, name)))
        image.reload()


def relative(told: str, path: Path) -> str:
    """Return a look's path as it is noted: relative to the .blend where that was so, or is near.

    Args:
        told: how it was given.
        path: the file.
    """
    if told.startswith(blend_paths.RELATIVE) or not bpy.data.filepath:
        return told
    return blend_paths.within(str(path), str(Path(bpy.data.filepath).parent)) or str(path)


def settle(group: bpy.types.NodeTree) -> None:
    """Let a group that has come from another .blend name its look's file from this one."""
    known = group.velatura
    if not known.look.startswith(blend_paths.RELATIVE) or not known.seen:
        return
    with suppress(LookError):  # there is no such look beside this file
        if fingerprint.look_digest(Path(bpy.path.abspath(known.look))) == known.digest:
            return
    known.look = relative(known.seen, Path(known.seen))


def groups() -> Iterator[bpy.types.NodeTree]:
    """Yield the groups of all looks in the file."""
    yield from (group for group in bpy.data.node_groups if group.velatura.uid)


def _resolved(path: str) -> str:
    return os.path.normcase(os.path.normpath(bpy.path.abspath(path)))


def _open() -> str:
    return bpy.data.filepath or _UNSAVED
