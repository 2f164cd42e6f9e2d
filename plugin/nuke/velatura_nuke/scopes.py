"""Graph scope variables (Nuke 16): by which one script holds many shots.

A path with ``%{shot}`` in it is another file for each shot, and so is its gain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import nuke

_NAMED = re.compile(r"%\{([\w.]+)\}")
_SWITCH, _VARIABLE = "VariableSwitch", "variable"  # the node that goes by one, and its knob
_SET = "__default__"
_KNOB = "gsv"  # of the root: a Gsv_Knob, which Nuke before 16 has not


def named(nodes: Iterable[nuke.Node]) -> list[str]:
    """Return the variables that nodes go by: in their files' names, or as a switch."""
    found: set[str] = set()
    for node in nodes:
        if node.Class() == _SWITCH:
            found.add(str(node[_VARIABLE].value()))
        for knob in node.allKnobs():
            if knob.Class() == "File_Knob":
                found.update(_NAMED.findall(str(knob.value() or "")))
    return sorted(found)


def value(name: str) -> str:
    """Return what a variable is now; "" where there is none of that name."""
    knob = nuke.root().knob(_KNOB)
    if knob is None:
        return ""
    path = name if "." in name else f"{_SET}.{name}"
    return str(knob.getGsvValue(path) or "")  # type: ignore[attr-defined]  # Nuke 16's


def filled(text: str) -> str:
    """Return a path with its variables filled in."""
    return _NAMED.sub(lambda found: value(found[1]), text) if "%{" in text else text
