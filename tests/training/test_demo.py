"""The demo, end to end: everything the README promises is there afterwards."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from velatura import exr, look, picture


def run_demo(out, seconds, *more):
    command = [sys.executable, "-m", "velatura", "demo", f"--out={out}", f"--seconds={seconds}"]
    command += more
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_demo_leaves_look_gains_pictures_sheet_and_figures(tmp_path):
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
    sheet = picture.read_rgb(tmp_path / "contact_sheet.png").rgb
    assert sheet.shape == (3 * 186 + 6, 3 * 326 + 6, 3)
    figures = dict(re.findall(r"(result|plate)\s+│\s+([0-9.]+)", done.stdout))
    # Even three seconds bring the shot nearer to the paint than the plate is.
    assert float(figures["result"]) < float(figures["plate"])
    again = run_demo(tmp_path, 3)
    assert again.returncode == 0, "a second demo starts afresh in the same folder"


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
    (row,) = re.findall(r"result\s+│(.*)│", done.stdout)
    l1log, _, lpips, _, sharp = (float(figure) for figure in row.split("│"))
    assert l1log <= 0.056  # the unstyled plate has 0.108
    assert sharp >= 0.70
    if seen:  # the figure is defined with SqueezeNet's eyes
        assert lpips <= 0.21  # the plate: 0.307
