"""What a file was made from, as a fingerprint in its header: is it still right, or out of date?

The same plate, look, settings and version give the same fingerprint on every machine, so a host can
tell whether a gain layer is still right without starting anything, and a farm goes on where another
machine stopped.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from velatura import __version__, regular, signatures
from velatura.channels import dump_overrides, parse_overrides
from velatura.errors import ImageError, LookError, of_look
from velatura.job import Job

__all__ = [
    "DIGEST_KEY",
    "JOB_KEY",
    "look_digest",
    "of_file",
    "of_gain",
    "of_picture",
    "stored",
]

JOB_KEY = "velatura/job"
"""Header attribute with the fingerprint of what a file was made from."""

DIGEST_KEY = "velatura/digest"
"""Header attribute with the digest of the look that made a file, see `look_digest`."""

_PIECE = 2**22  # bytes hashed by one thread at a time: large enough that threads cost nothing
_THREADS = 4  # 33 MB take 13 ms with two processors, 22 ms with one (measured, SHA in hardware)
_HEAD = 1024  # bytes in which an attribute's name, type and size lie, and a fingerprint as well
_MOST = 2**30  # bytes of a look, or of an OCIO config
_SIZES = (b"compression", b"dataWindow")
_LINES = {bytes([kind]): lines for kind, lines in enumerate((1, 1, 1, 16, 32, 16, 32, 32, 32, 256))}
"""Scan lines in a piece of an EXR, by its compression: OpenEXR's file layout, from NONE to DWAB."""
_OTHER_LAYOUTS = 0x1A00  # of the version word: tiles, deep data, several parts
_MOST_PIECES = 2**16  # of an EXR: 512 KiB of its table
_MOST_ATTRIBUTES = 512  # of a header, two reads of that size each: 1 MiB at most


