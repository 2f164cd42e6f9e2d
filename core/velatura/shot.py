"""A shot on disk: which frames and files a job means, and which of them are missing.

Files are numbered as farms write them: ``shot.####.exr``, ``shot.%04d.exr``, ``shot.$F4.exr``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence
from fileseq.frameset import FrameSet

from velatura.errors import FrameError
from velatura.job import Job

log = logging.getLogger(__name__)

_NAMED = 20  # missing frames that an error names at most


@dataclass(frozen=True)
class Pattern:
    """Numbered files, or one file: where they are and how their numbers are written.

    Attributes:
        folder: where they lie.
        lead: the file name up to the number.
        digits: least number of digits; 0 for a file without a number.
        end: the file name after the number.
        single: of a pattern that names one file its number, as written, or "" where it has none;
            None for a pattern of many.
    """

    folder: Path
    lead: str
    digits: int
    end: str
    single: str | None

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Return the pattern of ``shot.####.exr``, ``%04d``, ``$F4``, or of one file's path.

        A file's own name is numbered if dots set the number apart, as in ``shot.0007.exr``.

        Raises:
            FrameError: a path that names no file.
        """
        if not Path(text).name:
            raise FrameError(f"{text!r} is not the name of a file", do="Name it like shot.####.exr")
        found = FileSequence(Path(text).name, pad_style=PAD_STYLE_HASH1)
        numbered = bool(found.padding())
        single = None if numbered and found.frameSet() is None else ""
        lead, end = found.basename(), found.extension()
        if single == "" and numbered:
            single = Path(text).name[len(lead) : len(Path(text).name) - len(end)]
        return cls(Path(text).parent, lead, found.zfill(), end, single)

    def path(self, number: str) -> Path:
        """Return the file of a number, as written ("" where there is none)."""
        return self.folder / f"{self.lead}{number}{self.end}"

    def written(self, frame: int) -> str:
        """Return a frame's number as the files have it: ``-7`` with four digits is ``-007``."""
        return str(frame).zfill(self.digits)

    def on_disk(self) -> list[str]:
        """Return the numbers that lie on disk, as written, in order."""
        wanted = re.compile(f"{re.escape(self.lead)}(-?[0-9]+){re.escape(self.end)}")
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as error:
            raise FrameError(
                f"The folder {self.folder} cannot be read",
                found=error.strerror,
                do="Check the path",
            ) from error
        numbers = [hit[1] for hit in map(wanted.fullmatch, names) if hit]
        return sorted((n for n in numbers if n == self.written(int(n))), key=int)


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
    plate = Pattern.parse(job.plate)
    if job.frames:
        numbers = [plate.written(frame) for frame in frame_numbers(job.frames)]
        if plate.digits == 0:
            raise FrameError(
                f"{job.plate} is one file and has no frames {job.frames}",
                do="Write the number as ####, or leave --frames away",
            )
    else:
        numbers = plate.on_disk() if plate.single is None else [plate.single]
        if plate.single is None:
            _tell_holes(job.plate, list(map(int, numbers)))
    if not numbers:
        raise FrameError(f"There are no frames {job.plate}", do="Check the path and its digits")
    mask = _mask_pattern(job)
    found = []
    for number in numbers:
        path = plate.path(number)
        where = None
        if mask:
            still = mask.single is not None
            where = mask.path(mask.single or "") if still else mask.path(_renumbered(mask, number))
        found.append(_outputs(job, plate, number, path, where))
    _refuse_missing("plate", [frame.plate for frame in found])
    _refuse_missing("mask", [frame.mask for frame in found if frame.mask])
    return found


def holes(numbers: list[int]) -> str:
    """Return which numbers between the first and the last are not there, such as ``7, 12-13``."""
    gaps = [(low + 1, high - 1) for low, high in pairwise(numbers) if high - low > 1]
    few = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in gaps[:_NAMED])
    return few + (f" and {len(gaps) - _NAMED} more" if len(gaps) > _NAMED else "")


def _tell_holes(plate: str, numbers: list[int]) -> None:
    """Say which frames are not there; it may be meant so."""
    if missing := holes(numbers):
        log.warning(
            "%s has holes between its first and last frame, %d and %d, and goes without: %s. "
            "Render them, or give the range with --frames",
            *(plate, numbers[0], numbers[-1], missing),
        )


def _renumbered(pattern: Pattern, number: str) -> str:
    return pattern.written(int(number)) if number else ""


def _outputs(job: Job, plate: Pattern, number: str, path: Path, mask: Path | None) -> Frame:
    out = Path(job.out)
    stem = plate.lead.rstrip("._-") or "plate"
    gain = out / ".".join(filter(None, (stem, "gain", number, plate.end.lstrip("."))))
    picture = out / path.name
    return Frame(
        path,
        mask,
        Target(gain, "") if job.write in {"gain", "both"} else None,
        Target(picture, "") if job.write in {"picture", "both"} else None,
        int(number or 0),
    )


def frame_numbers(frames: str) -> list[int]:
    """Return the frames of a range such as ``1-12``, ``1-10x2`` or ``1,5,9-12``, rising.

    Raises:
        FrameError: it is none.
    """
    try:
        return sorted(set(map(int, FrameSet(frames))))
    except ValueError as error:  # fileseq's own errors are ValueErrors
        raise FrameError(
            f"{frames} is not a range of frames", do='Write it like "1-12", "1-10x2" or "1,5,9-12"'
        ) from error


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
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    few = ", ".join(names[:_NAMED]) + more
    raise FrameError(
        f"{len(missing)} of {len(paths)} {what} frames are missing in {missing[0].parent}: {few}",
        do="Render them, or give the range there is with --frames",
    )
