"""Knobs: each holds the text that a script would hold, and reads its value out of that.

So an expression or a curve is kept as it was written, and evaluated where a value is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import curve
from scope import Scope

from .session import SESSION, given

if TYPE_CHECKING:
    from .nodes import Node

DISABLED, NO_ANIMATION, DO_NOT_WRITE, INVISIBLE = 0x80, 0x100, 0x200, 0x400
STARTLINE, ENDLINE, NO_UNDO, ALWAYS_SAVE, READ_ONLY = 0x1000, 0x2000, 0x80000, 0x100000, 0x10000000

FLAGS = {
    "STARTLINE": STARTLINE,
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
        self._text, self._tooltip, self._flags = self._start, "", 0
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


class Array_Knob(Knob):
    """A number: as it stands, as an expression, or as a curve."""

    _start = "0"

    def value(self, frame: float | None = None) -> Any:
        SESSION.demand_main(f"Reading {self._name}")
        at = float(SESSION.frame if frame is None else frame)
        if self._node is None:
            return float(self._text)
        return Scope(self._node, at).number(self._name)

    def getValue(self) -> Any:
        return float(self.value())

    def getValueAt(self, frame: float) -> Any:
        return self.value(frame)

    def valueAt(self, frame: float) -> Any:
        return self.value(frame)

    def setValue(self, value: Any) -> bool:
        text = _number(given(value, (int, float), f"{self.Class()} {self._name}"))
        if self.isAnimated() and not self.hasExpression():
            return self.setValueAt(value, SESSION.frame)
        return self._set(text)

    def setValueAt(self, value: float, time: float) -> bool:
        given(value, (int, float), self._name)
        if not self.isAnimated():
            return False  # Nuke keys only what was made animated
        keyed = curve.parse(self._text[1:-1]).with_key(time, value)
        return self._set("{" + str(keyed) + "}")

    def setAnimated(self) -> bool:
        if not self.isAnimated():
            self._set(f"{{curve x{SESSION.frame} {self._text}}}")
        return True

    def clearAnimated(self) -> bool:
        return self._set(_number(self.value()))

    def isAnimated(self) -> bool:
        return self._text.startswith("{curve")

    def hasExpression(self) -> bool:
        return self._text.startswith("{") and not self.isAnimated()

    def setExpression(self, expression: str) -> bool:
        return self._set("{" + given(expression, str, "An expression") + "}")

    def setRange(self, low: float, high: float) -> None:
        self.range = (low, high)

    def defaultValue(self) -> float:
        return float(self._start)


class Double_Knob(Array_Knob):
    pass


class Int_Knob(Array_Knob):
    def value(self, frame: float | None = None) -> int:
        return int(super().value(frame))


class Boolean_Knob(Array_Knob):
    _start = "false"

    def value(self, frame: float | None = None) -> bool:
        if self._text in {"true", "false"}:
            SESSION.demand_main(f"Reading {self._name}")
            return self._text == "true"
        return bool(super().value(frame))

    def setValue(self, value: Any) -> bool:
        given(value, (bool, int), f"Boolean_Knob {self._name}")
        return self._set("true" if value else "false")


class Disable_Knob(Boolean_Knob):
    pass


class AColor_Knob(Array_Knob):
    """Four numbers; set as one or as four, ``{1 0.5 0 1}``."""

    def setValue(self, value: Any, channel: int = -1) -> bool:
        if channel < 0:
            return super().setValue(value)
        each = re.sub(r"[{}]", "", self._text).split()
        each = each if len(each) == 4 else each[:1] * 4
        each[channel] = _number(given(value, (int, float), self._name))
        return self._set("{" + " ".join(each) + "}")


class BBox_Knob(Knob):
    pass


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


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
