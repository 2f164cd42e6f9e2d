"""The machine: what of it this process may use."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def processors() -> int:
    """Return the number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory(group: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the memory that this process may still take, in bytes; 8 GiB where nobody says.

    Args:
        group: where a container's own limit is written (cgroup v2).
    """
    free = 8 * 2**30
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        hit = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        free = int(hit[1]) * 1024 if hit else free
    try:
        most = int((group / "memory.max").read_text())
        taken = int((group / "memory.current").read_text())
        files = re.search(
            r"^inactive_file (\d+)$", (group / "memory.stat").read_text(), re.MULTILINE
        )
    except (OSError, ValueError):
        return free  # no such limit, or "max"
    # Files that were read once are given up before anything fails; `free` and MemAvailable say so.
    return max(0, min(free, most - taken + (int(files[1]) if files else 0)))


def peak_memory(status: Path = Path("/proc/self/status")) -> int:
    """Return the most memory that this process has held so far, in bytes; 0 where nobody says.

    Args:
        status: where Linux says it (proc(5), VmHWM).
    """
    # Not by getrusage there: what it says begins with the memory of the process that started this
    # one, and hosts are large.
    if status.is_file():
        hit = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        return int(hit[1]) * 1024 if hit else 0
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
