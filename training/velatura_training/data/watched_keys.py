"""Painted keys as they lie on disk, looked at again while a look is learnt from them.

A painter goes on painting while the machine learns. What was repainted, or painted newly, is taken
up. What cannot be read yet, because it is being saved, is looked at again later; what does not fit
its plate is refused. In both cases the old paint stays, and it is said once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from velatura.errors import FrameError, ImageError, TrainingError, VelaturaError
from velatura.image import gathering
from velatura.plate.reading import Reading
from velatura.scene.motion_files import MotionFiles
from velatura.system.progress import Progress, Report
from velatura_training.data import carried_keys
from velatura_training.data import lesson as lessons
from velatura_training.data.frame import Frame
from velatura_training.data.key_checks import KeyChecks
from velatura_training.data.key_reading import AS_SAVED, KeyReading
from velatura_training.data.lesson import Lesson

Place = tuple[int, int]
"""Which shot, and which of its frames."""
Stamp = tuple[int, int, int]
"""When a file was written, its size, and which file it is: cheap to ask for, and new when saved."""

log = logging.getLogger("velatura.training")


class WatchedKeys:
    """The painted keys of one or several shots.

    Args:
        shots: plate and painted keys of each, as patterns.
        guides: as `lesson.load` takes them, and so the rest.
        layer: of the beauty.
        passes: layers of the guides.
        space: of the plates.
        held: frames that are not learnt from, see `lesson.hold_out`.
        given: the motion that an artist gives for the shot, if it is one.
        reading_keys: how the keys are read, where their files do not say it.
        read: called with the lesson as soon as it is there: looking for what may be wrong with the
            keys takes longer than reading them.

    Attributes:
        lesson: what is learnt from them.

    Raises:
        TrainingError, FrameError, PassError, ImageError: as `lesson.load_all`.
    """

    def __init__(
        self,
        shots: Sequence[tuple[str, str]],
        guides: Sequence[str] | None = None,
        layer: str = "",
        passes: str = "",
        space: str = "",
        held: Sequence[int] = (),
        given: MotionFiles | None = None,
        reading_keys: KeyReading = AS_SAVED,
        read: Callable[[Lesson], None] = lambda _: None,
    ) -> None:
        self._shots, self._means, self._reading = shots, (layer, passes, space), reading_keys
        self._seen = {place: _stamp(path) for place, path in self._painted().items()}
        self._waiting: set[Place] = set()
        self._plain = lessons.load_all(shots, guides, *self._means, reading_keys)
        self._held = held
        self.lesson = lessons.hold_out(self._plain, held)
        self._keys = dict(zip(self._seen, self._plain.keys, strict=True))
        whole = self._plain.footage  # keys of several shots cannot be carried along
        self._footage = replace(whole[0], given=given) if len(whole) == 1 else None
        read(self.lesson)
        self._doubt(self._keys)

    def carry(self, report: Report, followed: Callable[[float], None] = lambda _: None) -> None:
        """Let the paint be carried along, where the shot allows it; see `carried_keys.attach`."""
        self.lesson = carried_keys.attach(self.lesson, self._footage, report, followed)

    def look(self) -> bool:
        """Look at the painted files again; say whether `lesson` is another one now."""
        with suppress(FrameError):  # not one of them is there: they are being moved, say
            news = {place: self._read(place, path) for place, path in self._painted().items()}
            taken = {place: key for place, key in news.items() if key is not None}
            return bool(taken) and self._take(taken)
        return False

    def _painted(self) -> dict[Place, Path]:
        """Return the painted files, in the order of a lesson's keys."""
        shots = enumerate(gathering.find(painted) for _, painted in self._shots)
        return {(shot, frame): files[frame] for shot, files in shots for frame in sorted(files)}

    def _read(self, place: Place, path: Path) -> Frame | None:
        """Return a key that was painted since; None where nothing was, or it cannot be used."""
        stamp = _stamp(path)
        if stamp is None or stamp == self._seen.get(place):
            return None
        guides, space = self._plain.guides, self._plain.space
        try:
            plate, _ = self._shots[place[0]]
            means = *self._means, 0, self._reading
            lesson = lessons.load(plate, str(path), guides, *means)
            if lesson.space != space:
                raise TrainingError(
                    f"The plate of {path} is in another colour space than the first one",
                    found=f"{lesson.space}, not {space}",
                )
        except ImageError as error:
            if place not in self._waiting:
                log.warning("%s It may be being saved: a later review will look again", error)
            self._waiting.add(place)
            self._seen[place] = stamp
            return None
        except VelaturaError as error:
            log.warning("%s It is not learnt from; what was learnt from before stays", error)
            self._seen[place] = stamp
            return None
        self._doubt({place: lesson.keys[0]})
        self._waiting.discard(place)
        if stamp != _stamp(path):  # it was saved once more in between
            return None
        log.info("Frame %d is painted anew: learning from %s as it is now", place[1], path.name)
        self._seen[place] = stamp
        return lesson.keys[0]

    def _doubt(self, painted: Mapping[Place, Frame]) -> None:
        """Say what looks wrong about keys; they are learnt from all the same."""
        layer, passes, space = self._means
        paths = self._painted()
        for number, (plate, _) in enumerate(self._shots):
            reading = Reading(layer, passes, space)
            means = reading, self._plain.space, self._reading
            doubts = KeyChecks(gathering.find(plate), *means)
            for place, key in painted.items():
                if place[0] == number and place in paths:
                    for sentence in doubts.about(key, paths[place], self._plain.guides):
                        log.warning(sentence)

    def _take(self, taken: dict[Place, Frame]) -> bool:
        """Make the lesson with newly painted keys; say whether that went well."""
        merged = {**self._keys, **taken}
        others = tuple(key for key in self._plain.others if not _among(key, taken.values()))
        plain = replace(
            self._plain, keys=tuple(merged[place] for place in sorted(merged)), others=others
        )
        try:
            self.lesson = self._carried(plain)
        except VelaturaError as error:  # a plate that is being rendered anew, say
            log.warning("%s What is newly painted has to wait: the next review looks again", error)
            for place in taken:
                self._seen.pop(place)
            return False
        self._plain, self._keys = plain, merged
        return True

    def _carried(self, plain: Lesson) -> Lesson:
        """Return the lesson with its paint carried along, if it was before."""
        plain = lessons.hold_out(plain, self._held)
        if self.lesson.carry is None or self._footage is None:
            return plain
        # Of the same frames, the shot has been looked over before, and that is remembered.
        return carried_keys.attach(plain, self._footage, Progress("none"))


def _among(frame: Frame, painted: Iterable[Frame]) -> bool:
    """Say whether a frame has been painted meanwhile: then it has a key's plate."""
    return any(frame.digests.items() <= key.digests.items() for key in painted)


def _stamp(path: Path) -> Stamp | None:
    """Return when a file was written; None where it is not there at this moment."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
