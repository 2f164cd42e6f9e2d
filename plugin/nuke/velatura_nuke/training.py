"""The training: velatura's trainer as a process, heard in a thread, shown on the panel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable

from velatura.errors import CancelledError, MachineError, VelaturaError
from velatura.process import Pipe

from .teach import Lesson

_POLL = 0.2  # seconds
_PROGRESS, _STATUS = "openjd_progress:", "openjd_status:"


@dataclass
class Training:
    """One training, from its first step to the look's file.

    Attributes:
        lesson: what is learnt.
        stop: set to end it; the best look so far is written then.
    """

    lesson: Lesson
    stop: threading.Event = field(default_factory=threading.Event)

    def steps(self) -> Iterator[str]:
        """Learn, and write the look; yield how far it is, in words. In any thread.

        Raises:
            VelaturaError: the trainer could not learn, or not write the look.
            CancelledError: it was stopped before there was a look to write.
        """
        yield from self._learnt()
        yield "writing the look"
        try:
            Pipe([*self.lesson.export]).finish("The look could not be written")
        except MachineError as error:
            if self.stop.is_set():  # so early that there is none
                raise CancelledError("Stopped before there was anything to keep") from error
            raise
        yield "learnt" if not self.stop.is_set() else "stopped: this is the best look so far"

    def _learnt(self) -> Iterator[str]:
        pipe = Pipe([*self.lesson.train])
        percent = status = ""
        try:
            while (line := pipe.line(_POLL)) is not None:
                if self.stop.is_set():
                    return  # `stop` of the pipe asks it to end, and it keeps the best so far
                if line.startswith(_PROGRESS):
                    percent = f"{float(line[len(_PROGRESS) :]):.0f} %"
                elif line.startswith(_STATUS):
                    status = line[len(_STATUS) :].strip()
                if line.startswith((_PROGRESS, _STATUS)):
                    yield ", ".join(filter(None, (percent, status)))
            if pipe.process.wait():
                raise MachineError(pipe.tail("The training ended with an error"))
        finally:
            pipe.stop()


def run(training: Training, told: Callable[[str], object]) -> VelaturaError | None:
    """Learn in this thread; return what went wrong."""
    try:
        for text in training.steps():
            told(text)
    except VelaturaError as error:
        return error
    return None
