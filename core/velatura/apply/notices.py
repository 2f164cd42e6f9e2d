"""What a job has to say about its frames: once, not for every one of a thousand."""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Notices:
    """Warns about frames that a look cannot treat as it should, each thing once a job.

    Args:
        look: the look's name.
    """

    def __init__(self, look: str) -> None:
        self._look = look
        self._lacking: set[tuple[str, ...]] = set()
        self._misfit = False

    def lacking(self, plate: Path, passes: tuple[str, ...], layers: str) -> None:
        """Say which passes the look reads and a plate has not; ``layers`` are those it has."""
        if passes and passes not in self._lacking:
            self._lacking.add(passes)
            log.warning(
                "%s has no pass for %s, which the look %s reads; it runs without. Found: %s. "
                "If the pass has another name, give it with --passes",
                *(plate, ", ".join(passes), self._look, layers),
            )

    def misfit(self, plate: Path, reason: str) -> None:
        """Say why painted keys are not carried into a frame; an empty reason says nothing."""
        if reason and not self._misfit:
            self._misfit = True
            log.warning(
                "%s is not of the shot that the look %s was painted for (%s); it is glazed as any "
                "other plate, without the painted keys",
                *(plate, self._look, reason),
            )
