"""How many processor threads learn fastest: tried, not guessed.

More threads help on a quiet machine. On a busy one they wait for each other at every layer: with
two other jobs on two cores, two threads were ten times slower than one. The load changes, so a long
training tries again now and then.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable

import torch

TRIALS = 2
"""Timed runs for each number of threads; the quicker counts, so that one hiccup does not."""

SLOW = 0.25
"""Seconds of a run from which on one trial must do: on a busy machine five of them took 13 s."""

REST = 30
"""A new trial waits for so many times the seconds that the last one took."""


def settle(work: Callable[[], None], most: int) -> int:
    """Set torch to one thread or to ``most``, whichever does ``work`` faster now; return it."""
    alone = 0.0 if most == 1 else _seconds(work, 1)
    fastest = most if most == 1 or _seconds(work, most, alone) < alone else 1
    torch.set_num_threads(fastest)
    return fastest


def alone_if_busy() -> None:
    """Set torch to one thread where other processes keep all processors busy, for short work.

    Where a system tells nothing of its load, nothing is done.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > torch.get_num_threads():
        torch.set_num_threads(1)


def _seconds(work: Callable[[], None], threads: int, hopeless: float = math.inf) -> float:
    """Return how long a run takes; at once where the first is twice as long as is hopeless."""
    torch.set_num_threads(threads)
    first = _timed(work)  # it also allocates
    if first > max(SLOW, 2 * hopeless):
        return first
    times = [_timed(work)]
    if max(first, times[0]) < SLOW:
        times += [_timed(work) for _ in range(TRIALS - 1)]
    return min(times)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
