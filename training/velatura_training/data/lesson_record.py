"""What a run says it was learnt from: RUN/lesson.json, and a part of the look's card."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from velatura.errors import TrainingError
from velatura.plate.passes import GUIDES
from velatura_training import run_folder
from velatura_training.data.key_reading import AS_SAVED, KeyReading
from velatura_training.plain_values import built


@dataclass(frozen=True)
class LessonRecord:
    """What a look was learnt from, as plain values. Runs of 0.1.0 may lack what has a default.

    Attributes:
        guides: the passes that the network reads beside the beauty, in order.
        colour_space: the look's.
        depth_scale: distance, in scene units, that the depth guide maps to one half.
        bound: largest gain, stops.
        floor: ``k`` of the gain law, scene-linear.
        frames: numbers of the painted frames; of footage for a painting, how many there are.
        digests: SHA-256 of plates, keys and paintings, by file name.
        canvas: whether the network reads the canvas; see `velatura.apply.canvas`.
        carried: whether it reads carried paint.
        carried_by: the passes that carrying takes.
        merged: whether it is merged of all keys; runs of 0.1.0 knew the nearest first.
        perceptual: the backbone of the content and style losses, with its digest.
        config: the OCIO config that defines ``colour_space``: a built-in's name or a file.
        keys: how the painted keys were read, see `velatura_training.data.key_reading`.
        held: painted frames that are left out.
        shot: of a shot look the frames that it is for, ``frames 41-64 of shot.####.exr``.
    """

    guides: tuple[str, ...]
    colour_space: str
    depth_scale: float
    bound: float
    floor: float
    frames: tuple[int, ...] | int = 0
    digests: Mapping[str, str] = field(default_factory=dict)
    canvas: bool = False
    carried: bool = False
    carried_by: tuple[str, ...] = ()
    merged: bool = False
    perceptual: str = "none"
    config: str = ""
    keys: KeyReading = AS_SAVED
    held: tuple[int, ...] = ()
    shot: str = ""

    @property
    def painted(self) -> tuple[int, ...]:
        """Numbers of the painted frames; none where a painting was learnt from."""
        return self.frames if isinstance(self.frames, tuple) else ()

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON values: what the look's card says, without folders."""
        values: dict[str, Any] = json.loads(self.dumps())
        return values | {"config": Path(self.config).name}

    def dumps(self) -> str:
        """Return the record as JSON: the inverse of `loads`."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def loads(cls, text: str, source: str = "This lesson") -> LessonRecord:
        """Return the record that ``text`` holds; entries that it does not know are ignored.

        Raises:
            TrainingError: it is no such record; ``source`` gets named.
        """
        try:
            found = json.loads(text)
            frames = found.get("frames", 0)
            record = cls(
                guides=tuple(found["guides"]),
                colour_space=found["colour_space"],
                depth_scale=float(found["depth_scale"]),
                bound=float(found["bound"]),
                floor=float(found["floor"]),
                frames=tuple(frames) if isinstance(frames, list) else int(frames),
                digests=dict(found.get("digests", {})),
                canvas=found.get("canvas", False),
                carried=found.get("carried", False),
                carried_by=tuple(found.get("carried_by", ())),
                merged=found.get("merged", False),
                perceptual=found.get("perceptual", "none"),
                config=str(found.get("config", "")),
                keys=KeyReading(**found.get("keys", {})),
                held=tuple(found.get("held", ())),
                shot=str(found.get("shot", "")),
            )
            numbers = record.depth_scale, record.bound, record.floor
            known = all(guide in GUIDES for guide in record.guides)
            built(cls, vars(record))
        except (
            *(ArithmeticError, ValueError, TypeError, KeyError, AttributeError),
            RecursionError,
        ) as error:
            raise TrainingError(f"{source} is not one of ours", found=str(error)) from error
        if not known:
            raise TrainingError(f"{source} names unknown guides")
        if not all(map(math.isfinite, numbers)):
            raise TrainingError(f"{source} is not one of ours", found=str(numbers))
        return record


def read(run: Path) -> LessonRecord:
    """Return what a run's folder says it was learnt from.

    Raises:
        TrainingError: there is no lesson, or it is not one of ours.
    """
    path = run / run_folder.LESSON
    return LessonRecord.loads(run_folder.read_text(path), str(path))
