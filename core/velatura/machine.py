"""The machine: what of it this process may use."""

from __future__ import annotations

import os
import re
from pathlib import Path


def processors() -> int:
    """Return the number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Return the memory that this process may still take, in bytes; 8 GiB where nobody says."""
    free = 8 * 2**30
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        hit = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        free = int(hit[1]) * 1024 if hit else free
    group = Path("/sys/fs/cgroup")  # a container's own limit (cgroup v2)
    try:
        most = int((group / "memory.max").read_text())
        free = min(free, most - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no such limit, or "max"
    return free
