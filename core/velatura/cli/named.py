"""A look as a command names it: a file, or the name of a published one."""

from __future__ import annotations

from pathlib import Path

from velatura import library
from velatura.errors import LookError

SUFFIX = ".onnx"
"""Of a look's file: what ends in it is a file."""


def look_file(named: str | Path) -> Path:
    """Return the file of a look: what is named, else the published look of that name.

    Published looks are found by their file's name, without its ending, or by their own name, in any
    case of letters.

    Args:
        named: a path, or a name such as "Ink and Wash".

    Raises:
        LookError: published looks share the name.
    """
    path, name = Path(named), str(named)
    if path.exists() or path.suffix == SUFFIX or path.name != name:
        return path
    wanted = name.casefold()
    found = [
        entry.path
        for entry in library.shelf()
        if wanted in {entry.path.stem.casefold(), entry.card.name.casefold()}
    ]
    if len(found) > 1:
        raise LookError(
            f"{len(found)} published looks are called {name}",
            found=", ".join(map(str, found)),
            do="Name the file",
        )
    return found[0] if found else path
