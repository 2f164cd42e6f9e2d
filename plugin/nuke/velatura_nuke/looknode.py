"""Look nodes: finding them in the script, what their knobs say, and giving them another look.

A look node is a Group of ours, known by its knobs. Its ``uid`` names the folder of its gain.
"""

from __future__ import annotations

import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nuke

from velatura import bakes, fingerprint
from velatura.errors import InputError, LookError
from velatura.look import Card, read
from velatura.texts import ACTIVE

from . import edition, gain_expressions, scopes
from .nodespec import Expression, Value
from .panel import about

if TYPE_CHECKING:
    from typing import TypeGuard  # Nuke 14 has no such name

_OURS = ("uid", "digest", "gain_floor", "amount")


@dataclass(frozen=True)
class LookNode:
    """A look node, as it stands in the script.

    Attributes:
        node: the Group.
    """

    node: nuke.Group

    @property
    def name(self) -> str:
        """Its full name, by which it is found again."""
        return self.node.fullName()

    @property
    def path(self) -> Path:
        """The look's file."""
        return evaluated(self.node, "file")

    @property
    def uid(self) -> str:
        return str(self.node["uid"].value())

    @property
    def slug(self) -> str:
        """What its files are called: after the look's file."""
        return bakes.slug(self.path.stem)

    @property
    def folder(self) -> Path:
        """Where its next gain is rendered to, a folder for each view."""
        return substituted(f"{self._cache()}/{self._own()}", self.node)

    def gain_pattern(self) -> str:
        """Return the gain's files as GainRead is to have them.

        A farm may render a copy of the script that lies elsewhere, so they are told by their place
        on disk, unless the artist asks for one beside the script.
        """
        relative = self.node.knob("relative")
        beside = relative is not None and relative.value()
        home = self._cache() if beside else Path(without_tcl(self._cache())).as_posix()
        return f"{home}/{self._own()}/%V/{bakes.gain_name(self.slug, '%04d')}"

    def gain(self, frame: int, view: str) -> Path:
        """Return the gain layer of a frame, as the next rendering makes it."""
        return self.folder / view / bakes.gain_name(self.slug, f"{frame:04d}")

    def shown(self, frame: int, view: str) -> Path:
        """Return the gain layer of a frame that GainRead reads; as `gain` where it reads none."""
        if edition.limited():
            pattern = nuke.value(f"root.{self.name}.GainRead.file", "")
        else:
            pattern = str(self.inner("GainRead")["file"].value() or "")
        if not pattern:
            return self.gain(frame, view)
        folder, _, name = pattern.rpartition("/")
        number = f"{frame:04d}"
        return substituted(folder.replace("%V", view), self.node) / name.replace("%04d", number)

    def own(self) -> str:
        """Return what of the gain's folder is its own, in this shot of the script."""
        return scopes.filled(self._own(), self.node)

    def plates(self, view: str = "") -> Path:
        """Return the folder of a view's plates; without a view that of all of them."""
        temporary = os.environ.get("NUKE_TEMP_DIR") or tempfile.gettempdir()  # Nuke always sets it
        own = re.sub(r"[\\/]+", "-", self.own())  # one folder: it is taken away as a whole
        return Path(temporary, f"velatura-{os.getpid()}", own, view)

    def plate_pattern(self) -> str:
        """Return the files of the plates that the look is handed, as Nuke's Write takes them."""
        return f"{self.plates().as_posix()}/%V/{self.slug}.%04d.exr"

    @property
    def lesson(self) -> Path:
        """Where plates, keys and trainings lie that it learns from."""
        return substituted(str(self.node["teach_folder"].value()), self.node) / self.node.name()

    def inner(self, name: str) -> nuke.Node:
        """Return a node of the Group."""
        found = self.node.node(name)
        if found is None:
            raise InputError(
                f"{self.name} has no {name} any more", do="Create the look node again, or undo"
            )
        return found

    def put(self, inner: str, knob: str, value: str | float | bool) -> None:
        """Set a knob of a node in the Group: by Tcl where Python is given few nodes."""
        if edition.limited():
            text = str(int(value)) if isinstance(value, bool) else str(value)
            nuke.tcl("knob", f"root.{self.name}.{inner}.{knob}", text)
        else:
            self.inner(inner)[knob].setValue(value)

    def press(self, inner: str, button: str) -> None:
        """Press a button of a node in the Group; nothing where Python is given few nodes."""
        if not edition.limited():
            self.inner(inner)[button].execute()  # type: ignore[attr-defined]  # a Script_Knob's

    def digest(self) -> str:
        """Return the look file's digest; where the file is gone, the one it had when chosen."""
        try:
            return fingerprint.look_digest(self.path)
        except LookError:
            return str(self.node["digest"].value())

    def span(self) -> range:
        """Return the frames on the panel."""
        first, last = (int(self.node[name].value()) for name in ("first", "last"))
        return range(first, last + 1)

    def needs(self, frame: int) -> bool:
        """Say whether the picture of a frame depends on the gain: at strength 0 it does not."""
        if self.node["disable"].value():
            return False
        return all(self.node[name].getValueAt(frame) != 0 for name in ("amount", "mix"))

    def _cache(self) -> str:
        return str(self.node["cache"].value()).rstrip("/")

    def _own(self) -> str:
        """Return what of the folder is its own: for each shot of a script with many another one."""
        knob = self.node.knob("scopes")
        names = str(knob.value()).split() if knob is not None else []
        own = bakes.folder_name(self.path.stem, self.uid)
        return "/".join([own, *(f"%{{{name}}}" for name in names)])


