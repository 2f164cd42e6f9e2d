"""What the process that tries a look does: limit itself, load the network, run it twice.

Started by `velatura.apply.trial`, with the order as a line of JSON and the network on stdin.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from velatura.errors import LookError, MachineError

MEMORY = 2**30
"""Memory that a trial may take beside the libraries themselves, bytes."""

CPU_SECONDS = 10
"""Processor time that a trial may take, seconds: a look of ours takes a twentieth of one."""

_LIBRARIES = 2**29  # bytes that Windows counts of Python, NumPy and ONNX Runtime, generously
_FILES = 64  # descriptors that it may have open


def main() -> int:
    """Try the network on stdin; return the exit code for how it went, and say why."""
    import numpy as np

    from velatura.apply import loading

    order, model = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
    settings = json.loads(order)
    _limit()
    try:
        session = loading.load(model, "cpu", threads=1)
        for rgb in loading.probes(settings["sizes"]):
            feed = {
                name: np.zeros((1, count, *rgb.shape[1:]), np.float32)
                for name, count in settings["channels"].items()
            }
            feed["rgb"] = rgb[None]
            session.run(["stops"], feed)
    except Exception as error:  # noqa: BLE001  # ORT raises a dozen unrelated types
        sys.stdout.write(str(error)[:2000])
        lacking = isinstance(error, MemoryError) or "alloc" in str(error).lower()
        return MachineError.exit_code if lacking else LookError.exit_code
    return 0


def _limit() -> None:
    """Take from this process what a trial does not need, as far as the system can."""
    try:
        import resource
    except ImportError:  # Windows
        from velatura.system import job_object

        job_object.limit(MEMORY + _LIBRARIES, CPU_SECONDS)
        return
    held = 0
    statm = Path("/proc/self/statm")
    if statm.is_file():
        held = int(statm.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, held + MEMORY)
    _lower(resource.RLIMIT_CPU, CPU_SECONDS)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)


def _lower(which: int, to: int) -> None:
    import resource

    _, most = resource.getrlimit(which)
    to = to if most == resource.RLIM_INFINITY else min(to, most)
    # The hard limit of the clock is later: the softer signal says which limit it was.
    hard = to + 2 if which == resource.RLIMIT_CPU else to
    resource.setrlimit(which, (to, hard if most == resource.RLIM_INFINITY else min(hard, most)))


if __name__ == "__main__":
    sys.exit(main())
