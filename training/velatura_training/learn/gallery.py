"""The frames that are shown while a look is learnt: painted ones, left-out ones, and others.

They are bounded: a long shot, or one in 4K, shows some of its frames, and the middle of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from velatura_training.data import carried_keys
from velatura_training.data import lesson as lessons
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson

Kind = Literal["painted", "left out", "not painted"]

LARGEST = 1920
"""Longest side of a picture, px: full pixels up to HD; of larger frames the middle."""

FRAMES, PIXELS = 24, 2**24
"""Frames at most, and pixels of all of them: some 25 MB beside a run, whatever the shot."""

LEAST = 3
"""Unpainted frames that are shown in any case."""

HELD = 2**22
"""Pixels of frames that are kept in memory: some 200 MB with all that a network reads. Others are
read anew each time."""

OWN = "its paint"
"""The third picture of a painted frame."""

CARRIED = "carried paint"
"""The third picture of an unpainted frame: the merged paint of the keys, without the network."""


@dataclass(frozen=True)
class Scene:
    """A frame that is shown.

    Attributes:
        id: names it among the others; letters and digits.
        frame: its number.
        kind: what it is to the look.
        third: what is shown beside plate and result; empty where there is nothing.
    """

    id: str
    frame: int
    kind: Kind
    third: str


class Gallery:
    """The frames of a lesson that are shown.

    Args:
        lesson: the painted keys, and unpainted frames.

    Attributes:
        scenes: what is shown, by number.
        early: the few that are on the contact sheet: keys, then what was left out, then others.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        painted = lesson.shown or lesson.keys
        found: list[tuple[Kind, int, Frame | None]] = [("painted", f.frame, f) for f in painted]
        found += [("left out", frame.frame, frame) for frame in lesson.held]
        found += [("not painted", frame.frame, frame) for frame in lesson.others]
        early = len(found)
        height, width = painted[0].plate.shape[1:]
        room = min(FRAMES, PIXELS // max(1, min(LARGEST, height) * min(LARGEST, width)))
        found += [("not painted", number, None) for number in self._more(found, room)]
        twins, kinds = Counter[int](), dict.fromkeys(("painted", "left out"), OWN)
        scenes, self._frames = [], dict[str, Frame]()
        bare = CARRIED if lesson.carry is not None else ""
        for kind, number, frame in found:
            id_ = f"{number}".replace("-", "m") + "x" * twins[number]
            twins[number] += 1
            scenes.append(Scene(id_, number, kind, kinds.get(kind, bare)))
            if frame is not None:
                self._frames[id_] = frame
        self.early = scenes[:early]
        self.scenes = sorted(scenes, key=lambda scene: (scene.frame, scene.id))

    def _more(self, found: Sequence[tuple[Kind, int, Frame | None]], room: int) -> list[int]:
        """Return numbers of further unpainted frames, spread over the shot."""
        if len(self._lesson.footage) != 1:
            return []
        there = {number for _, number, _ in found}
        rest = [number for number in self._lesson.footage[0].frames if number not in there]
        most = max(LEAST - len(self._lesson.others), room - len(found))
        places = np.linspace(0, len(rest) - 1, max(0, min(len(rest), most))).round().astype(int)
        return [rest[place] for place in np.unique(places)]

    def frame(self, scene: Scene) -> Frame:
        """Return a scene's frame with all that the network reads.

        Raises:
            ImageError, PassError: it cannot be read.
        """
        if scene.id in self._frames:
            return self._frames[scene.id]
        (footage,) = self._lesson.footage
        frame = lessons.unpainted(footage, scene.frame, self._lesson)
        if self._lesson.carry is not None:
            frame = carried_keys.completed(frame, self._lesson.carry, footage)
        if sum(each.plate[0].numel() for each in self._frames.values()) < HELD:
            self._frames[scene.id] = frame
        return frame


def in_turn(scenes: Sequence[Scene], first: Scene) -> list[Scene]:
    """Return scenes in the order in which they are worth looking at.

    The first one, then those with paint, then each time the frame that is farthest from all before:
    midpoints, so that some frames of every part of a shot are there early.
    """
    order = [first, *(scene for scene in scenes if scene.kind != "not painted" and scene != first)]
    rest = [scene for scene in scenes if scene not in order]
    while rest:
        far = max(rest, key=lambda scene: min(abs(scene.frame - one.frame) for one in order))
        order.append(far)
        rest.remove(far)
    return order
