"""The first run of a look on this machine, in a process of its own that may crash or hang.

A look whose file shows nothing wrong may still find a fault in ONNX Runtime. So the first time, a
child process with little memory and little time loads it and tries it; that it passed is noted by
its digest in the user's folder. The child is no sandbox: it holds off accidents, and what a faulty
kernel does to the job.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import velatura
from velatura.apply import contract
from velatura.apply.trial_run import CPU_SECONDS, MEMORY
from velatura.errors import LookError, MachineError, VelaturaError
from velatura.look import Look
from velatura.network.limits import probes
from velatura.system import cache, job_object
from velatura.system.onnx_runtime import ort
from velatura.system.stopping import stop_if

MOST = 1000
"""Looks that are remembered; the one that was not used for longest goes first."""

_KIND, _PASSED = "trials", "passed"
_POLL = 0.02  # seconds between two looks at whether to stop
_PATIENCE = 120.0  # seconds: a cold disk, a busy machine; the clock of its own work is shorter
_SAID = 4096  # bytes of what it says
_CRASHES = {"SIGSEGV", "SIGFPE", "SIGBUS", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS"}
_WINDOWS_CRASH = 0xC0000000  # exit codes of unhandled exceptions, NTSTATUS errors
_KEPT = ("PATH", "PYTHON", "LD_", "DYLD_", "VIRTUAL_ENV", "SYSTEMROOT", "TEMP", "TMP", "LC_")
"""What the child gets of the environment: how to start, and none of what else is in there."""

_judgements: dict[str, LookError | None] = {}  # by digest, as long as this process lives


def demand(look: Look, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Return once a look has passed its trial on this machine; at once where it has before.

    Args:
        look: as `velatura.look.read` gives it.
        cancelled: asked while the trial runs.

    Raises:
        LookError: its network breaks the contract; or crashed, hung or took too much memory.
        MachineError: the trial could not be run.
        CancelledError: ``cancelled`` said yes.
    """
    key = f"{look.digest} velatura {velatura.__version__} onnxruntime {ort.__version__}"
    if look.digest not in _judgements and cache.read(_KIND, key) == _PASSED:
        _judgements[look.digest] = None
    if look.digest in _judgements:
        if before := _judgements[look.digest]:
            raise before
        return
    network = contract.network(look)
    order = {"sizes": probes(look.card), "channels": dict(network.channels)}
    code, text = _run(look, json.dumps(order).encode() + b"\n" + network.model, cancelled)
    if not code:
        _judgements[look.digest] = None
        cache.write(_KIND, key, _PASSED, MOST)
        return
    error = _judged(look, code, text.strip())
    if isinstance(error, LookError):
        _judgements[look.digest] = error
    raise error


def _run(look: Look, order: bytes, cancelled: Callable[[], bool]) -> tuple[int, str]:
    """Return the exit code of the child and what it said; it is gone when this returns or raises.

    All goes through pipes: a full disk is no fault of the look.
    """
    command = [sys.executable, "-P", "-m", "velatura.apply.trial_run"]
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_KEPT)}
    kept["OPENBLAS_NUM_THREADS"] = "1"  # NumPy would start threads that nobody asks anything
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        child = subprocess.Popen(  # noqa: S603  # our own module, without a shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=kept,
            creationflags=hidden,
        )
    except OSError as error:
        raise MachineError(
            f"The look {look.path} cannot be tried: no process starts", found=error.strerror
        ) from error
    with child:
        threading.Thread(target=_feed, args=(child.stdin, order), daemon=True).start()
        try:
            begin = time.monotonic()
            while child.poll() is None:
                stop_if(cancelled)
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_POLL)
                if time.monotonic() - begin > _PATIENCE:
                    raise _endless(look, f"{_PATIENCE:.0f} s")
            said = child.stdout.read(_SAID) if child.stdout else b""
        finally:
            child.kill()
    return child.returncode, said.decode(errors="replace")


def _feed(pipe: IO[bytes] | None, order: bytes) -> None:
    """Write all that the child reads, and close it; not from here, as it may never read it."""
    with suppress(OSError, ValueError):  # it has died, which is looked at elsewhere
        if pipe is not None:
            pipe.write(order)
            pipe.close()


def _judged(look: Look, code: int, text: str) -> VelaturaError:
    """Return what the end of a child says about a look, or about this machine."""
    with suppress(ValueError):
        name = signal.Signals(-code).name if code < 0 else ""
        if name in _CRASHES:
            return _crashed(look, name)
        if name == "SIGXCPU":
            code = job_object.OUT_OF_TIME
    if code == job_object.OUT_OF_TIME:
        return _endless(look, f"{CPU_SECONDS} s of processor time")
    if code >= _WINDOWS_CRASH:
        return _crashed(look, f"{code:#x}")
    if code == LookError.exit_code:
        return LookError(f"{look.path} failed its trial on this machine", found=text)
    if code == MachineError.exit_code:
        return LookError(
            f"{look.path} takes too much memory for a picture of a few pixels",
            found=f"more than {MEMORY // 2**20} MiB",
            do=_ASK,
        )
    return MachineError(
        f"The look {look.path} could not be tried on this machine",
        found=text[-500:] or f"exit code {code}",
        do="Run the job again",
    )


_ASK = "No machine will help: ask whoever made it for one that `velatura export` wrote"


def _crashed(look: Look, how: str) -> LookError:
    return LookError(f"{look.path} crashed ONNX Runtime in its trial", found=how, do=_ASK)


def _endless(look: Look, how: str) -> LookError:
    return LookError(
        f"{look.path} does not come to an end on a picture of a few pixels",
        found=f"more than {how}",
        do=_ASK,
    )
