"""A movie, or pictures that are no EXR, as plates: learnt from as they are glazed."""

from __future__ import annotations

import footage
import numpy as np
import pytest

from velatura.errors import TrainingError
from velatura.image import gathering, movies
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura_training.data import lesson as lessons
from velatura_training.data import plates as plate_files

SIZE = 128, 96


@pytest.fixture
def clip(tmp_path):
    """A movie of 6 frames, and keys painted on two of them: the plate, a stop darker in codes."""
    path = footage.movie(tmp_path / "clip.mp4", 6, size=SIZE)
    for frame in (1, 4):
        footage.still(tmp_path / f"paint.{frame:04d}.png", 0.5 * footage.codes(frame, SIZE))
    return path


def test_a_movies_frames_are_plates_for_painted_keys(clip, tmp_path):
    lesson = lessons.load(str(clip), str(tmp_path / "paint.####.png"), guides=())
    assert [key.frame for key in lesson.keys] == [1, 4]
    assert lesson.space == "Linear Rec.709 (sRGB)"
    for key in lesson.keys:
        wanted = footage.light(footage.codes(key.frame, SIZE)).transpose(2, 0, 1)
        assert np.abs(key.plate.numpy() - wanted).mean() < 0.01
        paint = footage.light(footage.rounded(0.5 * footage.codes(key.frame, SIZE), 8))
        np.testing.assert_allclose(key.paint.numpy(), paint.transpose(2, 0, 1), atol=1e-5)
        assert f"clip.mp4/{key.frame:04d}" in key.digests


def test_keys_may_be_numbered_from_a_start(clip, tmp_path):
    for frame in (1, 4):
        (tmp_path / f"paint.{frame:04d}.png").rename(tmp_path / f"k.{1001 + frame}.png")
    keys = str(tmp_path / "k.####.png")
    lesson = lessons.load(movies.started(str(clip), 1001), keys, guides=())
    assert [key.frame for key in lesson.keys] == [1002, 1005]
    with pytest.raises(TrainingError, match=r"without a plate: frame 1002, 1005.*frames 0, 1, 2"):
        lessons.load(str(clip), keys, guides=())


def test_footage_for_a_painting_may_be_a_movie_or_pictures(clip, tmp_path):
    found = plate_files.load([str(clip)])
    assert [frame.frame for frame in found.frames] == [0, 1, 2, 4, 5]
    assert [frame.frame for frame in found.tested] == [3]
    for frame in range(2):
        footage.still(tmp_path / f"s.{frame:04d}.tif", footage.codes(frame, SIZE), "uint16")
    again = plate_files.load([str(tmp_path / "s.####.tif")])
    assert found.space == again.space
    apart = found.frames[1].plate.numpy() - again.frames[1].plate.numpy()
    assert np.abs(apart).mean() < 0.01


def test_a_survey_sees_a_movies_light(clip):
    shot = Footage(gathering.find(str(clip)), Reading())
    assert shot.frames == tuple(range(6))
    assert (shot.display(3).width, shot.display(3).height) == SIZE
    assert np.abs(shot.light(3) - shot.light(4)).max() > 0.1


def test_files_that_a_shell_lists_are_one_shot_with_its_keys(tmp_path):
    for frame in range(1, 4):
        footage.still(tmp_path / f"s.{frame:04d}.png", footage.codes(frame, SIZE))
    footage.still(tmp_path / "k.0002.png", footage.codes(2, SIZE))
    listed = [str(tmp_path / f"s.{frame:04d}.png") for frame in range(1, 4)]
    (shot,), (keys,) = (
        gathering.gathered(listed),
        gathering.gathered([str(tmp_path / "k.0002.png")]),
    )
    lesson = lessons.load(shot, keys, guides=())
    assert [key.frame for key in lesson.keys] == [2]
    assert len(lesson.footage[0].frames) == 3
