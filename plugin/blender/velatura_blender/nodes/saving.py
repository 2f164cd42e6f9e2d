"""Saving: what a .blend is to hold, and how a copy of it gets folders of its own.

*Save As* and *Save Copy* are heard before the file is written. Its looks get new folders beside the
new file, with what is baked linked into them: both files are baked then, and neither touches the
other's gain layers.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import bpy

from velatura import bakes
from velatura.errors import StorageError

from . import blend_paths, gain_nodes, graph_digest, home, looknode, uses


@dataclass(frozen=True)
class _Kept:
    """What a look's group said before its file was saved under another name, and its mark."""

    group: bpy.types.NodeTree
    uid: str
    home: str
    cache: str
    look: str
    raw: str
    mark: str


_kept: list[_Kept] = []


def before(path: str) -> None:
    """Prepare the file that is open for being written to ``path``; call `after` then."""
    _kept.clear()
    for scene in bpy.data.scenes:
        for look in uses.looks(scene):
            if look.group.library is None:
                home.show(look.group, scene)
            if look.node.id_data.library is None and look.node.label:
                look.node.label = looknode.title_of(look.node)
    if path and os.path.normpath(path) != os.path.normpath(bpy.data.filepath or path + "?"):
        marks = {look.uid: graph_digest.mark(look) for look in _looks()}
        ours = [group for group in home.groups() if _is_ours(group)]
        _kept.extend(_sent(group, path, marks.get(group.velatura.uid, "")) for group in ours)


def after(path: str) -> None:
    """Take back what was for the file alone, where another one than that stays open."""
    stays = os.path.normpath(bpy.data.filepath or "?") != os.path.normpath(path or ".")
    for kept in _kept:
        known, image = kept.group.velatura, gain_nodes.gain_image(kept.group)
        if stays:
            known.uid, known.home, known.cache = kept.uid, kept.home, kept.cache
            known.look, image.filepath_raw = kept.look, kept.raw
        elif home.split(image)[0] != known.cache:  # saved without remapping of relative paths
            variant, (_, name) = home.variant_of(image), home.split(image)
            image.filepath_raw = "/".join(filter(None, (known.cache, variant, name)))
    if not stays:
        _mark_anew({kept.group.velatura.uid: kept.mark for kept in _kept})
    _kept.clear()


def _mark_anew(before: Mapping[str, str]) -> None:
    """Let frames stay baked where Blender wrote paths in the graph anew, for the file's new folder.

    Args:
        before: the graph's mark before that, for each look.
    """
    for look in _looks():
        marks = bakes.recall(look.folder) if before.get(look.uid) else {}
        same = [frame for frame, mark in marks.items() if mark == before[look.uid]]
        with suppress(StorageError):  # then they are out of date until the next render
            bakes.remember(look.folder, same, graph_digest.mark(look))


def _looks() -> list[looknode.LookNode]:
    return [look for scene in bpy.data.scenes for look in uses.looks(scene)]


def _is_ours(group: bpy.types.NodeTree) -> bool:
    return group.library is None and home.is_here(group)


def _sent(group: bpy.types.NodeTree, path: str, mark: str) -> _Kept:
    """Let a look's group belong to a file that is about to be written; return what it said."""
    known, image = group.velatura, gain_nodes.gain_image(group)
    kept = _Kept(group, known.uid, known.home, known.cache, known.look, image.filepath_raw, mark)
    old, new = str(Path(bpy.data.filepath).parent), str(Path(path).parent)
    folder, name = home.split(image)
    outer, _ = blend_paths.cut(folder)
    uid = uuid.uuid4().hex[:8]
    fresh = bakes.folder_name(bakes.gain_stem(name), uid)
    known.uid, known.home, known.cache = uid, path, f"{outer}/{fresh}"
    variant, raw = home.variant_of(image), known.cache
    if raw.startswith(blend_paths.RELATIVE):
        whole = str(Path(new, raw.removeprefix(blend_paths.RELATIVE)))
        _link(Path(bpy.path.abspath(folder)), Path(whole))
        raw = blend_paths.from_folder(whole, old) or whole  # Blender turns it round as it saves
    else:
        _link(Path(folder), Path(raw))
    known.look = blend_paths.moved(known.look, old, new)
    image.filepath_raw = "/".join(filter(None, (raw, variant, name)))
    return kept


def _link(old: Path, new: Path) -> None:
    """Let the files of a folder be in another one as well; on some disks they cannot be."""
    for file in [each for each in old.rglob("*") if each.is_file()]:
        with suppress(OSError):  # then it is missing there, and baked anew
            target = new / file.relative_to(old)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(file)
