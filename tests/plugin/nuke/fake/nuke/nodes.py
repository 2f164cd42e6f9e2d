"""Nodes, made of the table's classes: there are no classes and knobs but those in the table."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from table import table

from . import callbacks
from .knobs import Enumeration_Knob, Knob
from .measures import Measured
from .session import SESSION, given
from .wordknobs import KINDS

if TYPE_CHECKING:
    from .groups import Group


_PATH = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")


class Node(Measured):
    """One node; made by `tree.make`, never by itself."""

    def __init__(self, kind: str, name: str, parent: Group | None) -> None:
        self._kind, self._name, self._parent = kind, name, parent
        self._inputs: dict[int, Node] = {}
        self._dead = False
        self._knobs: dict[str, Knob] = {"name": _named(self)}
        kind_ = table().classes[kind]
        for known in kind_.knobs.values():
            knob = KINDS[known.kind](known.name)
            if isinstance(knob, Enumeration_Knob):
                knob = Enumeration_Knob(known.name, None, known.values)
            knob._text, knob._node = known.default, self
            self._knobs[known.name] = knob
        self._needs = {each.name: each.needs for each in kind_.knobs.values() if each.needs}
        self._own = set(self._knobs)

    # What an expression asks, see `scope.Readable`.
    def above(self) -> Group | None:
        return self._parent

    def below(self, _name: str) -> Node | None:
        return None

    def title(self) -> str:
        return self._name

    def source(self, index: int) -> Node | None:
        return self._inputs.get(index)

    def windowed(self) -> bool:
        return SESSION.gui

    def text(self, knob: str) -> str | None:
        return self._knobs[knob].toScript() if knob in self._knobs else None

    def choices(self, knob: str) -> tuple[str, ...]:
        found = self._knobs.get(knob)
        return tuple(found.values()) if isinstance(found, Enumeration_Knob) else ()

    def metadatum(self, node: str, key: str, _frame: float) -> str:
        found = self._parent.below(node) if self._parent else None
        return str((found.metadata(key) if found else None) or "")

    def Class(self) -> str:
        return self._kind

    def name(self) -> str:
        self._alive()
        return self._name

    def fullName(self) -> str:
        self._alive()
        above = self._parent
        inside = above is not None and above._parent is not None
        return f"{above.fullName()}.{self._name}" if above and inside else self._name

    def setName(self, name: str, uncollide: bool = True) -> None:
        self._edit("Renaming")
        given(name, str, "A node's name")
        if uncollide and self._parent is not None:
            name = self._parent.free(name, self)
        self._name = name

    def parent(self) -> Group | None:
        return self._parent

    def knob(self, name: str) -> Knob | None:
        self._alive()
        given(name, str, "A knob's name")
        needs = self._needs.get(name)
        if needs and self._knobs["file_type"].toScript() != needs:
            return None  # a file type's knobs are not there before the file type is chosen
        return self._knobs.get(name)

    def __getitem__(self, name: str) -> Knob:
        found = self.knob(name)
        if found is None:
            raise NameError(f"knob {name} does not exist")
        return found

    def knobs(self) -> dict[str, Knob]:
        self._alive()
        return dict(self._knobs)

    def allKnobs(self) -> list[Knob]:
        return list(self.knobs().values())

    def addKnob(self, knob: Knob) -> None:
        self._edit("Adding a knob")
        if given(knob, Knob, "A knob").name() in self._knobs and knob.name():
            raise ValueError(f"{self.fullName()} has a knob {knob.name()} already")
        knob._node = self
        self._knobs[knob.name() or f"unnamed{len(self._knobs)}"] = knob

    def removeKnob(self, knob: Knob) -> None:
        self._edit("Removing a knob")
        if knob.name() in self._own:
            raise ValueError(f"{knob.name()} is not a user's knob")
        del self._knobs[knob.name()]

    def users(self) -> list[Knob]:
        """Return the knobs that were added, in order; no part of Nuke."""
        return [knob for name, knob in self._knobs.items() if name not in self._own]

    def knob_changed(self, knob: Knob) -> None:
        """Run what hangs on a changed knob; no part of Nuke."""
        if SESSION.gui:
            callbacks.run("KnobChanged", self, knob)

    def inputs(self) -> int:
        return max(self._inputs, default=-1) + 1

    def maxInputs(self) -> int:
        kind = table().classes[self._kind]
        return kind.inputs + kind.mask

    def input(self, index: int) -> Node | None:
        self._alive()
        found: Node | None = SESSION.hand(self._inputs.get(given(index, int, "An input")))
        return found

    def setInput(self, index: int, node: Node | None) -> bool:
        self._edit("Connecting")
        if not 0 <= given(index, int, "An input") < self.maxInputs():
            return False
        if node is None:
            self._inputs.pop(index, None)
            return True
        node._alive()
        if node._parent is not self._parent:
            raise RuntimeError(f"{node.fullName()} and {self.fullName()} are in different groups")
        self._inputs[index] = node
        return True

    def dependencies(self, mask: int = 1) -> list[Node]:
        """Return what feeds this node, and with EXPRESSIONS what its expressions name."""
        found = [node for _, node in sorted(self._inputs.items())] if mask & 1 else []
        return found + (expressed(self) if mask & 8 else [])

    def dependent(self, mask: int = 1) -> list[Node]:
        """Return the nodes that this one feeds."""
        others = self._parent.nodes() if self._parent else []
        return [node for node in others if mask & 1 and self in node._inputs.values()]

    def setXYpos(self, x: int, y: int) -> None:
        self["xpos"].setValue(given(x, int, "A place"))
        self["ypos"].setValue(given(y, int, "A place"))

    def xpos(self) -> int:
        return int(self["xpos"].value())

    def ypos(self) -> int:
        return int(self["ypos"].value())

    def screenWidth(self) -> int:
        return 80

    def screenHeight(self) -> int:
        return 18

    def setSelected(self, selected: bool) -> None:
        self["selected"].setValue(bool(selected))

    def isSelected(self) -> bool:
        return bool(self["selected"].value())

    def showControlPanel(self) -> None:
        SESSION.demand_main("Opening a panel")

    def hideControlPanel(self) -> None:
        SESSION.demand_main("Closing a panel")

    def proxy(self) -> bool:
        return bool(SESSION.root["proxy"].value())

    def run(self, script: str) -> None:
        """Run the Python of a knob of this node; no part of Nuke."""
        SESSION.this.append(self)
        try:
            run(script, self.fullName())
        finally:
            SESSION.this.pop()

    def _edit(self, what: str) -> None:
        self._alive()
        SESSION.demand_edit(f"{what} on {self._name}")

    def _alive(self) -> None:
        if self._dead:
            raise ValueError("A PythonObject is not attached to a node")


class _NameKnob(KINDS["String_Knob"]):  # type: ignore[misc]
    """The knob that shows a node's name, and renames it; the root's is the script's path."""

    def toScript(self) -> str:
        if self._node is SESSION.root:
            return SESSION.script
        return self._node._name if self._node else ""

    def value(self) -> str:
        return self.toScript()

    def setValue(self, value: str) -> bool:
        if self._node:
            self._node.setName(value)
        return True


def expressed(node: Node) -> list[Node]:
    """Return the nodes that the expressions of a node lead to; no part of Nuke."""
    found: list[Node] = []
    for knob in node._knobs.values():
        for path in _PATH.findall(knob.toScript() if knob.toScript().startswith("{") else ""):
            first = path.split(".")[0]
            there = node._parent.below(first) if node._parent else None
            if first == "root":
                there = SESSION.root
            if there is not None and there not in found:
                found.append(there)
    return found


def _named(node: Node) -> Knob:
    knob: Knob = _NameKnob("name")
    knob._node = node
    return knob


def run(script: str, name: str) -> None:
    """Run the Python of a button or a menu, which has `nuke` imported; no part of Nuke."""
    names = {"__name__": "__main__", "nuke": sys.modules["nuke"]}
    exec(compile(script, name, "exec"), names)  # noqa: S102
