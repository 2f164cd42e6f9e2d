"""Animation curves as scripts hold them: ``curve x1 0 x48 1``, keys with the frames they are at.

A value without an ``x`` before it lies one frame after the last. What is between keys is known here
only where the curve says that it is straight (``L``) or level (``K``): anything else is Nuke's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tcl import NkError

Number = float | npt.NDArray[np.float32]


@dataclass(frozen=True)
class Curve:
    """Keys in order of time.

    Attributes:
        keys: frame and value of each.
        flag: how it goes on between them: "L", "K", or empty for Nuke's smooth curve.
    """

    keys: tuple[tuple[float, float], ...]
    flag: str = ""

    def at(self, frame: Number) -> Number:
        """Return the value at a frame, or at each of an array of them.

        Raises:
            NkError: it has no keys, or the frame is between two and the way there is Nuke's own.
        """
        if not self.keys:
            raise NkError("A curve without keys has no value")
        frames, values = (np.array(each, np.float64) for each in zip(*self.keys, strict=True))
        asked = np.asarray(frame, np.float64)
        if self.flag == "K":
            place = np.searchsorted(frames, asked, side="right") - 1
            found = values[np.clip(place, 0, len(values) - 1)]
        else:
            inside = (asked > frames[0]) & (asked < frames[-1]) & ~np.isin(asked, frames)
            if self.flag != "L" and inside.any():
                raise NkError(f"Between the keys of {self} Nuke has a curve of its own")
            found = np.interp(asked, frames, values)
        return float(found) if np.ndim(frame) == 0 else found.astype(np.float32)

    def with_key(self, frame: float, value: float) -> Curve:
        """Return the curve with one more key, or another value at one that it has."""
        keys = dict(self.keys) | {float(frame): float(value)}
        return Curve(tuple(sorted(keys.items())), self.flag)

    def without_key(self, frame: float) -> Curve:
        """Return the curve without the key at a frame."""
        return Curve(tuple(key for key in self.keys if key[0] != frame), self.flag)

    def __str__(self) -> str:
        words = [f"x{frame:g} {value!r}" for frame, value in self.keys]
        return " ".join(["curve", *([self.flag] if self.flag else []), *words])


def parse(text: str) -> Curve:
    """Return the curve that ``text`` is: the inverse of `str`.

    Raises:
        NkError: it is none, or has slopes or shapes that are not understood here.
    """
    lead, *words = text.split()
    if lead != "curve":
        raise NkError(f"No curve: {text}")
    keys: list[tuple[float, float]] = []
    flag, time = "", 0.0
    for word in words:
        if word in {"L", "K"} and not keys:
            flag = word
        elif word.startswith("x"):
            time = float(word[1:])
        else:
            keys.append((time, _number(word, text)))
            time += 1
    return Curve(tuple(keys), flag)


def _number(word: str, text: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise NkError(f"{word} in {text} is not understood here") from error
