"""Knobs: each holds the text that a script would hold, and reads its value out of that.

So an expression or a curve is kept as it was written, and evaluated where a value is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .session import SESSION, given

if TYPE_CHECKING:
    from .nodes import Node

DISABLED, NO_ANIMATION, DO_NOT_WRITE, INVISIBLE = 0x80, 0x100, 0x200, 0x400
STARTLINE, ENDLINE, NO_UNDO, ALWAYS_SAVE, READ_ONLY = 0x1000, 0x2000, 0x80000, 0x100000, 0x10000000

FLAGS = {
    "INVISIBLE": INVISIBLE,
    "DISABLED": DISABLED,
    "NO_ANIMATION": NO_ANIMATION,
    "DO_NOT_WRITE": DO_NOT_WRITE,
    "READ_ONLY": READ_ONLY,
}


class Knob:
    """Any knob."""

    _start = ""

    def __init__(self, name: str = "", label: str | None = None) -> None:
        self._name, self._label = given(name, str, "A knob's name"), label or ""
        self._text, self._tooltip, self._flags = self._start, "", STARTLINE
        self._node: Node | None = None

    def Class(self) -> str:
        return type(self).__name__

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def node(self) -> Node | None:
        return self._node

    def tooltip(self) -> str:
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:
        self._tooltip = given(tooltip, str, "A tooltip")

    def setLabel(self, label: str) -> None:
        self._edit()
        self._label = given(label, str, "A label")

    def setFlag(self, flag: int) -> None:
        self._flags |= given(flag, int, "A flag")
        if flag == STARTLINE:
            self._flags &= ~ENDLINE

    def clearFlag(self, flag: int) -> None:
        self._flags &= ~given(flag, int, "A flag")

    def getFlag(self, flag: int) -> bool:
        return bool(self._flags & flag)

    def setEnabled(self, enabled: bool) -> None:
        self._turn(DISABLED, not enabled)

    def enabled(self) -> bool:
        return not self.getFlag(DISABLED)

    def setVisible(self, visible: bool) -> None:
        self._turn(INVISIBLE, not visible)

    def visible(self) -> bool:
        return not self.getFlag(INVISIBLE)

    def fullyQualifiedName(self) -> str:
        return f"{self._node.fullName()}.{self._name}" if self._node else self._name

    def toScript(self) -> str:
        return self._text

    def fromScript(self, script: str) -> None:
        self._edit()
        self._text = given(script, str, "A knob's text")

    def value(self) -> Any:
        SESSION.demand_main(f"Reading {self._name}")
        return self._text

    def getValue(self) -> Any:
        return self.value()

    def setValue(self, value: Any) -> bool:
        return self._set(given(value, str, f"{self.Class()} {self._name}"))

    def _turn(self, flag: int, on: bool) -> None:
        SESSION.demand_main(f"A change of {self._name}")
        (self.setFlag if on else self.clearFlag)(flag)

    def _set(self, text: str) -> bool:
        self._edit()
        changed, self._text = self._text != text, text
        if changed and self._node is not None:
            self._node.knob_changed(self)
        return True

    def _edit(self) -> None:
        if self._node is not None:
            SESSION.demand_edit(f"A change of {self.fullyQualifiedName()}")


class Enumeration_Knob(Knob):
    """A choice. A known list refuses what is not in it; one from the table may have none."""

    def __init__(self, name: str = "", label: str | None = None, values: Any = ()) -> None:
        super().__init__(name, label)
        self._values = [str(value) for value in values]
        self._text = self._values[0] if self._values else ""

    def value(self) -> str:
        SESSION.demand_main(f"Reading {self._name}")
        if self._text.isdigit() and self._text not in self._values and self._values:
            return self._values[int(self._text)]
        return self._text

    def getValue(self) -> float:
        return float(self._values.index(self.value()))

    def values(self) -> list[str]:
        return list(self._values)

    def numValues(self) -> int:
        return len(self._values)

    def setValues(self, values: Any) -> None:
        self._edit()
        self._values = [given(value, str, "An item") for value in values]

    def setValue(self, value: Any) -> bool:
        given(value, (str, int, float), f"Enumeration_Knob {self._name}")
        if not isinstance(value, str):
            return self._set(self._values[int(value)])
        if self._values and value not in self._values:
            raise ValueError(f"{self._name} has no item {value!r}: {self._values}")
        return self._set(value)
