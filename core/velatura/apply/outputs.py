"""The output folder of a job: what lies there already, and what is left to write."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from velatura import fingerprint
from velatura.apply import claims
from velatura.apply.targets import Frame, Target
from velatura.errors import InputError, StorageError
from velatura.image import movie_file
from velatura.job import Job
from velatura.plate import formats, pass_files

log = logging.getLogger(__name__)


def stale(frame: Frame, job: Job, digest: str) -> Frame | None:
    """Return the frame with those of its targets that do not lie there yet; None if all do.

    Args:
        frame: its files; targets get their fingerprints.
        job: the settings that they are made with.
        digest: of the look.

    Raises:
        ImageError: the plate, a pass beside it or the mask cannot be read.
        FrameError: there is no file for a pass of the plate.
    """
    files = frame.plate, *pass_files.beside(frame.plate, job.passes)
    plate = "".join(map(formats.digest, files))
    mask = formats.digest(frame.mask) + frame.channel if frame.mask else ""
    gain = _wanted(frame.gain, fingerprint.of_gain(job, plate, digest))
    picture = _wanted(frame.picture, fingerprint.of_picture(job, plate, digest, mask))
    if frame.picture and frame.delivered and not newer(frame.delivered, [frame.picture.path]):
        picture = Target(frame.picture.path, fingerprint.of_picture(job, plate, digest, mask))
    return replace(frame, gain=gain, picture=picture) if gain or picture else None


def newer(path: Path, sources: Sequence[Path]) -> bool:
    """Say whether a file is there and was written after all those that it is made from."""
    try:
        made = path.stat().st_mtime_ns
        return all(source.stat().st_mtime_ns <= made for source in sources)
    except OSError:
        return False


def movie(frames: Sequence[Frame], job: Job) -> Path | None:
    """Return the movie that a job asks for; None where it asks for none."""
    if job.deliver not in movie_file.KINDS:
        return None
    return Path(job.out) / f"{frames[0].stem}.{job.deliver}"


def _targets(frames: Sequence[Frame]) -> list[Path]:
    made = (path for f in frames for path in (f.gain, f.picture) if path)
    return [target.path for target in made] + [f.delivered for f in frames if f.delivered]


def refuse_overwriting(frames: Sequence[Frame], job: Job) -> None:
    """Raise InputError if a frame would be written over what it is made from."""
    made_from = (path for f in frames for path in (f.plate, f.mask) if path)
    read_ones = {formats.file_of(path).resolve() for path in made_from}
    film = movie(frames, job)
    for target in (*_targets(frames), *([film] if film else [])):
        if target.resolve() in read_ones:
            raise InputError(
                f"{target} would overwrite what it is made from", do="Choose another output folder"
            )


def sweep(out: Path, frames: Sequence[Frame]) -> None:
    """Remove what a process that was killed left half-written; whole files have no such names.

    What a job that is alive is writing stays.
    """
    names = {target.name for target in _targets(frames)}
    with suppress(OSError):  # not ours to remove, and in nobody's way
        left = [path for path in out.iterdir() if path.name[0] == "." and path.suffix == ".tmp"]
        written = claims.taken(out)  # after the listing: whoever writes has claimed before
        for path in left:
            if path.name[1:].rsplit(".", 2)[0] in names - written:
                path.unlink(missing_ok=True)


def marks(frames: Sequence[Frame], job: Job, digest: str) -> dict[str, str]:
    """Return for each file of a job a mark of what it is made from, for `velatura.apply.claims`.

    Of the plate it is the name and its folder's: other machines may see it under another path.

    Args:
        frames: the job's.
        job: the settings that they are made with.
        digest: of the look.
    """
    plate = "/".join(Path(job.plate).absolute().parts[-2:])
    kinds = (
        ("gain", fingerprint.of_gain(job, plate, digest)),
        ("picture", fingerprint.of_picture(job, plate, digest)),
    )
    targets = ((getattr(frame, kind), mark) for kind, mark in kinds for frame in frames)
    return {target.path.name: mark for target, mark in targets if target}


def film_mark(film: Path, frames: Sequence[Frame], job: Job, digest: str) -> dict[str, str]:
    """Return the mark of a job's movie, as `marks` does for its other files."""
    plate = "/".join(Path(job.plate).absolute().parts[-2:])
    numbers = ",".join(str(frame.number) for frame in frames)
    return {film.name: f"{fingerprint.of_picture(job, plate, digest)} {numbers}"}


def prepare(out: Path) -> None:
    """Make the output folder, or raise StorageError if it cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        writable = os.access(out, os.W_OK)
    except OSError as error:
        raise StorageError(
            f"The output folder {out} cannot be used",
            found=error.strerror,
            do="Choose another output folder",
        ) from error
    if not writable:
        raise StorageError(
            f"The output folder {out} is read-only", do="Choose another output folder"
        )


def _wanted(target: Target | None, mark: str) -> Target | None:
    """Return the target with its fingerprint, or None if the same lies there already."""
    if target is None:
        return None
    lies = fingerprint.stored(target.path)
    if lies == mark:
        return None
    if not lies and target.path.is_file():
        log.warning("%s does not say what it was made from and is written again", target.path)
    return Target(target.path, mark)
