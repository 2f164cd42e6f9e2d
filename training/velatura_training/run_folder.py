"""A run's folder: what a training has got to, safe against a pull of the plug.

::

    RUN/recipe.json        how it is trained
    RUN/lesson.json        what it is trained on: plate, painted keys, passes, digests
    RUN/manifest.json      with --free and paintings: what was taken of which file, what tests it
    RUN/cargo.txt          painted keys and motions that a shot look takes along
    RUN/swatches.pt        a few pieces of the shot, by which the strength is calibrated
    RUN/scores.json        figures of the finished look, as `velatura evaluate --json` has them
    RUN/checkpoint.pt      everything needed to go on exactly
    RUN/best.pt            the averaged painter that is exported: the latest near the best score
    RUN/contact_sheet.png  plate, result, paint; rewritten while it learns
    RUN/losses.png         the loss plot; rewritten likewise
    RUN/thumbnail.png      a small result, which goes into the look's card
    RUN/events.out.*       curves for TensorBoard

Files are replaced whole. Nothing is unpickled: only tensors and plain values are loaded. A ``.pt``
ends in a digest of itself, so that a flipped byte is noticed; those of 0.1.0 have none.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from velatura import regular
from velatura.atomic import replacing
from velatura.errors import StorageError, TrainingError

RECIPE, LESSON, CHECKPOINT, BEST = "recipe.json", "lesson.json", "checkpoint.pt", "best.pt"
CARGO, SWATCHES, SCORES = "cargo.txt", "swatches.pt", "scores.json"
MANIFEST = "manifest.json"
SHEET, PLOT, THUMBNAIL = "contact_sheet.png", "losses.png", "thumbnail.png"

_MOST = 2**32  # bytes of a file: keys of 4K take 170 MB each as text
_MARK = b"velatura/sha256 "  # before the digest, at a file's very end
_DIGEST = hashlib.sha256().digest_size  # bytes

STRENGTH = "strength"
"""Under this name `BEST` has the calibration of the strength, once a training has ended."""

METHOD = "course"
"""Under this name the checkpoint has what the method of learning needs to go on."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors and plain values) whole or not at all: the inverse of `load`.

    Raises:
        StorageError: it cannot be written.
    """
    with replacing(path) as beside:
        try:
            torch.save(state, beside)
            digest = hashlib.sha256(beside.read_bytes()).digest()
            with beside.open("ab") as stream:  # torch and ZIP readers pass over what follows
                stream.write(_MARK + digest)
        except RuntimeError as error:  # how torch reports a full disk
            raise StorageError(f"{path} cannot be written", found=str(error)) from error


def finite(state: Any) -> bool:
    """Say whether all tensors of a state, however nested, hold numbers only: no NaN, no Inf."""
    if isinstance(state, torch.Tensor):
        return not state.is_floating_point() or bool(torch.isfinite(state).all())
    inner = state.values() if isinstance(state, dict) else state
    return all(map(finite, inner)) if isinstance(state, (dict, list, tuple)) else True


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Return what `save` wrote.

    Args:
        path: a file of a run's folder.
        device: where its tensors go.

    Raises:
        TrainingError: it is not there, is damaged, or holds more than tensors and plain values.
    """
    try:
        data = io.BytesIO(_undamaged(regular.content(path, _MOST)))
        state: dict[str, Any] = dict(torch.load(data, map_location=device, weights_only=True))
    except FileNotFoundError:
        raise _no_run(path) from None
    except Exception as error:  # torch raises half a dozen types for one broken file
        raise TrainingError(
            f"{path} cannot be read",
            found=str(error).split("\n")[0],
            do="Copy it again, or go on from a backup of the run",
        ) from error
    return state


def _undamaged(data: bytes) -> bytes:
    """Return what stands before a file's digest; raise ValueError if it is not that of it."""
    content, end = data[: -_DIGEST - len(_MARK)], data[-_DIGEST - len(_MARK) :]
    if not end.startswith(_MARK):
        return data
    if end[len(_MARK) :] != hashlib.sha256(content).digest():
        raise ValueError("its bytes are not those that were written")
    return content


@contextmanager
def believed(path: Path, do: str = "Train again") -> Iterator[None]:
    """Raise TrainingError, naming a file, where what is in it is not what we write."""
    try:
        yield
    except (
        *(KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError),
        *(RuntimeError, RecursionError, AssertionError),  # RuntimeError: other tensors
    ) as error:
        raise TrainingError(
            f"{path} does not fit this run", found=str(error).split("\n")[0], do=do
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def read_text(path: Path) -> str:
    """Return a run's text file, or raise TrainingError."""
    try:
        return regular.content(path, _MOST).decode("utf-8")
    except FileNotFoundError:
        raise _no_run(path) from None
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path.parent} is not a training run: {path.name} cannot be read",
            found=str(error),
            do="Name the folder that `velatura train --out` wrote.",
        ) from error


def _no_run(path: Path) -> TrainingError:
    """Return what is wrong where a run's file is missing, or its whole folder."""
    run = path.parent
    what = f"{run} is not a training run: there is no {path.name}"
    return TrainingError(
        what if run.is_dir() else f"There is no folder {run}",
        do="Name the folder that `velatura train --out` wrote.",
    )


def method_state(run: Path) -> dict[str, Any]:
    """Return what a run's method had learnt at its last checkpoint; empty where that is not ours.

    Raises:
        TrainingError: there is no checkpoint, or it cannot be read.
    """
    state = load(run / CHECKPOINT, torch.device("cpu")).get(METHOD, {})
    return dict(state)
