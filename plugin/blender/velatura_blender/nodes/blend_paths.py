"""Paths as Blender writes them: ``//looks/ink.onnx`` is relative to the .blend, on any system."""

from __future__ import annotations

import ntpath
import posixpath
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from types import ModuleType

RELATIVE = "//"

_SLASHES = "/\\"


def cut(path: str) -> tuple[str, str]:
    """Return a path's folder and its last name, whichever slashes it has."""
    at = max(path.rfind(slash) for slash in _SLASHES)
    return (path[:at], path[at + 1 :]) if at > 0 else ("", path)


def pure(path: str) -> PurePath:
    """Return a whole path for comparing: Windows' ones regardless of case, on any system."""
    return PureWindowsPath(path) if _is_windows(path) else PurePosixPath(path)


def within(path: str, folder: str) -> str:
    """Return the path of something in a folder relative to that folder; "" if it is not in it."""
    try:
        return RELATIVE + pure(path).relative_to(pure(folder)).as_posix()
    except ValueError:
        return ""


def moved(path: str, old: str, new: str) -> str:
    """Return a relative path as it is from another folder; on another drive it becomes whole.

    Args:
        path: relative to ``old``; a whole path is returned as it is.
        old: a folder.
        new: the folder that it is to be relative to.
    """
    if not path.startswith(RELATIVE):
        return path
    flavour = _flavour(old)
    whole = flavour.normpath(flavour.join(old, path.removeprefix(RELATIVE)))
    return from_folder(whole, new) or whole


def from_folder(path: str, folder: str) -> str:
    """Return a whole path relative to a folder, with ``..`` where it must; "" on another drive."""
    try:
        return RELATIVE + str(_flavour(folder).relpath(path, folder)).replace("\\", "/")
    except ValueError:
        return ""


def _is_windows(path: str) -> bool:
    return path[1:2] == ":" or path.startswith("\\\\")


def _flavour(path: str) -> ModuleType:
    return ntpath if _is_windows(path) else posixpath
