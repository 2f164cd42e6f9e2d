"""A movie to write: H.264 in MP4 for looking, ProRes in MOV for delivery, through PyAV."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from velatura.atomic import replacing
from velatura.errors import StorageError
from velatura.image.planes import FloatArray
from velatura.image.yuv import Format, yuv

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

KINDS = ("mp4", "mov")
"""What can be written."""

CODECS = {"mp4": "libx264", "mov": "prores_ks"}
_CRF = "12"  # of H.264: on the clip of the tests 46 dB
_TICKS = 90_000  # a second, where frames are held unevenly: MPEG's own clock
_REC709 = 1  # AVColorSpace

log = logging.getLogger(__name__)


def write(
    path: Path,
    kind: Format,
    frames: Iterable[FloatArray],
    times: tuple[Fraction, ...] = (),
    sound: Path | None = None,
) -> None:
    """Write a movie; under its final name it is always whole.

    Args:
        path: ends in one of `KINDS`.
        kind: what it is to say of its pictures; H.264 has no alpha, ProRes has 10 bits.
        frames: codes ``(H, W, 3 or 4)``, black 0 and white 1, in order.
        times: when each frame is shown, in seconds; empty for a steady rate.
        sound: a movie whose sound goes along, as it is; None for silence.

    Raises:
        StorageError: it cannot be written.
    """
    import av

    container = path.suffix[1:].lower()
    with replacing(path) as beside:
        try:
            with av.open(str(beside), "w", format=container) as out:
                _write(out, container, _stored(kind, container), frames, times, sound)
        except av.FFmpegError as error:
            raise StorageError(
                f"{path} cannot be written",
                found=error.strerror,
                do="Check that the folder has space left",
            ) from error


def _stored(kind: Format, container: str) -> Format:
    """Return what is stored of a format."""
    deep = 10
    bits = deep if container == "mov" or kind.bits > 8 else 8  # noqa: PLR2004
    alpha = kind.alpha and container == "mov"
    matrix = kind.matrix or _REC709
    return replace(kind, bits=bits, alpha=alpha, matrix=matrix, full=False)


def _layout(kind: Format, container: str) -> str:
    """Return FFmpeg's name of how the pixels are stored."""
    deep = "10le" if kind.bits > 8 else ""  # noqa: PLR2004
    if container == "mov":
        return "yuva444p10le" if kind.alpha else "yuv422p10le"
    odd = kind.width % 2 or kind.height % 2  # chroma of half the size wants even sizes
    return ("yuv444p" if odd else "yuv420p") + deep


def _write(
    out: OutputContainer,
    container: str,
    kind: Format,
    frames: Iterable[FloatArray],
    times: tuple[Fraction, ...],
    sound: Path | None,
) -> None:
    import av

    stream = cast("VideoStream", out.add_stream(CODECS[container], rate=kind.rate))
    stream.width, stream.height = kind.width, kind.height
    stream.pix_fmt = _layout(kind, container)
    profile = "4" if kind.alpha else "3"  # of ProRes: 4444, else 422 HQ
    stream.options = {"profile": profile} if container == "mov" else {"crf": _CRF}
    context = stream.codec_context
    context.sample_aspect_ratio = kind.aspect
    context.colorspace, context.color_range = kind.matrix, 1
    context.color_primaries, context.color_trc = kind.primaries, kind.transfer
    tick = Fraction(1, _TICKS) if times else 1 / kind.rate
    context.time_base = tick
    heard = _Sound(out, sound)
    for place, codes in enumerate(frames):
        deep = yuv(codes if kind.alpha else codes[..., :3], kind)
        whole = f"yuv{'a' * kind.alpha}444p16le"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(deep), format=whole)
        frame.color_range, frame.colorspace = 1, kind.matrix
        frame = frame.reformat(
            format=stream.pix_fmt, interpolation="AREA", src_color_range=1, dst_color_range=1
        )
        frame.pts = round((times[place] - times[0]) * _TICKS) if times else place
        frame.time_base = tick
        out.mux(stream.encode(frame))
        heard.until(frame.pts * tick)
    out.mux(stream.encode())
    heard.until(None)


class _Sound:
    """The sound of another movie, as it is stored there; silence where the new one cannot hold it.

    Args:
        out: the movie that is written.
        source: the other one; None for silence.
    """

    def __init__(self, out: OutputContainer, source: Path | None) -> None:
        import av

        self._out = out
        self._left: list[Packet[AudioStream]] = []
        if source is None:
            return
        with av.open(str(source)) as movie:
            if not movie.streams.audio:
                return
            track = movie.streams.audio[0]
            try:
                copy = out.add_stream_from_template(track)
            except (av.FFmpegError, ValueError) as error:
                log.warning("%s is written without sound: %s", out.name, error)
                return
            for packet in movie.demux(track):
                if packet.dts is not None:
                    packet.stream = copy
                    self._left.append(packet)

    def until(self, time: Fraction | None) -> None:
        """Write the sound up to a time in seconds; all that is left for None."""
        while self._left and (time is None or _time(self._left[0]) <= time):
            self._out.mux(self._left.pop(0))


def _time(packet: Packet[AudioStream]) -> Fraction:
    return (packet.dts or 0) * packet.time_base
