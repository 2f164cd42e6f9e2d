"""Paint that further keys begin with: that of the keys before, carried along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import Survey, survey
from velatura.image.planes import FloatArray, Window, place
from velatura.plate.encoding import decoded
from velatura.scene.footage import Footage
from velatura.system.progress import Report
from velatura_training.paint.plate_light import look, resized
from velatura_training.paint.strokes import Canvas

Size = tuple[int, int]


@dataclass(frozen=True)
class CarriedCanvas:
    """The keys that are painted so far, and how they move through their shot.

    Attributes:
        footage: the shot.
        found: what a look over it has found; None where nothing tells how things move.
        keys: painted so far.
    """

    footage: Footage
    found: Survey | None
    keys: tuple[Key, ...] = ()

    @classmethod
    def over(cls, footage: Footage, frames: Sequence[int], report: Report) -> CarriedCanvas:
        """Return the canvas of a shot, nothing painted yet.

        Args:
            footage: the shot.
            frames: those that will be painted.
            report: told of each frame that has been looked at.

        Raises:
            ImageError, PassError, ColourError: as `velatura.carry.survey.survey`.
        """
        return cls(footage, survey(footage, frames, report) if len(frames) > 1 else None)

    def painted(self, frame: int, light: FloatArray) -> CarriedCanvas:
        """Return the canvas with one more key.

        Args:
            frame: its number.
            light: ``(3, H, W)`` its paint over the display window, scene-linear; NaN where none.
        """
        if self.found is None:
            return self
        key = Key.of(frame, light, self.footage.sight(frame), self.found.tracks)
        others = tuple(one for one in self.keys if one.frame != frame)
        return CarriedCanvas(self.footage, self.found, (*others, key))

    def at(self, frame: int, windows: tuple[Window, Window], size: Size) -> Canvas | None:
        """Return what is carried into a frame, over its data window; None where nothing is.

        Args:
            frame: its number.
            windows: its display window, and its data window.
            size: height and width at which it is painted, px.
        """
        if self.found is None or not self.keys:
            return None
        there = {key.frame for key in self.keys}
        fields = {pair: one for pair, one in self.found.fields.items() if pair[1] in there}
        carry = Carry(self.keys, self.found.tracks, fields, self.found.same)
        carried = carry.paint(frame, self.footage.sight(frame), own=False).planes
        placed = [place(plane, *windows) for plane in carried]  # worth 0 beyond
        planes = np.stack(placed).astype(np.float32)
        paint, worth = resized(look(decoded(planes[:3])), *size), resized(planes[3], *size)
        return Canvas(np.clip(paint, 0, 1), np.clip(worth, 0, 1))
