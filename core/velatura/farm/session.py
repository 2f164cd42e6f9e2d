"""A session: one worker that stays up between the tasks of a farm's worker machine.

A background process owns a `velatura.client.Worker` and listens on a Unix domain socket in a folder
of this user alone; there is no network port. Tasks of the same session send it their jobs. A task
that ends, or is killed, cancels its job.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from velatura import errors
from velatura.client import Worker
from velatura.errors import MachineError, VelaturaError
from velatura.job import Job

VARIABLE = "VELATURA_SESSION"
"""Environment variable with the path of a session's socket: `velatura apply` uses the session."""

_PATIENCE = 60.0  # seconds that a session may take to listen: a cold disk
_POLL = 0.1  # seconds
_MOST = 2**20  # bytes of a job
_SOCKET, _LOG = "socket", "log"
_STOP = '{"stop": true}\n'

log = logging.getLogger(__name__)


def start() -> Path:
    """Start a session in the background; return its socket, once it listens.

    Raises:
        MachineError: this system has no Unix domain sockets, or the session does not start.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise MachineError("This system has no Unix domain sockets", do="Run tasks without one")
    folder = Path(tempfile.mkdtemp(prefix="velatura-"))  # short: a socket's path has 100 letters
    path = folder / _SOCKET
    serve = [sys.executable, "-m", "velatura", "session", "serve", f"--socket={path}"]
    with (folder / _LOG).open("wb") as out:
        child = subprocess.Popen(  # noqa: S603  # outlives this process, and its group
            *(serve,), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and child.poll() is None:
        if path.exists():
            return path
        time.sleep(_POLL)
    child.kill()
    child.wait()
    said = (folder / _LOG).read_text(errors="replace")[-500:]
    shutil.rmtree(folder, ignore_errors=True)
    raise MachineError("The session does not start", found=said)


def stop(path: Path) -> None:
    """End a session, and remove its folder; nothing where it has ended already."""
    with suppress(OSError, MachineError), _connected(path) as wire:
        wire.sendall(_STOP.encode())
        wire.recv(1)
    shutil.rmtree(path.parent, ignore_errors=True)


def run(path: Path, job: Job) -> Iterator[dict[str, Any]]:
    """Run a job in a session; yield the worker's events as `velatura.client.Event` has them.

    Raises:
        VelaturaError: what the job ended with; MachineError: the session is not there.
    """
    with _connected(path) as wire, wire.makefile("r", encoding="utf-8") as lines:
        wire.sendall((job.dumps() + "\n").encode())
        for line in lines:
            event: dict[str, Any] = json.loads(line)
            if event["kind"] == "failed":
                kind = getattr(errors, event["error"], VelaturaError)
                failure = kind(event["text"])
                failure.exit_code = event["exit_code"]
                raise failure
            yield event
            if event["kind"] == "done":
                return
    raise MachineError("The session ended in the middle of a job", do="Run the task again")


def serve(path: Path) -> None:
    """Take jobs from a socket, one at a time, until asked to stop."""
    os.environ[VARIABLE] = str(path)  # the worker tells of frames there
    with socket.socket(socket.AF_UNIX) as door:
        beside = path.with_suffix(".new")
        door.bind(str(beside))
        door.listen()
        beside.rename(path)  # whoever sees it can connect
        worker: Worker | None = None
        try:
            while True:
                wire, _ = door.accept()
                with wire, wire.makefile("r", encoding="utf-8") as lines:
                    order = lines.readline(_MOST)
                    if order == _STOP:
                        return
                    if worker is None or not worker.alive:
                        worker = Worker([sys.executable, "-m", "velatura"])
                    _work(worker, order, wire)
        finally:
            if worker is not None:
                worker.close()
            with suppress(OSError):
                path.unlink()


def here() -> Path | None:
    """Return the socket of the session that this process is a task of; None where there is none."""
    path = os.environ.get(VARIABLE, "")
    return Path(path) if path else None


def _work(worker: Worker, order: str, wire: socket.socket) -> None:
    """Run one job and tell of it; a task that has gone cancels it."""

    def tell(event: dict[str, Any]) -> None:
        with suppress(OSError):
            wire.sendall((json.dumps(event) + "\n").encode())

    def gone() -> bool:
        wire.setblocking(False)
        try:
            return wire.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            wire.setblocking(True)

    try:
        for event in worker.submit(Job.loads(order), gone):
            tell(asdict(event))
    except VelaturaError as error:
        name, code = type(error).__name__, error.exit_code
        tell({"kind": "failed", "error": name, "exit_code": code, "text": str(error)})


def _connected(path: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX)
    try:
        wire.connect(str(path))
    except OSError as error:
        wire.close()
        raise MachineError(
            f"There is no session at {path}", found=error.strerror, do="Run the task again"
        ) from error
    return wire
