"""A training that is gone on with: what it was begun with, and how long it has taken so far.

torch is imported inside the functions: `velatura train --help` must not wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velatura_training.data.key_reading import KeyReading
    from velatura_training.data.lesson_record import LessonRecord


def begun(out: Path) -> LessonRecord | None:
    """Return what the run in a folder is learnt from; None where there is none yet.

    Raises:
        TrainingError: its lesson is not one of ours.
    """
    from velatura_training import run_folder
    from velatura_training.data import lesson_record

    return lesson_record.read(out) if (out / run_folder.CHECKPOINT).exists() else None


def spent(out: Path) -> float:
    """Return the seconds that the run in a folder has taken, which `--minutes` counts.

    Raises:
        TrainingError: its checkpoint is damaged, or not one of ours.
    """
    import torch

    from velatura_training import run_folder
    from velatura_training.learn.state import State
    from velatura_training.plain_values import built

    path = out / run_folder.CHECKPOINT
    found = run_folder.load(path, torch.device("cpu"))
    with run_folder.believed(path):
        return built(State, found["state"]).spent


def settings(
    before: LessonRecord | None,
    guides: tuple[str, ...] | None,
    reading: KeyReading,
    held: tuple[int, ...],
    *,
    free: bool,
) -> tuple[tuple[str, ...] | None, KeyReading, tuple[int, ...], bool]:
    """Return passes, reading of keys, left-out keys and freedom: as before where nothing is said.

    Args:
        before: what the run is learnt from; None for a new one.
        guides: the passes that are named now; None for none said.
        reading: how keys are to be read now.
        held: painted frames that are to be left out now.
        free: whether a free look is asked for now.
    """
    if before is None:
        return guides, reading, held, free
    kept = before.guides if guides is None else guides
    return kept, reading or before.keys, held or before.held, free or not before.carried
