"""Stopping work that is under way: at a point where nothing is left half done, or by the clock."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from velatura.errors import CancelledError

PROMPT = 1.5
"""Seconds that work which was told to stop may still take: the network's layer, the file that is
written. Then the process ends all the same: files under their final names are whole, always."""

_SIGNALS = {signal.SIGINT, signal.SIGTERM}


def stop_if(cancelled: Callable[[], bool]) -> None:
    """Raise CancelledError once ``cancelled`` says yes."""
    if cancelled():
        raise CancelledError("The job was stopped on request")


@contextmanager
def promptly() -> Iterator[None]:
    """End this process `PROMPT` seconds after SIGINT or SIGTERM, if it has not ended by itself.

    Python's own handlers wait for the main thread, which may be inside a library for minutes. From
    other threads than the main one, where there is no listening to signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    listen, tell = socket.socketpair()
    tell.setblocking(False)
    before = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(listen,), daemon=True).start()
    try:
        yield
    except Exception:
        signal.set_wakeup_fd(before)
        tell.close()
        raise
    else:  # after a signal, which is no Exception, it is still to be watched
        signal.set_wakeup_fd(before)
        tell.close()


def end_soon(code: int) -> None:
    """End this process with an exit code in `PROMPT` seconds, if it has not ended by itself."""
    threading.Thread(target=_end, args=(code,), daemon=True).start()


def _watch(listen: socket.socket) -> None:
    """Wait for a signal that asks to stop; other signals and the end of the work are none."""
    with listen, suppress(OSError):
        while heard := listen.recv(1):
            if heard[0] in _SIGNALS:
                _end(128 + heard[0])


def _end(code: int) -> None:
    time.sleep(PROMPT)
    os._exit(code)
