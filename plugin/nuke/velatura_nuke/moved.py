"""Moved paths: whether the files that a graph reads are the same ones, under another root.

A farm's machines have other roots than artists': ``X:/show`` is ``/mnt/show`` there, and a job's
attachments lie in a folder of the session. A path was moved so if it ends as before and its old
root is not on this machine. Where the old root is there, a path that differs is another file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from velatura import regular
from velatura.atomic import replacing

_PATHS = "paths.json"  # beside the gain: digest of a list of paths -> the list
_LEAST = 2  # parts that a path must end with as before: the file, and the folder it is in


def digest(paths: Sequence[str]) -> str:
    """Return what stands for a list of paths in a mark."""
    return hashlib.sha256("\0".join(paths).encode()).hexdigest()


def remember(folder: Path, paths: Sequence[str]) -> None:
    """Note a list of paths in a gain's folder; `same` finds it by its digest.

    Raises:
        StorageError: it cannot be written.
    """
    known = _recalled(folder)
    if digest(paths) not in known:
        with replacing(folder / _PATHS) as path:
            path.write_text(json.dumps({**known, digest(paths): list(paths)}), encoding="utf-8")


def same(folder: Path, before: str, now: Sequence[str]) -> bool:
    """Say whether the paths of a digest are those there are now, moved or not."""
    if before == digest(now):
        return True
    old = _recalled(folder).get(before)
    return old is not None and len(old) == len(now) and all(map(_moved, old, now))


def _moved(before: str, now: str) -> bool:
    if before == now:
        return True
    old, new = (re.split(r"[\\/]+", path) for path in (before, now))
    alike = 0
    while alike < min(len(old), len(new)) and old[-1 - alike] == new[-1 - alike]:
        alike += 1
    root = old[: len(old) - alike] if len(old) > alike else old[:1]
    if root == [""]:  # the whole of it came below another root
        root = old[:2]
    return alike >= _LEAST and not Path("/".join(root)).exists()


def _recalled(folder: Path) -> dict[str, list[str]]:
    try:
        found = regular.table(folder / _PATHS)
        return {key: [str(path) for path in paths] for key, paths in found.items()}
    except (OSError, ValueError, TypeError):  # not there yet, or not ours
        return {}
