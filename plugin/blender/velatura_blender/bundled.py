"""The runtime that the extension's own zip brings: it runs as a child of Blender's Python.

Nothing is imported here: a library of the runtime that crashes must not take Blender with it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

_HERE = Path(__file__).parent
_START = _HERE / "core/velatura/cli/embedded.py"
_NEEDS = ("onnxruntime", "OpenEXR", "PyOpenColorIO", "OpenImageIO", "cyclopts", "rich", "numpy")

LOOKS = _HERE / "looks"
"""The starter looks."""


def command() -> list[str]:
    """Return what starts the runtime; empty where this extension was built without it.

    Blender keeps an extension's wheels in a folder of their own, and numpy beside its Python. The
    child is told of both, in Blender's own order: what the wheels bring comes first.
    """
    if not _START.is_file():
        return []
    folders = [_folder(name) for name in _NEEDS]
    if "" in folders:
        return []
    return [sys.executable, "-I", str(_START), *dict.fromkeys(folders), "--"]


def _folder(package: str) -> str:
    """Return the folder in which a package or module lies; "" where there is none."""
    spec = find_spec(package)
    if spec is None or not spec.origin:
        return ""
    origin = Path(spec.origin)
    return str(origin.parents[1] if spec.submodule_search_locations else origin.parent)
