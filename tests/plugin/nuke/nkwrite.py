"""Writes nodes as Nuke does: the text of a .nk file, the inverse of `nk.parse`."""

from __future__ import annotations

import re

from nk import GROUPS, Node

_SPECIAL = re.compile(r'([\\"\[\]$])')
_PLAIN = re.compile(r"[\w./:%#+*,@=<>!?|&()~^'-]+")


def write(root: Node) -> str:
    """Return the text of all nodes in ``root``, and of its own knobs: the inverse of `parse`."""
    lines = ["#! velatura tests", "version 13.2 v8"]
    if root.knobs or root.name:
        lines += _block(root, 0, inputs=False)
    return "\n".join([*lines, *_children(root, 0)]) + "\n"


def quote(value: str) -> str:
    """Return one Tcl word that means ``value``."""
    if _PLAIN.fullmatch(value):
        return value
    if value.startswith("{") and value.endswith("}") and "\\" not in value:
        return "{" + value + "}"
    return '"' + _SPECIAL.sub(r"\\\1", value).replace("\n", "\\n") + '"'


def body(node: Node) -> list[str]:
    """Return the lines between a node's braces, but for its inputs."""
    lines = [f"name {quote(node.name)}"]
    lines += [f"addUserKnob {{{' '.join(map(quote, words))}}}" for words in node.users]
    return lines + [f"{name} {quote(value)}" for name, value in node.knobs.items()]


def _block(node: Node, depth: int, *, inputs: bool = True) -> list[str]:
    pad = " " * depth
    plain, masks = len(node.inputs) - node.masks, f"+{node.masks}" if node.masks else ""
    lines = [f"inputs {plain}{masks}"] if inputs else []
    lines += body(node)
    return [f"{pad}{node.kind} {{", *(f"{pad} {line}" for line in lines), f"{pad}}}"]


def _children(group: Node, depth: int) -> list[str]:
    """Return the text of what is in a group: every node is named, and pushed where it is used."""
    lines: list[str] = []
    written: dict[int, str] = {id(None): "0"}
    for node in _in_order(group):
        lines += [f"{' ' * depth}push {written[id(each)]}" for each in reversed(node.inputs)]
        lines += _block(node, depth)
        if node.kind in GROUPS:
            lines += [*_children(node, depth + 1), f"{' ' * depth}end_group"]
        written[id(node)] = f"$N{id(node):x}"
        lines.append(f"{' ' * depth}set N{id(node):x} [stack 0]")
    return lines


def _in_order(group: Node) -> list[Node]:
    """Return a group's nodes, each after those that feed it."""
    order: list[Node] = []

    def visit(node: Node) -> None:
        if node not in order:
            for source in node.inputs:
                if source is not None:
                    visit(source)
            order.append(node)

    for node in group.nodes:
        visit(node)
    return order
