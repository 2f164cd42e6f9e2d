"""Assembling: a `GroupSpec` becomes nodes and knobs in the running Nuke."""

from __future__ import annotations

import nuke

from .nodespec import Expression, GroupSpec, Knobs, Node, UserKnob

_TAKES_TEXT = {"Text_Knob", "PyScript_Knob"}  # as the third argument


def assemble(group: GroupSpec) -> nuke.Group:
    """Return a new Group in the script, where nodes are being made; wired to nothing."""
    made = nuke.nodes.Group()
    made.setName(group.name)
    _set(made, group.knobs)
    with made:
        nodes: dict[str, nuke.Node] = {}
        for node in group.nodes:
            nodes[node.name] = _node(node, nodes)
    for knob in group.panel:
        _add(made, knob)
    return made


def _node(node: Node, others: dict[str, nuke.Node]) -> nuke.Node:
    made: nuke.Node = getattr(nuke.nodes, node.kind)()
    made.setName(node.name)
    made.setXYpos(*node.at)
    for place, name in enumerate(node.inputs):
        made.setInput(place, others[name])
    _set(made, node.knobs)
    return made


def _set(node: nuke.Node, knobs: Knobs) -> None:
    for name, value in knobs:
        if isinstance(value, Expression):
            node[name].setExpression(value.text)
        else:
            node[name].setValue(value)


def _add(group: nuke.Group, knob: UserKnob) -> None:
    more = [list(knob.items)] if knob.items else [knob.text] if knob.kind in _TAKES_TEXT else []
    made = getattr(nuke, knob.kind)(knob.name, knob.label, *more)
    if knob.kind == "Link_Knob":
        made.makeLink(*knob.text.split("."))
    if knob.ends:
        made.setRange(*knob.ends)
    made.setTooltip(knob.tip)
    group.addKnob(made)
    if knob.newline:
        made.setFlag(nuke.STARTLINE)
    else:
        made.clearFlag(nuke.STARTLINE)
    if knob.hidden:
        made.setFlag(nuke.INVISIBLE)
    if knob.value is not None:
        _set(group, ((knob.name, knob.value),))
