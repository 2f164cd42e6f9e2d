"""The plates of a shot, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from velatura.image import movies
from velatura.image.planes import FloatArray, Window
from velatura.plate import colour
from velatura.plate.encoding import encoded
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene import optical_flow, vectors
from velatura.scene.gbuffer import Sight
from velatura.scene.motion_files import MotionFiles

_NUMBER = re.compile(r"\d+(?=\.\w+$)")


@dataclass(frozen=True)
class Footage:
    """The plates of a shot, read one at a time.

    Attributes:
        plates: files by frame number.
        reading: how they are read.
        flowing: whether motion is taken from the pictures.
        given: the motion that an artist gives for them; None where there is none.
    """

    plates: Mapping[int, Path]
    reading: Reading
    flowing: bool = False
    given: MotionFiles | None = None

    @property
    def frames(self) -> tuple[int, ...]:
        """The frame numbers, rising."""
        return tuple(sorted(self.plates))

    @property
    def title(self) -> str:
        """The shot in a few words: ``frames 41-64 of shot.####.exr``."""
        first, last = self.frames[0], self.frames[-1]
        path = self.plates[first]
        movie = movies.parted(path)
        name = movie[0].name if movie else _NUMBER.sub(_hashes, path.name)
        some = f"frame {first}" if first == last else f"frames {first}-{last}"
        return f"{some} of {name}"

    def sight(self, frame: int, window: Window | None = None) -> Sight:
        """Return what a frame's passes tell inside a window, or all over the picture."""
        plate = self._plate(frame)
        where = window or plate.part.display
        return Sight.of(plate, where, motion=True)

    def display(self, frame: int) -> Window:
        """Return the picture's window."""
        return self._plate(frame).part.display

    def sights(self, frames: Sequence[int]) -> Iterator[Sight]:
        """Yield the sights of some frames, in the given order, with motion from the pictures."""
        if not self.flowing:
            yield from map(self.sight, frames)
            return
        near: dict[int, FloatArray] = {}
        for frame in frames:
            around = (frame - 1, frame, frame + 1)
            near = {f: near[f] if f in near else self.light(f) for f in around if f in self.plates}
            before, after = (
                optical_flow.between(near[frame], near[f]) if f in near else None
                for f in around[::2]
            )
            sight = self.sight(frame)
            yield replace(sight, vector=vectors.stored(before, after, sight.size))

    def _plate(self, frame: int) -> Plate:
        return Plate.read(self.plates[frame], self.reading)

    def light(self, frame: int) -> FloatArray:
        """Return the picture's encoded light ``(3, H, W)``, 0 outside the data window."""
        plate = self._plate(frame)
        whole, data = plate.part.display, plate.part.data
        light = np.zeros((3, whole.height, whole.width), np.float32)
        inside = data.common(whole)
        rows, columns = (slice(0, size) for size in plate.size)
        seen = plate.seen(rows, columns, colour.SCENE)
        light[:, *inside.within(whole)] = seen[:, *inside.within(data)]
        return encoded(light)


def _hashes(number: re.Match[str]) -> str:
    return "#" * len(number[0])
