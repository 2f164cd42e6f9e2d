"""What looks wrong about painted keys is said before they are learnt from, and nothing else is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from learning import CPU, briefly
from tiny import HEIGHT, WIDTH, paint, plate, write_frame

import velatura
from velatura.plate import flat
from velatura_training import run_folder
from velatura_training.data.watched_keys import WatchedKeys
from velatura_training.learn import run as runs

COURTYARD = Path(velatura.__file__).parent / "courtyard"
PLATES = str(COURTYARD / "plate" / "frame.####.exr")


def warned(caplog):
    """Return what was said but about colour spaces, of which the tiny plates tell none."""
    records = (r for r in caplog.records if r.levelname == "WARNING" and "colour" not in r.name)
    return [record.getMessage() for record in records]


def test_keys_that_are_right_raise_no_doubt(shot, caplog):
    WatchedKeys([(shot.plate, shot.painted)])
    WatchedKeys([(PLATES, str(COURTYARD / "painted" / "frame.####.exr"))])
    assert warned(caplog) == []


@pytest.mark.parametrize(("painted", "named"), [(6, 9), (6, 7), (12, 8)])
def test_a_key_named_after_another_frame_is_told_where_it_fits(tmp_path, caplog, painted, named):
    for frame in {1, 6, 12} - {painted, named}:
        shutil.copy(COURTYARD / "painted" / f"frame.{frame:04d}.exr", tmp_path)
    source = COURTYARD / "painted" / f"frame.{painted:04d}.exr"
    shutil.copy(source, tmp_path / f"frame.{named:04d}.exr")
    WatchedKeys([(PLATES, str(tmp_path / "frame.####.exr"))])
    (said,) = warned(caplog)
    assert f"painted on frame {named}" in said
    assert f"fits frame {painted} better" in said


def test_a_black_key_is_asked_about_and_learnt_from(shot, tmp_path, caplog):
    black = {channel: np.zeros((HEIGHT, WIDTH), np.float32) for channel in "RGB"}
    write_frame(shot.folder / "paint.0003.exr", black)
    watched = WatchedKeys([(shot.plate, shot.painted)])
    (said,) = warned(caplog)
    assert "frame 3" in said
    assert "black: was it saved right?" in said
    run = train(watched, tmp_path)
    assert run_folder.finite(run_folder.load(run / run_folder.CHECKPOINT, CPU)["course"])


def test_nan_in_a_pass_is_counted_and_does_not_reach_the_network(shot, tmp_path, caplog):
    planes = plate(3)
    planes["N.X"] = planes["N.X"].copy()
    planes["N.Y"] = planes["N.Y"].copy()
    planes["N.X"][5, :7] = np.nan
    planes["N.Y"][5, 6:9] = np.nan
    planes["Z"] = np.where(planes["Z"] > 5, np.inf, planes["Z"])  # a background: no doubt
    write_frame(shot.folder / "plate.0003.exr", planes)
    watched = WatchedKeys([(shot.plate, shot.painted)])
    (said,) = warned(caplog)
    assert "plate.0003.exr: the normal pass is NaN in 9 px" in said
    assert torch.isfinite(watched.lesson.keys[1].guides).all()
    run = train(watched, tmp_path)
    assert run_folder.finite(run_folder.load(run / run_folder.CHECKPOINT, CPU)["course"])


def test_one_key_is_enough(shot, tmp_path, caplog):
    (shot.folder / "paint.0003.exr").unlink()
    watched = WatchedKeys([(shot.plate, shot.painted)])
    assert (train(watched, tmp_path) / run_folder.BEST).exists()
    assert warned(caplog) == []


def test_keys_of_different_sizes_are_learnt_from_together(shot, tmp_path):
    small = {name: pixels[:34, :40] for name, pixels in plate(2).items()}
    write_frame(shot.folder / "plate.0002.exr", small)
    write_frame(shot.folder / "paint.0002.exr", {n: p[:34, :40] for n, p in paint(2).items()})
    watched = WatchedKeys([(shot.plate, shot.painted)])
    run = train(watched, tmp_path)
    sheet = flat.read_rgb(run / run_folder.SHEET).rgb
    rows = HEIGHT + (34 // 8 * 8) + HEIGHT  # each row as high as its frame, in eights
    assert sheet.shape == (rows + 4 * 6, 3 * (WIDTH + 6) + 6, 3)


def train(watched, folder):
    """Learn for a few steps; the critic and the eyes join in."""
    return runs.train(watched.lesson, briefly(folder / "run", 6), watched)
