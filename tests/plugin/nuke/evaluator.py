"""Computes what a script shows, from real EXR files: **our reading of Nuke, and not Nuke**.

It is written from Foundry's reference guide and public plug-in sources, for the classes of nodes
that our Group is made of. A green test says that the formula we emit means what we think, if the
nodes mean what we think; whether they do is what `nuke_smoke.py` asks a real Nuke.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tcl
from nk import Node
from picture import Picture, read, write
from pixels import OPERATIONS
from scope import Scope
from substitution import filled, scoped
from tcl import NkError


class RenderError(RuntimeError):
    """What makes a render fail in Nuke, in words like its own."""


class Evaluator:
    """A parsed script, and what its nodes have shown so far.

    Args:
        root: the script.
        view: the view that is rendered.
    """

    def __init__(self, root: Node, view: str = "main") -> None:
        self._root, self._view = root, view
        self._shown: dict[tuple[int, int], Picture] = {}

    def picture(self, node: Node | None, frame: int) -> Picture:
        """Return what a node shows at a frame; an input that is not connected is empty.

        Raises:
            RenderError: a file is missing.
            NkError: the node's class, or a knob's value, is not understood here.
        """
        if node is None:
            return Picture()
        key = id(node), frame
        if key not in self._shown:
            self._shown[key] = self._compute(node, frame)
        return self._shown[key]

    def write(self, node: Node, frame: int) -> Path:
        """Write a Write node's file of one frame; return where it lies."""
        scope = Scope(node, frame)
        if node.text("file_type") not in {"exr", ""} or scope.number("autocrop"):
            raise NkError(f"{node.name} writes what is not understood here")
        if not scope.number("raw"):
            raise NkError(f"{node.name} converts colours: its raw is off")
        which = "proxy" if Scope(self._root, frame).number("proxy") else "file"
        path = Path(filled(node.text(which) or "", node, frame, self._view))
        if not path.name:
            raise RenderError(f"{node.name}: no {which} name")
        shown = self.picture(_input(node, 0), frame)
        if scope.number("create_directories"):
            _make_folder(path.parent)
        if not path.parent.is_dir():
            raise RenderError(f"{node.name}: {path}: No such file or directory")
        half = node.text("datatype") == "16 bit half"
        try:
            write(path, shown, node.text("channels") or "", half=half)
        except (OSError, RuntimeError) as error:
            raise RenderError(f"{node.name}: {path}: {error}") from error
        return path

    def _compute(self, node: Node, frame: int) -> Picture:
        if node.kind == "Read":
            return self._read(node, frame)
        if Scope(node, frame).number("disable"):
            return self.picture(_input(node, 0), frame)
        if node.kind in _LEADS:
            return self.picture(_led(node, frame), frame)
        if node.kind == "Assert" and not Scope(node, frame).number("expression"):
            told = filled(node.text("message") or "", node, frame, self._view)
            raise RenderError(f"{node.title()}: {told}")
        operation: Callable[[Scope, list[Picture]], Picture] | None = OPERATIONS.get(node.kind)
        if operation is None:
            raise NkError(f"{node.kind} is not understood here")
        return operation(Scope(node, frame), [self.picture(each, frame) for each in node.inputs])

    def _read(self, node: Node, frame: int) -> Picture:
        scope = Scope(node, frame)
        if not scope.number("raw"):
            raise NkError(f"{node.name} converts colours: its raw is off")
        first, last = int(scope.number("first")), int(scope.number("last"))
        if not first <= frame <= last:
            return self._beyond(node, frame, first, last)
        path = Path(filled(node.text("file") or "", node, frame, self._view))
        if path.is_file():
            return read(path)
        if node.text("on_error") == "error":
            raise RenderError(f"{node.title()}: {path}: Read error: No such file or directory")
        if node.text("on_error") == "black":
            return Picture()
        raise NkError(f"{node.name}: on_error {node.text('on_error')} is not understood here")

    def _beyond(self, node: Node, frame: int, first: int, last: int) -> Picture:
        side = "before" if frame < first else "after"
        if node.text(side) == "black":
            return Picture()
        if node.text(side) != "hold":
            raise NkError(f"{node.name}: {side} {node.text(side)} is not understood here")
        return self.picture(node, first if frame < first else last)


_LEADS = {
    "Group",
    "VariableGroup",
    "Input",
    "Switch",
    "VariableSwitch",
}  # classes that show what another node shows


def _led(node: Node, frame: int) -> Node | None:
    """Return the node whose picture a node of these classes shows."""
    if node.kind in {"Group", "VariableGroup"}:
        outputs = [each for each in node.nodes if each.kind == "Output"]
        if len(outputs) != 1:
            raise NkError(f"{node.name} has {len(outputs)} outputs")
        return outputs[0]
    if node.kind == "Input":
        number = int(Scope(node, frame).number("number"))
        return _input(node.parent, number) if node.parent else None
    if node.kind == "VariableSwitch":
        now = scoped(f"%{{{node.text('variable')}}}", node)
        fits = (at for at in range(len(node.inputs)) if now in tcl.words(node.text(f"i{at}") or ""))
        return _input(node, next(fits, 0))
    which = int(Scope(node, frame).number("which"))
    return _input(node, min(max(which, 0), len(node.inputs) - 1))


def _input(node: Node, index: int) -> Node | None:
    return node.inputs[index] if index < len(node.inputs) else None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderError(f"{folder}: {error.strerror}") from error


def pixels_of(picture: Picture, channels: str = "rgba") -> np.ndarray:
    """Return ``(C, H, W)`` float32 of some channels, for tests to compare."""
    from picture import expand

    return np.stack([picture.plane(name) for name in expand(channels, picture.planes)])
