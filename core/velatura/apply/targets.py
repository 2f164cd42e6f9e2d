"""A shot on disk: which frames and files a job means, and which of them are missing.

Files are numbered as farms write them: ``shot.####.exr``, ``shot.%04d.exr``, ``shot.$F4.exr``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from velatura import bakes
from velatura.errors import FrameError
from velatura.image.numbered import NAMED, Pattern, frame_numbers, holes
from velatura.job import Job

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
    """

    plate: Path
    mask: Path | None
    gain: Target | None
    picture: Target | None
    number: int = 0


def frames(job: Job) -> list[Frame]:
    """Return each frame's files; fingerprints are still empty.

    Where the job names no range, and what lies on disk has holes, a warning names them.

    Raises:
        FrameError: the range is none, there are no frames, or some are missing: all get named.
    """
    plate, mask = Pattern.parse(job.plate), _mask_pattern(job)
    found = []
    for number, path in plates(job.plate, job.frames).items():
        where = None
        if mask:
            still = mask.single is not None
            where = mask.path(mask.single or "") if still else mask.path(_renumbered(mask, number))
        found.append(_outputs(job, plate, number, path, where))
    _refuse_missing("mask", [frame.mask for frame in found if frame.mask])
    return found


def plates(pattern: str, span: str = "") -> dict[str, Path]:
    """Return a shot's plates by frame number, as that is written; "" for a file without one.

    Where no range is named, and what lies on disk has holes, a warning names them.

    Args:
        pattern: the files: ``shot.####.exr`` or one file.
        span: "1-12", "1-10x2", "1,5,9-12"; empty for all that lie on disk.

    Raises:
        FrameError: the range is none, there are no frames, or some are missing: all get named.
    """
    plate = Pattern.parse(pattern)
    if span:
        numbers = [plate.written(frame) for frame in frame_numbers(span)]
        if plate.digits == 0:
            raise FrameError(
                f"{pattern} is one file and has no frames {span}",
                do="Write the number as ####, or leave --frames away",
            )
    else:
        numbers = plate.on_disk() if plate.single is None else [plate.single]
        if plate.single is None:
            _tell_holes(pattern, list(map(int, numbers)))
    if not numbers:
        raise FrameError(f"There are no frames {pattern}", do="Check the path and its digits")
    found = {number: plate.path(number) for number in numbers}
    _refuse_missing("plate", list(found.values()))
    return found


def _tell_holes(plate: str, numbers: list[int]) -> None:
    """Say which frames are not there; it may be meant so."""
    if missing := holes(numbers):
        log.warning(
            "%s has missing frames between its first and last, %d and %d; they are skipped: %s. "
            "Render them, or give the range with --frames",
            *(plate, numbers[0], numbers[-1], missing),
        )


def _renumbered(pattern: Pattern, number: str) -> str:
    return pattern.written(int(number)) if number else ""


def _outputs(job: Job, plate: Pattern, number: str, path: Path, mask: Path | None) -> Frame:
    out = Path(job.out)
    stem = plate.lead.rstrip("._-") or "plate"
    gain = out / bakes.gain_name(stem, number, plate.end.lstrip("."))
    picture = out / path.name
    return Frame(
        path,
        mask,
        Target(gain, "") if job.write in {"gain", "both"} else None,
        Target(picture, "") if job.write in {"picture", "both"} else None,
        int(number or 0),
    )


def _mask_pattern(job: Job) -> Pattern | None:
    """Return the mask's files; None if there is no mask, or it is a channel of the plate."""
    text = job.mask
    if not text or job.write == "gain":
        return None
    pattern = Pattern.parse(text)
    is_file = pattern.single is None or Path(text).is_file() or Path(text).name != text
    return pattern if is_file else None


def _refuse_missing(what: str, paths: list[Path]) -> None:
    paths = list(dict.fromkeys(paths))  # a still mask holds for all frames
    missing = [path for path in paths if not path.is_file()]
    if not missing:
        return
    names = [path.name for path in missing]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    few = ", ".join(names[:NAMED]) + more
    raise FrameError(
        f"{len(missing)} of {len(paths)} {what} frames are missing in {missing[0].parent}: {few}",
        do="Render them, or give the range there is with --frames",
    )
