"""Movies: the frames of MOV, MP4 and MKV files, by number, through FFmpeg's libraries (PyAV).

A frame of a movie is addressed as if it were a file in it: ``clip.mp4/0012``, or
``clip.mp4:1001/1012`` where the first frame is called 1001. So all that takes the path of a plate
takes a frame of a movie as well.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from velatura.errors import FrameError, ImageError
from velatura.image.planes import FloatArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

SUFFIXES = (".mov", ".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mxf")
"""The names of movies end so."""

DIGITS = 4
"""Digits of a frame's number, in addresses and in the names of what is made of it."""

_NAMED = re.compile(r"(.+\.(?:mov|mp4|m4v|mkv|webm|avi|mxf))(?::(-?\d+))?", re.IGNORECASE)
_FULL, _SD_HEIGHT = 2, 576  # AVCOL_RANGE_JPEG; taller is HD: Rec.709's matrix where none is named
_KEPT = 8  # decoded frames kept: threads ask for neighbours nearly in order
# Kr and Kb by AVColorSpace: ITU-R BT.709-6, BT.601-7, BT.2020-2.
_MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


@dataclass(frozen=True)
class Format:
    """What a movie says about its pictures.

    Attributes:
        width: px, as they are shown (upright).
        height: px.
        rate: frames a second, on average.
        aspect: width of a pixel by its height.
        bits: of a channel.
        alpha: whether there is one.
        primaries: as FFmpeg counts them (AVColorPrimaries, which is ITU-T H.273), 2 unknown.
        transfer: AVColorTransferCharacteristic, 2 unknown.
        matrix: AVColorSpace, one that `_MATRICES` has; 0 for RGB.
        full: whether codes use the full range.
        steady: whether all frames last equally long.
    """

    width: int
    height: int
    rate: Fraction
    aspect: Fraction
    bits: int
    alpha: bool
    primaries: int
    transfer: int
    matrix: int
    full: bool
    steady: bool


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
    if movie := named(text):
        return f"{movie[0]}:{start}"
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


def numbers(text: str) -> range:
    """Return the frame numbers of a movie.

    Raises:
        ImageError: it cannot be read.
        FrameError: it is not there, or ``text`` names no movie.
    """
    movie = named(text)
    if movie is None or not movie[0].is_file():
        raise FrameError(f"There is no movie {text}", do="Check the path")
    path, first = movie
    return range(first, first + len(_opened(path).times))


def format_of(movie: Path) -> Format:
    """Return what a movie says about its pictures, or raise ImageError."""
    return _opened(movie).format


def times_of(movie: Path) -> tuple[Fraction, ...]:
    """Return when each frame is shown, in seconds, or raise ImageError."""
    opened = _opened(movie)
    return tuple(time * opened.base for time in opened.times)


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


class _Movie:
    """An open movie; frames are decoded on, and a frame before is looked for from its key frame."""

    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        with self._understood():
            self._container = av.open(str(path))
            if not self._container.streams.video:
                raise ImageError(f"{path} holds no pictures", found="sound, or nothing")
            self._stream = self._container.streams.video[0]
            self._stream.thread_type = "AUTO"
            self.times, self._keys = self._index()
            if not self.times:
                raise ImageError(f"{path} holds no frames")
            self.base: Fraction = self._stream.time_base
            self._lock = threading.Lock()
            self._kept: dict[int, VideoFrame] = {}
            self._frames: Iterator[VideoFrame] = iter(())
            self._at = self.times[-1] + 1  # time up to which was decoded: none yet
            first = self._decoded(0)
        self.format = self._format(first)

    def codes(self, place: int) -> FloatArray:
        """Return the codes of the frame at a place, see `read`."""
        with self._lock, self._understood():
            frame = self._decoded(place)
            codes = _codes(frame, self.format)
        quarter = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(codes, quarter))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Let FFmpeg's errors say which movie cannot be read."""
        import av

        try:
            yield
        except (av.FFmpegError, OSError, ValueError) as error:
            said = getattr(error, "strerror", "") or str(error)
            raise ImageError(
                f"{self._path} cannot be read as a movie", found=said, do="Export it again"
            ) from error

    def _index(self) -> tuple[list[int], list[int]]:
        """Return when frames are shown, rising, and which of those times are key frames'."""
        times, keys = [], []
        for packet in self._container.demux(self._stream):
            time = packet.dts if packet.pts is None else packet.pts
            if time is None or packet.is_discard or not packet.size:
                continue
            times.append(time)
            if packet.is_keyframe:
                keys.append(time)
        return sorted(set(times)), sorted(keys) or times[:1]

    def _decoded(self, place: int) -> VideoFrame:
        wanted = self.times[place]
        if wanted in self._kept:
            return self._kept[wanted]
        key = self._keys[max(0, bisect_right(self._keys, wanted) - 1)]
        if not self._at < wanted or key > self._at:
            self._container.seek(key, stream=self._stream, backward=True)
            self._frames = iter(self._container.decode(self._stream))
        for frame in self._frames:
            time = frame.dts if frame.pts is None else frame.pts
            if time is None:
                continue
            self._at = time
            self._kept[time] = frame
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            if time == wanted:
                return frame
            if time > wanted:
                break
        self._at = self.times[-1] + 1  # look for the next one from its key frame
        raise ImageError(
            f"Frame {place}, counted from 0, of {self._path} cannot be decoded",
            do="Export the movie again, or leave the frame out with --frames",
        )

    def _format(self, frame: VideoFrame) -> Format:
        sideways = round(frame.rotation / 90) % 2 == 1
        width, height = (frame.height, frame.width) if sideways else (frame.width, frame.height)
        context = self._stream.codec_context
        aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        steps = {b - a for a, b in zip(self.times, self.times[1:], strict=False)}
        # A rate that is no whole number of ticks goes to and fro by one.
        steady = not steps or max(steps) - min(steps) <= 1
        matrix = int(frame.colorspace)
        if frame.format.is_rgb or frame.format.has_palette:
            matrix = 0
        elif matrix not in _MATRICES:
            matrix = 1 if frame.height > _SD_HEIGHT else 6
        return Format(
            *(width, height),
            Fraction(self._stream.average_rate or self._stream.guessed_rate or 24),
            1 / aspect if sideways else aspect,
            max(part.bits for part in frame.format.components),
            "a" in frame.format.name.partition("p")[0] or frame.format.name.startswith("gbrap"),
            *(int(context.color_primaries), int(context.color_trc)),
            matrix,
            int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj"),
            steady,
        )


