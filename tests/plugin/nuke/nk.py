"""Reads Nuke scripts: the text of a .nk or a .gizmo becomes the nodes that it makes.

Such a text is a Tcl program, so a real Tcl reads it (`tcl`). What the commands do to Nuke's stack
of nodes is done here. Of a value in braces Tcl takes away one pair: ``mix {{parent.mix}}`` is
``{parent.mix}``, and what still has braces is an expression or a curve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import tcl
from table import table
from tcl import NkError

GROUPS = {"Group", "Gizmo", "LiveGroup", "VariableGroup"}
"""Classes of nodes that have nodes inside."""


@dataclass(eq=False)
class Node:
    """One node as the text has it.

    Attributes:
        kind: its class.
        knobs: name -> value, as Tcl hands it over; without ``inputs`` and ``name``.
        users: the words of each ``addUserKnob``: type id, name, and so on.
        name: its name, empty where the text gives none.
        inputs: the nodes on its inputs; None for an input that is not connected.
        masks: how many of the inputs are side inputs, the 1 of ``inputs 2+1``.
        nodes: of a group, what is in it.
        parent: the group it is in.
        clone_of: the node whose knobs it shares.
        gui: of the root, whether a window is there, for ``$gui``.
    """

    kind: str
    knobs: dict[str, str] = field(default_factory=dict)
    users: list[list[str]] = field(default_factory=list)
    name: str = ""
    inputs: list[Node | None] = field(default_factory=list)
    masks: int = 0
    nodes: list[Node] = field(default_factory=list)
    parent: Node | None = None
    clone_of: Node | None = None
    gui: bool = False

    def node(self, path: str) -> Node:
        """Return the node ``Group1.Merge1`` inside this one."""
        name, _, rest = path.partition(".")
        found = self.below(name)
        if found is None:
            raise NkError(f"There is no {name} in {self.name or self.kind}")
        return found.node(rest) if rest else found

    # What an expression asks, see `scope.Readable`.
    def title(self) -> str:
        return self.name or self.kind

    def source(self, index: int) -> Node | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def windowed(self) -> bool:
        return self.parent.windowed() if self.parent else self.gui

    def above(self) -> Node | None:
        return self.parent

    def metadatum(self, node: str, key: str, frame: float) -> str:
        """Return what a node beside this one has in its stream, "" for nothing, as Tcl has it."""
        from evaluator import Evaluator, RenderError  # which reads scripts

        found = self.parent.below(node) if self.parent else None
        try:
            shown = Evaluator(self.parent or self).picture(found, int(frame))
        except RenderError:
            return ""
        return str(shown.metadata.get(key, ""))

    def below(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)

    def text(self, knob: str) -> str | None:
        """Return a knob's text: as the script sets it, or as the class begins with it."""
        if knob == "name":
            return self.name
        if knob in self.knobs:
            return self.knobs[knob]
        if any(words[1:2] == [knob] for words in self.users):
            return "0"
        known = table().classes.get(self.kind)
        return known.knobs[knob].default if known and knob in known.knobs else None

    def choices(self, knob: str) -> tuple[str, ...]:
        """Return the items of an enumeration; none for any other knob."""
        for words in self.users:
            if words[1:2] == [knob]:
                return tuple(tcl.words(words[words.index("M") + 1])) if "M" in words else ()
        known = table().classes.get(self.kind)
        return known.knobs[knob].values if known and knob in known.knobs else ()

    def walk(self) -> Iterator[Node]:
        """Yield every node inside, groups before what is in them."""
        for node in self.nodes:
            yield node
            yield from node.walk()


def parse(text: str) -> Node:
    """Return the root of a script: its nodes, and the knobs of its ``Root``, if it has one.

    Raises:
        NkError: no Tcl, or none that Nuke would take: unbalanced braces, unknown commands, a
            variable that was never set, a group without an end.
    """
    stack = _Stack()
    for command in _commands(text):
        stack.do(command)
    if stack.group is not stack.root:
        raise NkError(f"The group {stack.group.name} has no end_group")
    return stack.root


@dataclass
class _Command:
    """One command of the script, with the knobs in its body."""

    verb: str
    words: list[str]
    knobs: dict[str, str] = field(default_factory=dict)
    users: list[list[str]] = field(default_factory=list)


class _Stack:
    """What the commands of a script do: Nuke's stack, and the group that is open."""

    def __init__(self) -> None:
        self.root = self.group = Node("Root")
        self._stack: list[Node | None] = []
        self._outer: list[list[Node | None]] = []
        self._known: dict[str, Node | None] = {"0": None}

    def do(self, command: _Command) -> None:
        if command.verb == "stack":
            depth, token = command.words
            here = self._stack[-1 - int(depth)] if len(self._stack) > int(depth) else None
            self._known[token] = here
        elif command.verb == "push":
            self._stack.append(self._named(command.words[0]))
        elif command.verb == "end_group":
            self._end()
        elif command.words[0] == "Root" and command.verb == "node":
            self.root.knobs, self.root.users = command.knobs, command.users
            self.root.name = self.root.knobs.pop("name", "")
            self.root.knobs.pop("inputs", None)
        else:
            self._add(self._made(command))

    def _named(self, token: str) -> Node | None:
        if token not in self._known:
            raise NkError(f"{token} is no node")
        return self._known[token]

    def _made(self, command: _Command) -> Node:
        if command.verb == "node":
            return Node(command.words[0], command.knobs, command.users)
        token, *kind = command.words
        if kind:  # the first of its clones: it says what class it is
            self._known[token] = Node(kind[0], command.knobs, command.users)
            return self._known[token]
        of = self._named(token)
        if of is None:
            raise NkError("A clone of nothing")
        return Node(of.kind, {**of.knobs, **command.knobs}, list(of.users), clone_of=of)

    def _add(self, node: Node) -> None:
        arity = node.knobs.pop("inputs", "0" if node.kind == "BackdropNode" else "1")
        plain, _, masks = arity.partition("+")
        node.masks = int(masks or 0)
        node.name = node.knobs.pop("name", "")
        for _ in range(int(plain) + node.masks):
            node.inputs.append(self._stack.pop() if self._stack else None)
        node.parent = self.group
        self.group.nodes.append(node)
        self._stack.append(node)
        if node.kind in GROUPS:
            self._outer.append(self._stack)
            self._stack, self.group = [], node

    def _end(self) -> None:
        if self.group.parent is None:
            raise NkError("An end_group without its group")
        self._stack, self.group = self._outer.pop(), self.group.parent


def _commands(text: str) -> list[_Command]:
    commands: list[_Command] = []
    for verb, *words in tcl.told(text):
        if verb == "knob":
            commands[-1].knobs[words[0]] = words[1]
        elif verb == "user":
            commands[-1].users.append(words)
        else:
            commands.append(_Command(verb, words))
    return commands
