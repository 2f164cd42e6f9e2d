"""A real Tcl tells what is in a script: Python's own, or the program ``tclsh`` where there is none.

What it does to the script is in `reader.tcl`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROGRAM = "tclsh"
_READER = Path(__file__).with_name("reader.tcl").read_text(encoding="ascii")


class NkError(ValueError):
    """A text that Nuke would not load, or something in it that is not understood here."""


def told(text: str) -> list[list[str]]:
    """Return the words of each line that `reader.tcl` tells of a script.

    Raises:
        NkError: there is no Tcl, or it cannot read the script.
    """
    return [[bytes.fromhex(word[1:]).decode() for word in line.split()] for line in _told(text)]


def words(text: str) -> list[str]:
    """Return the items of a Tcl list: ``{on disk} live`` has two."""
    return list(_words(text))


def _told(text: str) -> list[str]:
    program = _READER + "$box eval $text\njoin $told \\n\n"
    try:
        import tkinter as tk
    except ImportError:
        return _told_by_program(text)
    interpreter = tk.Tcl()
    interpreter.setvar("text", text)
    try:
        return str(interpreter.eval(program)).splitlines()
    except tk.TclError as error:
        raise NkError(str(error)) from error


def _told_by_program(text: str) -> list[str]:
    hexed = text.encode().hex()
    program = f"set text [encoding convertfrom utf-8 [binary decode hex {hexed}]]\n{_READER}"
    program += "$box eval $text\nputs [join $told \\n]\n"
    try:
        done = subprocess.run(
            [_PROGRAM], input=program, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise NkError("No Tcl: install tk for this Python, or the program tclsh") from error
    if done.stderr:
        raise NkError(done.stderr.splitlines()[0])
    return done.stdout.splitlines()


def _words(text: str) -> Iterator[str]:
    depth, quoted, word, begun = 0, False, "", False
    for letter in text + " ":
        if letter.isspace() and not depth and not quoted:
            if begun:
                yield word
            word, begun = "", False
        elif letter == '"' and not depth:
            quoted, begun = not quoted, True
        elif letter == "{" and (depth or not begun):
            word += letter if depth else ""
            depth, begun = depth + 1, True
        elif letter == "}" and depth:
            depth -= 1
            word += letter if depth else ""
        else:
            word, begun = word + letter, True
