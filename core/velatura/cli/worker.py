"""The resident worker: keeps a look warm and runs the jobs that a host sends, one at a time.

One JSON object a line. In, on stdin::

    {"id": 1, "job": {"plate": "shot.####.exr", "look": "ink.onnx", "out": "baked", ...}}
    {"cancel": 1}

Out, on stdout: first ``{"event": "ready", "protocol": 2, "version": "..."}``, then for each job
any number of ``progress`` (with ``percent``), ``wrote``, ``kept`` and ``warning`` (with ``text``),
and at last ``done`` or ``failed`` (with ``error``, ``text``, ``exit_code``), each with the job's
``id``. A closed stdin means that the host is gone: the job is cancelled and the worker ends.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import velatura
from velatura.apply import sequence
from velatura.apply.session import Session, open_session
from velatura.client import PROTOCOL
from velatura.errors import (
    CancelledError,
    InputError,
    MachineError,
    VelaturaError,
    of_system,
)
from velatura.farm import session as sessions
from velatura.job import Device, Job
from velatura.look import Look
from velatura.system.progress import FRAMES
from velatura.system.stopping import end_soon, promptly
from velatura.texts import shown

log = logging.getLogger(__name__)

_WARM = 2  # sessions kept: the look a shot has, and the one an artist compares it with


def serve() -> None:
    """Run jobs from stdin until it closes.

    In a farm's session each frame's seconds and memory are told as well: events ``frame``.
    """
    if sessions.here() is not None:
        logging.getLogger(FRAMES).setLevel(logging.INFO)
    with promptly():
        _serve()


def _serve() -> None:
    channel = _Channel()
    warm = _Warm()
    jobs: queue.Queue[tuple[int, Job] | None] = queue.Queue()
    running = _Running()
    hand = threading.Thread(target=_work, args=(channel, warm, jobs, running), daemon=True)
    hand.start()
    try:
        channel.send(event="ready", protocol=PROTOCOL, version=velatura.__version__)
        for message in _messages(sys.stdin):
            if isinstance(number := message.get("cancel"), int):
                running.cancel(number)
            else:
                _accept(message, channel, jobs)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is ending
        end_soon(0)
        running.end()
        jobs.put(None)
        hand.join()


class _Channel:
    """The real stdout. What a library prints goes to stderr, so that it cannot break a message."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, **message: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps(message) + "\n")
            self._stream.flush()


class _Warm:
    """Opens sessions, and keeps the last few."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Device], Session] = {}
        self._lock = threading.Lock()  # a job that was cancelled may still be opening its look

    def open(self, look: Look, device: Device) -> Session:
        key = look.digest, device
        with self._lock:
            session = self._kept.pop(key, None) or open_session(look, device)
            self._kept[key] = session  # last again
            while len(self._kept) > _WARM:
                del self._kept[next(iter(self._kept))]
            return session


class _Running:
    """Which jobs were cancelled; a cancellation may come before its job begins."""

    def __init__(self) -> None:
        self._events: dict[int, threading.Event] = {}
        self._ended = False
        self._lock = threading.Lock()

    def event(self, number: int) -> threading.Event:
        with self._lock:
            event = self._events.setdefault(number, threading.Event())
            if self._ended:
                event.set()
            return event

    def cancel(self, number: int) -> None:
        self.event(number).set()

    def forget(self, number: int) -> None:
        with self._lock:
            self._events.pop(number, None)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for event in self._events.values():
                event.set()


class _Report:
    """Tells the host how far one job is; see `velatura.system.progress.Report`."""

    def __init__(self, channel: _Channel, number: int) -> None:
        self._channel, self._number = channel, number
        self._done = self._total = 0

    def started(self, total: int) -> None:
        self._total = total

    def wrote(self, path: str) -> None:
        self._channel.send(id=self._number, event="wrote", text=path)

    def finished(self, frame: str, *, skipped: bool) -> None:
        self._done += 1
        if skipped:
            self._channel.send(id=self._number, event="kept", text=frame)
        percent = 100 * self._done / self._total
        self._channel.send(id=self._number, event="progress", percent=percent)


class _Warnings(logging.Handler):
    """Tells the host what one job logs as a warning: nobody reads the log of a resident worker.

    A farm, whose sessions switch it on, is told of each frame's seconds and memory as well.
    """

    def __init__(self, channel: _Channel, number: int) -> None:
        super().__init__(logging.INFO)
        self._channel, self._number = channel, number

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass over errors, which end the job and are its answer, and what is said of stdin."""
        warns = record.levelno == logging.WARNING and record.name != __name__
        return warns or record.name == FRAMES

    def emit(self, record: logging.LogRecord) -> None:
        kind = "frame" if record.name == FRAMES else "warning"
        self._channel.send(id=self._number, event=kind, text=shown(record.getMessage()))


@contextmanager
def _overheard(channel: _Channel, number: int) -> Iterator[None]:
    """Send the warnings that are logged meanwhile as the job's own; they go to the log as well."""
    handler, velatura_log = _Warnings(channel, number), logging.getLogger("velatura")
    velatura_log.addHandler(handler)
    try:
        yield
    finally:
        velatura_log.removeHandler(handler)


def _messages(stream: TextIO) -> Iterator[dict[str, Any]]:
    for line in stream:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            log.warning("A line on stdin is not JSON: %s", error)
            continue
        if isinstance(message, dict):
            yield message


def _accept(
    message: dict[str, Any], channel: _Channel, jobs: queue.Queue[tuple[int, Job] | None]
) -> None:
    number = message.get("id")
    try:
        order = message.get("job")
        if not isinstance(number, int) or not isinstance(order, dict):
            raise InputError("A message needs an id and a job", found=", ".join(message)[:200])
        jobs.put((number, Job.from_values(order)))
    except VelaturaError as error:
        _failed(channel, number, error)


def _work(
    channel: _Channel,
    warm: _Warm,
    jobs: queue.Queue[tuple[int, Job] | None],
    running: _Running,
) -> None:
    while (order := jobs.get()) is not None:
        number, job = order
        try:
            with _overheard(channel, number):
                sequence.run(job, _Report(channel, number), running.event(number), warm.open)
            channel.send(id=number, event="done")
        except VelaturaError as error:
            _failed(channel, number, error)
        except MemoryError as error:
            _failed(channel, number, MachineError("There is not enough memory", found=str(error)))
        except OSError as error:
            _failed(channel, number, of_system(error))
        except Exception as error:  # a bug in one job must not take the host's render down
            log.exception("Job %d failed", number)
            _failed(channel, number, VelaturaError(f"A bug: {error!r}", do="See the worker's log"))
        finally:
            running.forget(number)


def _failed(channel: _Channel, number: object, error: VelaturaError) -> None:
    if not isinstance(error, CancelledError):
        log.error("%s", error)
    kind, code = type(error).__name__, error.exit_code
    channel.send(id=number, event="failed", error=kind, exit_code=code, text=str(error))
