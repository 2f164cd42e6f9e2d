"""The frames of a job that cannot be done: the others are done first, then these are named."""

from __future__ import annotations

import logging
from pathlib import Path

from velatura.errors import BrokenLookError, InputError
from velatura.image import movies
from velatura.image.numbered import few

_TOLD = 20  # warnings at most: what is wrong with all frames is wrong with the job

log = logging.getLogger(__name__)


class Failures:
    """Collects what is wrong with single frames.

    Args:
        frames: how many the job has; one frame's error is the job's.
        stop: end the job at the first one.
    """

    def __init__(self, frames: int, *, stop: bool) -> None:
        self._frames = frames
        self._stop = stop or frames == 1
        self._found: list[tuple[Path, InputError]] = []

    def __len__(self) -> int:
        return len(self._found)

    def note(self, plate: Path, error: InputError) -> None:
        """Remember that a frame cannot be done; raise the error where the job ends at it.

        A look that breaks its promises would break them in all frames of that size.
        """
        if self._stop or isinstance(error, BrokenLookError):
            raise error
        self._found.append((plate, error))
        if len(self._found) <= _TOLD:
            log.warning("%s is left out: %s", movies.title(plate), error)

    def end(self) -> None:
        """Raise InputError naming the frames that could not be done, if there were any."""
        if not self._found:
            return
        names = few(sorted(movies.title(plate) for plate, _ in self._found))
        first = self._found[0][1]
        left = len(self._found) < self._frames
        raise type(first)(
            f"{len(self._found)} of {self._frames} frames could not be done: {names}",
            found=str(first),
            do="The others are done: mend these, and run the same job again" if left else None,
        )
