"""How many processor threads learn fastest: tried, not guessed.

More threads help on a quiet machine. On a busy one they wait for each other at every layer: with
two other jobs on two cores, two threads were ten times slower than one. The load changes, so a long
training tries again now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

TRIALS = 2
"""Timed runs for each number of threads; the quicker counts, so that one hiccup does not."""


def settle(work: Callable[[], None], most: int) -> int:
    """Set torch to one thread or to ``most``, whichever does ``work`` faster now; return it."""
    fastest = most if most == 1 or _seconds(work, most) < _seconds(work, 1) else 1
    torch.set_num_threads(fastest)
    return fastest


def _seconds(work: Callable[[], None], threads: int) -> float:
    torch.set_num_threads(threads)
    work()  # the first run also allocates
    times = []
    for _ in range(TRIALS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
