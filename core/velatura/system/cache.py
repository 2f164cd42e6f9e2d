"""Findings that took a while, kept in the user's folder for the next time.

A memo is a text under a key that names all it depends on. It may be lost or broken at any moment:
then the work is done again.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from velatura.atomic import replacing
from velatura.errors import StorageError
from velatura.userdir import home

MOST = 20
"""Memos kept; the one that has not been read for longest goes first. Each is 40 MB at most."""


def read(kind: str, key: str) -> str | None:
    """Return the memo of a kind, such as ``surveys``, under a key; None where there is none."""
    path = _path(kind, key)
    try:
        text = path.read_text(encoding="ascii")
        os.utime(path)
    except (OSError, UnicodeDecodeError):
        return None
    return text


def write(kind: str, key: str, text: str, most: int = MOST) -> None:
    """Keep a memo, whole or not at all; where the folder cannot be written, there is none.

    Args:
        kind: which sort of memo.
        key: names all that it depends on.
        text: the memo, ASCII.
        most: memos of its kind that are kept.
    """
    path = _path(kind, key)
    with suppress(OSError, StorageError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            beside.write_text(text, encoding="ascii")
        found = sorted(path.parent.glob("*.txt"), key=lambda memo: memo.stat().st_mtime)
        for memo in found[:-most]:
            memo.unlink(missing_ok=True)


def _path(kind: str, key: str) -> Path:
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return home() / "cache" / kind / f"{name}.txt"
