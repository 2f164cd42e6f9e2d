"""The gain cache: gain layers are made of the plates on disk, where they are not there already.

Nothing here asks Nuke anything: it may run in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from velatura import bakes, resident
from velatura.errors import CancelledError
from velatura.job import Job

_NUMBER = re.compile(r"\.(-?\d+)\.exr$")  # of a frame, in the name of its file


@dataclass(frozen=True)
class Answer:
    """What the runtime answers while it makes gain layers.

    Attributes:
        frame: the frame whose gain layer is there now; None for a message.
        made: whether it was made, and not there already.
        text: the message.
    """

    frame: int | None = None
    made: bool = False
    text: str = ""


def frames(folder: Path, stem: str) -> list[int]:
    """Return the frames of which there are gain layers, of any view, in order."""
    found = (_NUMBER.search(path.name) for path in folder.glob(f"*/{bakes.gain_name(stem, '*')}"))
    return sorted({int(number[1]) for number in found if number})


def make(job: Job, cancelled: Callable[[], bool]) -> Iterator[Answer]:
    """Run a job; yield each frame that is there, and what the runtime warns of.

    Raises:
        VelaturaError: as the runtime raised it; frames that were yielded are whole.
        CancelledError: ``cancelled`` said yes: at once, while the runtime lets go of its frames.
    """

    def stopped() -> bool:
        if cancelled():
            raise CancelledError("Rendering the gain was stopped")
        return False

    for event in resident.worker().submit(job, stopped):
        if event.kind == "warning":
            yield Answer(text=event.text)
        number = _NUMBER.search(event.text)
        if event.kind in {"wrote", "kept"} and number:
            yield Answer(int(number[1]), made=event.kind == "wrote")
