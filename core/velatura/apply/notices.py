"""What a job has to say about its frames: once, not for every one of a thousand."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class About:
    """What there is to say about a frame.

    Attributes:
        lacking: passes that the look reads and the plate has not; they are taken as 0.
        layers: those the plate has, for people.
        misfit: why the look's painted keys could not be carried into it; empty where they were.
        brighter: whether colour exceeds alpha where a premultiplied picture's does not.
        unused: pictures in the file that are left as they are.
    """

    lacking: tuple[str, ...] = ()
    layers: str = ""
    misfit: str = ""
    brighter: bool = False
    unused: tuple[str, ...] = ()


class Notices:
    """Warns about frames that a look cannot treat as it should, each thing once a job.

    Args:
        look: the look's name.
    """

    def __init__(self, look: str) -> None:
        self._look = look
        self._said: set[tuple[str, ...]] = set()

    def of(self, plate: Path, about: About) -> None:
        """Say what there is to say about a plate."""
        if about.lacking and self._new("lacking", *about.lacking):
            log.warning(
                "%s has no pass for %s, which the look %s reads; it runs without. Found: %s. "
                "If the pass has another name, give it with --passes",
                *(plate, ", ".join(about.lacking), self._look, about.layers),
            )
        if about.misfit and self._new("misfit"):
            log.warning(
                "%s is not of the shot that the look %s was painted for (%s); it is glazed as any "
                "other plate, without the painted keys",
                *(plate, self._look, about.misfit),
            )
        if about.brighter and self._new("brighter"):
            log.warning(
                "%s is brighter than its alpha allows in many pixels: is it multiplied by it? If "
                "that alpha is a roto, a key or an AOV, say --premultiplied no; if all is right, "
                "--premultiplied yes",
                plate,
            )
        if about.unused and self._new("unused", *about.unused):
            log.warning(
                "%s holds other pictures, which are left as they are: %s. --layer (of stereo "
                "--views) takes another",
                *(plate, ", ".join(about.unused)),
            )

    def _new(self, *words: str) -> bool:
        new = words not in self._said
        self._said.add(words)
        return new
