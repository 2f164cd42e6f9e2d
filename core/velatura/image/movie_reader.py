"""An open movie: frames by their place in it, decoded as they are asked for."""

from __future__ import annotations

import os
import struct
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from velatura.errors import ImageError
from velatura.image import movie_remarks
from velatura.image.planes import FloatArray
from velatura.image.yuv import MATRICES, Format, codes_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.sidedata.sidedata import SideData
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_FULL, _SD_HEIGHT = 2, 576  # AVCOL_RANGE_JPEG; taller is HD: Rec.709's matrix where none is named
_KEPT = 8  # decoded frames kept: threads ask for neighbours nearly in order
_REFERENCES = 16  # frames that a decoder keeps, at most (H.264 and H.265, annex A)
# AVColorSpace of YUV pictures that say none: RGB's own, unspecified, reserved.
_UNTOLD = (0, 2, 3)


class MovieReader:
    """A movie's frames; one that was passed is looked for from its key frame. Threads may share it.

    Args:
        path: the movie.

    Attributes:
        format: what it says about its pictures.
        times: when each frame is shown, rising, in ticks of `base`.
        base: seconds a tick.

    Raises:
        ImageError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        with self._understood():
            self._container = av.open(str(path))
            self._stream = _pictures(path, self._container)
            self._stream.thread_type = "AUTO"
            self.times, self._keys = self._index()
            if not self.times:
                raise ImageError(f"{path} holds no frames")
            self.base = Fraction(self._stream.time_base or 1)
            self._lock = threading.Lock()
            self._kept: dict[int, VideoFrame] = {}
            self._damaged: set[int] = set()
            self._frames: Iterator[VideoFrame] = iter(())
            self._at = self.times[-1] + 1  # time up to which was decoded: none yet
            self._from = self.times[0]
            first = self._decoded(0)
        self.format = self._format(first)

    def codes(self, place: int) -> FloatArray:
        """Return the codes of the frame at a place, ``(H, W, 3 or 4)``, upright."""
        with self._lock, self._understood():
            frame = self._decoded(place)
            if self.times[place] in self._damaged:
                raise self._lost(place)
            codes = codes_of(frame, self.format)
        return np.ascontiguousarray(_upright(codes, frame))

    @property
    def memory(self) -> int:
        """Bytes of decoded frames that are kept for later ones, at most."""
        codec = self._stream.codec_context
        threads = codec.thread_count or os.cpu_count() or 1
        frames = _KEPT + threads + (0 if codec.codec.intra_only else _REFERENCES)
        planes = next(iter(self._kept.values())).planes
        return frames * sum(plane.buffer_size for plane in planes)

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
            self._at, self._from = key - 1, key
        for frame in self._frames:
            time = frame.dts if frame.pts is None else frame.pts
            # Those shown before the key frame that follow it in the file lack what they refer to.
            if time is None or time < self._from:
                continue
            self._keep(frame, time)
            if time == wanted:
                return frame
            if time > wanted:
                break
        self._at = self.times[-1] + 1  # look for the next one from its key frame
        raise self._lost(place)

    def _keep(self, frame: VideoFrame, time: int) -> None:
        """Keep a decoded frame; note whether it is damaged, or predicted from one that is."""
        if frame.is_corrupt or (self._at in self._damaged and not frame.key_frame):
            self._damaged.add(time)
        self._at = time
        self._kept[time] = frame
        while len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]

    def _lost(self, place: int) -> ImageError:
        return ImageError(
            f"Frame {place}, counted from 0, of {self._path} cannot be decoded",
            do="Export the movie again, or leave the frame out with --frames",
        )

    def _format(self, frame: VideoFrame) -> Format:
        a, _, _, d = _turn(frame)
        sideways = a == 0 and d == 0
        width, height = (frame.height, frame.width) if sideways else (frame.width, frame.height)
        context, name = self._stream.codec_context, frame.format.name
        aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        parts = frame.format.components
        grey = name.startswith(("gray", "ya"))  # full range, where nothing is said
        return Format(
            *(width, height),
            Fraction(self._stream.average_rate or self._stream.guessed_rate or 24),
            1 / aspect if sideways else aspect,
            max(part.bits for part in parts),
            any(part.is_alpha for part in parts),
            *(int(context.color_primaries), int(context.color_trc)),
            self._matrix(frame),
            int(frame.color_range) in ((0, _FULL) if grey else (_FULL,)) or name.startswith("yuvj"),
            movie_remarks.steady(self.times),
            tuple(movie_remarks.of(self._container, self._stream, frame, self.times, self.base)),
        )

    def _matrix(self, frame: VideoFrame) -> int:
        """Return the matrix of luma and chroma; where none is named, by the height. 0: RGB."""
        matrix = int(frame.colorspace)
        if frame.format.is_rgb or frame.format.has_palette:
            return 0
        if matrix in _UNTOLD:
            return 1 if frame.height > _SD_HEIGHT else 6
        if matrix not in MATRICES:
            raise ImageError(
                f"{self._path} stores colour in a way that is not read",
                found=f"matrix {matrix} of ITU-T H.273",
                do="Export it in the matrix of Rec.709, or as RGB",
            )
        return matrix


def _pictures(path: Path, container: InputContainer) -> VideoStream:
    """Return the first track of moving pictures: none of a cover's."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise ImageError(f"{path} holds no pictures", found="sound, or nothing")


def _turn(frame: VideoFrame) -> tuple[int, ...]:
    """Return how a frame is to be turned, as a, b, c, d of ISO/IEC 14496-12, 8.3.2: -1, 0 or 1.

    A pixel at x, y is shown at a x + c y, b x + d y.
    """
    found = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(found)[:36])
    most = max(map(abs, (a, b, c, d))) or 1
    return tuple(round(value / most) for value in (a, b, c, d))


def _upright(codes: FloatArray, frame: VideoFrame) -> FloatArray:
    a, b, c, d = _turn(frame)
    if a == 0 and d == 0:
        codes, a, d = codes.transpose(1, 0, 2), c, b
    rows, columns = (-1 if by < 0 else 1 for by in (d, a))
    return codes[::rows, ::columns]
