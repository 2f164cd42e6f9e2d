"""Frame ranges, and boxes: the small values that nodes answer with."""

from __future__ import annotations

from collections.abc import Iterator


class FrameRange:
    """``FrameRange(1, 10)``, ``FrameRange(1, 10, 2)`` or ``FrameRange("1-10x2")``."""

    def __init__(self, first: int | str, last: int | None = None, step: int = 1) -> None:
        if isinstance(first, str):
            ends, _, by = first.partition("x")
            begin, _, end = ends.partition("-")
            first, last, step = int(begin), int(end or begin), int(by or 1)
        self._first, self._last, self._step = first, first if last is None else last, step

    def first(self) -> int:
        return self._first

    def last(self) -> int:
        return self._last

    def increment(self) -> int:
        return self._step

    def frames(self) -> int:
        return len(range(self._first, self._last + 1, self._step))

    def minFrame(self) -> int:
        return min(self._first, self._last)

    def maxFrame(self) -> int:
        return max(self._first, self._last)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._last + 1, self._step))


class FrameRanges:
    """``FrameRanges("1-4 9")``: several of them."""

    def __init__(self, text: str = "") -> None:
        self._ranges = [FrameRange(word) for word in text.replace(",", " ").split()]

    def toFrameList(self) -> list[int]:
        return [frame for each in self._ranges for frame in each]

    def minFrame(self) -> int:
        return min(self.toFrameList())

    def maxFrame(self) -> int:
        return max(self.toFrameList())

    def size(self) -> int:
        return len(self._ranges)

    def __iter__(self) -> Iterator[FrameRange]:
        return iter(self._ranges)


class Info:
    """A node's bbox; y runs up."""

    def __init__(self, x: float, y: float, width: float, height: float) -> None:
        self._box = x, y, width, height

    def x(self) -> float:
        return self._box[0]

    def y(self) -> float:
        return self._box[1]

    def w(self) -> float:
        return self._box[2]

    def h(self) -> float:
        return self._box[3]
