"""Who writes which files of a folder right now, so that two jobs do not write the same ones.

A job claims its files by a small file of its own in the output folder: host, process, and for every
file a mark of what it is made from. Another job that would write one of them waits, if the mark is
the same, and finds the files there; with another mark it is refused. A claim is beaten like a
heart: one whose process is gone, or that was not beaten for a minute, is nobody's. Ages are taken
between files of the folder, so that no two machines' clocks are compared. The chunks of a farm's
job claim different frames, and do not see each other.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from velatura import regular
from velatura.errors import InputError, StorageError
from velatura.system.stopping import stop_if

log = logging.getLogger(__name__)

_LEAD, _END = ".velatura-", ".claim.tmp"  # in nobody's way, and gone with what a kill leaves
_DOOR = f"{_LEAD}door.tmp"
_BEAT, _DEAD = 5.0, 60.0  # seconds between two beats, and after which a claim is nobody's
_DOOR_DEAD = 10.0  # seconds: it is held for some milliseconds
_POLL = 0.1
_KNOWN = 3600.0  # seconds that a claim waited for is given before it is mentioned again


@dataclass(frozen=True)
class Claim:
    """A job's claim, as it lies in the folder.

    Attributes:
        path: the file.
        host: where its process is.
        pid: its process.
        files: name of each file -> the mark of what it is made from.
    """

    path: Path
    host: str
    pid: int
    files: Mapping[str, str]

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.partition(' ')[0]}"


@contextmanager
def held(
    out: Path, files: Mapping[str, str], cancelled: Callable[[], bool] = lambda: False
) -> Iterator[bool]:
    """Claim files of a folder; yield whether another job had to be waited for.

    Args:
        out: the folder, which is there.
        files: name -> the mark of what it is made from.
        cancelled: asked while another job is waited for.

    Raises:
        InputError: another job writes one of these files, and makes it from something else.
        StorageError: the folder cannot be written.
        CancelledError: ``cancelled`` said yes.
    """
    mine = out / f"{_LEAD}{secrets.token_hex(8)}{_END}"
    waited, told = False, 0.0
    while other := _claimed(out, mine, files, cancelled):
        _refuse_other(other, files, out)
        if time.monotonic() - told > _KNOWN or not told:
            told = time.monotonic()
            log.info("waiting for %s, which writes the same frames into %s", other, out)
        waited = True
        time.sleep(_POLL)
        stop_if(cancelled)
    over = threading.Event()
    heart = threading.Thread(target=_beat, args=(mine, over), daemon=True)
    heart.start()
    try:
        yield waited
    finally:
        over.set()
        heart.join()
        with suppress(OSError):
            mine.unlink(missing_ok=True)


def taken(out: Path) -> set[str]:
    """Return the names of all files in a folder that a live job writes."""
    return {name for claim in _others(out) for name in claim.files}


def _claimed(
    out: Path, mine: Path, files: Mapping[str, str], cancelled: Callable[[], bool]
) -> Claim | None:
    """Write a claim, unless a live one is in its way: return that one."""
    with _door(out, cancelled) as now:
        for other in _others(out, now):
            if other.files.keys() & files.keys():
                return other
        text = json.dumps({"host": _host(), "pid": os.getpid(), "files": dict(files)})
        try:
            mine.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _refused(out, error) from error
    return None


def _refuse_other(other: Claim, files: Mapping[str, str], out: Path) -> None:
    for name in sorted(other.files.keys() & files.keys()):
        if other.files[name] != files[name]:
            raise InputError(
                f"Another job writes {out / name} with another look, plate or setting",
                found=str(other),
                do="Let it end, or choose another output folder",
            )


def _others(out: Path, now: float | None = None) -> Iterator[Claim]:
    """Yield live claims; remove those that are nobody's.

    Args:
        out: the folder.
        now: by the clock that dates its files; None to ask no age.
    """
    try:
        paths = [path for path in out.iterdir() if path.name.endswith(_END)]
    except OSError:
        return
    for path in paths:
        if not path.name.startswith(_LEAD):
            continue
        claim = _read(path)
        old = now is not None and _date(path, now) < now - _DEAD
        if old or (claim and claim.host == _host() and not _alive(claim.pid)):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        elif claim:
            yield claim


def _read(path: Path) -> Claim | None:
    """Return a claim; None while it is being written, or where it is none."""
    try:
        found = regular.table(path)
        files = {str(name): str(mark) for name, mark in found["files"].items()}
        return Claim(path, str(found["host"]), int(found["pid"]), files)
    except (OSError, ArithmeticError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _date(path: Path, otherwise: float) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return otherwise  # gone meanwhile


@contextmanager
def _door(out: Path, cancelled: Callable[[], bool]) -> Iterator[float]:
    """Let one job at a time look at claims and write its own; yield the folder's time."""
    door, seen, since = out / _DOOR, 0.0, time.monotonic()
    while True:
        stop_if(cancelled)
        try:
            os.close(os.open(door, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            break
        except FileExistsError:
            beaten = door.stat().st_mtime if door.exists() else 0.0
            if beaten != seen:
                seen, since = beaten, time.monotonic()
            elif time.monotonic() - since > _DOOR_DEAD:  # whoever held it was killed
                with suppress(OSError):
                    door.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(out, error) from error
        time.sleep(_POLL / 10)
    try:
        yield door.stat().st_mtime
    finally:
        with suppress(OSError):
            door.unlink(missing_ok=True)


def _beat(mine: Path, over: threading.Event) -> None:
    while not over.wait(_BEAT):
        with suppress(OSError):
            os.utime(mine)


def _host() -> str:
    """Return what tells this machine, and its container, from others."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()} {space}"


def _alive(pid: int) -> bool:
    """Say whether a process of this machine may still be there."""
    if os.name == "nt" or pid <= 0:
        return True  # there is no asking: a claim that is not beaten goes by its age
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _refused(out: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The output folder {out} cannot be written",
        found=error.strerror,
        do="Check that the folder is there, may be written, and has space left",
    )
