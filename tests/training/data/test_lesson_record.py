"""The lesson of a run: read as it was written, old ones too, and refused by name."""

import json

import pytest

from velatura.errors import TrainingError
from velatura_training import run_folder
from velatura_training.data import lesson_record
from velatura_training.data.lesson_record import LessonRecord

PAINTED = LessonRecord(
    guides=("normal", "depth"),
    colour_space="ACEScg",
    depth_scale=6.5,
    bound=8.0,
    floor=1 / 128,
    frames=(1, 6, 12),
    digests={"plate.0001.exr": "ab"},
    carried=True,
    carried_by=("position", "id"),
)
OLD = {"guides": [], "colour_space": "ACEScg", "depth_scale": 1, "bound": 8, "floor": 0.0078125}
"""What every 0.1.0 has written."""


@pytest.mark.parametrize("record", [PAINTED, LessonRecord((), "ACEScg", 1.0, 8.0, 0.01, frames=24)])
def test_loads_undoes_dumps(record):
    assert LessonRecord.loads(record.dumps()) == record


def test_painted_frames_are_told_from_a_number_of_frames():
    assert PAINTED.painted == (1, 6, 12)
    assert LessonRecord.loads(json.dumps(OLD | {"frames": 24})).painted == ()


def test_an_old_lesson_knows_free_looks_only():
    old = LessonRecord.loads(json.dumps(OLD | {"frames": [3], "since": "another version"}))
    assert (old.carried, old.carried_by, old.canvas, old.painted) == (False, (), False, (3,))


@pytest.mark.parametrize(
    "wrong",
    ["{", "[]", json.dumps({"guides": []}), json.dumps(OLD | {"guides": ["smell"]})],
)
def test_what_is_no_lesson_is_refused_by_its_file(tmp_path, wrong):
    (tmp_path / run_folder.LESSON).write_text(wrong)
    with pytest.raises(TrainingError, match=run_folder.LESSON):
        lesson_record.read(tmp_path)
