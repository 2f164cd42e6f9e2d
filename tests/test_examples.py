"""The scripts in examples/ run, each on a tiny shot."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import commands
import looks
import nuke
import numpy as np
import plates
import pytest
import tiny
from nuke.session import SESSION

from velatura import resident
from velatura.image import movies
from velatura.image.png import write_png
from velatura.process import environment

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for the PATH that has `velatura`."""
    folder = tmp_path / "programs"
    folder.mkdir()
    commands.executable(folder / "velatura")
    return folder


def run(programs: Path, *command: object, cwd: Path) -> str:
    """Run a command with `velatura` on the PATH, learning for two steps; return what it printed."""
    path = os.pathsep.join([str(programs), os.defpath])
    env = {"PATH": path, "LEARN": "--steps 2", "OMP_NUM_THREADS": "1", "HOME": str(programs)}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment() | env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_clip_and_two_painted_frames(tmp_path: Path, programs: Path) -> None:
    clip = [sys.executable, ROOT / "docs/clip.py", tmp_path, "--frames", 4, "--size", 96, 64]
    subprocess.run(list(map(str, clip)), check=True)
    arguments = ("clip.mp4", "paint.####.png", "out")
    run(programs, "/bin/sh", EXAMPLES / "footage.sh", *arguments, cwd=tmp_path)
    assert len(movies.numbers(str(tmp_path / "out/clip.mp4"))) == 4


@pytest.mark.slow
def test_a_shot_and_a_painting(tmp_path: Path, programs: Path) -> None:
    tiny.write_shot(tmp_path)
    random = np.random.default_rng(0)
    blots = random.integers(0, 255, (30, 40, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    write_png(tmp_path / "storm.png", blots)
    arguments = ("plate.####.exr", "storm.png", "out")
    run(programs, "/bin/sh", EXAMPLES / "painting.sh", *arguments, cwd=tmp_path)
    assert len(list((tmp_path / "out/keys").glob("key.*.exr"))) == 2
    assert len(list((tmp_path / "out").glob("plate.*.exr"))) == 3


@pytest.mark.slow
def test_a_rendered_shot_with_passes(tmp_path: Path, programs: Path) -> None:
    tiny.write_shot(tmp_path)
    arguments = ("plate.####.exr", "paint.####.exr", "paint.####.exr", "out")
    said = run(programs, "/bin/sh", EXAMPLES / "cg_shot.sh", *arguments, cwd=tmp_path)
    assert "In words:" in said
    assert "What an eye notices" in said
    assert (tmp_path / "out/report.html").is_file()


def test_a_shot_in_chunks(tmp_path: Path, programs: Path) -> None:
    looks.small(tmp_path / "ink.onnx")
    for frame in range(1, 6):
        plates.plain(tmp_path / f"shot.{frame:04d}.exr", seed=frame)
    arguments = ("shot.####.exr", "ink.onnx", "out", 1, 5, 2)
    said = run(programs, sys.executable, EXAMPLES / "farm.py", *arguments, cwd=tmp_path)
    assert said.count("--frames=") == 3
    assert said.count("openjd_progress: 100.0") == 3
    assert len(list((tmp_path / "out").glob("shot.gain.*.exr"))) == 5


def test_a_look_node_in_nuke(
    tmp_path: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    look = looks.small(tmp_path / "ink.onnx", name="ink")
    for frame in (1001, 1002):
        plates.plain(tmp_path / f"plate.{frame}.exr", seed=frame)
    monkeypatch.setenv("VELATURA_RUNTIME", str(programs / "velatura"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    script = tmp_path / "shot.nk"
    plate = tmp_path / "plate.%04d.exr"
    words = ("nuke_node.py", look, plate, 1001, 1002, script)
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    SESSION.begin()
    try:
        runpy.run_path(str(EXAMPLES / "nuke_node.py"))
    finally:
        resident.close()
    assert "{1001: 'baked', 1002: 'baked'}" in capsys.readouterr().out
    nuke.scriptOpen(str(script))
    (node,) = (node for node in nuke.root().nodes() if node.Class() == "Group")
    assert [node["strength"].getValueAt(frame) for frame in (1001, 1002)] == [0, 1]


def test_every_example_is_listed_and_short() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    scripts = [path for path in EXAMPLES.iterdir() if path.suffix in {".sh", ".py"}]
    assert len(scripts) == 6
    for path in scripts:
        assert f"`{path.name}`" in listed
        code = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert len(code) <= 20, json.dumps(code)
