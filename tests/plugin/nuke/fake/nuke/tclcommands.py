"""Tcl by `nuke.tcl`, and Python run in a node's place: answers for which no node is given out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scope import Scope
from substitution import substituted

from . import groups, knobs, nodes, tree
from .session import SESSION


def tcl(cmd: str, *args: str) -> str:
    """Run ``subst``, ``return`` or ``knob``; all else is unknown here.

    Raises:
        RuntimeError: as Nuke does where Tcl does.
    """
    SESSION.demand_main("tcl")
    if not args:
        cmd, *args = cmd.split(" ", 1)  # type: ignore[assignment]
    if not all(isinstance(each, str) for each in args):
        raise TypeError("tcl takes texts alone")
    at = SESSION.this[-1] if SESSION.this else SESSION.inside()
    if cmd in {"subst", "return"}:
        return substituted(args[-1], Scope(at, float(SESSION.frame)))
    if cmd == "knob":
        knob = _knob(args[0])
        knob._edit()
        if len(args) > 1:
            knob.fromScript(args[1])
        return knob.toScript()
    raise RuntimeError(f"{cmd}: Unknown command")


def value(knob: str, default: str | None = None) -> str:
    """Return a knob's value as text.

    Raises:
        NameError: there is none, and no default.
    """
    try:
        found = _knob(knob)
        text = found.toScript()
        return str(found.value()) if text.startswith("{") else text
    except RuntimeError as error:
        if default is None:
            raise NameError(f"{knob}: no such knob") from error
        return default


def exists(name: str) -> bool:
    SESSION.demand_main("exists")
    return SESSION.inside().node(name) is not None


def runIn(object: str, cmd: str) -> Any:
    """Run an expression of Python as if it were on that node."""
    import nuke  # the whole, which Python in a script may name

    node = tree.find(object)
    if node is None:
        raise ValueError(f"{object}: no such node")
    SESSION.this.append(node)
    try:
        return eval(cmd, {"nuke": nuke})  # noqa: S307
    finally:
        SESSION.this.pop()


def script_directory() -> str:
    return str(Path(SESSION.script).parent) if SESSION.script else ""


def _knob(path: str) -> knobs.Knob:
    name, _, last = path.rpartition(".")
    node: nodes.Node | None = SESSION.root
    for step in name.removeprefix("root").lstrip(".").split("."):
        if step:
            node = node.below(step) if isinstance(node, groups.Group) else None
    found = node.knob(last) if node is not None else None
    if found is None:
        raise RuntimeError(f"{path} does not exist")
    return found
