"""Movies: the frames of MOV, MP4 and MKV files, by number, through FFmpeg's libraries (PyAV).

A frame of a movie is addressed as if it were a file in it: ``clip.mp4/0012``, or
``clip.mp4:1001/1012`` where the first frame is called 1001. So all that takes the path of a plate
takes a frame of a movie as well.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from velatura.errors import FrameError, ImageError
from velatura.image.movie_reader import MovieReader
from velatura.image.planes import FloatArray
from velatura.image.yuv import Format

SUFFIXES = (".mov", ".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mxf")
"""The names of movies end so."""

DIGITS = 4
"""Digits of a frame's number, in addresses and in the names of what is made of it."""

_NEAR = 8
"""Movies that an error names at most, for one that is not there."""

_NAMED = re.compile(r"(.+\.(?:mov|mp4|m4v|mkv|webm|avi|mxf))(?::(-?\d+))?", re.IGNORECASE)

_WITH_SPAN = re.compile(r"(.*\S)(\s+-?\d[-\d,:x\s]*)", re.DOTALL)  # "clip.mp4 2-3"


def named(text: str) -> tuple[Path, int] | None:
    """Return the movie that a text names, ``clip.mp4`` or ``clip.mp4:1001``, and its first number.

    None for all that is no movie.
    """
    hit = _NAMED.fullmatch(text)
    return (Path(hit[1]), int(hit[2] or 0)) if hit else None


def started(text: str, start: int) -> str:
    """Return a movie's name with the number of its first frame, as `named` takes it.

    Raises:
        FrameError: it is no movie, and has numbers of its own.
    """
    if not start:
        return text
    hit = _WITH_SPAN.fullmatch(text)
    head, span = (hit[1], hit[2]) if hit else (text, "")
    if movie := named(head):
        return f"{movie[0]}:{start}{span}"
    raise FrameError(
        f"{text} is no movie, and its files have their own numbers",
        do="Omit --start, or rename the files",
    )


def frame_path(text: str, number: int) -> Path:
    """Return the address of a movie's frame: the inverse of `parted`."""
    return Path(text) / f"{number:0{DIGITS}d}"


def parted(path: Path) -> tuple[Path, int] | None:
    """Return the movie and the place in it, from 0, that an address means; None for other files."""
    movie = named(str(path.parent)) if path.name.lstrip("-").isdigit() else None
    return (movie[0], int(path.name) - movie[1]) if movie else None


def title(path: Path) -> str:
    """Return what a file is called for people; a movie's frame is ``clip.mp4/0012``."""
    return "/".join(path.parts[-2:]) if parted(path) else path.name


def numbers(text: str) -> range:
    """Return the frame numbers of a movie.

    Raises:
        ImageError: it cannot be read.
        FrameError: it is not there, or ``text`` names no movie.
    """
    movie = named(text)
    if movie is None or not movie[0].is_file():
        raise FrameError(f"There is no movie {text}", do=_advice(movie[0] if movie else Path(text)))
    path, first = movie
    return range(first, first + len(_opened(path).times))


def _advice(movie: Path) -> str:
    """Return what to do where a movie is not: with those that lie there instead."""
    folder = movie.parent
    if not folder.is_dir():
        return f"Check the path: there is no folder {folder}"
    there = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    more = ", ..." if len(there) > _NEAR else ""
    return f"Check the path: in {folder} there is {', '.join(there[:_NEAR]) or 'no movie'}{more}"


def format_of(movie: Path) -> Format:
    """Return what a movie says about its pictures, or raise ImageError."""
    return _opened(movie).format


def times_of(movie: Path) -> tuple[Fraction, ...]:
    """Return when each frame is shown, in seconds, or raise ImageError."""
    opened = _opened(movie)
    return tuple(time * opened.base for time in opened.times)


def memory(path: Path) -> int:
    """Return the bytes that the decoder of a frame's movie keeps; 0 for other files."""
    there = parted(path)
    return _opened(there[0]).memory if there else 0


def read(path: Path) -> tuple[FloatArray, Format]:
    """Return a movie's frame, ``(H, W, 3 or 4)`` float32 codes, and what the movie says of it.

    Black is 0 and white 1; what a camera stored beyond them stays beyond. With alpha where the
    movie has it.

    Args:
        path: the frame's address, see `frame_path`.

    Raises:
        FrameError: there is no such frame.
        ImageError: the movie cannot be read or the frame cannot be decoded.
    """
    there = parted(path)
    if there is None:
        raise FrameError(f"{path} is no frame of a movie")
    movie, place = there
    opened = _opened(movie)
    count = len(opened.times)
    if not 0 <= place < count:
        first = int(path.name) - place
        raise FrameError(
            f"{movie} has no frame {path.name}", found=f"frames {first} to {first + count - 1}"
        )
    return opened.codes(place), opened.format


def _opened(movie: Path) -> MovieReader:
    try:
        state = movie.stat()
    except OSError as error:
        raise ImageError(f"{movie} cannot be read", found=error.strerror) from error
    return _kept(movie, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=3)  # a plate, its mask and another; a movie keeps its decoder's memory
def _kept(movie: Path, _time: int, _size: int) -> MovieReader:
    return MovieReader(movie)
