"""The demo, end to end: everything the README promises is there afterwards."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from velatura import exr, look, picture


def run_demo(out, seconds):
    command = [sys.executable, "-m", "velatura", "demo", f"--out={out}", f"--seconds={seconds}"]
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


@pytest.mark.slow
def test_the_full_demo_reaches_its_figures(tmp_path):
    done = run_demo(tmp_path, 150)
    assert done.returncode == 0, done.stderr
    (row,) = re.findall(r"result\s+│(.*)│", done.stdout)
    l1log, _, _, _, sharp = (float(figure) for figure in row.split("│"))
    assert l1log <= 0.056  # the unstyled plate has 0.108
    assert sharp >= 0.70