def _codes(frame: VideoFrame, kind: Format) -> FloatArray:
    """Return a frame's codes, black 0 and white 1, as it lies in the file."""
    alpha = "a" if kind.alpha else ""
    if kind.matrix == 0:
        deep = {"rgb": "rgb48le", "rgba": "rgba64le"}["rgb" + alpha]
        shallow = "rgba" if alpha else "rgb24"
        pixels = frame.reformat(format=shallow if kind.bits <= 8 else deep).to_ndarray()  # noqa: PLR2004
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    span = 2 if kind.full else 1  # named on both sides: FFmpeg then leaves the range as it is
    raised = frame.reformat(
        format=f"yuv{alpha}444p16le",
        interpolation="BILINEAR",
        src_color_range=span,
        dst_color_range=span,
    )
    return _rgb(raised.to_ndarray(), kind)


def _rgb(raised: npt.NDArray[np.uint16], kind: Format) -> FloatArray:
    """Return red, green and blue of 16-bit luma and chroma: the inverse of `yuv`."""
    kr, kb = _MATRICES[kind.matrix]
    black, white, middle, swing = _levels(kind)
    planes = raised.astype(np.float32)
    luma = (planes[..., 0] - np.float32(black)) * np.float32(1 / (white - black))
    blueness, redness = (
        (planes[..., index] - np.float32(middle)) * np.float32(1 / swing) for index in (1, 2)
    )
    codes = np.empty((*luma.shape, 3 + kind.alpha), np.float32)
    codes[..., 0] = luma + np.float32(2 * (1 - kr)) * redness
    codes[..., 2] = luma + np.float32(2 * (1 - kb)) * blueness
    green = luma - np.float32(kr) * codes[..., 0] - np.float32(kb) * codes[..., 2]
    codes[..., 1] = green * np.float32(1 / (1 - kr - kb))
    if kind.alpha:
        codes[..., 3] = planes[..., 3] / np.float32(65535)
    return codes


def yuv(codes: FloatArray, kind: Format) -> npt.NDArray[np.uint16]:
    """Return the 16-bit luma and chroma of codes, rounded to the format's bits: see `_rgb`.

    Args:
        codes: ``(H, W, 3 or 4)``, black 0 and white 1.
        kind: a format with a matrix.
    """
    kr, kb = _MATRICES[kind.matrix]
    black, white, middle, swing = _levels(kind)
    luma = codes[..., 0] * kr + codes[..., 1] * (1 - kr - kb) + codes[..., 2] * kb
    planes = np.empty(codes.shape, np.float32)
    planes[..., 0] = black + luma * (white - black)
    planes[..., 1] = middle + (codes[..., 2] - luma) * (swing / (2 * (1 - kb)))
    planes[..., 2] = middle + (codes[..., 0] - luma) * (swing / (2 * (1 - kr)))
    if kind.alpha:
        planes[..., 3] = codes[..., 3] * 65535
    # FFmpeg cuts bits off and does not round: what it cuts off is made nothing here.
    step = np.float32(_step(kind))
    return np.asarray(np.clip(np.rint(planes / step), 0, 2**kind.bits - 1) * step, np.uint16)


def _levels(kind: Format) -> tuple[float, float, float, float]:
    """Return the 16-bit codes of black, white and no colour, and how far colour reaches."""
    if kind.full:  # codes are repeated to fill 16 bits
        step = _step(kind)
        top = 2**kind.bits - 1
        return 0.0, top * step, 2 ** (kind.bits - 1) * step, top * step
    return 16 * 256.0, 235 * 256.0, 128 * 256.0, 224 * 256.0  # ITU-R BT.709-6, item 4.6, x 256


def _step(kind: Format) -> float:
    """Return how many 16-bit codes one code of the format takes."""
    return 65535 / (2**kind.bits - 1) if kind.full else 2.0 ** (16 - kind.bits)


def _opened(movie: Path) -> _Movie:
    try:
        state = movie.stat()
    except OSError as error:
        raise ImageError(f"{movie} cannot be read", found=error.strerror) from error
    return _kept(movie, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=3)  # a plate, its mask and another; a movie keeps its decoder's memory
def _kept(movie: Path, _time: int, _size: int) -> _Movie:
    return _Movie(movie)
