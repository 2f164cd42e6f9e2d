"""Knobs of numbers: as they stand, as an expression, or as a curve of keys."""

from __future__ import annotations

from typing import Any

import curve
from scope import Scope

from .knobs import Knob
from .session import SESSION, given


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

    def removeKeyAt(self, frame: float) -> bool:
        if not self.isAnimated():
            return False
        left = curve.parse(self._text[1:-1]).without_key(frame)
        return self._set("{" + str(left) + "}" if left.keys else _number(self.value()))

    def isKeyAt(self, frame: float) -> bool:
        return frame in self.getKeyList()

    def getKeyList(self) -> list[float]:
        keys = curve.parse(self._text[1:-1]).keys if self.isAnimated() else ()
        return [at for at, _ in keys]

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


class _Fields_Knob(Knob):
    """Several numbers, ``1 0.5 0 1``."""

    def setValue(self, value: Any) -> bool:
        each = given(value, (list, tuple), f"{self.Class()} {self._name}")
        return self._set(" ".join(_number(given(one, (int, float), self._name)) for one in each))

    def value(self) -> list[float]:
        SESSION.demand_main(f"Reading {self._name}")
        return [float(word) for word in self._text.split()]


class AColor_Knob(_Fields_Knob):
    _start = "0 0 0 0"


class BBox_Knob(_Fields_Knob):
    _start = "0 0 0 0"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
