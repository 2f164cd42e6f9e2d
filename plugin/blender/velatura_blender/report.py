"""The report: a page about a look's gain layers, which the runtime writes for artist and TD."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from velatura import client
from velatura.errors import InputError, MachineError
from velatura.pipe import Pipe

from . import messages
from .looknode import LookNode
from .properties import preferences

_NAME = "report.html"
_POLL = 0.1  # seconds to wait for a line of the runtime's


def write(look: LookNode) -> Path:
    """Write the report of a look beside its gain layers; return the page.

    Raises:
        InputError: nothing was baked for it yet.
        MachineError: the runtime could not write it.
        MissingRuntimeError: there is no runtime.
    """
    folder = look.stem.parent
    if not folder.is_dir():
        raise InputError(f"Nothing was baked for the look {look.title} yet", do="Press Bake first")
    page = folder / _NAME
    with tempfile.TemporaryDirectory(prefix="velatura-") as scratch:
        note = Path(scratch, "messages.txt")
        note.write_text("\n".join(messages.latest()), encoding="utf-8")
        known = [f"--look={look.path}"] if look.path.is_file() else []  # else the library may know
        _run(["report", str(folder), f"--out={page}", f"--note={note}", *known])
    return page


def _run(arguments: list[str]) -> None:
    pipe = Pipe([*client.runtime(bpy.path.abspath(preferences().runtime)), *arguments])
    try:
        while pipe.line(_POLL) is not None:
            pass  # what it says is in the page
        if pipe.process.wait():
            raise MachineError(pipe.tail("The report could not be written"))
    finally:
        pipe.stop()
