"""What a file was made from, as a fingerprint in its header: is it still right, or out of date?

The same plate, look, settings and version give the same fingerprint on every machine, so a host can
tell whether a gain layer is still right without starting anything, and a farm goes on where another
machine stopped.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

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
    does not say what it was made from is made anew.

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
            for _ in range(_MOST_ATTRIBUTES):
                stream.seek(at)
                name, kind, rest = stream.read(_HEAD).split(b"\0", 2)
                start, size = len(name) + len(kind) + 6, int.from_bytes(rest[:4], "little")
                if (name, kind) == (key.encode(), b"string"):
                    mark = rest[4 : 4 + size].decode("ascii")
                    return mark if len(mark) == size else ""
                if not name:
                    return ""
                at += start + size  # a manifest may be long, and is not read
    except (OSError, ValueError):  # no such file, or a header that ends or is damaged
        pass
    return ""


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
