"""Numbered files: a pattern such as ``name.####.exr``, and the frames it names on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence
from fileseq.frameset import FrameSet

from velatura.errors import FrameError

NAMED = 20
"""Missing frames that an error names at most."""


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


def names_files(text: str) -> bool:
    """Return whether a word names numbered files, or one EXR file, and no layer."""
    return any(mark in text for mark in ("#", "%0", "$F")) or text.lower().endswith(".exr")


def holes(numbers: list[int]) -> str:
    """Return which numbers between the first and the last are not there, such as ``7, 12-13``."""
    gaps = [(low + 1, high - 1) for low, high in pairwise(numbers) if high - low > 1]
    few = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in gaps[:NAMED])
    return few + (f" and {len(gaps) - NAMED} more" if len(gaps) > NAMED else "")


def frame_numbers(frames: str) -> list[int]:
    """Return the frames of a range such as ``1-12``, ``1-10x2`` or ``1,5,9-12``, rising.

    Raises:
        FrameError: it is not a pattern.
    """
    try:
        return sorted(set(map(int, FrameSet(frames))))
    except ValueError as error:  # fileseq's own errors are ValueErrors
        raise FrameError(
            f"{frames} is not a range of frames", do='Write it like "1-12", "1-10x2" or "1,5,9-12"'
        ) from error


def find(pattern: str) -> dict[int, Path]:
    """Return the files of ``name.####.exr`` (or one file) by frame number.

    A file without a number counts as frame 0, so that one plate and one painting make a pair.

    Raises:
        FrameError: there is none.
    """
    parsed = Pattern.parse(pattern)
    numbers = parsed.on_disk() if parsed.single is None else [parsed.single]
    files = {int(number or 0): parsed.path(number) for number in numbers}
    missing = [path for path in files.values() if not path.is_file()]
    if missing or not files:
        raise FrameError(
            f"No file matches {pattern}",
            do="Give the files as name.####.exr, name.%04d.exr or name.$F4.exr, or one file.",
        )
    return files
