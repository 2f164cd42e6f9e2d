"""The report: a page about a look's gain, which the runtime writes for artist and TD."""

from __future__ import annotations

from pathlib import Path

from velatura import client
from velatura.errors import InputError
from velatura.process import Pipe

from .looknode import LookNode

_NAME = "report.html"


def write(look: LookNode, view: str) -> Path:
    """Write the report of a view's gain beside it; return the page.

    Raises:
        InputError: nothing was rendered for it yet.
        MachineError: the runtime could not write it.
        MissingRuntimeError: there is no runtime.
    """
    folder = look.folder / view
    if not folder.is_dir():
        raise InputError(f"{look.name} has no gain yet", do="Press Render gain first")
    page = folder / _NAME
    known = [f"--look={look.path}"] if look.path.is_file() else []  # else the library may know
    pipe = Pipe([*client.runtime(), "report", str(folder), f"--out={page}", *known])
    pipe.finish("The report could not be written")
    return page
