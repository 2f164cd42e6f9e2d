"""The painted frame comes back: from painted files to finished pictures, by an artist's commands.

Footage without passes unless said, strokes that are drawn anew in every key, and a look that has
learnt for some steps only: what is promised must not depend on learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import glazing
import numpy as np
import pans
import pytest
import torch
from pans import Pan
from stages import Stage

from velatura.apply import sequence
from velatura.image import exr
from velatura.image.planes import FloatArray
from velatura.job import Job
from velatura.system.progress import Progress
from velatura_training.cli import export as export_command
from velatura_training.cli import train as train_command
from velatura_training.metrics.fidelity import l1log

COMES_BACK = 0.003
"""Encoded light, mean: the step of half-float stops, and nothing else."""

SHOT = Pan(scenes=[(0, n) for n in (0, 1, 2, 2, 3, 4, 2, 5, 6, 7)])
"""Frames 3, 4 and 7 show one picture."""


def rgb(path: Path) -> FloatArray:
    return glazing.stack(exr.read(path), *"RGB")


def far(picture: FloatArray, paint: FloatArray) -> float:
    one, other = (torch.from_numpy(np.ascontiguousarray(p))[None] for p in (picture, paint))
    return l1log(one, other)


def glazed(folder: Path, steps: int = 12) -> Path:
    """Train a look on the keys in a folder, put it on all of its plates; return where they are."""
    plate = str(folder / "plate.####.exr")
    quick = {"patch": 32, "batch": 2, "weights": {"content": 0.0}, "threads": 1, "device": "cpu"}
    train_command.train(
        plate,
        painted=(str(folder / "paint.####.exr"),),
        out=folder / "run",
        steps=steps,
        progress="none",
        **quick,
    )
    export_command.export(folder / "run", out=folder / "ink.onnx")
    job = Job(plate, str(folder / "ink.onnx"), str(folder / "out"), write="both", workers=1)
    sequence.run(job, Progress("none"))
    return folder / "out"


def painted(
    folder: Path, paints: Mapping[int, FloatArray], covers: Mapping[int, FloatArray]
) -> Path:
    for frame, paint in paints.items():
        pans.write(folder / f"paint.{frame:04d}.exr", paint, covers.get(frame))
    return SHOT.write(folder)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two full keys."""
    folder = tmp_path_factory.mktemp("two")
    return glazed(painted(folder, {f: SHOT.paint(f) for f in (2, 9)}, {}))


def test_two_full_keys_come_back(two):
    for frame in (2, 9):
        picture = rgb(two / f"plate.{frame:04d}.exr")
        assert far(picture, SHOT.paint(frame)) < COMES_BACK
        assert far(SHOT.plate(frame), SHOT.paint(frame)) > 0.03, "the plate is another picture"


def test_beside_a_key_there_is_no_jump(two):
    """Frame 1, beside key 2, is nearly it: it differs as the plates do, by what moves, not by style."""
    after = rgb(two / "plate.0010.exr")
    assert far(after, SHOT.paint(10)) > 0.03, "its own strokes would be others"
    shift = round(pans.SPEED)
    moved = np.roll(SHOT.paint(9), -shift, axis=2)
    assert far(after[:, :, 8:-8], moved[:, :, 8:-8]) < 0.6 * far(
        SHOT.paint(10)[:, :, 8:-8], moved[:, :, 8:-8]
    )


def test_held_frames_have_one_gain_layer_to_the_bit(two):
    first = rgb(two / "plate.gain.0003.exr")
    for frame in (4, 7):
        assert rgb(two / f"plate.gain.{frame:04d}.exr").tobytes() == first.tobytes()
    assert rgb(two / "plate.gain.0005.exr").tobytes() != first.tobytes()


def test_one_full_key_comes_back(tmp_path):
    out = glazed(painted(tmp_path, {4: SHOT.paint(4)}, {}))
    for frame in (3, 4, 7):  # it is held
        assert far(rgb(out / f"plate.{frame:04d}.exr"), SHOT.paint(4)) < COMES_BACK


def test_a_layer_comes_back_and_leaves_the_plate_to_the_bit(tmp_path):
    """The disc is painted, which goes to the right; all else is left transparent."""
    covers = {f: SHOT.disc(f).astype(np.float32) for f in (2, 9)}
    out = glazed(painted(tmp_path, {f: SHOT.paint(f) for f in covers}, covers))
    for frame in SHOT.frames:
        plate = rgb(tmp_path / f"plate.{frame:04d}.exr")
        picture = rgb(out / f"plate.{frame:04d}.exr")
        if frame in covers:
            there = covers[frame] > 0
            wanted = np.where(there, SHOT.paint(frame), plate)
            assert far(picture, wanted) < COMES_BACK
            assert far(picture[:, there][:, None], wanted[:, there][:, None]) < COMES_BACK
            assert picture[:, ~there].tobytes() == plate[:, ~there].tobytes()
        never = np.ones(SHOT.size, bool)
        never[20:-20] = False  # the disc is 12 px in radius, in the middle
        never[:, 60:] = True  # and has not come so far
        assert picture[:, never].tobytes() == plate[:, never].tobytes()
        disc = SHOT.disc(frame)
        changed = (picture != plate).any(axis=0)
        assert changed[disc].mean() > 0.9, "nor is there bare plate where it was painted"


@pytest.mark.parametrize("but", ["", "position id"])
def test_keys_of_a_shot_with_passes_come_back(tmp_path, but):
    """Strokes that differ: one key is brighter than the other, and has other colours."""
    stage = Stage()
    stage.write(tmp_path, but=but)
    random = np.random.default_rng(0)
    paints = {f: stage.paint(f) * np.exp(0.3 * random.normal(size=(3, 72, 96))) for f in (1, 5)}
    for frame, paint in paints.items():
        pans.write(tmp_path / f"paint.{frame:04d}.exr", paint.astype(np.float32))
    out = glazed(tmp_path)
    for frame, paint in paints.items():
        picture = rgb(out / f"plate.{frame:04d}.exr")
        assert far(picture, paint.astype(np.float32)) < COMES_BACK
