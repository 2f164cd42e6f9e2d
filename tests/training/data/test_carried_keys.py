"""Painted keys of a shot are learnt from each other, and go along with the look."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import glazing
import numpy as np
import pans
import pytest
import stages
from learning import briefly
from pans import Pan
from stages import HEIGHT, WIDTH, Stage

from velatura import look
from velatura.apply import sequence
from velatura.apply.session import open_session
from velatura.carry.paint import AGREE, CHANNELS
from velatura.errors import LookError
from velatura.image import exr, gathering
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


def free_pan(folder: Path, painted: tuple[int, ...]) -> Path:
    """Write a shot without passes whose strokes are drawn anew in each key."""
    for frame in painted:
        pans.write(folder / f"paint.{frame:04d}.exr", Pan().paint(frame))
    return Pan().write(folder)


def bound_pan(folder: Path, painted: tuple[int, ...]) -> Path:
    for frame in painted:
        pans.write(folder / f"paint.{frame:04d}.exr", Pan().paint(frame, free=False))
    return Pan().write(folder)


def attached(folder: Path, guides: tuple[str, ...] = ()) -> Lesson:
    plate, painted = patterns(folder)
    plain = lessons.load(plate, painted, guides)
    return carried_keys.attach(plain, Footage(gathering.find(plate), Reading()), Progress("none"))


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return STAGE.write(tmp_path_factory.mktemp("shot"))


def test_where_strokes_agree_each_key_is_learnt_from_what_the_others_leave_in_it(shot):
    lesson = attached(shot)
    assert lesson.carry.agreement > AGREE
    assert [key.frame for key in lesson.keys] == [1, 5]
    assert lesson.carried_by == ("position", "id")
    for key, other in zip(lesson.keys, (5, 1), strict=True):
        paint = key.guides.numpy()
        assert paint.shape == (CHANNELS, HEIGHT, WIDTH)
        rest = lesson.carry.without(key.frame)
        assert [one.frame for one in rest.keys] == [other]
        wanted = rest.paint(key.frame, STAGE.sight(key.frame), own=False).planes
        np.testing.assert_allclose(paint, wanted, atol=1e-6)
        np.testing.assert_allclose(paint[4:], paint[:4], atol=1e-6)  # there is no third key
        far = np.abs(paint[:3] - encoded(key.paint.numpy())).max(axis=0)
        assert (far < 0.02).mean() > 0.7
        assert (paint[3] < 1).all(), "nothing is as sure as its own paint"


def test_a_single_key_is_learnt_as_its_paint_comes_to_frames_around_it(tmp_path):
    """There and back by the fields of another frame: what it is worth is what it is worth there."""
    lesson = attached(STAGE.write(tmp_path, painted=(3,)))
    around = [1, 2, 4, 5]
    assert len(lesson.keys) == len(around)
    for key, frame in zip(lesson.keys, around, strict=True):
        paint = key.guides.numpy()
        there = lesson.carry.paint(frame, STAGE.sight(frame)).planes[3].mean()
        assert paint[3].mean() == pytest.approx(there, abs=0.15)
        far = np.abs(paint[:3] - encoded(key.paint.numpy())).max(axis=0)
        sure = paint[3] > 0.4
        assert 0.3 < sure.mean() < 0.95
        assert far[sure].mean() < 0.01
        assert far[~sure].mean() > 2 * far[sure].mean()


def test_where_strokes_differ_no_key_is_learnt_from_anothers(tmp_path, caplog):
    """Another key's strokes would teach their mean: each is led to another frame and back."""
    caplog.set_level(logging.INFO)
    lesson = attached(free_pan(tmp_path, (1, 9)))
    assert lesson.carry.agreement < AGREE
    assert "strokes of the painted keys differ (correlation 0.1" in caplog.text
    assert "shown one at a time" in caplog.text
    assert {key.frame for key in lesson.keys} == {1, 9}
    assert len(lesson.keys) >= 6, "some frames around each"
    for key in lesson.keys:
        mine = encoded(key.paint.numpy())
        others = encoded(Pan().paint(10 - key.frame))
        paint = key.guides.numpy()
        sure = paint[3] > 0.15
        assert sure.mean() > 0.3
        assert np.abs(paint[:3] - mine)[:, sure].mean() < 0.03
        assert np.abs(paint[:3] - others)[:, sure].mean() > 0.05


