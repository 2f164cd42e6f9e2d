"""A look on trial: the frames that it is proved on, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from velatura.apply import frame as frames
from velatura.apply.feed import Feed
from velatura.apply.session import Session
from velatura.apply.targets import Frame
from velatura.gain.layer import stops_of
from velatura.image import exr
from velatura.image.planes import FloatArray
from velatura.job import Job
from velatura.look import Card
from velatura.plate import formats, views
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

FEW = 3
"""Frames that the costly proofs look at: first, middle and last."""


@dataclass(frozen=True)
class Glazing:
    """One frame under the look, as it lies on disk.

    Attributes:
        number: the frame's.
        feed: its plate, as the network sees it, with carried paint.
        stops: ``(3, H, W)`` float32, the gain layer of its main view.
        after: its finished picture at strength 1.
    """

    number: int
    feed: Feed
    stops: FloatArray
    after: Plate

    @property
    def plate(self) -> Plate:
        """The plate."""
        return self.feed.plate

    @property
    def whole(self) -> tuple[slice, slice]:
        """All rows and columns."""
        height, width = self.plate.size
        return slice(0, height), slice(0, width)


@dataclass(frozen=True)
class Trial:
    """A look, and a job of it that is done.

    Attributes:
        session: the loaded look.
        job: the job: gain layers and pictures at strength 1.
        frames: its frames; their files are there.
        seconds: CPU-seconds that it took.
    """

    session: Session
    job: Job
    frames: tuple[Frame, ...]
    seconds: float

    @property
    def card(self) -> Card:
        """The look's card."""
        return self.session.card

    def few(self) -> list[Frame]:
        """Return the first frame, the middle one and the last."""
        count = len(self.frames)
        places = sorted({0, count // 2, count - 1})
        return [self.frames[place] for place in places]

    def glazings(self, chosen: list[Frame] | None = None) -> Iterator[Glazing]:
        """Yield frames as they lie on disk, one in memory at a time: all, or those ``chosen``."""
        for one in self.frames if chosen is None else chosen:
            yield self.glazing(one)

    def glazing(self, one: Frame) -> Glazing:
        """Return one frame as it lies on disk.

        Raises:
            ImageError, PassError, ColourError: as `velatura.apply.frame.load`.
        """
        assert one.gain is not None, "the job writes both"  # noqa: S101
        assert one.picture is not None, "the job writes both"  # noqa: S101
        view = frames.load(one, self.job, self.card).views[0]
        misfit = frames.misfit(view.feed, self.session, one)
        feed = view.feed.carrying(self.session.carry, None if misfit else one.number)
        stops = stops_of(views.of(exr.read(one.gain.path), view.name))
        return Glazing(one.number, feed, stops, self._after(one.plate, one.picture.path, view.name))

    def _after(self, plate: Path, picture: Path, view: str) -> Plate:
        job = self.job
        reading = Reading(job.layer, job.passes, job.space, job.config, job.premultiplied)
        if not formats.is_exr(plate):  # its finished EXR says itself what it is
            reading = Reading(config=job.config)
        return Plate.of(views.of(exr.read(picture), view), reading)


def scaled(plate: Plate, factor: float) -> Plate:
    """Return a plate whose light is so many times as bright, in float32."""
    with np.errstate(invalid="ignore", over="ignore"):
        red, green, blue = (plane.astype(np.float32) * np.float32(factor) for plane in plate.rgb)
    return replace(plate, rgb=(red, green, blue))