def is_look(node: nuke.Node) -> TypeGuard[nuke.Group]:
    return node.Class() == "Group" and all(node.knob(name) is not None for name in _OURS)


def every(group: nuke.Group | None = None) -> Iterator[LookNode]:
    """Yield the look nodes of the script, those inside groups too."""
    for node in (group or nuke.root()).nodes():
        if is_look(node):
            yield LookNode(node)
        elif isinstance(node, nuke.Group):
            yield from every(node)


def working() -> list[LookNode]:
    """Return the look nodes of the script that are not disabled."""
    return [look for look in every() if not look.node["disable"].value()]


def find(name: str) -> LookNode | None:
    """Return the look node of that full name; None where it is gone, or is none."""
    node: nuke.Node | None = nuke.root()
    for part in name.split("."):
        node = node.node(part) if isinstance(node, nuke.Group) else None
    return LookNode(node) if node is not None and is_look(node) else None


def choose(node: nuke.Group, path: Path) -> Card:
    """Let a node use a look; its gain is another one then. Return the look's card.

    Raises:
        LookError: the file is not a look, or has a name that Nuke would run as Tcl.
    """
    card, values = told(path)
    changed = node["digest"].value() != values["digest"]
    if LookNode(node).path == path:
        values = {name: value for name, value in values.items() if name != "file"}
    for name, value in values.items():
        if isinstance(value, Expression):
            node[name].setExpression(value.text)
        else:
            node[name].setValue(value)
    if not node["uid"].value():
        identify(node)
    if changed:
        node["baked"].setValue(False)  # what GainRead reads is another look's
    return card


def told(path: Path) -> tuple[Card, dict[str, Value]]:
    """Return a look's card, and what the knobs of a node that uses it hold.

    Raises:
        LookError: as of `choose`.
    """
    found = read(path)
    card = found.card
    who = (card.name, f"by {card.author}" if card.author else "", card.licence, found.digest[:16])
    return card, {
        "file": _literal(path),
        "digest": found.digest,
        "gain_floor": card.floor,
        "amount": Expression(gain_expressions.amount(card.strength_lut)),
        "about": about(", ".join(filter(None, who))),
    }


def premultiplied(node: nuke.Group) -> str:
    """Return what the node says of its plate's alpha; "auto" of nodes from before it was asked."""
    knob = node.knob("premultiplied")
    return str(knob.value()) if knob is not None else "auto"


def number(node: nuke.Group, name: str) -> float:
    """Return what a knob of numbers holds; 0 of nodes from before there was such."""
    knob = node.knob(name)
    return float(knob.value()) if knob is not None else 0.0


def _literal(path: Path) -> str:
    """Return a path as a file knob takes it for itself: the knob has no quotes for # and %."""
    text = path.as_posix()
    if odd := sorted(ACTIVE & set(text)):
        raise LookError(
            f"Nuke would not take {text} for a file: it would run parts of its name",
            found=" ".join(odd),
            do="Give the look, and the folder that it lies in, other names",
        )
    return text


def identify(node: nuke.Node) -> None:
    """Give a node a folder of its own."""
    node["uid"].setValue(identity())


def identity() -> str:
    """Return what tells a node's folder from others'."""
    return uuid.uuid4().hex[:8]


def substituted(text: str, look: nuke.Node) -> Path:
    """Return the path that a text with Tcl and a look's variables in it stands for."""
    return Path(scopes.filled(without_tcl(text), look))


def without_tcl(text: str) -> str:
    """Return a path with its Tcl evaluated, as studios' filters leave it."""
    if "[" in text:
        text = str(nuke.tcl("subst", "-nobackslashes", "-novariables", text))
    return str(nuke.filenameFilter(text) or text)  # type: ignore[no-untyped-call]


def evaluated(node: nuke.Node, knob: str) -> Path:
    """Return the path that a file knob stands for, as studios' filters leave it."""
    text = node[knob].getEvaluatedValue() or ""  # type: ignore[attr-defined]  # a File_Knob's
    return Path(str(nuke.filenameFilter(text) or text))  # type: ignore[no-untyped-call]
