"""Keys that are repainted during a training are picked up; broken ones are not."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import torch
from learning import CPU, Struck
from tiny import HEIGHT, WIDTH, paint, plate, write_frame

from velatura.image import png
from velatura.system.progress import Progress
from velatura_training import run_folder
from velatura_training.data.watched_keys import WatchedKeys
from velatura_training.learn import loop
from velatura_training.recipe import Budget


@pytest.fixture
def watched(shot):
    return WatchedKeys([(shot.plate, shot.painted)])


def frames(watched):
    return [key.frame for key in watched.lesson.keys]


def grey(value):
    return {channel: np.full((HEIGHT, WIDTH), value, np.float32) for channel in "RGB"}


def test_nothing_is_read_again_while_nothing_is_painted(watched):
    before = watched.lesson
    assert not watched.look()
    assert watched.lesson is before


def test_a_repainted_key_is_taken_up_once(shot, watched, caplog):
    caplog.set_level("INFO")
    other = watched.lesson.keys[0]
    write_frame(shot.folder / "paint.0003.exr", grey(0.25))
    assert watched.look()
    assert frames(watched) == [1, 3]
    assert (watched.lesson.keys[1].paint == 0.25).all()
    assert watched.lesson.keys[0] is other, "what was not repainted is not read again"
    assert "Frame 3 is painted anew: learning from paint.0003.exr" in caplog.text
    assert not watched.look()


def test_a_frame_that_is_painted_newly_joins_the_others(shot, watched):
    assert [key.frame for key in watched.lesson.others] == [2]
    write_frame(shot.folder / "paint.0002.exr", paint(2))
    assert watched.look()
    assert frames(watched) == [1, 2, 3]
    assert watched.lesson.others == ()


def test_a_half_written_key_waits_until_it_is_whole(shot, watched, caplog):
    path = shot.folder / "paint.0003.exr"
    before = watched.lesson
    write_frame(path, grey(0.25))
    whole = path.read_bytes()
    for part in (0.2, 0.5, 0.5, 0.9):
        path.write_bytes(whole[: int(part * len(whole))])
        assert not watched.look()
    assert watched.lesson is before
    assert caplog.text.count("look again") == 1
    path.write_bytes(whole)
    assert watched.look()
    assert (watched.lesson.keys[1].paint == 0.25).all()


def test_a_half_written_png_waits_too(shot, caplog):
    for frame in (1, 3):
        (shot.folder / f"paint.{frame:04d}.exr").unlink()
    path = shot.folder / "paint.0003.png"
    png.write_png(path, np.full((HEIGHT, WIDTH, 3), 188, np.uint8))
    watched = WatchedKeys([(shot.plate, str(shot.folder / "paint.####.png"))])
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    path.write_bytes(png.png(noise)[:-200])
    assert not watched.look()
    assert "look again" in caplog.text


def test_a_repaint_of_the_wrong_size_is_refused_once_and_the_old_paint_stays(shot, watched, caplog):
    before = watched.lesson
    write_frame(shot.folder / "paint.0003.exr", {c: np.ones((20, 30), np.float32) for c in "RGB"})
    write_frame(shot.folder / "paint.0007.exr", paint(1))
    for _ in range(2):
        assert not watched.look()
    assert watched.lesson is before
    assert caplog.text.count("30x20") == 1
    assert caplog.text.count("frame 7 of") == 1, "a key without a plate"


def test_keys_that_are_gone_for_a_moment_are_missed_by_nobody(shot, watched):
    before = watched.lesson
    for frame in (1, 3):
        (shot.folder / f"paint.{frame:04d}.exr").rename(shot.folder / f"paint{frame}.old")
    assert not watched.look()
    assert watched.lesson is before


def test_each_shots_keys_stay_apart(shot, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    write_frame(second / "plate.0001.exr", plate(2))
    write_frame(second / "paint.0001.exr", paint(2))
    pattern = str(second / "plate.####.exr"), str(second / "paint.####.exr")
    watched = WatchedKeys([(shot.plate, shot.painted), pattern])
    assert frames(watched) == [1, 3, 1]
    write_frame(second / "paint.0001.exr", grey(0.25))
    assert watched.look()
    assert frames(watched) == [1, 3, 1]
    assert [bool((key.paint == 0.25).all()) for key in watched.lesson.keys] == [False, False, True]


def test_new_paint_is_carried_along_where_the_old_was(shot):
    for frame in (1, 2, 3):
        planes = plate(frame)
        planes |= {f"Vector.{axis}": 0 * planes["Z"] for axis in "XYZW"}
        write_frame(shot.folder / f"plate.{frame:04d}.exr", planes)
    watched = WatchedKeys([(shot.plate, shot.painted)])
    watched.carry(Progress("none"))
    before = watched.lesson
    assert before.carry is not None
    write_frame(shot.folder / "paint.0003.exr", grey(0.25))
    assert watched.look()
    lesson = watched.lesson
    assert lesson.carry.same == before.carry.same
    assert lesson.carry.fields.keys() == before.carry.fields.keys()
    ways = Counter(key.frame for key in lesson.keys)
    assert ways == {1: 1, 3: 1}, "from the other key"
    for key in lesson.keys:
        if key.frame == 3:
            assert (key.paint == 0.25).all()
    (second,) = [key for key in lesson.shown if key.frame == 3]
    assert (second.guides[-5] == 1).all()
    light = 2 ** (8 * second.guides[-8:-5]) / 128 - 1 / 128
    assert torch.allclose(light, torch.tensor(0.25), atol=1e-3)
    write_frame(shot.folder / "paint.0002.exr", paint(2))
    assert watched.look()
    assert [key.frame for key in watched.lesson.carry.keys] == [1, 2, 3]


def test_a_training_takes_up_new_paint_and_forgets_the_best_of_the_old(shot, tmp_path):
    def repaint(_):
        write_frame(shot.folder / "paint.0003.exr", grey(8.0))

    watched = WatchedKeys([(shot.plate, shot.painted)])
    course = Struck(shot, {8: repaint})
    course.watched = watched
    training = loop.Training(course, tmp_path, threads=1)
    training.run(Budget(steps=10), "none")  # the last review finds it
    assert (course.lesson.keys[1].paint == 8).all()
    lesson = json.loads((tmp_path / run_folder.LESSON).read_text())
    assert lesson["digests"] == course.describe().digests
    found = run_folder.load(tmp_path / run_folder.CHECKPOINT, CPU)
    assert [what for *_, what in found["curves"]["events"]] == ["new paint"]
    untrained = found["curves"]["scores"][0][2]
    assert run_folder.load(tmp_path / run_folder.BEST, CPU)["score"] > untrained
