"""Graph scope variables (Nuke 16): by which one script holds many shots.

A path with ``%{shot}`` or ``%shot`` in it is another file for each shot, and so is its gain. The
script's root has values, and a VariableGroup has others for what is in it, and for what it asks its
inputs for. A node is looked at as its look asks for it: the groups between the two come first, then
those that the look is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import nuke

_NAMED = re.compile(r"%(?:\{([\w.]+)\}|([A-Za-z_]\w*))")
_TOKENS = {"d", "v", "V"}  # frame numbers and views, unless braces are around them
_SWITCH, _VARIABLE = "VariableSwitch", "variable"  # the node that goes by one, and its knob
_SET = "__default__"
_KNOB = "gsv"  # of the root and of VariableGroups: a Gsv_Knob, which Nuke before 16 has not


def named(look: nuke.Node, nodes: Iterable[nuke.Node]) -> list[str]:
    """Return the variables of a look that nodes go by: in their texts, or as a switch."""
    names = {name for node in nodes for name in _names(node)}
    return sorted(name for name in names if value(name, look) is not None)


def told(look: nuke.Node, nodes: Iterable[nuke.Node]) -> list[tuple[str, str]]:
    """Return the variables that nodes go by, with what each is where the look asks for it."""
    found = {(name, value(name, look, node)) for node in nodes for name in _names(node)}
    return sorted((name, known) for name, known in found if known is not None)


def value(name: str, look: nuke.Node, node: nuke.Node | None = None) -> str | None:
    """Return what a variable is in a node, as a look asks for it; None where there is none."""
    above = [] if node is None else [*_groups(node)]
    outer = [*_groups(look)]
    path = name if "." in name else f"{_SET}.{name}"
    for group in [*(each for each in above if each not in outer), *outer]:
        if (knob := group.knob(_KNOB)) is not None:
            found = knob.getGsvValue(path)  # type: ignore[attr-defined]  # Nuke 16's
            if found is not None:  # what its parent group says, a group does not tell
                return str(found)
    return None


def filled(text: str, look: nuke.Node) -> str:
    """Return a path with a look's variables filled in; what is none of them stays."""
    if "%" not in text:
        return text
    return _NAMED.sub(lambda found: _read(found, look), text)


def _read(found: re.Match[str], look: nuke.Node) -> str:
    known = None if found[2] in _TOKENS else value(found[1] or found[2], look)
    return found[0] if known is None else known


def _names(node: nuke.Node) -> Iterator[str]:
    if node.Class() == _SWITCH:
        yield str(node[_VARIABLE].value())
    for knob in node.allKnobs():
        if isinstance(knob, nuke.EvalString_Knob):
            for braced, bare in _NAMED.findall(str(knob.toScript() or "")):
                if bare not in _TOKENS:
                    yield braced or bare


def _groups(node: nuke.Node) -> Iterator[nuke.Node]:
    """Yield the groups that a node is in, the nearest first, and the script's root last."""
    root, group = nuke.root(), node.parent()
    while group is not None and group is not root:
        yield group
        group = group.parent()
    yield root
