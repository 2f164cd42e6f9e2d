"""An open movie: frames by their place in it, decoded as they are asked for."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velatura.errors import ImageError
from velatura.image.planes import FloatArray
from velatura.image.yuv import MATRICES, Format, codes_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_FULL, _SD_HEIGHT = 2, 576  # AVCOL_RANGE_JPEG; taller is HD: Rec.709's matrix where none is named
_KEPT = 8  # decoded frames kept: threads ask for neighbours nearly in order


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
            if not self._container.streams.video:
                raise ImageError(f"{path} holds no pictures", found="sound, or nothing")
            self._stream = self._container.streams.video[0]
            self._stream.thread_type = "AUTO"
            self.times, self._keys = self._index()
            if not self.times:
                raise ImageError(f"{path} holds no frames")
            self.base = Fraction(self._stream.time_base or 1)
            self._lock = threading.Lock()
            self._kept: dict[int, VideoFrame] = {}
            self._frames: Iterator[VideoFrame] = iter(())
            self._at = self.times[-1] + 1  # time up to which was decoded: none yet
            first = self._decoded(0)
        self.format = self._format(first)

    def codes(self, place: int) -> FloatArray:
        """Return the codes of the frame at a place, ``(H, W, 3 or 4)``, upright."""
        with self._lock, self._understood():
            frame = self._decoded(place)
            codes = codes_of(frame, self.format)
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
        steps = {b - a for a, b in pairwise(self.times)}
        # A rate that is no whole number of ticks goes to and fro by one.
        steady = not steps or max(steps) - min(steps) <= 1
        matrix = int(frame.colorspace)
        if frame.format.is_rgb or frame.format.has_palette:
            matrix = 0
        elif matrix not in MATRICES:
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
