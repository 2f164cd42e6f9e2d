"""The kiln: the runtime's resident worker, which makes gain layers out of plates on disk.

It is started when the first plate is there and kept for the next ones. Nothing here asks Nuke
anything: it may run in a thread.
"""

from __future__ import annotations

import atexit
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

from velatura import client
from velatura.client import Worker
from velatura.job import Job

_NUMBER = re.compile(r"\.(-?\d+)\.exr$")  # of a frame, in the name of its file

_worker: Worker | None = None
_lock = threading.Lock()


@dataclass(frozen=True)
class Fired:
    """What the worker has to say.

    Attributes:
        frame: the frame whose gain layer is there now; None for a message.
        made: whether it was made, and not there already.
        text: the message.
    """

    frame: int | None = None
    made: bool = False
    text: str = ""


def fire(job: Job, cancelled: Callable[[], bool]) -> Iterator[Fired]:
    """Run a job; yield each frame that is there, and what the runtime warns of.

    Raises:
        VelaturaError: as the runtime raised it; frames that were yielded are whole.
    """
    for event in _warm().submit(job, cancelled):
        if event.kind == "warning":
            yield Fired(text=event.text)
        number = _NUMBER.search(event.text)
        if event.kind in {"wrote", "kept"} and number:
            yield Fired(int(number[1]), made=event.kind == "wrote")


def close() -> None:
    """End the runtime's worker, if there is one."""
    global _worker  # noqa: PLW0603  # one process for the whole host, as long as it lives
    with _lock:
        if _worker is not None:
            _worker.close()
            _worker = None


def _warm() -> Worker:
    """Return the worker, started if there is none or the last one has died."""
    global _worker  # noqa: PLW0603
    with _lock:
        if _worker is not None and not _worker.alive:
            _worker.close()
            _worker = None
        if _worker is None:
            _worker = Worker(client.runtime())
        return _worker


atexit.register(close)
