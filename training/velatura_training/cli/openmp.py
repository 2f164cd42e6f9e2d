"""How OpenMP's threads wait for each other: it reads that once, when torch is imported."""

from __future__ import annotations

import os

SPINS = "10000"
"""Loops for which a thread spins before it sleeps. By default they are so many that on a busy
machine threads mostly spin (`evaluate` took 15 CPU-seconds for 4 frames, and 4 with these); with
none at all a step of learning takes twice as long on a quiet one."""


def spin_briefly() -> None:
    """Let threads sleep soon, unless the user's environment says otherwise."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
