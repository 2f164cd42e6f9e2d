"""A shot on disk: which frames and files a job means, and which of them are missing.

Files are numbered as farms write them: ``shot.####.exr``, ``shot.%04d.exr``, ``shot.$F4.exr``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from velatura import bakes
from velatura.errors import FrameError
from velatura.image import gathering, movies
from velatura.image.numbered import Pattern, few
from velatura.image.ranges import holes
from velatura.job import Job
from velatura.plate import formats, matte

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A file to write: its final name, and the fingerprint of what it is made from."""

    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Frame:
    """One frame's files.

    Attributes:
        plate: the picture to glaze.
        mask: a file that says where; None where the job has no mask file.
        gain: the gain layer to write, or None.
        picture: the finished picture to write, or None.
        number: its frame number; 0 for a file without one.
        channel: of the mask's file; "" for the usual one.
        delivered: the finished picture in another format, which is made with it; None for none.
        stem: what the names of the shot's files begin with, without a number.
    """

    plate: Path
    mask: Path | None
    gain: Target | None
    picture: Target | None
    number: int = 0
    channel: str = ""
    delivered: Path | None = None
    stem: str = ""


def frames(job: Job) -> list[Frame]:
    """Return each frame's files; fingerprints are still empty.

    Where the job names no range, and what lies on disk has holes, a warning names them.

    Raises:
        FrameError: the range is none, there are no frames, or some are missing: all get named.
        ImageError: a movie that cannot be read.
    """
    text = gathering.pattern(movies.started(job.plate, job.start))
    plate, mask = Pattern.parse(text), _mask_pattern(job)
    channel = matte.file_channel(job.mask)[1] if mask else ""
    found = []
    for number, path in plates(text, job.frames).items():
        where = None
        if mask:
            still = mask.single is not None
            where = mask.path(mask.single or "") if still else mask.path(_renumbered(mask, number))
        found.append(_outputs(job, plate, number, path, where, channel))
    _refuse_missing("mask", [frame.mask for frame in found if frame.mask])
    return found


def plates(pattern: str, span: str = "") -> dict[str, Path]:
    """Return a shot's plates by frame number, as that is written; "" for a file without one.

    Where no range is named, and what lies on disk has holes, a warning names them.

    Args:
        pattern: the files: ``shot.####.exr``, one file, a folder, or a movie.
        span: "1-12", "1-10x2", "1,5,9-12"; empty for all that lie on disk.

    Raises:
        FrameError: the range is none, there are no frames, or some are missing: all get named.
        ImageError: a movie that cannot be read.
    """
    plate = Pattern.parse(gathering.pattern(pattern))
    if span:
        plate = plate.within(span)
        if plate.digits == 0:
            raise FrameError(
                f"{pattern} is one file and has no frames {span}",
                do="Write the number as ####, or leave --frames away",
            )
    elif plate.single is None and not plate.span:
        _tell_holes(pattern, plate)
    numbers = plate.numbers()
    if not numbers:
        raise FrameError(f"There are no frames {pattern}", do=gathering.advice(plate))
    found = {number: plate.path(number) for number in numbers}
    if plate.movie:
        _refuse_beyond(plate, list(map(int, found)))
    elif plate.single is not None and not plate.path(plate.single).is_file():
        raise FrameError(f"There is no file {pattern}", do=gathering.advice(plate))
    else:
        _refuse_missing("plate", list(found.values()))
    return found


def _tell_holes(pattern: str, plate: Pattern) -> None:
    """Say which frames are not there, or are left out; it may be meant so."""
    numbers = list(map(int, plate.on_disk()))
    if missing := holes(numbers):
        log.warning(
            "%s has missing frames between its first and last, %d and %d; they are skipped: %s. "
            "Render them, or give the range with --frames",
            *(pattern, numbers[0], numbers[-1], missing),
        )
    if numbers and (others := plate.overlooked()):
        log.warning(
            "%s leaves out what is numbered with other digits: %s",
            *(pattern, few(others)),
        )


def _renumbered(pattern: Pattern, number: str) -> str:
    return pattern.written(int(number)) if number else ""


def _outputs(
    job: Job, plate: Pattern, number: str, path: Path, mask: Path | None, channel: str
) -> Frame:
    out = Path(job.out)
    end, extension = Path(f"_{plate.end}").stem[1:], Path(f"_{plate.end}").suffix
    if extension and not formats.is_exr(path):
        extension = ".exr"
    stem = f"{plate.lead.rstrip('._-') or 'plate'}{end}"  # "_beauty" of "shot.####_beauty.exr"
    gain = out / bakes.gain_name(stem, number, extension.lstrip("."))
    picture = out / f"{plate.lead}{number}{end}{extension}"
    delivered = None
    if job.deliver and job.deliver not in {"mp4", "mov"}:
        delivered = picture.with_suffix(f".{job.deliver}")
    return Frame(
        path,
        mask,
        Target(gain, "") if job.write in {"gain", "both"} else None,
        Target(picture, "") if job.write in {"picture", "both"} else None,
        int(number or 0),
        channel,
        delivered,
        stem,
    )


def _mask_pattern(job: Job) -> Pattern | None:
    """Return the mask's files; None if there is no mask, or it is a channel of the plate."""
    if not job.mask or job.write == "gain":
        return None
    text, channel = matte.file_channel(job.mask)
    text = gathering.pattern(text)
    pattern = Pattern.parse(text)
    there = Path(text).is_file()
    if not (channel or matte.like_file(text) or there):
        return None
    if pattern.single is not None and not (there or pattern.movie):
        raise FrameError(
            f"There is no mask file {text}",
            do="Check the path; a channel of the plate is named without a file, as in matte.R",
        )
    return pattern


def _refuse_missing(what: str, paths: list[Path]) -> None:
    paths = list(dict.fromkeys(paths))  # a still mask holds for all frames
    # What is there and is no picture is a bad frame: the others are done.
    missing = [path for path in paths if not movies.parted(path) and not path.exists()]
    if missing:
        raise FrameError(
            f"{len(missing)} of {len(paths)} {what} frames are missing in {missing[0].parent}: "
            f"{few([path.name for path in missing])}",
            do="Render them, or give the range there is with --frames",
        )


def _refuse_beyond(plate: Pattern, numbers: list[int]) -> None:
    """Raise FrameError where a movie has not all of the frames."""
    there = list(map(int, plate.on_disk()))
    beyond = [str(number) for number in numbers if not there[0] <= number <= there[-1]]
    if beyond:
        raise FrameError(
            f"{plate.movie} has no frame {few(beyond)}",
            found=f"frames {there[0]} to {there[-1]}",
            do="Give the range there is with --frames, or the first frame's number with --start",
        )
