"""Numbered files: a pattern such as ``name.####.exr``, and the frames it names on disk."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from velatura.errors import FrameError
from velatura.image import movies
from velatura.image.ranges import NUMBER, frame_numbers

NAMED = 20
"""Missing frames that an error names at most."""

_LONGEST, _PATH = 255, 4096  # bytes of a file's name, and of a path, on all common file systems
_ITEM = rf"{NUMBER}(?:-{NUMBER}(?:[x:][0-9]{{1,12}})?)?"
_SPAN = rf"{_ITEM}(?:[,\s]+{_ITEM})*"
# Of several marks in a name the last one is the number: "shot@2x.####.exr", "50%d.####.exr".
_MARK = re.compile(r"#+|%0[0-9]{1,2}d|\$F[0-9]{0,2}")
_WEAK_MARK = re.compile(r"(?:^|(?<=[._-]))(?:@+|%d)(?=[._-])")
_PASTED = re.compile(rf"(.*?\S)\s+({_SPAN})", re.DOTALL)
_SPAN_BEFORE = re.compile(rf"(?:^|(?<=[._-]))({NUMBER}-{NUMBER}(?:[x:][0-9]+)?)$")
_SINGLE = re.compile(rf"(|.*\.)({NUMBER})(\.[^.]*)", re.DOTALL)

PICTURES = (
    *(".exr", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".cin", ".hdr"),
    *(".tga", ".psd", ".webp", ".bmp"),
)
"""Endings of the files that are taken for pictures, in small letters."""

ANY_KIND = ".*"
"""The end of a pattern whose files may be of several kinds: ``paint.####.*``, of painted keys."""


@dataclass(frozen=True)
class Pattern:
    """Numbered files, or one file: where they are and how their numbers are written.

    Attributes:
        folder: where they lie.
        lead: the file name up to the number.
        digits: least number of digits; 0 for a file without a number.
        end: the file name after the number; ``.*`` for that of any picture.
        single: of a pattern that names one file its number, as written, or "" where it has none;
            None for a pattern of many.
        span: the frames that the pattern itself names, as in ``name.####.exr 1-12``; "" for all.
        movie: of the frames of a movie, the movie as `velatura.image.movies.named` takes it; their
            names, lead, number and end, are those of EXR files that are made of them.
    """

    folder: Path
    lead: str
    digits: int
    end: str
    single: str | None
    span: str = ""
    movie: str = ""

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Return the pattern of ``shot.####.exr``, ``%04d``, ``$F4``, or of one file's path.

        A file that is there is taken by its name, whatever that holds. Its own name is numbered if
        dots set the number apart, as in ``shot.0007.exr``. Nuke's ``shot.%04d.exr 1-12`` names
        frames too.

        Raises:
            FrameError: a path that names no file.
        """
        head, span = with_span(text)
        many = (_movie(head) or _many(_as_spelt(Path(head)))) if span and is_path(head) else None
        if not Path(text).name or not is_path(text):
            if many:  # a long list of frames, as of what a shell lists
                return replace(many, span=span)
            raise FrameError(f"{text!r} is not the name of a file", do="Name it like shot.####.exr")
        path = _as_spelt(Path(text))
        if movie := _movie(text):
            return movie
        if not path.is_file():
            if many:
                return replace(many, span=span)
            if many := _many(path):
                return many
        return _one(path)

    def path(self, number: str) -> Path:
        """Return the file of a number, as written ("" where there is none)."""
        if self.movie:
            return movies.frame_path(self.movie, int(number))
        path = _as_spelt(self.folder / f"{self.lead}{number}{self.end}")
        return self._of_its_kind(path) if self.end == ANY_KIND else path

    def _of_its_kind(self, path: Path) -> Path:
        """Return the picture that ``paint.0012.*`` means; that name as it is where there is none.

        Raises:
            FrameError: there are several.
        """
        found = sorted(self.folder.glob(f"{glob.escape(path.name.removesuffix(ANY_KIND))}.*"))
        found = [file for file in found if file.suffix.lower() in PICTURES]
        if len(found) > 1:
            raise FrameError(
                f"Of {path} there is more than one file",
                found=", ".join(file.name for file in found),
                do="Move away those that do not count",
            )
        return found[0] if found else path

    def written(self, frame: int) -> str:
        """Return a frame's number as the files have it: ``-7`` with four digits is ``-007``.

        Blender writes ``-0007``: that is returned where that file is there, and the other is not.
        """
        number = str(frame).zfill(self.digits)
        blender = f"-{str(-frame).zfill(self.digits)}"
        if frame < 0 and not self.path(number).is_file() and self.path(blender).is_file():
            return blender
        return number

    def on_disk(self) -> list[str]:
        """Return the numbers that lie on disk, as written, in order."""
        if self.movie:
            return [str(n).zfill(self.digits) for n in movies.numbers(self.movie)]
        numbers = self._all_numbers()
        known = {int(n): n for n in numbers if n == self._as_blender(n)}
        known |= {int(n): n for n in numbers if n == str(int(n)).zfill(self.digits)}
        return [known[n] for n in sorted(known)]

    def numbers(self) -> list[str]:
        """Return the numbers that the pattern means, as written, in order."""
        if self.single is not None:
            return [self.single]
        return self._spanned() if self.span else self.on_disk()

    def _spanned(self) -> list[str]:
        """Return the numbers of the span; where a file has other digits, as it has them."""
        wanted = {n: self.written(n) for n in frame_numbers(self.span)}
        if self.movie or all(self.path(number).is_file() for number in wanted.values()):
            return list(wanted.values())
        there = {int(number): number for number in self._all_numbers()}
        there |= {int(number): number for number in self.on_disk()}
        return [there.get(n, number) for n, number in wanted.items()]

    def within(self, span: str) -> Pattern:
        """Return the same for a range of frames, instead of what it named before."""
        return replace(self, span=span, single=None if self.digits else self.single)

    def overlooked(self) -> list[str]:
        """Return the files on disk that only differ in how their numbers are written."""
        if self.movie or self.single is not None:
            return []
        taken = {int(number) for number in self.on_disk()}
        others = sorted({int(n): n for n in self._all_numbers() if int(n) not in taken}.items())
        return [f"{self.lead}{number}{self.end}" for _, number in others]

    def _as_blender(self, number: str) -> str:
        """Return a number as Blender writes it: its sign is not one of the digits."""
        return "-" * (int(number) < 0) + str(abs(int(number))).zfill(self.digits)

    def _all_numbers(self) -> list[str]:
        lead, end = _composed(self.lead), _composed(self.end)
        kinds = "|".join(map(re.escape, PICTURES))
        ends = f"(?i:{kinds})" if end == ANY_KIND else re.escape(end)
        wanted = re.compile(f"{re.escape(lead)}({NUMBER}){ends}")
        try:
            with os.scandir(self.folder) as entries:
                found = [(wanted.fullmatch(_composed(entry.name)), entry) for entry in entries]
                return [hit[1] for hit, entry in found if hit and not entry.is_dir()]
        except OSError as error:
            raise FrameError(
                f"The folder {self.folder} cannot be read",
                found=error.strerror,
                do="Check the path",
            ) from error


def with_span(text: str) -> tuple[str, str]:
    """Return a pattern and the frames behind it, ``name.%04d.exr 1-12`` as Nuke pastes it.

    Without such frames the text as it is, and "".
    """
    pasted = _PASTED.fullmatch(text)
    return (pasted[1], pasted[2]) if pasted else (text, "")


def is_span(text: str) -> bool:
    """Say whether a word is a range of frames, such as ``2-3``, and no file that is there."""
    there = is_path(text) and Path(text).exists()
    return not there and re.fullmatch(_SPAN, text) is not None


def names_files(text: str) -> bool:
    """Return whether a word names numbered files, or one EXR file, and no layer."""
    return any(mark in text for mark in ("#", "%0", "$F")) or text.lower().endswith(".exr")


def few(names: Sequence[str], most: int = NAMED) -> str:
    """Return names for a message: so many of them at most."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def number_of(path: str) -> int:
    """Return the frame number of one file, or of a movie's frame; 0 where it has none."""
    if movies.parted(Path(path)):
        return int(Path(path).name)
    return int(Pattern.parse(path).single or 0)


