"""Knobs of words: text, files, channels, buttons, and those that only lay out a panel."""

from __future__ import annotations

from typing import Any

from substitution import filled, variables

from . import knobs, numberknobs
from .contexts import OutputContext
from .knobs import Knob
from .session import SESSION, given


class String_Knob(Knob):
    def getText(self) -> str:
        return str(self.value())


class EvalString_Knob(String_Knob):
    def evaluate(self, frame: float | None = None) -> str:
        """Return the text with its ``[value ...]`` and frame number filled in."""
        at = SESSION.frame if frame is None else frame
        return filled(self._text, self._node, float(at)) if self._node else self._text


class Multiline_Eval_String_Knob(EvalString_Knob):
    pass


class File_Knob(EvalString_Knob):
    def fromUserText(self, text: str) -> None:
        """Take a path as the file browser gives it: with a range behind, ``a.####.exr 1-12``."""
        self.setValue(text.rsplit(" ", 1)[0])

    def getEvaluatedValue(self, oc: OutputContext | None = None) -> str:
        if oc is None or self._node is None:
            return self.evaluate()
        return filled(self._text, self._node, oc.frame(), oc.viewname(oc.view()))


class Gsv_Knob(Knob):
    """Nuke 16's knob of graph scope variables: the script's, or a VariableGroup's."""

    def getGsvValue(self, path: str) -> str | None:
        """Return a variable of this group's own, ``__default__.shot``; None for its parent's."""
        return variables(self._text).get(path.removeprefix("__default__."))

    def setGsvValue(self, path: str, value: str) -> bool:
        given(value, str, "A variable")
        self._edit()
        held = variables(self._text) | {path.removeprefix("__default__."): value}
        sets: dict[str, list[str]] = {"__default__": []}
        for name, text in held.items():
            first, _, last = name.rpartition(".")
            sets.setdefault(first or "__default__", []).append(f"{last} {{{text}}}")
        self._text = " ".join(f"{name} {{{' '.join(held)}}}" for name, held in sets.items())
        return True


class Script_Knob(String_Knob):
    """A button inside Nuke, such as Read's Reload."""

    _pressed = 0

    def command(self) -> str:
        return self._text

    def execute(self) -> None:
        SESSION.demand_main(f"Pressing {self._name}")
        self._pressed += 1


class PyScript_Knob(Script_Knob):
    """A button of ours: runs its Python with `thisNode` being the node it is on."""

    def __init__(self, name: str = "", label: str | None = None, command: str = "") -> None:
        super().__init__(name, label)
        self._text = command

    def setCommand(self, command: str) -> None:
        self._set(given(command, str, "A command"))

    def execute(self) -> None:
        super().execute()
        if self._node is not None:
            self._node.run(self._text)


class Channel_Knob(Knob):
    """Channels; a user's one ends at its input number, like Input1's."""

    _start = "none"

    def __init__(self, name: str = "", label: str | None = None, *_: Any) -> None:
        super().__init__(name, label)


class ChannelMask_Knob(Channel_Knob):
    pass


class Format_Knob(Knob):
    def setValue(self, value: Any) -> bool:
        return self._set(given(value, str, "A format"))


class Tab_Knob(Knob):
    def __init__(self, name: str = "", label: str | None = None, kind: int = 0) -> None:
        super().__init__(name, label)
        self.begins = kind


class Text_Knob(Knob):
    def __init__(self, name: str = "", label: str | None = None, text: str = "") -> None:
        super().__init__(name, label)
        self._text = text


class Link_Knob(Knob):
    """Another node's knob, shown here too: ``Write1.channels``, seen from inside the group."""

    def __init__(self, name: str = "", label: str | None = None) -> None:
        super().__init__(name, label)
        self._link = ""

    def setLink(self, link: str) -> None:
        self._link = given(link, str, "A link")

    def makeLink(self, node: str, knob: str) -> None:
        self.setLink(f"{given(node, str, 'A node')}.{given(knob, str, 'A knob')}")

    def getLink(self) -> str:
        return self._link

    def getLinkedKnob(self) -> Knob:
        node, _, knob = self._link.rpartition(".")
        inner = self._node.node(node) if self._node else None  # type: ignore[attr-defined]
        if inner is None:
            raise ValueError(f"{self._name} is linked to {self._link}, which is not there")
        found: Knob = inner[knob]
        return found

    def value(self) -> Any:
        return self.getLinkedKnob().value()

    def setValue(self, value: Any) -> bool:
        return self.getLinkedKnob().setValue(value)


KINDS: dict[str, type[Knob]] = {
    kind.__name__: kind
    for module in (globals(), vars(knobs), vars(numberknobs))
    for kind in module.values()
    if isinstance(kind, type) and issubclass(kind, Knob)
}
"""Every class of knobs by its name."""
