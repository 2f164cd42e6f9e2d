"""What is odd about a movie, in words: held frames, fields, an alpha that is not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_TOP_FIRST, _BOTTOM_FIRST = (2, 5), (3, 4)  # AVFieldOrder, by which field is shown first
_MISSING = 2.5  # frames: a file that says it lasts so much longer than its pictures was cut off
_MICROSECOND = Fraction(1, 10**6)  # libavformat's own unit of time


def steady(times: Sequence[int]) -> bool:
    """Say whether frames follow each other evenly.

    Args:
        times: when they are shown, in ticks. A rate that is no whole number of ticks goes to and
            fro by one.
    """
    steps = _steps(times)
    return not steps or max(steps) - min(steps) <= 1


def of(
    container: InputContainer,
    stream: VideoStream,
    first: VideoFrame,
    times: Sequence[int],
    base: Fraction,
) -> Iterator[str]:
    """Yield sentences about a movie, without its name: "has ...", "holds ...", "is ...".

    Args:
        container: the movie.
        stream: its pictures.
        first: the first of them.
        times: when they are shown, in ticks of ``base``.
        base: seconds a tick.
    """
    if not steady(times):
        yield _timing(times, base)
    order = int(stream.codec_context.field_order)
    if first.interlaced_frame or order in (*_TOP_FIRST, *_BOTTOM_FIRST):
        known = {**dict.fromkeys(_TOP_FIRST, "top"), **dict.fromkeys(_BOTTOM_FIRST, "bottom")}
        field = f", {known[order]} field first" if order in known else ""
        yield (
            f"is interlaced{field}: the two fields of a frame are read woven, as one picture. "
            "Deinterlace it first, as with `ffmpeg -i IN -vf bwdif OUT`"
        )
    if stream.metadata.get("alpha_mode") == "1" and "a" not in first.format.name:
        yield "has an alpha of WebM's kind, which is not read: export ProRes 4444 where it matters"
    if len(container.streams.video) > 1:
        yield (
            f"has {len(container.streams.video)} tracks of pictures: that of "
            f"{first.width}x{first.height}, track {stream.index}, is read"
        )
    if missing := _missing(container, times, base):
        yield f"ends {missing:.2f} s before the end that its header names: was it cut off?"


def _timing(times: Sequence[int], base: Fraction) -> str:
    steps = _steps(times)
    usual = Counter(steps).most_common(1)[0][0]
    counts = [round(step / usual) for step in steps]
    even = all(n and abs(step - n * usual) <= n for step, n in zip(steps, counts, strict=True))
    held = [n for n in counts if n > 1]
    rate = f"{float(1 / (usual * base)):.2f} a second"
    if even and held:
        return (
            f"holds {len(held)} of its {len(times)} frames, for up to {max(held)} frames' time "
            f"(at {rate}): each is one frame here, counted as they come, however long it is held"
        )
    average = float((len(times) - 1) / ((times[-1] - times[0]) * base))
    return (
        f"has a variable frame rate, {average:.2f} a second on average: its frames are counted as "
        "they come, however long each is held"
    )


def _steps(times: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(times)]


def _missing(container: InputContainer, times: Sequence[int], base: Fraction) -> float:
    """Return how many seconds of pictures a file lacks that it says it has; 0 for few, or none.

    Of MP4 and MOV the index is at the end, or says it all: one that was cut off cannot be read.
    """
    known = "matroska" in container.format.name and not container.streams.audio
    if not known or not container.duration or len(times) <= 1:
        return 0.0
    step = Fraction(times[-1] - times[0], len(times) - 1)
    lasts = (times[-1] + step) * base
    missing = container.duration * _MICROSECOND - lasts
    return float(missing) if missing > _MISSING * step * base else 0.0
