"""What we know of Nuke's nodes and knobs, and where from: `knobs.toml`, read into values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("knobs.toml")


@dataclass(frozen=True)
class Knob:
    """A knob of a class of nodes.

    Attributes:
        name: by which scripts know it.
        kind: the class of the knob in Python, like "Double_Knob".
        default: its text in a script where nobody has set it.
        source: the key, in the table's sources, of where its name was read.
        values: of an enumeration.
        needs: the file type that must be chosen before a Write has this knob.
    """

    name: str
    kind: str
    default: str = ""
    source: str = ""
    values: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class NodeClass:
    """A class of nodes.

    Attributes:
        name: as scripts have it.
        inputs: how many it has at most, without its mask.
        mask: whether it has a mask besides.
        source: the key, in the table's sources, of where the class was read.
        knobs: its own and those that every node has.
    """

    name: str
    inputs: int
    mask: bool
    source: str
    knobs: dict[str, Knob]


@dataclass(frozen=True)
class Table:
    """The whole table.

    Attributes:
        sources: key -> address, or repository and path.
        classes: by name.
        users: the number of a user knob's type in a script -> the knob's class.
    """

    sources: dict[str, str]
    classes: dict[str, NodeClass]
    users: dict[str, str]


@cache
def table() -> Table:
    """Return the table as it lies beside this file."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    common = _knobs(read["every"]["knobs"], read["every"]["source"])
    classes = {
        name: NodeClass(
            name,
            each.get("inputs", 1),
            each.get("mask", False),
            each["source"],
            common | _knobs(each.get("knobs", {}), each["source"]),
        )
        for name, each in read["class"].items()
    }
    users = {number: each["kind"] for number, each in read["user"].items()}
    return Table(read["sources"], classes, users)


def _knobs(read: dict[str, dict[str, object]], source: str) -> dict[str, Knob]:
    return {
        name: Knob(
            name,
            str(each["kind"]),
            str(each.get("default", "")),
            str(each.get("source", source)),
            tuple(map(str, each.get("values", ()))),  # type: ignore[call-overload]
            str(each.get("needs", "")),
        )
        for name, each in read.items()
    }
