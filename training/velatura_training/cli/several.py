"""Processes that torchrun has started to learn one look together."""

from __future__ import annotations

import os
from pathlib import Path


def own_folder(out: Path, device: str) -> Path:
    """Return the folder that this process learns in: the run's, unless others are first.

    Args:
        out: the run's folder.
        device: "auto", "cpu" or "cuda".
    """
    if _alone():
        return out
    from velatura_training.learn import ranks

    return ranks.join(out, device)


def is_first() -> bool:
    """Say whether this process is the one that people look at: alone, or the first of several."""
    return _alone() or os.environ.get("RANK") == "0"


def _alone() -> bool:
    return os.environ.get("WORLD_SIZE", "1") == "1"
