"""Numbered files as a shell or a file browser gives them: lists of files, a folder, ``*.exr``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from velatura.errors import FrameError
from velatura.image import movies
from velatura.image.numbered import (
    ANY_KIND,
    PICTURES,
    Pattern,
    few,
    is_path,
    is_span,
    with_span,
)
from velatura.image.ranges import runs

_NUMBERED = re.compile(r"(.*?)([0-9]{1,12})([^0-9]*)", re.DOTALL)  # "comp_00012", "f0001_beauty"
_VERSION = re.compile(r"(?:^|[^a-z])v(?:er|ersion)?$", re.IGNORECASE)


def find(pattern: str) -> dict[int, Path]:
    """Return the files of ``name.####.exr`` (or one file, or a movie) by frame number.

    A file without a number counts as frame 0, so that one plate and one painting make a pair.

    Raises:
        FrameError: there is none.
        ImageError: a movie that cannot be read.
    """
    parsed = Pattern.parse(pattern)
    files = {int(number or 0): parsed.path(number) for number in parsed.numbers()}
    missing = [path for path in files.values() if not parsed.movie and not path.is_file()]
    if missing or not files:
        raise FrameError(f"No file matches {pattern}", do=advice(parsed))
    return files


def pattern(text: str) -> str:
    """Return the pattern of a folder's, or of a wildcard's, numbered files; other texts as given.

    Raises:
        FrameError: there are no pictures, or they are of more than one sequence.
    """
    return _one_sequence(text, _sequences(text))


def keys(texts: Iterable[str]) -> list[str]:
    """Return the painted keys that texts name, one pattern for each shot.

    As `gathered`, but files of one name and of several kinds are one sequence: of
    ``["paint.0004.png", "paint.0018.exr"]`` it is ``["paint.####.*"]``.

    Raises:
        FrameError: as `pattern`.
    """
    each = [_one_sequence(text, _of_several_kinds(_sequences(text))) for text in texts]
    return _of_several_kinds(merged(each))


def _one_sequence(text: str, found: Sequence[str]) -> str:
    """Return the one sequence that was found for a text, or raise FrameError."""
    if len(found) == 1:
        return found[0]
    do = "Write it like shot.####.exr"
    if not found:
        raise FrameError(f"There are no pictures in {text}", do=do)
    raise FrameError(
        f"{text} holds more than one sequence", found=few(found), do=f"{do}, for the one you mean"
    )


def _sequences(text: str) -> list[str]:
    """Return the patterns of the files in a folder, or of a wildcard; other texts as given."""
    path = Path(text)
    head, span = with_span(text)
    if not is_path(text):
        return [text]  # `Pattern.parse` refuses it
    if span and Path(head).is_dir():
        return [f"{found} {span}" for found in _sequences(head)]
    if path.is_dir():
        files = [file for file in path.iterdir() if _is_picture(file)]
    elif any(mark in path.name for mark in "*?") and not path.is_file():
        if Pattern.parse(text).single is None:  # "paint.####.*"
            return [text]
        files = [file for file in path.parent.glob(path.name) if _is_picture(file)]
    else:
        return [text]
    return merged([str(file) for file in sorted(files)])


def _of_several_kinds(texts: Sequence[str]) -> list[str]:
    """Return patterns with those made one that only differ in the kind of file."""
    groups: dict[object, list[str]] = {}
    for text in texts:
        groups.setdefault(_whatever_kind(text), []).append(text)
    return [one for group in groups.values() for one in _as_one(group)]


def _whatever_kind(text: str) -> object:
    """Return what numbered pictures of one name share; of other texts the text itself."""
    one = _parsed(text)
    mixed = one.digits and not one.movie and one.end.lower() in PICTURES
    return (one.folder, one.lead) if mixed else text


def _as_one(texts: list[str]) -> list[str]:
    """Return patterns of one name as one; as they are where two have the same frame."""
    every = [_parsed(text) for text in texts]
    if len(every) == 1 or not all(one.digits for one in every):
        return texts
    numbers = sorted(int(number) for one in every for number in one.numbers())
    if len({*numbers}) < len(numbers):
        return texts
    digits = min(one.digits for one in every)
    text = str(every[0].folder / f"{every[0].lead}{'#' * digits}{ANY_KIND}")
    there = list(map(int, Pattern.parse(text).on_disk()))
    return [text if there == numbers else f"{text} {runs(numbers)}"]


def _parsed(text: str) -> Pattern:
    return _one_of_many(text) if is_path(text) and Path(text).is_file() else Pattern.parse(text)


def merged(texts: Sequence[str]) -> list[str]:
    """Return patterns with the files of one sequence, such as a shell lists, made one pattern.

    ``["a.0001.exr", "a.0002.exr", "b.####.exr"]`` is ``["a.####.exr 1-2", "b.####.exr"]``. A
    sequence of which all files are named has no list of frames. ``["a.####.exr", "2-3"]`` is
    ``["a.####.exr 2-3"]``.
    """
    groups: dict[tuple[Path, str, str], list[Pattern]] = {}
    order: list[str | tuple[Path, str, str]] = []
    for text in _with_spans(texts):
        if movies.named(text) is None and is_path(text) and Path(text).is_file():
            one = _one_of_many(text)
            if one.single:
                key = one.folder, one.lead, one.end
                if key not in groups:
                    order.append(key)
                groups.setdefault(key, []).append(one)
                continue
        order.append(text)
    return [entry if isinstance(entry, str) else _joined(groups[entry]) for entry in order]


def _with_spans(texts: Iterable[str]) -> list[str]:
    """Return texts with ranges of frames behind the pattern that they follow."""
    whole: list[str] = []
    for text in texts:
        if whole and is_span(text):
            whole[-1] = f"{whole[-1]} {text}"
        else:
            whole.append(text)
    return whole


def number_of(path: Path) -> int:
    """Return the frame number of one file, by dots or by the last digits of its name; else 0."""
    return 0 if movies.parted(path) else int(_one_of_many(str(path)).single or 0)


def _one_of_many(text: str) -> Pattern:
    """Return one file, numbered by dots or else by the last digits of its name.

    Not by those of a version: ``look_v2.exr`` is no frame of anything.
    """
    one = Pattern.parse(text)
    hit = _NUMBERED.fullmatch(Path(text).stem)
    if one.single or not hit or _VERSION.search(hit[1]):
        return one
    return Pattern(one.folder, hit[1], len(hit[2]), hit[3] + Path(text).suffix, hit[2])


def gathered(texts: Iterable[str]) -> list[str]:
    """Return the shots that texts name: files of one sequence merged, folders as their pattern.

    Raises:
        FrameError: as `pattern`.
    """
    return merged([pattern(text) for text in texts])


def only(texts: Iterable[str]) -> str:
    """Return the one pattern that several texts make, or raise FrameError."""
    given = list(texts)
    found = merged(given)
    if len(found) == 1:
        return found[0]
    raise FrameError(
        "One shot is wanted, and these files are of more than one",
        found=few(found),
        do="Name one of them like shot.####.exr, in quotes where a shell would expand it",
    )


def advice(plate: Pattern) -> str:
    """Return what to do where a pattern finds nothing: with what lies there instead."""
    if not plate.folder.is_dir():
        return f"Check the path: there is no folder {plate.folder}"
    there = sorted(merged([str(f) for f in plate.folder.iterdir() if _is_picture(f)]))
    found = [Path(text).name for text in there]
    if not found:
        return f"Check the path: there are no pictures in {plate.folder}"
    return f"Check the path and its digits: there are {few(found)}"


def _joined(files: Sequence[Pattern]) -> str:
    """Return the pattern of files of one sequence."""
    first = files[0]
    if len(files) == 1:
        return str(first.path(first.single or ""))
    digits = min(len((one.single or "").lstrip("-")) for one in files)
    text = str(first.folder / f"{first.lead}{'#' * digits}{first.end}")
    numbers = sorted(int(one.single or 0) for one in files)
    there = Pattern.parse(text)
    if list(map(int, there.on_disk())) == numbers:
        return text
    return f"{text} {runs(numbers)}"


def pictures(folder: Path) -> list[Path]:
    """Return the still pictures of a folder, by name."""
    stills = (file for file in folder.iterdir() if movies.named(str(file)) is None)
    return sorted(file for file in stills if _is_picture(file))


def _is_picture(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in (*PICTURES, *movies.SUFFIXES) and path.is_file()