def test_lessons_are_as_far_off_as_frames_are(tmp_path):
    """Errors forth and back cancel; what is sure in a lesson must be wrong as it is in a frame."""
    lesson = attached(bound_pan(tmp_path, (5,)))
    lessons_, frames = [], []
    for key in lesson.keys:
        paint = key.guides.numpy()
        far = np.abs(paint[:3] - encoded(key.paint.numpy())).max(axis=0)
        lessons_.append(far[paint[3] > 0.15].mean())
    for frame in (3, 4, 6, 7):
        sight = lesson.footage[0].sight(frame)
        paint = lesson.carry.paint(frame, sight).planes
        far = np.abs(paint[:3] - encoded(Pan().paint(frame, free=False))).max(axis=0)
        frames.append(far[paint[3] > 0.15].mean())
    assert 0.5 < np.mean(lessons_) / np.mean(frames) < 3


def test_keys_come_out_with_their_own_paint(shot):
    """What is shown, measured and calibrated is what the look will make of painted frames."""
    lesson = attached(shot)
    assert [key.frame for key in lesson.shown] == [1, 5]
    for key in lesson.shown:
        np.testing.assert_allclose(key.guides[:3], encoded(key.paint.numpy()), rtol=3e-7)
        assert (key.guides[3] == 1).all()


def test_unpainted_frames_get_all_the_keys(shot):
    lesson = attached(shot)
    (frame, *_) = lesson.others
    paint = lesson.carry.paint(frame.frame, STAGE.sight(frame.frame)).planes
    np.testing.assert_array_equal(frame.guides.numpy(), paint)
    assert paint[3].mean() > 0.45
    assert paint[7].mean() > 0.45


def test_carried_paint_comes_after_the_guides(shot):
    lesson = attached(shot, ("position",))
    guides = lesson.keys[0].guides.numpy()
    assert guides.shape[0] == 3 + CHANNELS
    np.testing.assert_array_equal(guides[:3], STAGE.sight(1).position)


def test_what_was_found_is_said(shot, caplog):
    caplog.set_level(logging.DEBUG, "velatura")
    attached(shot)
    assert "painted keys are carried by camera and motion (4 objects" in caplog.text
    assert "strokes of the painted keys agree" in caplog.text
    assert "they are merged" in caplog.text
    assert re.search(r"carried paint is worth \d+ % in lessons", caplog.text)
    assert re.search(r"carried paint is worth \d+ % in some unpainted frames", caplog.text)


def test_a_single_key_is_learnt_by_way_of_other_frames(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    lesson = attached(STAGE.write(tmp_path, painted=(3,)))
    assert "the strokes of the painted keys" not in caplog.text, "there is one"
    assert [key.frame for key in lesson.keys] == [3, 3, 3, 3]
    worth = []
    for key in lesson.keys:
        paint = key.guides.numpy()
        far = np.abs(paint[:3] - encoded(key.paint.numpy())).max(axis=0)
        assert far[paint[3] > 0.5].mean() < 0.01
        worth.append(paint[3].mean())
    assert len(set(worth)) == 4, "each frame leads to other places"
    assert worth[1] > worth[0], "nearer ones are worth more"
    assert worth[2] > worth[3]


def test_a_single_frame_is_learnt_as_it_is(tmp_path):
    lesson = attached(Stage(last=1).write(tmp_path, painted=(1,)))
    (key,) = lesson.keys
    assert (key.guides[3] == 1).all()
    np.testing.assert_allclose(key.guides[:3], encoded(key.paint.numpy()), rtol=3e-7)


def test_without_opencv_the_lesson_stays_as_it_was(tmp_path, monkeypatch):
    """Only a broken installation has no optical flow."""
    monkeypatch.setattr("velatura.scene.optical_flow.available", lambda: False)
    plate, painted = patterns(STAGE.write(tmp_path, but="position vector id"))
    plain = lessons.load(plate, painted)
    shot = Footage(gathering.find(plate), Reading())
    assert carried_keys.attach(plain, shot, Progress("none")) is plain


def test_a_look_asks_only_for_passes_that_its_shot_had(tmp_path):
    assert attached(STAGE.write(tmp_path, but="id")).carried_by == ("position",)


def test_paint_beside_the_plate_is_none(tmp_path):
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
    whole = lesson.carry.only(1).paint(1, STAGE.sight(1)).planes
    assert (whole[3, :, :64] == 1).all()
    assert (whole[3, :, 64:] == 0).all(), "black, and worth nothing"


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
