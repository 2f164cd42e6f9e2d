"""Paint goes along the motion that an artist gives, and a survey is remembered with it."""

from __future__ import annotations

import logging
from pathlib import Path

import foreign
import numpy as np
import pytest
from foreign import KEYS, STAGE, WAYS, formats, written
from stages import HEIGHT, WIDTH

from velatura.carry.survey import Survey, survey
from velatura.image.silhouettes import inner
from velatura.plate.reading import Reading
from velatura.scene import vectors
from velatura.scene.footage import Footage
from velatura.scene.motion_files import MotionFiles
from velatura.system.progress import Progress


@pytest.fixture
def plates(tmp_path: Path) -> dict[int, Path]:
    return foreign.plates(tmp_path / "plate")


@pytest.fixture
def stmap(tmp_path: Path) -> str:
    return f"6:{written(tmp_path / 'stm', formats.stmap, 6)}"


def look_over(plates: dict[int, Path], given: MotionFiles | None) -> Survey:
    return survey(Footage(plates, Reading(), given=given), KEYS, Progress("none"))


def off(found: Survey, frame: int, key: int) -> float:
    """Return by how many px the field is wrong on things; 90 % are below."""
    places = found.fields[frame, key].places * np.array([WIDTH, HEIGHT])[:, None, None] - 0.5
    true = vectors.start(HEIGHT, WIDTH) + WAYS.over(frame, key)
    x, y = true
    numbers = STAGE.seen(frame).numbers.reshape(HEIGHT, WIDTH)
    kept = (numbers > 0) & inner(numbers, 4)
    kept &= (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
    return float(np.quantile(np.hypot(*(places - true))[kept], 0.9))


def test_an_stmap_is_the_field_of_its_key(plates, stmap, caplog):
    caplog.set_level(logging.INFO)
    flown = look_over(plates, None)
    found = look_over(plates, MotionFiles.parse((), (stmap,), plates))
    assert "painted keys are carried by STMaps" in caplog.text
    assert off(found, 2, 6) < 0.2 < off(flown, 2, 6)
    for pair in ((2, 1), (5, 1)):  # of the other key nothing is told
        np.testing.assert_array_equal(found.fields[pair].places, flown.fields[pair].places)


def test_a_survey_is_remembered_until_the_motion_changes(plates, stmap, caplog):
    caplog.set_level(logging.INFO)
    given = MotionFiles.parse((), (stmap,), plates)
    look_over(plates, given)
    look_over(plates, given)
    assert caplog.text.count("has been looked over before") == 1
    look_over(plates, None)
    path = given.stmaps[6][3]
    path.write_bytes(path.read_bytes() + b" ")
    look_over(plates, given)
    assert caplog.text.count("has been looked over before") == 1


@pytest.mark.parametrize("called", ["stmap", "revision"])
def test_the_courtyards_paint_is_carried_by_foreign_motion(tmp_path, called):
    """Without any motion it is .0281."""
    for frame in formats.FRAMES:
        formats.write(tmp_path / "plate", frame, formats.strip(frame))
    plates = {f: tmp_path / "plate" / formats.FILE.format(f) for f in formats.FRAMES}
    given = MotionFiles.parse(*formats.named(tmp_path, called), plates)
    assert formats.merged(Footage(plates, Reading(), given=given)) <= formats.LIMIT
