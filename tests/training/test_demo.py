"""The demo, end to end: everything the README promises is there afterwards."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from velatura import look
from velatura.cli.demo import MARK
from velatura.image import exr
from velatura.plate import flat


def run_demo(out, seconds, *more):
    command = [sys.executable, "-m", "velatura", "demo", f"--out={out}", f"--seconds={seconds}"]
    command += more
    return subprocess.run(command, capture_output=True, text=True, check=False)


def figures(stdout):
    """The table's figures: name, best, result, plate."""
    rows = re.findall(r"^\s*(\w+)\s+(?:0|1|more)\s+(-?[0-9.]+)\s+(-?[0-9.]+)", stdout, re.MULTILINE)
    return {name: (float(result), float(plate)) for name, result, plate in rows}


def test_the_demo_leaves_look_gains_pictures_sheet_and_figures(tmp_path):
    earlier = tmp_path / "shot" / "frame.0001.exr"
    earlier.parent.mkdir()
    earlier.write_bytes(b"of an earlier demo")
    (tmp_path / MARK).touch()
    done = run_demo(tmp_path, 3)
    assert done.returncode == 0, done.stderr
    card = look.read(tmp_path / "courtyard.onnx").card
    assert card.guides == ("normal", "depth", "albedo", "id")
    assert card.licence == "CC0-1.0"
    for frame in range(1, 13):
        finished = exr.read(tmp_path / "shot" / f"frame.{frame:04d}.exr")
        gains = exr.read(tmp_path / "shot" / f"frame.gain.{frame:04d}.exr")
        assert "ViewLayer.CryptoObject00.r" in finished.names
        assert sorted(gains.names) == ["B", "G", "R"]
    sheet = flat.read_rgb(tmp_path / "contact_sheet.png").rgb
    # Three rows of 320x180 with 6 px between, each under a line of words; the titles on top.
    assert sheet.shape == (3 * (186 + 22) + 6 + 22, 3 * 326 + 6, 3)
    # Even three seconds bring the shot nearer to the paint than the plate is.
    result, plate = figures(done.stdout)["l1log"]
    assert result < plate


def test_the_demo_deletes_nothing_that_is_not_its_own(tmp_path):
    (tmp_path / "shot").mkdir()
    (tmp_path / "shot" / "plate.0001.exr").write_bytes(b"months of work")
    done = run_demo(tmp_path, 3)
    assert done.returncode == 3
    assert "holds shot, but not from a demo" in done.stderr
    assert (tmp_path / "shot" / "plate.0001.exr").read_bytes() == b"months of work"


@pytest.mark.slow
def test_the_full_demo_reaches_its_figures(tmp_path):
    eyes = Path(__file__).parents[3] / "shared/data/weights/squeezenet1_1_features_rgb.pth"
    seen = ["--perceptual=squeezenet", f"--perceptual-weights={eyes}"] if eyes.exists() else []
    done = run_demo(tmp_path, 150, *seen)
    assert done.returncode == 0, done.stderr
    reached = {name: result for name, (result, _) in figures(done.stdout).items()}
    # What 120 CPU-seconds reach on a busy machine, and a tenth: docs/learning.md.
    assert reached["l1log"] <= 0.023  # the unstyled plate has 0.108
    assert 0.88 <= reached["sharp"] <= 1.05
    if seen:  # the figure is defined with SqueezeNet's eyes
        assert reached["lpips"] <= 0.035  # the plate: 0.307
