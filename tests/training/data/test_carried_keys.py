"""Painted keys of a shot are learnt from each other, and go along with the look."""

from __future__ import annotations

import logging
from pathlib import Path

import glazing
import numpy as np
import pytest
import stages
from learning import briefly
from stages import HEIGHT, WIDTH, Stage

from velatura import look
from velatura.apply import sequence
from velatura.apply.session import open_session
from velatura.carry.paint import CHANNELS
from velatura.errors import LookError
from velatura.image import exr, numbered
from velatura.job import Job
from velatura.plate.encoding import encoded
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.system.progress import Progress
from velatura_training.cli import export as export_command
from velatura_training.cli import train as train_command
from velatura_training.data import carried_keys, lesson_record
from velatura_training.data import lesson as lessons
from velatura_training.data.lesson import Lesson
from velatura_training.export import onnx_file
from velatura_training.learn import run
from velatura_training.recipe import SHOT

STAGE = Stage()
QUICK = SHOT.but({"content": 0.0}, patch=32, batch=2)
"""No backbone: each step takes a few milliseconds."""


def patterns(folder: Path) -> tuple[str, str]:
    return str(folder / "plate.####.exr"), str(folder / "paint.####.exr")


def attached(folder: Path, guides: tuple[str, ...] = ()) -> Lesson:
    plate, painted = patterns(folder)
    plain = lessons.load(plate, painted, guides)
    return carried_keys.attach(plain, Footage(numbered.find(plate), Reading()), Progress("none"))


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return STAGE.write(tmp_path_factory.mktemp("shot"))


def test_each_key_is_learnt_from_what_the_others_leave_in_it(shot):
    lesson = attached(shot)
    assert [key.frame for key in lesson.keys] == [1, 5]
    assert lesson.carried_by == ("position", "id")
    for key, other in zip(lesson.keys, (5, 1), strict=True):
        paint = key.guides.numpy()
        assert paint.shape == (CHANNELS, HEIGHT, WIDTH)
        wanted = lesson.carry.without(key.frame).paint(key.frame, STAGE.sight(key.frame))
        np.testing.assert_array_equal(paint, wanted)
        assert lesson.carry.without(key.frame).keys[0].frame == other
        assert (paint[4:] == 0).all(), "there is no third key"
        valid = paint[3] == 1
        assert 0.5 < valid.mean() < 0.9
        off = np.abs(paint[:3] - encoded(key.paint.numpy())).max(axis=0)
        assert off[valid].max() < 0.02


def test_each_key_is_learnt_once_more_as_if_its_frame_had_a_key_close_by(shot):
    """Its own paint with the holes of a frame between, and all that the other key has."""
    lesson = attached(shot)
    assert [key.frame for key in lesson.close] == [1, 5]
    for close, key in zip(lesson.close, lesson.keys, strict=True):
        own, rest = np.split(close.guides.numpy(), 2)
        there = own[3] == 1
        assert 0.5 < there.mean() < 0.9
        assert set(np.unique(own[3])) == {0, 1}, "its rims would teach too much trust"
        np.testing.assert_array_equal(own[:3, there], encoded(key.paint.numpy())[:, there])
        assert (own[:3, ~there] == 0).all()
        np.testing.assert_array_equal(rest, key.guides.numpy()[:4])


def test_unpainted_frames_get_all_the_keys(shot):
    (frame, *_) = attached(shot).others
    paint = frame.guides.numpy()
    assert paint[3].mean() > 0.6
    assert paint[7].mean() > 0.5


def test_carried_paint_comes_after_the_guides(shot):
    lesson = attached(shot, ("position",))
    guides = lesson.keys[0].guides.numpy()
    assert guides.shape[0] == 3 + CHANNELS
    np.testing.assert_array_equal(guides[:3], STAGE.sight(1).position)


def test_what_was_found_is_said(shot, caplog):
    caplog.set_level(logging.INFO)
    attached(shot)
    assert "painted keys are carried by camera and motion (4 objects" in caplog.text
    assert "of painted frames" in caplog.text
    assert "of some unpainted frames" in caplog.text


def test_a_single_key_is_learnt_from_itself_with_the_holes_of_other_frames(tmp_path, caplog):
    lesson = attached(STAGE.write(tmp_path, painted=(3,)))
    assert "There is one painted key: it is learnt from itself" in caplog.text
    assert [key.frame for key in lesson.keys] == [3, 3, 3, 3]
    holes = []
    for key in lesson.keys:
        paint = key.guides.numpy()
        valid = paint[3] == 1
        np.testing.assert_array_equal(paint[:3][:, valid], encoded(key.paint.numpy())[:, valid])
        assert (paint[:, ~valid] == 0).all()
        holes.append(1 - valid.mean())
    assert len(set(holes)) == 4, "each frame would have left other ones"
    assert min(holes) > 0.1
    assert max(holes) < 0.5


def test_a_single_frame_is_learnt_as_it_is(tmp_path):
    lesson = attached(Stage(last=1).write(tmp_path, painted=(1,)))
    (key,) = lesson.keys
    assert key.guides[3].mean() > 0.8


