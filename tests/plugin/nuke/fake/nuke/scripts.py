"""Scripts: saved, opened, copied and pasted as real .nk text, through `nk` and `nkwrite`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nk
import nkwrite
from table import table

from . import callbacks, tree, users
from .groups import Group, Root
from .nodes import Node
from .session import SESSION, given
from .wordknobs import Link_Knob, PyScript_Knob, Tab_Knob, Text_Knob

_STATELESS = (Tab_Knob, Text_Knob, PyScript_Knob, Link_Knob)  # their text is in addUserKnob


def clear() -> None:
    """Begin with an empty script; no part of Nuke."""
    SESSION.root = Root("Root", "root", None)
    SESSION.groups.clear()
    SESSION.this.clear()
    SESSION.script = ""
    SESSION.given = 0  # `scriptClear` gives Python its nodes anew


def scriptClear() -> None:
    SESSION.demand_edit("Closing the script")
    callbacks.run("OnScriptClose", tree.root())
    clear()


def scriptNew(*_: Any) -> None:
    scriptClear()


def scriptOpen(filename: str) -> None:
    """Open a script in the place of this one."""
    SESSION.demand_edit("Opening a script")
    text = _text_of(filename)
    clear()
    load(nk.parse(text), tree.root())
    SESSION.script = filename
    callbacks.run("OnScriptLoad", tree.root())


def scriptSave(filename: str | None = None) -> bool:
    name = filename or SESSION.script
    if not name:
        raise RuntimeError("scriptSave: the script has no name")
    scriptSaveAs(name, 1)
    return True


def scriptSaveAs(filename: str, overwrite: int = 0) -> None:
    SESSION.demand_main("Saving the script")
    if Path(given(filename, str, "A file name")).exists() and overwrite <= 0:
        raise RuntimeError(f"{filename} already exists")
    callbacks.run("OnScriptSave", tree.root())
    SESSION.script = filename
    Path(filename).write_text(text_of(tree.root()), encoding="utf-8")


def scriptName() -> str:
    if not SESSION.script:
        raise RuntimeError("no script is open")
    return SESSION.script


def scriptReadText(text: str) -> None:
    SESSION.demand_edit("Reading a script")
    load(nk.parse(given(text, str, "A script")), SESSION.inside())


def nodeCopy(filename: str) -> None:
    """Write the selected nodes to a file, or to ``%clipboard%``."""
    SESSION.demand_main("Copying")
    chosen = nk.Node("Root")
    made = {id(node): as_text(node) for node in tree.selectedNodes()}
    for node in tree.selectedNodes():
        inputs = [node.input(index) for index in range(node.inputs())]
        made[id(node)].inputs = [made.get(id(source)) for source in inputs]
        chosen.nodes.append(made[id(node)])
    text = nkwrite.write(chosen)
    if filename == "%clipboard%":
        SESSION.clipboard = text
    else:
        Path(filename).write_text(text, encoding="utf-8")


def nodePaste(filename: str) -> Node | None:
    """Add a file's nodes, or the clipboard's, to the group that is open; they are selected then."""
    SESSION.demand_edit("Pasting")
    text = SESSION.clipboard if filename == "%clipboard%" else _text_of(filename)
    before = [node for node in SESSION.inside()._nodes if node.isSelected()]
    for node in before:
        node.setSelected(False)
    made = load(nk.parse(text), SESSION.inside())
    for node in made:
        node.setSelected(True)
    if before and made and made[0].maxInputs():  # the first open input takes what was selected
        made[0].setInput(0, before[-1])
    found: Node | None = SESSION.hand(made[-1] if made else None)
    return found


def text_of(root: Group) -> str:
    """Return a script as it would be saved; no part of Nuke."""
    return nkwrite.write(as_text(root))


def as_text(node: Node) -> nk.Node:
    """Return a node as scripts have it, with all that is in it; no part of Nuke."""
    made = nk.Node(node.Class(), name=SESSION.script if isinstance(node, Root) else node.name())
    first = table().classes[node.Class()].knobs
    own = node.users()
    made.users = [users.words_of(knob) for knob in own]
    for name, knob in node.knobs().items():
        known = first.get(name)
        changed = known is not None and knob.toScript() != known.default
        if changed or (knob in own and not isinstance(knob, _STATELESS)):
            made.knobs[name] = knob.toScript()
    if isinstance(node, Group):
        inner = {id(each): as_text(each) for each in node._nodes}
        for each in node._nodes:
            inputs = [each.source(index) for index in range(each.inputs())]
            inner[id(each)].inputs = [inner.get(id(source)) for source in inputs]
        made.nodes = list(inner.values())
    return made


def block(node: Node) -> list[str]:
    """Return the lines of a node's body; no part of Nuke."""
    return nkwrite.body(as_text(node))


def load(read: nk.Node, into: Group) -> list[Node]:
    """Make what a parsed script holds; return the nodes on its top level; no part of Nuke."""
    for knob, text in read.knobs.items() if isinstance(into, Root) else ():
        into[knob].fromScript(text)
    made = {id(each): _made(each, into) for each in read.nodes}
    for each in read.nodes:
        for index, source in enumerate(each.inputs):
            if source is not None:
                made[id(each)].setInput(index, made[id(source)])
    for node in made.values():
        callbacks.run("OnCreate", node)
    return list(made.values())


def _made(each: nk.Node, into: Group) -> Node:
    node = tree.make(each.kind, into, each.name)
    for words in each.users:
        node.addKnob(users.knob_of(words))
    for knob, text in each.knobs.items():
        node[knob].fromScript(text)
    if isinstance(node, Group):
        load(each, node)
    return node


def _text_of(filename: str) -> str:
    try:
        return Path(given(filename, str, "A file name")).read_text(encoding="utf-8")
    except OSError as error:
        raise RuntimeError(f"{filename}: {error.strerror}") from error
