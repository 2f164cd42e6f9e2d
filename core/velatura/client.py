"""The client runs jobs in velatura's own process, from inside a host that has none of its packages.

A batch job is one process (`run`); a `Worker` stays up and keeps the look warm between the frames
of a host's render. Both speak over pipes: no network port, no shared environment.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Callable

from velatura import errors
from velatura.errors import CancelledError, InputError, MachineError, MissingRuntimeError
from velatura.job import Job
from velatura.process import PATIENCE, Pipe
from velatura.runtime import runtime

__all__ = ["PROTOCOL", "Event", "Worker", "run", "runtime"]

PROTOCOL = 2
"""Version of the worker's messages; client and runtime must agree."""

_POLL = 0.1  # seconds between two looks at whether the host wants to cancel
_START = 60.0  # seconds that a worker may take to say it is ready: a cold disk, a virus scanner
_EXITS = {3: InputError, 4: MachineError, 130: CancelledError, 143: CancelledError}
_OURS = (1, 2)  # a bug, or a command line that the runtime does not know: no machine will help


@dataclass(frozen=True)
class Event:
    """What a job tells while it runs.

    Attributes:
        kind: "progress", "wrote", "kept" (a frame that lay there already), "done" or "failed"; of a
            `Worker` also "warning".
        percent: of the job, 0 to 100; of "progress".
        text: the path written, the frame kept, the warning, or the error.
    """

    kind: str
    percent: float = 0.0
    text: str = ""


