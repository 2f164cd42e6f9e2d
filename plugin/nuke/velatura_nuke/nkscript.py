"""The text of a `GroupSpec`: a .gizmo that begins with ``Group {``, for Nuke to read.

Such a text becomes nodes in the artist's script, which then opens where this plug-in is not.
Running this module writes the file that is shipped::

    python -m velatura_nuke.nkscript > plugin/nuke/Velatura.gizmo
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from .group import look_group
from .nodespec import Expression, GroupSpec, Knobs, Node, UserKnob, Value

_IDS = {  # as Nuke writes them in addUserKnob
    "String_Knob": 1,
    "File_Knob": 2,
    "Int_Knob": 3,
    "Enumeration_Knob": 4,
    "Boolean_Knob": 6,
    "Double_Knob": 7,
    "Tab_Knob": 20,
    "PyScript_Knob": 22,
    "Text_Knob": 26,
    "Link_Knob": 41,
}
_SAID = ("Boolean_Knob", "PyScript_Knob", "Text_Knob")  # whether they begin a line is always said
_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "[": "\\[", "$": "\\$", "{": "\\{", "}": "\\}", "\n": "\\n"}
)


def dumps(group: GroupSpec) -> str:
    """Return a Group as Nuke reads it from a file, pasted or opened."""
    lines = ["Group {", f" name {group.name}", *_knobs(group.knobs, " ")]
    for knob in group.panel:
        lines.append(f" addUserKnob {{{' '.join(_words(knob))}}}")
        if knob.value is not None:
            lines.append(f" {knob.name} {_value(knob.value)}")
    lines.append("}")
    for node in group.nodes:
        lines += _node(node)
    return "\n".join([*lines, "end_group", ""])


def _node(node: Node) -> Iterator[str]:
    """Yield the lines of a node: the nodes on its inputs lie on Nuke's stack, input 0 on top."""
    for name in reversed(node.inputs):
        yield f"push $N_{name}"
    yield f" {node.kind} {{"
    if len(node.inputs) != 1:
        yield f"  inputs {len(node.inputs)}"
    yield f"  name {node.name}"
    yield from _knobs(node.knobs, "  ")
    yield from (f"  xpos {node.at[0]}", f"  ypos {node.at[1]}", " }")
    yield f"set N_{node.name} [stack 0]"


def _knobs(knobs: Knobs, indent: str) -> Iterator[str]:
    return (f"{indent}{name} {_value(value)}" for name, value in knobs)


def _words(knob: UserKnob) -> Iterator[str]:
    yield from (str(_IDS[knob.kind]), knob.name, "l", _quoted(knob.label))
    if knob.tip:
        yield from ("t", _quoted(knob.tip))
    if knob.hidden:
        yield "+INVISIBLE"
    if knob.kind in _SAID and not knob.hidden:
        yield "+STARTLINE" if knob.newline else "-STARTLINE"
    elif not knob.newline:
        yield "-STARTLINE"
    if knob.items:
        yield f"M {{{' '.join(map(_quoted, knob.items))}}}"
    if knob.ends:
        yield f"R {knob.ends[0]:g} {knob.ends[1]:g}"
    if knob.text:
        yield f"T {_quoted(knob.text)}"


def _value(value: Value) -> str:
    if isinstance(value, Expression):
        return f"{{{{{_quoted(value.text)}}}}}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        f"{value:g}"
        if isinstance(value, float)
        else _quoted(value)
        if isinstance(value, str)
        else str(value)
    )


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


if __name__ == "__main__":
    sys.stdout.write(dumps(look_group()))