def _movie(text: str) -> Pattern | None:
    """Return the pattern of a movie's frames; None where the text names no movie."""
    movie = movies.named(text)
    if movie is None:
        return None
    lead = movie[0].stem + "."
    return Pattern(movie[0].parent, lead, movies.DIGITS, ".exr", None, "", text)


def _many(path: Path) -> Pattern | None:
    """Return the pattern of many files that a path is; None where it marks no number."""
    marks = [*_MARK.finditer(path.name)] or [*_WEAK_MARK.finditer(path.name)]
    if not marks:
        return None
    mark = marks[-1]
    lead, end = path.name[: mark.start()], path.name[mark.end() :]
    word = mark[0]
    digits = len(word) if word[0] in "#@" else int(re.sub(r"\D", "", word) or 1)
    found = Pattern(path.parent, lead, digits, end, None)
    hit = _SPAN_BEFORE.search(lead)  # "shot.998-1000####.exr"
    if hit and not (path.parent.is_dir() and found.on_disk()):
        return Pattern(path.parent, lead[: hit.start()], digits, end, None, hit[1])
    return found


def _one(path: Path) -> Pattern:
    hit = _SINGLE.fullmatch(path.name)
    if hit is None:
        return Pattern(path.parent, path.stem, 0, path.suffix, "")
    return Pattern(path.parent, hit[1], len(hit[2].lstrip("-")), hit[3], hit[2])


def is_path(text: str) -> bool:
    """Say whether a text can be a path: none of its names is too long, or holds a NUL."""
    try:
        longest = max(map(len, map(os.fsencode, Path(text).parts)), default=0)
        return longest <= _LONGEST and len(os.fsencode(text)) < _PATH and "\0" not in text
    except UnicodeEncodeError:  # half of a character
        return False


def _composed(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _as_spelt(path: Path) -> Path:
    """Return a path in the spelling on disk: macOS parts letters from their accents (NFD)."""
    if str(path).isascii() or path.exists():
        return path
    spelt = Path(path.anchor)
    for name in path.parts[bool(path.anchor) :]:
        forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
        spelt /= next((form for form in (name, *forms) if (spelt / form).exists()), name)
    return spelt
