"""The resident runtime: one `velatura.client.Worker` for the whole host, kept between bakes.

It starts with the first gain layer that has to be made and ends with the host, or with `close`.

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from velatura.client import Worker
from velatura.runtime import runtime

__all__ = ["close", "worker"]

_worker: Worker | None = None
_lock = threading.Lock()


def worker(preferred: str = "", bundled: Sequence[str] = ()) -> Worker:
    """Return the worker, started if there is none or the last one has died; from any thread.

    Args:
        preferred: the velatura executable that a host's preferences name, if they do. It counts
            when a worker starts.
        bundled: the command that starts the runtime which a plug-in brings along, if it does.

    Raises:
        MissingRuntimeError: there is no runtime, or it does not start.
    """
    global _worker  # noqa: PLW0603  # one process for the whole host, as long as it lives
    with _lock:
        if _worker is not None and not _worker.alive:
            _worker.close()
            _worker = None
        if _worker is None:
            _worker = Worker(runtime(preferred, bundled))
        return _worker


def close() -> None:
    """End the worker, if there is one; the next `worker` starts another."""
    global _worker  # noqa: PLW0603
    with _lock:
        if _worker is not None:
            _worker.close()
            _worker = None


atexit.register(close)