def of_file(path: Path) -> str:
    """Return the digest of a file's content, hexadecimal: the SHA-256 of those of its pieces.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        pieces = range(0, path.stat().st_size, _PIECE)
        with ThreadPoolExecutor(_THREADS) as pool:
            digests = pool.map(lambda start: _piece(path, start), pieces)
            return hashlib.sha256(b"".join(digests)).hexdigest()
    except OSError as error:
        raise ImageError(f"{path} cannot be read", found=error.strerror) from error


def look_digest(path: Path) -> str:
    """Return the SHA-256 of a look's file, hexadecimal, as `velatura.look.Look.digest`.

    A file whose path, inode, times and size are as they were is not read again.

    Raises:
        LookError: it cannot be read.
    """
    try:
        return _content(path)
    except OSError as error:
        raise of_look(path, error) from error
    except ValueError as error:
        raise LookError(f"{path} is no look", found=str(error)) from error


def of_gain(job: Job, plate: str, look: str) -> str:
    """Return the fingerprint of a frame's gain layer.

    Args:
        job: layer, passes, colour space, OCIO config, exposure, degrain, views, a movie's start
            and what is said of alpha count; all else leaves a gain layer as it is.
        plate: the plate's digest, see `of_file`.
        look: the look's digest, see `look_digest`.

    Raises:
        PassError: the job's passes make no sense.
    """
    return _joined("gain", *_made_from(job, plate, look))


def of_picture(job: Job, plate: str, look: str, mask: str = "") -> str:
    """Return the fingerprint of a frame's finished picture.

    Args:
        job: as of `of_gain`, and the strength, which the look's calibration may bend.
        plate: as of `of_gain`.
        look: as of `of_gain`.
        mask: the digest of the mask's file, see `of_file`; empty where the mask is a channel of the
            plate, which the job names, or where there is none.
    """
    amount = repr(job.strength) + (" raw" if job.raw_strength else "")
    return _joined("picture", *_made_from(job, plate, look), amount, mask or job.mask)


def stored(path: Path, key: str = JOB_KEY) -> str:
    """Return the fingerprint in an EXR's header; "" if there is none, or no such file, or no EXR.

    Only the first part's header is looked at, and whatever is damaged in it is no fingerprint: what
    does not say what it was made from is made anew. Nor has a file one that ends early, as half a
    copy of it does.

    Args:
        path: the EXR file.
        key: another short attribute to return, such as `DIGEST_KEY`.
    """
    try:
        regular.demand(path)
        with path.open("rb", buffering=_HEAD) as stream:
            at = len(signatures.EXR) + 4  # after the version word
            if stream.read(len(signatures.EXR)) != signatures.EXR:
                return ""
            flags, header = int.from_bytes(stream.read(4), "little"), dict[bytes, bytes]()
            for _ in range(_MOST_ATTRIBUTES):
                stream.seek(at)
                name, kind, rest = stream.read(_HEAD).split(b"\0", 2)
                if not name:
                    break
                start, size = len(name) + len(kind) + 6, int.from_bytes(rest[:4], "little")
                if name in _SIZES or (name, kind) == (key.encode(), b"string"):
                    header[name] = rest[4 : 4 + size]
                    if len(header[name]) != size:
                        return ""
                at += start + size  # a manifest may be long, and is not read
            if flags & _OTHER_LAYOUTS or _is_whole(stream, at + 1, header):
                return header.get(key.encode(), b"").decode("ascii")
    except (OSError, ValueError):  # no such file, or a header that ends or is damaged
        pass
    return ""


def _is_whole(stream: BinaryIO, table: int, header: Mapping[bytes, bytes]) -> bool:
    """Say whether an EXR of scan lines goes on to the end of the last piece that it names.

    Args:
        stream: the file.
        table: where its table of pieces begins.
        header: its compression and data window, as bytes.
    """
    compression = header.get(b"compression", b"")
    if compression not in _LINES:
        return True  # another one than there were: nothing can be told
    window = [header.get(b"dataWindow", b"")[at : at + 4] for at in (4, 12)]
    top, bottom = (int.from_bytes(each, "little", signed=True) for each in window)
    stream.seek(table)
    listed = stream.read(8 * min(-(-(bottom - top + 1) // _LINES[compression]), _MOST_PIECES))
    starts = [int.from_bytes(listed[at : at + 8], "little") for at in range(0, len(listed), 8)]
    length, last = os.fstat(stream.fileno()).st_size, max(starts, default=0)
    if not table < last < length:
        return False
    stream.seek(last + 4)  # after the number of its first line
    return last + 8 + int.from_bytes(stream.read(4), "little") <= length


def _made_from(job: Job, plate: str, look: str) -> list[str]:
    passes = dump_overrides(parse_overrides(job.passes))  # however they are spelled
    made_from = [__version__, look, plate, job.layer, passes, job.space]
    made_from.append(_config(job.config or os.environ.get("OCIO", "")))
    # Named, and only where they do something: layers from before there were such stay right.
    extras = [("exposure", job.exposure), ("degrain", job.degrain), ("views", job.views)]
    extras += [("start", job.start), ("premultiplied", job.premultiplied.removeprefix("auto"))]
    return made_from + [f"{name} {value!r}" for name, value in extras if value]


def _config(config: str) -> str:
    """Return what stands for an OCIO config: a file's content, or a built-in's name.

    Not a file's path: on a farm it lies elsewhere. The tables that it names are not looked at.
    """
    try:
        return _content(Path(config))
    except (OSError, ValueError):  # a name, or a file that the runtime will refuse
        return config


def _content(path: Path) -> str:
    """Return the SHA-256 of a small file."""
    return _digest(path, regular.identity(path))


@lru_cache(maxsize=64)
def _digest(path: Path, _identity: tuple[int, ...]) -> str:
    return hashlib.sha256(regular.content(path, _MOST)).hexdigest()


def _piece(path: Path, start: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(start)
        return hashlib.sha256(stream.read(_PIECE)).digest()


def _joined(*made_from: str) -> str:
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()
