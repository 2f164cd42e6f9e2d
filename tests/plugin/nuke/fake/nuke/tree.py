"""Making, finding and deleting nodes."""

from __future__ import annotations

from typing import Any

import tcl
from table import table

from . import callbacks
from .groups import Group, Root
from .nodes import Node
from .session import SESSION, given

_CLASSES = {"Group": Group, "VariableGroup": Group, "Root": Root}


class Nodes:
    """``nuke.nodes.Merge2(operation="copy")``: a node without connections or a panel."""

    def __getattr__(self, kind: str) -> Any:
        def construct(**knobs: Any) -> Node:
            node = make(kind)
            for name, value in knobs.items():
                if name == "inputs":
                    for index, source in enumerate(value):
                        node.setInput(index, source)
                elif name == "name":
                    node.setName(value)
                else:
                    assign(node, name, value)
            return SESSION.hand(node)

        if kind.startswith("_"):
            raise AttributeError(kind)
        return construct


nodes = Nodes()


def make(kind: str, parent: Group | None = None, name: str = "") -> Node:
    """Return a new node inside ``parent`` or the group that is open; no part of Nuke."""
    SESSION.demand_edit(f"Making a {kind}")
    if kind not in table().classes or kind == "Root":
        raise RuntimeError(f"{kind}: Unknown command")
    group = parent or SESSION.inside()
    stem = name or f"{kind.rstrip('0123456789')}1"
    node = _CLASSES.get(kind, Node)(kind, group.free(stem), group)
    group._nodes.append(node)
    return node


def assign(node: Node, name: str, value: Any) -> None:
    """Set a knob by a value of its own type, or by a text as scripts have it; no part of Nuke."""
    knob = node[name]
    try:
        knob.setValue(value)
    except TypeError:
        knob.fromScript(str(value))


def createNode(kind: str, knobs: str = "", inpanel: bool = True) -> Node:
    """Make a node behind what is selected, as the artist does from the menu."""
    given(inpanel, bool, "inpanel")
    before = [node for node in SESSION.inside().nodes() if node.isSelected()]
    node = make(given(kind, str, "A class"))
    words = tcl.words(given(knobs, str, "Knobs"))
    for name, value in zip(words[::2], words[1::2], strict=True):
        node[name].fromScript(value)
    if before and node.maxInputs():
        node.setInput(0, before[-1])
    for each in before:
        each.setSelected(False)
    node.setSelected(True)
    callbacks.run("OnUserCreate", node)
    callbacks.run("OnCreate", node)
    return node


def delete(node: Node) -> None:
    group = node.parent()
    node._edit("Deleting")
    if group is None:
        raise ValueError("The script itself cannot be deleted")
    callbacks.run("OnDestroy", node)
    group._nodes.remove(node)
    for other in group._nodes:
        for index, source in list(other._inputs.items()):
            if source is node:
                other.setInput(index, node.input(0))
    node._dead = True


def root() -> Root:
    found = SESSION.root
    assert isinstance(found, Root)
    return found


def toNode(name: str) -> Node | None:
    """Return the node of this name: in the group that is open, or by its full name."""
    found: Node | None = SESSION.hand(find(name))
    return found


def find(name: str) -> Node | None:
    """Return the node of this name, whatever Python may be given; no part of Nuke."""
    SESSION.demand_main(f"Looking for {name}")
    given(name, str, "A node's name")
    if name == "root":
        return root()
    path = name.removeprefix("root.")
    return SESSION.inside().inner(path) or root().inner(path)


def allNodes(
    filter: str | None = None,
    group: Group | None = None,
    recurseGroups: bool = False,
) -> list[Node]:
    SESSION.demand_main("Listing nodes")
    wanted = _all(group or SESSION.inside(), recurse=recurseGroups)
    found: list[Node] = SESSION.hand([n for n in wanted if filter in {None, n.Class()}])
    return found


def _all(group: Group, *, recurse: bool) -> list[Node]:
    found = []
    for node in group._nodes:
        found.append(node)
        if recurse and isinstance(node, Group):
            found += _all(node, recurse=True)
    return found


def selectedNodes(filter: str | None = None) -> list[Node]:
    SESSION.demand_main("Listing nodes")
    chosen = [node for node in SESSION.inside()._nodes if node.isSelected()]
    found: list[Node] = SESSION.hand([n for n in chosen if filter in {None, n.Class()}])
    return found


def selectedNode() -> Node:
    found = selectedNodes()
    if not found:
        raise ValueError("no node selected")
    return found[-1]


def thisNode() -> Node:
    """Return the node whose callback or button runs; the open group, or the script, otherwise."""
    SESSION.demand_main("thisNode")
    found: Node = SESSION.hand(SESSION.this[-1] if SESSION.this else SESSION.inside())
    return found


def thisGroup() -> Group:
    node = thisNode()
    return node if isinstance(node, Group) else node.parent() or root()


def thisParent() -> Group | None:
    return thisNode().parent()


def thisKnob() -> Any:
    return callbacks.this_knob()
