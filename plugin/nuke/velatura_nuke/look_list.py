"""The look list: the library's looks as the list on a look node's panel."""

from __future__ import annotations

from pathlib import Path

import nuke

from velatura import bakes, library
from velatura.errors import VelaturaError
from velatura.texts import inert

from . import baking, graph_digest, looknode
from .graph_digest import Mark
from .looknode import LookNode
from .panel import NO_LOOK


def looks() -> dict[str, Path]:
    """Return the library's looks by the names in the list: of two of a name the file is told."""
    entries = library.shelf()
    names = [inert(entry.card.name) for entry in entries]
    return {
        name if names.count(name) == 1 else f"{name} ({inert(entry.path.stem)})": entry.path
        for name, entry in zip(names, entries)
    }


def fill(node: nuke.Group) -> None:
    """Let the list show what the library has, and what the node uses."""
    there, path = looks(), LookNode(node).path
    names = [name for name, each in there.items() if each == path]
    if not names and node["digest"].value():
        names = [inert(path.stem)]
        there[names[0]] = path
    node["look"].setValues([NO_LOOK, *there])  # type: ignore[attr-defined]  # an Enumeration_Knob's
    node["look"].setValue(names[0] if names else NO_LOOK)


def put(node: nuke.Group, path: Path) -> None:
    """Let a node use a look, and its gain if all of it is there.

    Raises:
        LookError: the file is not a look.
    """
    looknode.choose(node, path)
    fill(node)
    look = LookNode(node)
    there = graph_digest.states(look, look.span(), Mark(), made=True).values()
    baking.connect(look, baked=bool(there) and set(there) == {bakes.BAKED})


def on_change() -> None:
    """Follow the list and the file knob of a look node whose panel is open."""
    node, knob = nuke.thisNode(), nuke.thisKnob().name()
    if knob not in {"look", "file", "showPanel"} or not looknode.is_look(node):
        return
    try:
        if knob == "showPanel":
            fill(node)
            return
        path = LookNode(node).path if knob == "file" else looks().get(str(node["look"].value()))
        if path is not None and path != Path() and (knob == "file" or path != LookNode(node).path):
            put(node, path)
    except VelaturaError as error:
        nuke.message(inert(str(error)))
