"""The library of published looks: which there are to choose from, and how one gets there.

Looks lie in the folders that ``$VELATURA_LOOKS`` names, like a plug-in path, and in the user's own.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from velatura import regular
from velatura.atomic import replacing
from velatura.errors import LookError, StorageError
from velatura.fingerprint import look_digest
from velatura.look import Card, read
from velatura.texts import ACTIVE, fit
from velatura.userdir import home

__all__ = ["Entry", "find", "folders", "home", "publish", "refused", "shelf"]

_SUFFIX = ".onnx"


@dataclass(frozen=True)
class Entry:
    """A published look.

    Attributes:
        path: where it lies.
        card: what it says about itself.
        digest: SHA-256 of the whole file, hexadecimal.
    """

    path: Path
    card: Card
    digest: str


def folders(extra: Iterable[Path] = ()) -> list[Path]:
    """Return where looks are looked for, in order: ``extra``, ``$VELATURA_LOOKS``, the user's own.

    A folder need not be there.
    """
    named = os.environ.get("VELATURA_LOOKS", "").split(os.pathsep)
    every = [*map(Path, extra), *(Path(name) for name in named if name), home() / "looks"]
    return list(dict.fromkeys(every))


def shelf(extra: Iterable[Path] = ()) -> list[Entry]:
    """Return the published looks, by name; of files with the same name the first folder's.

    Files that have not changed are not read again, so that a host may ask as often as it draws.

    Args:
        extra: folders that come before all others.
    """
    found = [entry for entry in _all(extra) if isinstance(entry, Entry)]
    return sorted(found, key=lambda entry: (entry.card.name.casefold(), entry.path.name))


def refused(extra: Iterable[Path] = ()) -> list[LookError]:
    """Return why files in these folders that are called like looks are not on the shelf."""
    return [entry for entry in _all(extra) if isinstance(entry, LookError)]


def find(named: str | Path) -> Path:
    """Return the file of a look: what is named, else the published look of that name.

    Published looks are found by their file's name, without its ending, or by their own name, in any
    case of letters.

    Args:
        named: a path, or a name such as "Ink and Wash".

    Raises:
        LookError: there is none of that name, or several.
    """
    path, name = Path(named), str(named)
    if path.exists() or path.suffix == _SUFFIX or path.name != name:
        return path
    wanted = name.casefold()
    found = [
        entry.path
        for entry in shelf()
        if wanted in {entry.path.stem.casefold(), entry.card.name.casefold()}
    ]
    if len(found) > 1:
        raise LookError(
            f"{len(found)} published looks are called {name}",
            found=", ".join(map(str, found)),
            do="Name the file",
        )
    if not found:
        raise LookError(
            f"No look is called {name}: no file, and no published look",
            found=f"published: {', '.join(entry.card.name for entry in shelf()) or 'none'}",
            do="Name the look's file, or a look as `velatura looks` lists it",
        )
    return found[0]


def publish(look: Path, folder: Path | None = None, *, replace: bool = False) -> Path:
    """Copy a look, whole or not at all, to where artists find it; return where that is.

    A file that is this look already is left as it is.

    Args:
        look: an ONNX file that `velatura export` wrote.
        folder: where to; if omitted, the first of `folders` that can be written.
        replace: put it in the place of another look of the same file name.

    Raises:
        LookError: it is not a look, or has a file name that a host would obey; or another look of
            its file name is there, or would hide it.
        StorageError: no folder can be written.
    """
    found = read(look)
    name = f"{look.stem}{_SUFFIX}"
    if not fit(name) or ACTIVE & set(name):
        raise LookError(
            f"{name} is no name for a look that others choose: Nuke would run parts of it",
            found=" ".join(sorted(ACTIVE & set(name))) or "letters that are not seen",
            do="Rename the file first; the look's own name stays",
        )
    candidates = [folder] if folder else folders()
    chosen = _writable(candidates)
    to = chosen / name
    first = [folder / name for folder in candidates[: candidates.index(chosen) + 1]]
    shown = next((path for path in first if path.is_file()), to)
    another = shown.is_file() and look_digest(shown) != found.digest
    if another and not (replace and shown == to):
        raise LookError(
            f"{shown} is another look" + ("" if shown == to else f", found before {to}"),
            found=f"SHA-256 {look_digest(shown)[:16]}, not {found.digest[:16]}",
            do="Give this one another file name"
            + (", or put it in the place of that one (--replace)" if shown == to else ""),
        )
    if not to.is_file() or look_digest(to) != found.digest:
        with replacing(to) as beside:
            beside.write_bytes(found.data)
    return to


def _all(extra: Iterable[Path]) -> list[Entry | LookError]:
    """Return every file named like a look, or why it is not one; one of each name."""
    files: dict[str, Path] = {}
    for folder in folders(extra):
        for path in _named(folder):
            files.setdefault(path.name, path)
    return [_entry(path) for path in files.values()]


def _named(folder: Path) -> list[Path]:
    """Return the files of a folder that are called like looks; none of one that is not ours."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    # A dot begins what macOS leaves beside files on a share.
    return [path for path in paths if path.suffix == _SUFFIX and path.name[0] != "."]


def _entry(path: Path) -> Entry | LookError:
    try:
        return _read(path, regular.identity(path))
    except OSError as error:
        return LookError(f"The look {path} cannot be read", found=error.strerror)


@lru_cache(maxsize=1024)
def _read(path: Path, _identity: tuple[int, ...]) -> Entry | LookError:
    try:
        found = read(path)
    except LookError as error:
        return error
    except Exception as error:  # noqa: BLE001  # one file must not empty everybody's shelf
        return LookError(f"The look {path} cannot be read", found=repr(error))
    return Entry(path, found.card, found.digest)


def _writable(candidates: list[Path]) -> Path:
    """Return the first folder that can be written; one whose parent is there is made."""
    for folder in candidates:
        try:
            folder.mkdir(parents=folder == home() / "looks", exist_ok=True)
        except OSError:
            continue  # of another machine, or not ours: the next one may do
        if os.access(folder, os.W_OK):
            return folder
    raise StorageError(
        "No folder for looks can be written",
        found=", ".join(map(str, candidates)),
        do="Name one of your own in $VELATURA_LOOKS",
    )
