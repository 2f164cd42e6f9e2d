"""Where the files lie that an order names relative to itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from velatura import library
from velatura.plate import matte, pass_files


def look(root: Path, named: str) -> str:
    """Return the file of a look that is there: beside the order, or published under its name.

    Raises:
        LookError: there is none of that name, or several.
    """
    beside = root / named
    return str(beside if beside.exists() else root / library.find(named))


def applied(root: Path, apply: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a `Job` with whole paths; a channel or a built-in config stays a name."""
    mask, config, passes = (apply.get(name) for name in ("mask", "config", "passes"))
    found = dict(apply)
    if isinstance(mask, str) and (file := matte.file_in(root, mask)):
        found["mask"] = str(file)
    if isinstance(passes, str):
        found["passes"] = pass_files.rooted(root, passes)
    if isinstance(config, str) and config and (root / config).is_file():
        found["config"] = str(root / config)
    return found
