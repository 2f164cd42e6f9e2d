"""Node specs: what a Group is made of, as plain values.

A `GroupSpec` becomes the text of a file that Nuke reads (`velatura_nuke.nkscript`): the one that is
shipped, and the one that `velatura_nuke.create` pastes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Union


@dataclass(frozen=True)
class Expression:
    """What a knob's value is computed by, in Nuke's expression language."""

    text: str


Value = Union[str, int, float, bool, Expression]
Knobs = tuple[tuple[str, Value], ...]
"""Names and values; in order, for some knobs of Nuke's are there only once others are set."""


@dataclass(frozen=True)
class Node:
    """A node inside the Group.

    Attributes:
        kind: its class.
        name: its name, by which others name it in ``inputs``.
        at: where it stands in the graph, in px.
        inputs: names of the nodes on its inputs, which come before it.
        knobs: those that are not as Nuke makes them.
    """

    kind: str
    name: str
    at: tuple[int, int]
    inputs: tuple[str, ...] = ()
    knobs: Knobs = ()


@dataclass(frozen=True)
class UserKnob:
    """A knob on the Group's panel.

    Attributes:
        kind: its class: ``Double_Knob``.
        name: by which scripts and expressions know it.
        label: by which artists know it.
        value: what it begins with; None for as Nuke makes it.
        tip: what the panel says about it.
        text: of a button its Python, of a text what it shows, of a link its ``Node.knob``.
        ends: of a slider its lower and upper end.
        items: of a list what there is to choose.
        newline: whether it begins a line of the panel.
        hidden: whether it is on no panel.
    """

    kind: str
    name: str
    label: str = ""
    value: Value | None = None
    tip: str = ""
    text: str = ""
    ends: tuple[float, float] | None = None
    items: tuple[str, ...] = ()
    newline: bool = True
    hidden: bool = False


@dataclass(frozen=True)
class GroupSpec:
    """A Group: its name, its own knobs, the knobs on its panel, and the nodes in it."""

    name: str
    knobs: Knobs
    panel: tuple[UserKnob, ...]
    nodes: tuple[Node, ...]

    def having(self, values: Mapping[str, Value]) -> GroupSpec:
        """Return the Group with other values on its panel."""
        panel = (replace(knob, value=values.get(knob.name, knob.value)) for knob in self.panel)
        return replace(self, panel=tuple(panel))
