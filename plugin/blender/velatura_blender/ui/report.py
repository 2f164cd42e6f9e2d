"""The report: a page about a look's gain layers, which the runtime writes for artist and TD."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from velatura import client
from velatura.errors import InputError
from velatura.process import Pipe

from .. import bundled, messages
from ..nodes.looknode import LookNode
from ..preferences import preferences

_NAME = "report.html"


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
        runtime = client.runtime(bpy.path.abspath(preferences().runtime), bundled.command())
        pipe = Pipe([*runtime, "report", str(folder), f"--out={page}", f"--note={note}", *known])
        pipe.finish("The report could not be written")
    return page
