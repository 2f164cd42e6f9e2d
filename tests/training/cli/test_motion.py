"""`velatura train --motion`, `--stmap`: what they are given to, and what they refuse."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from stages import Stage

from velatura.errors import PassError, TrainingError
from velatura_training.cli.train import train
from velatura_training.learn import run as runs
from velatura_training.watch import next_frame

PLATE, PAINT = "plate.####.exr", "paint.####.exr"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Stage().write(tmp_path, but="position id")


@pytest.mark.parametrize("words", [{"motion": ("vector",)}, {"stmap": ("1:stm.####.exr",)}])
@pytest.mark.parametrize(
    "look",
    [{"style": (Path("storm.jpg"),), "free": True}, {"painted": ("p.####.exr",), "free": True}],
)
def test_a_look_that_carries_no_paint_has_no_use_for_motion(tmp_path, words, look):
    with pytest.raises(TrainingError, match=r"this look carries none.*a free look"):
        train("plate.####.exr", out=tmp_path, **words, **look)


def test_motion_is_of_one_shot(tmp_path):
    with pytest.raises(TrainingError, match="2 shots"):
        train("a.exr", "b.exr", painted=("c.exr", "d.exr"), out=tmp_path, motion=("vector",))


def test_painted_keys_are_carried_by_the_vectors_that_are_named(folder, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    seen = []
    monkeypatch.setattr(runs, "train", lambda lesson, *_: seen.append(lesson))
    shot = {"painted": (str(folder / PAINT),), "out": folder / "run", "progress": "none"}
    train(str(folder / PLATE), motion=("vector",), **shot)
    assert "vectors of layer vector (X and Y): x right, y up, to the frame before" in caplog.text
    assert "painted keys are carried by the given vectors" in caplog.text
    assert seen[0].carry is not None


def test_a_refusal_leaves_no_process_behind(folder, monkeypatch):
    """The frame to paint next is looked for from the first picture on, before motion is read."""
    begun = []

    def popen(*given, **further):
        begun.append(subprocess.Popen(*given, **further))
        return begun[-1]

    monkeypatch.setattr(next_frame, "subprocess", SimpleNamespace(Popen=popen, DEVNULL=-3))
    shot = {"painted": (str(folder / PAINT),), "out": folder / "run", "progress": "none"}
    with pytest.raises(PassError):
        train(str(folder / PLATE), motion=("forward=mv",), **shot)
    assert begun, "else there is nothing to end"
    assert all(each.poll() is not None for each in begun)


def test_a_layer_that_is_not_there_is_named(folder):
    shot = {"painted": (str(folder / PAINT),), "out": folder / "run", "progress": "none"}
    with pytest.raises(PassError, match=r"has no layer mv.*Vector \(W X Y Z\)"):
        train(str(folder / PLATE), motion=("forward=mv",), **shot)
