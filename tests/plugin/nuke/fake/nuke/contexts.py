"""Small objects of Nuke's: the frame and view that a value is asked for, and the steps of undo."""

from __future__ import annotations

from .session import SESSION


class OutputContext:
    """A frame and a view."""

    def __init__(self) -> None:
        self._frame, self._view = float(SESSION.frame), 1

    def frame(self) -> float:
        return self._frame

    def setFrame(self, frame: float) -> None:
        self._frame = float(frame)

    def view(self) -> int:
        return self._view

    def setView(self, view: int) -> None:
        self._view = view

    def viewFromName(self, name: str) -> int:
        from .render import tree_views  # which needs nodes

        return tree_views().index(name) + 1

    def viewname(self, number: int) -> str:
        from .render import tree_views  # which needs nodes

        return tree_views()[number - 1]


class Undo:
    """What Ctrl+Z takes back; a test reads the names of the steps in `Session.undone`."""

    @classmethod
    def begin(cls, name: str = "") -> None:
        SESSION.undo_depth += 1
        if SESSION.undo_depth == 1:
            SESSION.undone.append(name)

    @classmethod
    def end(cls) -> None:
        SESSION.undo_depth -= 1
        if SESSION.undo_depth < 0:
            raise RuntimeError("Undo.end without its begin")

    @classmethod
    def disable(cls) -> None:
        SESSION.undo_off += 1

    @classmethod
    def enable(cls) -> None:
        SESSION.undo_off -= 1

    @classmethod
    def disabled(cls) -> bool:
        return SESSION.undo_off > 0
