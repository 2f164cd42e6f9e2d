"""Looks knobs up as Nuke's expressions name them: ``mix``, ``parent.strength``, ``Read1.first``.

It works on anything that is a node: what a script's text says, or the fake's living nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Protocol

import curve
import expression
from curve import Number
from tcl import NkError

_FRAME = {"frame", "t", "x"}
"""What the current frame is called in a knob's expression."""

_TRUE = {"true": 1.0, "false": 0.0}
_DEPTH = 20  # expressions that lead to expressions; more are a circle
_INPUT = re.compile(r"input(\d*)")
_ESCAPED = re.compile(r"\\(.)")  # how Tcl keeps $ and [ for later


class Readable(Protocol):
    """A node whose knobs can be asked for."""

    def title(self) -> str: ...
    def above(self) -> Readable | None: ...
    def below(self, name: str) -> Readable | None: ...
    def source(self, index: int) -> Readable | None: ...
    def text(self, knob: str) -> str | None: ...
    def choices(self, knob: str) -> tuple[str, ...]: ...
    def windowed(self) -> bool: ...
    def metadatum(self, node: str, key: str, frame: float) -> str: ...


@dataclass(frozen=True)
class Scope:
    """A node at a frame."""

    node: Readable
    frame: float
    depth: int = 0

    def number(self, knob: str) -> float:
        """Return a knob's number; of an enumeration its place, of a check box 0 or 1.

        Raises:
            NkError: there is no such knob, or what it holds is no number here.
        """
        text = self.node.text(knob)
        if text is None:
            raise NkError(f"{self.node.title()} has no knob {knob}")
        text = text.strip()
        if text.startswith("{"):
            return self._computed(text[1:-1].strip())
        if text in self.node.choices(knob):
            return float(self.node.choices(knob).index(text))
        if text in _TRUE:
            return _TRUE[text]
        try:
            return float(text)
        except ValueError as error:
            raise NkError(f"{knob} of {self.node.title()} is no number: {text!r}") from error

    def named(self, path: str) -> float:
        """Return what a name in an expression of this node stands for."""
        if path in _FRAME:
            return self.frame
        if path == "$gui":
            return float(self.node.windowed())
        scope, knob = self.resolved(path)
        return scope.number(knob)

    def at(self, path: str, frame: Number) -> Number:
        """Return what a knob is at another frame, or at each of an array of frames."""
        scope, knob = self.resolved(path)
        text = (scope.node.text(knob) or "").strip()
        if text.startswith("{curve"):
            return curve.parse(text[1:-1]).at(frame)
        if not isinstance(frame, float):
            raise NkError(f"{path} is no curve: it cannot be asked for {len(frame)} frames")
        return replace(scope, frame=frame).number(knob)

    def exists(self, path: str) -> bool:
        """Say whether a path leads to a node or a knob, as Tcl's ``exists`` does."""
        try:
            scope, last = self.resolved(path)
        except NkError:
            return False
        first = "." not in path
        return scope.node.text(last) is not None or _step(scope.node, last, first=first) is not None

    def resolved(self, path: str) -> tuple[Scope, str]:
        """Return the node that a path such as ``parent.strength`` leads to, and the knob."""
        *steps, knob = path.split(".")
        node: Readable | None = self.node
        for place, step in enumerate(steps):
            node = _step(node, step, first=place == 0) if node else None
        if node is None:
            raise NkError(f"{path} on {self.node.title()} leads nowhere")
        return replace(self, node=node), knob

    def deeper(self) -> Scope:
        """Return the scope of what this one's expression leads to."""
        if self.depth > _DEPTH:
            raise NkError(f"An expression on {self.node.title()} leads to itself")
        return replace(self, depth=self.depth + 1)

    def _computed(self, text: str) -> float:
        from substitution import substituted  # which looks values up here

        inner = self.deeper()
        if text.startswith("curve"):
            found = curve.parse(text).at(self.frame)
        else:
            bare = substituted(_ESCAPED.sub(r"\1", text.strip('"')), inner)
            found = expression.evaluate(bare, inner.named, inner.at)
        if not isinstance(found, float):
            raise NkError(f"{text} on {self.node.title()} is no single number")
        return found


def _step(node: Readable, step: str, *, first: bool) -> Readable | None:
    above = node.above()
    fed = _INPUT.fullmatch(step)
    if step == "this":
        return node
    if step == "parent":
        return above
    if step == "root":
        while above is not None:
            node, above = above, above.above()
        return node
    if fed:
        return node.source(int(fed[1] or 0))
    return (above.below(step) if above else None) if first else node.below(step)