def test_without_passes_the_lesson_stays_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("velatura.scene.optical_flow.available", lambda: False)
    plate, painted = patterns(STAGE.write(tmp_path, but="position vector id"))
    plain = lessons.load(plate, painted)
    shot = Footage(numbered.find(plate), Reading())
    assert carried_keys.attach(plain, shot, Progress("none")) is plain


def test_a_look_asks_only_for_passes_that_its_shot_had(tmp_path):
    assert attached(STAGE.write(tmp_path, but="id")).carried_by == ("position",)


def test_paint_beside_the_plate_is_a_hole(tmp_path):
    """The plate's pixels are a part of the picture, and the key has been painted on all of it."""
    STAGE.write(tmp_path)
    window = stages.Window(0, 0, 64, HEIGHT)
    for frame in STAGE.frames:
        exr.write(tmp_path / f"plate.{frame:04d}.exr", STAGE.plate(frame, window))
    lesson = attached(tmp_path)
    assert lesson.keys[0].guides.shape == (CHANNELS, HEIGHT, 64)
    index = lesson.carry.keys[0].index
    assert index.shape == (HEIGHT, WIDTH)
    assert (index[:, 64:] > 4).all()
    assert (index[:, :64] <= 4).all()
    assert lesson.carry.keys[0].rim[:, 62:64].all()


def rgb(path: Path) -> np.ndarray:
    return glazing.stack(exr.read(path), *"RGB")


def off(folder: Path, frame: int) -> float:
    """Return the mean error of a finished picture, encoded."""
    found = encoded(rgb(folder / f"plate.{frame:04d}.exr"))
    return float(np.abs(found - encoded(STAGE.paint(frame))).mean())


def train(folder: Path, out: Path, steps: int, **options: object) -> None:
    plate, painted = patterns(folder)
    quick = {"patch": 32, "batch": 2, "weights": {"content": 0.0}, "threads": 1, "device": "cpu"}
    train_command.train(
        plate, painted=(painted,), out=out, steps=steps, progress="none", **quick, **options
    )


@pytest.fixture(scope="module")
def made(shot: Path, tmp_path_factory: pytest.TempPathFactory) -> look.Look:
    """A shot look of sixty steps, by the commands that an artist uses."""
    out = tmp_path_factory.mktemp("made")
    train(shot, out / "run", 60)
    export_command.export(out / "run", out=out / "ink.onnx")
    return look.read(out / "ink.onnx")


def test_a_shot_look_brings_its_paint_to_every_frame(made, shot, tmp_path):
    """What is carried lies where it should from the first step on; holes take a real training.

    In the frames between two keys both keys' paint is there, which no key has seen in learning.
    """
    plate, _ = patterns(shot)
    job = Job(plate, str(made.path), str(tmp_path), write="picture", workers=1)
    sequence.run(job, Progress("none"))
    for frame in STAGE.frames:
        assert off(tmp_path, frame) < 0.25 * off(shot, frame)


def test_a_shot_look_says_what_it_is(made):
    card = made.card
    assert card.format == 2
    assert card.carried_by == ("position", "id")
    assert card.keys_digest == look.keys_digest(made.keys) != ""
    assert card.training["lesson"]["frames"] == [1, 5]
    assert card.training["lesson"]["carried"]
    session = open_session(made, "cpu")
    assert [key.frame for key in session.carry.keys] == [1, 5]


def test_the_paint_on_board_is_what_was_learnt_from(made, shot):
    there, here = attached(shot).carry.keys, open_session(made, "cpu").carry.keys
    for one, other in zip(there, here, strict=True):
        np.testing.assert_allclose(one.paint, other.paint, atol=3e-5)  # 16 bits
        np.testing.assert_array_equal(one.index, other.index)


def test_a_look_that_never_lost_its_paint_stays_on_its_shot(shot, tmp_path):
    recipe = QUICK.but(paint_dropout=0.0)
    folder = run.train(attached(shot), briefly(tmp_path / "run", 3, recipe))
    bound = onnx_file.export(folder, tmp_path / "bound.onnx")
    assert not bound.card.free
    exr.write(tmp_path / "plate.0009.exr", Stage(last=9).plate(9))
    with pytest.raises(LookError, match="not of the shot that bound was painted for"):
        glazing.run(tmp_path / "plate.0009.exr", bound.path, tmp_path / "out")


def test_a_free_look_takes_nothing_along(shot, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    train(shot, tmp_path / "run", 1, free=True)
    assert "carried" not in caplog.text
    assert not lesson_record.read(tmp_path / "run").carried


def test_one_key_makes_a_look(tmp_path):
    folder = STAGE.write(tmp_path / "shot", painted=(2,))
    train(folder, tmp_path / "run", 3)
    export_command.export(tmp_path / "run", out=tmp_path / "one.onnx")
    plate, _ = patterns(folder)
    job = Job(plate, str(tmp_path / "one.onnx"), str(tmp_path / "out"), write="picture", workers=1)
    sequence.run(job, Progress("none"))
    assert off(tmp_path / "out", 2) < 0.25 * off(folder, 2)
    assert off(tmp_path / "out", 5) < 0.6 * off(folder, 5)