def run(
    job: Job,
    on_event: Callable[[Event], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Run a job to its end.

    Args:
        job: the order.
        on_event: called with each event, from this thread.
        cancelled: asked about ten times a second; once it says yes, the job is stopped and frames
            under their final names are whole.

    Raises:
        InputError, MachineError, CancelledError: as the exit code says, or the signal that killed.
        VelaturaError: a bug (exit code 1), or a runtime of another version (2).
        MissingRuntimeError: there is no runtime.
    """
    pipe = Pipe([*runtime(), *job.argv(), "--progress=openjd"])
    try:
        while True:
            if cancelled is not None and cancelled():
                raise CancelledError("The job was stopped on request")
            line = pipe.line(_POLL)
            if line is None:
                break
            event = _parsed(line)
            if event is not None and on_event is not None:
                on_event(event)
        code = pipe.process.wait()
    finally:
        pipe.stop()
    if code:
        said = pipe.tail(f"velatura ended with exit code {code}")
        raise _crashed(pipe, job) or _ended(code, said)


class Worker:
    """A runtime that stays up between jobs; a context manager, as the process must end.

    Args:
        command: what starts the runtime; `runtime` finds it if omitted.

    Raises:
        MissingRuntimeError: there is no runtime, or it does not start.
    """

    def __init__(self, command: list[str] | None = None) -> None:
        self._pipe = Pipe([*(command or runtime()), "worker"])
        self._count = 0
        self._busy = threading.Lock()
        hello = self._hello()
        if hello.get("protocol") == PROTOCOL:
            return
        self._pipe.stop()
        if not hello:
            raise MissingRuntimeError(self._pipe.tail("The velatura runtime does not start"))
        raise MissingRuntimeError(
            "The velatura runtime is of another version than this plug-in",
            found=f"{hello.get('version')}",
            do="Install the runtime and the plug-in from the same folder or wheel",
        )

    def __enter__(self) -> Worker:
        return self

    @property
    def alive(self) -> bool:
        """Whether the process is there: one that was killed takes no more jobs."""
        return self._pipe.process.poll() is None

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, job: Job, cancelled: Callable[[], bool] | None = None) -> Iterator[Event]:
        """Run a job; yield its events, the last of which is "done".

        One job at a time: a second thread waits until the first job has ended. Stop iterating
        early and the job is cancelled.

        Args:
            job: the order.
            cancelled: asked about ten times a second; once it says yes, the job is stopped and
                frames under their final names are whole.

        Raises:
            VelaturaError: the subclass that the runtime raised; itself where it died of a bug.
            MachineError: the worker was killed; start another.
            CancelledError: ``cancelled`` said yes, and the worker has let go of the job.
        """
        with self._busy:
            self._count += 1
            ended = False
            self._send({"id": self._count, "job": asdict(job)})
            try:
                while not ended:
                    if cancelled is not None and cancelled():
                        cancelled = None
                        self.cancel()
                    message = self._answer()
                    if message is None:
                        ended = True
                        raise self._death(job)
                    if message.get("id") != self._count:
                        continue
                    event = Event(
                        str(message["event"]),
                        float(message.get("percent", 0)),
                        str(message.get("text", "")),
                    )
                    ended = event.kind in {"done", "failed"}
                    if event.kind == "failed":
                        raise _raised(message)
                    yield event
            finally:
                if not ended:
                    self.cancel()

    def cancel(self) -> None:
        """Stop the job that runs, from any thread; its `submit` raises CancelledError."""
        with contextlib.suppress(MachineError):
            self._send({"cancel": self._count})

    def close(self) -> None:
        """End the worker; a job that runs is cancelled."""
        self._pipe.hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._pipe.process.wait(PATIENCE)
        self._pipe.stop()

    def _death(self, job: Job) -> errors.VelaturaError:
        """Return what the end of a worker in the middle of a job was: a bug, or a kill."""
        said = self._pipe.tail("The velatura worker died in the middle of a job")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._pipe.process.wait(PATIENCE)
        if self._pipe.process.returncode in _OURS:
            return _ended(self._pipe.process.returncode, said)
        if crash := _crashed(self._pipe, job):
            return crash
        return MachineError(said, do="Frames under their final names are whole; run the job again")

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._pipe.process.stdin
        try:
            if stdin is None or stdin.closed:
                raise BrokenPipeError
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()
        except (OSError, ValueError) as error:
            raise MachineError(
                self._pipe.tail("The velatura worker is no longer there"), do="Start another"
            ) from error

    def _hello(self) -> dict[str, Any]:
        """Return the worker's first message, empty if it ended or took too long."""
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            hello = self._answer()
            if hello is None or hello:
                return hello or {}
        return {}

    def _answer(self) -> dict[str, Any] | None:
        """Return the next message, an empty one if there is none yet, None if the worker ended."""
        line = self._pipe.line(_POLL)
        if line is None:
            return None
        answer: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        return answer


def _crashed(pipe: Pipe, job: Job) -> errors.VelaturaError | None:
    """Return whose fault it was that a process crashed inside a library; None where it did not.

    Before it dies, the runtime says where it was (Python's faulthandler). A file that crashes a
    library does so on every machine.
    """
    where = pipe.crash()
    if where is None:
        return None
    do = "No machine will help: make the file anew, and do not trust whoever gave it to you"
    if any(name in where for name in ("onnxruntime", "session.py", "loading.py")):
        return errors.LookError(f"The look {job.look} crashed ONNX Runtime", found=where, do=do)
    if any(name in where for name in ("exr", "OpenImageIO", "movie")):
        return errors.ImageError(f"A frame of {job.plate} crashed its reader", found=where, do=do)
    return MachineError("velatura crashed inside a library", found=where, do="Run the job again")


def _parsed(line: str) -> Event | None:
    """Return the event that a line of `velatura apply --progress openjd` stands for, if any."""
    for lead, kind in (("wrote ", "wrote"), ("kept ", "kept")):
        if line.startswith(lead):
            return Event(kind, text=line[len(lead) :])
    lead, _, rest = line.partition(": ")
    return Event("progress", percent=float(rest)) if lead == "openjd_progress" else None


def _raised(message: dict[str, Any]) -> errors.VelaturaError:
    """Return the error that the runtime raised, of the same class."""
    kind = getattr(errors, str(message.get("error")), None)
    if isinstance(kind, type) and issubclass(kind, errors.VelaturaError):
        return kind(str(message.get("text")))
    return _ended(int(message.get("exit_code", 1)), str(message.get("text")))


def _ended(code: int, text: str) -> errors.VelaturaError:
    """Return the error of an exit code; farms try again after a MachineError, not after a bug."""
    if code not in _OURS:
        return _EXITS.get(code, MachineError)(text)
    error = errors.VelaturaError(text)
    error.exit_code = code
    return error
