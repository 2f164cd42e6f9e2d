"""`velatura glaze`: a clip and two painted frames in, the finished clip and EXRs out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import looks
import plates
import pytest
from commands import velatura

from velatura.cli import main
from velatura.cli.glaze import glaze
from velatura.image import exr, movies

CLIP = Path(__file__).parents[2] / "docs/clip.py"


def test_its_steps_are_commands_that_could_be_typed(monkeypatch, tmp_path):
    asked = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        name, bound, _ = main._app(command[3]).parse_args(command[3:])
        asked.append((name.__name__, {**bound.arguments}))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    glaze("clip.mp4", painted=("k.####.png",), out=tmp_path, minutes=2, deliver="mov", start=1001)
    assert [name for name, _ in asked] == ["train", "export", "apply"]
    train, export, apply = (arguments for _, arguments in asked)
    assert (train["plates"], train["painted"]) == (("clip.mp4",), ("k.####.png",))
    assert (train["minutes"], train["resume"], train["start"]) == (2, True, 1001)
    assert str(export["out"]) == apply["look"] == str(tmp_path / "look.onnx")
    assert (apply["plate"], apply["deliver"], apply["start"]) == ("clip.mp4", "mov", 1001)
    assert apply["write"] == "both"


def test_a_look_that_is_there_is_put_on_the_shot_at_once(tmp_path):
    path, clip = looks.small(tmp_path / "look.onnx"), plates.shot(tmp_path / "in", 2)
    done = velatura("glaze", clip, "--look", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "Learn the look" not in done.stderr
    assert sorted(p.name for p in (tmp_path / "out").glob("*.exr")) == [
        *("plate.0001.exr", "plate.0002.exr", "plate.gain.0001.exr", "plate.gain.0002.exr")
    ]
    both = velatura("glaze", clip, "--look", path, "--painted", "k.#.png", "--out", tmp_path)
    assert both.returncode == 3
    assert "or a look" in both.stderr


def test_it_ends_with_the_step_that_fails(tmp_path):
    done = velatura("glaze", tmp_path / "gone.mp4", "--painted", "k.####.png", "--out", tmp_path)
    assert done.returncode == 3
    assert "No file matches k.####.png" in done.stderr
    assert "Export it" not in done.stderr


def test_a_strength_that_no_look_has_is_refused_before_anything_is_learnt(tmp_path):
    done = velatura(
        "glaze", "clip.mp4", "--painted", "k.####.png", "--out", tmp_path, "--strength=9"
    )
    assert done.returncode == 3
    assert "--strength" in done.stderr
    assert "Learn the look" not in done.stderr


@pytest.mark.parametrize("arguments", [("clip.mp4",), ("--painted", "k.####.png")])
def test_a_shot_or_keys_that_are_missing_are_asked_for(tmp_path, arguments):
    done = velatura("glaze", *arguments, "--out", tmp_path)
    assert done.returncode == 3
    assert "velatura glaze clip.mp4 --painted paint.0004.png --out glazed" in done.stderr


@pytest.mark.slow
def test_the_readmes_command_on_the_clip_of_its_script(tmp_path):
    subprocess.run(
        [sys.executable, CLIP, tmp_path, "--frames", "6", "--size", "160", "96"], check=True
    )
    arguments = ("--painted", "paint.####.png", "--out", "glazed", "--minutes", "0.05")
    done = subprocess.run(
        [sys.executable, "-m", "velatura", "glaze", "clip.mp4", *arguments, "--as", "mp4"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (tmp_path / "glazed").iterdir()}
    frames = {f"clip.{kind}{n:04d}.exr" for kind in ("", "gain.") for n in range(6)}
    assert made == {*frames, "clip.mp4", "look.onnx", "run"}
    assert list(movies.numbers(str(tmp_path / "glazed/clip.mp4"))) == list(range(6))
    finished = exr.read(tmp_path / "glazed/clip.0002.exr")
    assert finished.parts[0].attributes["colorInteropID"] == "lin_rec709_scene"
