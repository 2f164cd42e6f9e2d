"""Menus and messages: what a window shows; a terminal has no menus and prints."""

from __future__ import annotations

import sys
from typing import Any

from .nodes import run
from .session import SESSION, given


class MenuItem:
    """One entry, with what it does."""

    def __init__(self, name: str, command: Any = None) -> None:
        self._name, self.command = name, command

    def name(self) -> str:
        return self._name

    def invoke(self) -> None:
        if callable(self.command):
            self.command()
        else:
            run(str(self.command), self._name)


class Menu(MenuItem):
    """Entries, and menus in menus."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._items: dict[str, MenuItem] = {}

    def addMenu(self, name: str, icon: str = "", **_: Any) -> Menu:
        given(icon, str, "An icon")
        found = self._items.setdefault(name, Menu(name))
        assert isinstance(found, Menu)
        return found

    def addCommand(
        self, name: str, command: Any = None, shortcut: str = "", icon: str = "", **_: Any
    ) -> MenuItem:
        given(shortcut, str, "A shortcut")
        given(icon, str, "An icon")
        *menus, last = name.split("/")
        menu = self
        for each in menus:
            menu = menu.addMenu(each)
        menu._items[last] = MenuItem(last, command)
        return menu._items[last]

    def addSeparator(self, **_: Any) -> None:
        """Draw a line; nothing to remember."""

    def items(self) -> list[MenuItem]:
        return list(self._items.values())

    def findItem(self, name: str) -> MenuItem | None:
        first, _, rest = name.partition("/")
        found = self._items.get(first)
        return found.findItem(rest) if rest and isinstance(found, Menu) else found


_MENUS: dict[str, Menu] = {}


def menu(name: str) -> Menu:
    if not SESSION.gui:
        raise RuntimeError(f"menu({name!r}) without a window")
    if name not in {"Nuke", "Nodes", "Viewer", "Node Graph", "Properties", "Animation", "Axis"}:
        raise ValueError(f"There is no menu {name}")
    return _MENUS.setdefault(name, Menu(name))


def message(prompt: str) -> None:
    """Show a window until the artist has read it; a terminal prints."""
    SESSION.demand_main("A message")
    SESSION.said.append(given(prompt, str, "A message"))
    if not SESSION.gui:
        sys.stdout.write(prompt + "\n")


def ask(prompt: str) -> bool:
    message(prompt)
    return True


def tprint(*args: Any, sep: str = " ", end: str = "\n", file: Any = None) -> None:
    text = sep.join(map(str, args))
    SESSION.said.append(text)
    (file or sys.stdout).write(text + end)


def warning(text: str) -> None:
    tprint(f"[WARNING] {text}", file=sys.stderr)


def error(text: str) -> None:
    tprint(f"[ERROR] {text}", file=sys.stderr)
