"""A file's content, if it is a file: no pipe that never ends, no device, no more than a limit.

Standard library only, Python 3.9 and later: host adapters import this module by way of the look.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

__all__ = ["content", "demand", "identity", "table"]

_TABLE = 2**26  # bytes of a table: notes about a hundred thousand frames have a tenth of it


def content(path: Path, most: int) -> bytes:
    """Return all bytes of a regular file.

    Args:
        path: the file, or a link to it.
        most: its bytes, at most.

    Raises:
        OSError: it cannot be opened or read.
        ValueError: it is no regular file, or too large; the text says which. Or its path is none.
    """
    # Without waiting: a pipe that nobody writes to would block until somebody does.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    demand(path)  # opening a device may do something
    with open(os.open(path, flags), "rb", buffering=0) as stream:  # noqa: PTH123  # a descriptor
        state = os.fstat(stream.fileno())
        _demand_regular(state)
        if state.st_size > most:
            raise ValueError(f"{state.st_size / 2**20:.0f} MiB, which is too large")
        pieces, left = [], most + 1  # it may grow while it is read
        while left and (piece := stream.read(left)):
            pieces.append(piece)
            left -= len(piece)
    if not left:
        raise ValueError(f"more than {most / 2**20:.0f} MiB, which is too large")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def table(path: Path) -> dict[str, Any]:
    """Return the JSON object in a small regular file, such as notes beside gain layers.

    Raises:
        OSError: it cannot be opened or read.
        ValueError: it is no such file.
    """
    try:
        found = json.loads(content(path, _TABLE).decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError(f"{type(found).__name__}, not an object")  # noqa: TRY004  # of the file
    return found


def demand(path: Path) -> None:
    """Raise ValueError unless a path is a regular file's, or a link's to one: a pipe would block.

    Raises:
        OSError: it is not there.
        ValueError: it is something else; the text says what.
    """
    _demand_regular(path.stat())


def identity(path: Path) -> tuple[int, ...]:
    """Return what tells a file from another that takes its place, without reading it.

    A look that is replaced by one of the same size and date is another file all the same.

    Raises:
        OSError: it is not there.
    """
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _demand_regular(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise ValueError(f"{_kind(state.st_mode)}, not a file")


def _kind(mode: int) -> str:
    kinds = {stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}
    return next((kind for test, kind in kinds.items() if test(mode)), "a device")
