"""`velatura suggest`: what it is given, what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import footage
import numpy as np
import pytest
from commands import velatura
from learning import briefly
from pans import Pan
from stages import Stage

from velatura.errors import FrameError, TrainingError
from velatura.image import movies
from velatura.plate import flat
from velatura.scene import optical_flow
from velatura.suggest import advice_sheet
from velatura.system.progress import Progress
from velatura_training import run_folder
from velatura_training.cli.suggest import suggest
from velatura_training.data import carried_keys
from velatura_training.data import lesson as lessons
from velatura_training.learn import run as runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Stage().write(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def run(folder):
    """A shot look, hardly trained."""
    shots = [(str(folder / "plate.####.exr"), str(folder / "paint.####.exr"))]
    with Progress("none") as silent:
        plain = lessons.load_all(shots)
        lesson = carried_keys.attach(plain, plain.footage[0], silent)
    out = folder / "run"
    return runs.train(lesson, briefly(out, 6))


def asked(capsys, folder, **options):
    suggest(str(folder / "plate.####.exr"), as_json=True, progress="none", **options)
    return json.loads(capsys.readouterr().out)


def test_the_next_step_reads_the_plate_as_this_one_did(folder):
    done = velatura("suggest", folder / "plate.####.exr", "--space=ACEScg", "--progress=none")
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("--out RUN --space=ACEScg")


def test_keys_are_given_as_files_or_as_numbers(capsys, folder):
    files = asked(capsys, folder, painted=str(folder / "paint.####.exr"))
    numbers = asked(capsys, folder, painted="1,5")
    assert files == numbers
    assert files["painted"] == [1, 5]
    assert files["means"] == "camera"
    assert files["suggestions"][0]["frame"] in {2, 3, 4}


def test_a_range_of_the_frames_may_be_asked_about(capsys, folder):
    told = asked(capsys, folder, frames="2-4", count=2)
    assert [row["frame"] for row in told["frames"]] == [2, 3, 4]
    assert len(told["suggestions"]) == 2


def test_the_json_holds_every_frame_and_how_sure_the_suggestion_is(capsys, folder):
    told = asked(capsys, folder, painted="1", count=2)
    assert [row["frame"] for row in told["frames"]] == [1, 2, 3, 4, 5]
    assert [row["painted"] for row in told["frames"]] == [True, *[False] * 4]
    assert told["frames"][0]["worth"] is None
    assert all(row["left"] <= row["error"] + 1e-6 for row in told["frames"])
    for one in told["suggestions"]:
        assert 0 <= one["chance"] <= 1
        assert one["sure"] in {"sure", "fairly sure", "unsure"}
    assert told == asked(capsys, folder, painted="1", count=2), "asked again it says the same"


def test_people_get_a_row_for_each_frame_and_plain_words(capsys, folder, tmp_path):
    sheet = tmp_path / "sheet.png"
    suggest(str(folder / "plate.####.exr"), painted="1", sheet=sheet, progress="none")
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if "%" in line and line.startswith("│")]
    assert [row.split()[1] for row in rows] == ["1", "2", "3", "4", "5", "all"]
    assert "painted" in rows[0]
    assert sum("paint 1." in row for row in rows) == 1
    assert "Paint frame" in said
    assert "in 10 that no other frame helps clearly more" in said
    assert f"wrote {sheet}" in said
    assert flat.read_rgb(sheet).rgb.shape[1] == advice_sheet.WIDTH


def test_plates_without_passes_get_a_guess_that_is_called_one(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(optical_flow, "available", lambda: False)
    folder = Stage(last=3).write(tmp_path, (), "position vector id")
    told = asked(capsys, folder)
    assert told["error"] is None
    assert told["suggestions"][0]["sure"] == "a guess"
    suggest(str(folder / "plate.####.exr"), progress="none")
    assert "a guess, by what the frames look like" in capsys.readouterr().out


def test_shots_that_are_cut_together_are_told_apart(capsys, caplog, tmp_path):
    """Motion is taken from the pictures."""
    walls = [*((0, n) for n in range(5)), *((1, n) for n in range(5))]
    Pan(scenes=walls).write(tmp_path)
    suggest(str(tmp_path / "plate.####.exr"), progress="none")
    assert "looks like 2 shots" in caplog.text
    assert "1-5, 6-10. Learn each by itself" in caplog.text
    assert "in 10 that no other frame helps" in capsys.readouterr().out
    caplog.clear()
    suggest(str(tmp_path / "plate.####.exr"), frames="1-5", progress="none")
    assert "looks like" not in caplog.text


def test_the_named_frames_are_saved_to_be_painted_over(capsys, tmp_path):
    """A movie's, which a player may number otherwise: with the codes that are in it."""
    clip = footage.movie(tmp_path / "clip.mov", size=(160, 96))
    saved = tmp_path / "to_paint"
    suggest(str(clip), count=2, save=saved, progress="none")
    said = capsys.readouterr().out.splitlines()
    wrote = [Path(line[6:]) for line in said if line.startswith("wrote ")]
    assert sorted(wrote) == sorted(saved.iterdir())
    assert len(wrote) == 2
    for path in wrote:
        assert path.name.startswith("clip.000")
        codes, _ = movies.read(movies.frame_path(str(clip), int(path.suffixes[0][1:])))
        # Half a code of 8 bits: a movie's codes are turned into RGB, which is no whole number.
        np.testing.assert_allclose(
            flat.read_rgb(path).rgb, np.clip(codes, 0, 1), atol=0.5 / 255 + 1e-6
        )
    wrote[0].write_bytes(b"painted")
    suggest(str(clip), count=2, save=saved, progress="none")
    assert wrote[0].read_bytes() == b"painted"


def test_a_run_brings_its_keys_its_doubts_and_its_own_measure_of_error(capsys, folder, run):
    plain = asked(capsys, folder, painted="1,5")
    told, again = (asked(capsys, folder, run=run) for _ in range(2))
    assert told == again
    assert told["painted"] == [1, 5]
    assert told["error"] != plain["error"]


def test_a_free_look_is_doubted_too_where_no_key_can_be_left_out(capsys, folder, tmp_path):
    lesson = lessons.load(str(folder / "plate.####.exr"), str(folder / "paint.####.exr"))
    runs.train(lesson, briefly(tmp_path / "run", 6))
    capsys.readouterr()  # the training's own figures
    told = asked(capsys, folder, run=tmp_path / "run")
    assert told["painted"] == [1, 5]
    assert told["error"] != asked(capsys, folder, painted="1,5")["error"]


def test_keys_painted_since_the_run_count_too(capsys, folder, run):
    told = asked(capsys, folder, run=run, painted="1,3,5")
    assert told["painted"] == [1, 3, 5]
    assert told["suggestions"][0]["frame"] in {2, 4}


def test_a_run_of_another_shot_is_refused(run, tmp_path):
    elsewhere = Stage(camera=lambda frame: Stage().camera(frame + 9)).write(tmp_path)
    with pytest.raises(TrainingError, match="was not learnt on this plate"):
        suggest(str(elsewhere / "plate.####.exr"), run=run, progress="none")


def test_a_run_without_keys_is_refused(folder, run, tmp_path):
    for name in (run_folder.RECIPE, run_folder.CHECKPOINT):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    lesson = json.loads((run / run_folder.LESSON).read_text())
    (tmp_path / run_folder.LESSON).write_text(json.dumps({**lesson, "frames": 12}))
    with pytest.raises(TrainingError, match="not learnt from painted keys"):
        suggest(str(folder / "plate.####.exr"), run=tmp_path, progress="none")


def test_a_folder_that_is_no_run_is_refused(folder, tmp_path):
    with pytest.raises(TrainingError, match="not a training run"):
        suggest(str(folder / "plate.####.exr"), run=tmp_path, progress="none")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"painted": "none.####.exr"}, "no painted keys"),
        ({"painted": "1,9"}, "outside the shot: 9. Found: plate frames 1 to 5"),
        ({"painted": "1-5"}, "nothing is left"),
        ({"frames": "3"}, "one frame, 3"),
        ({"frames": "1,2,5", "painted": "3"}, "outside the shot: 3.*without 3-4"),
        ({"count": 0}, "--count"),
    ],
)
def test_what_makes_no_sense_is_refused(folder, options, said):
    with pytest.raises(FrameError, match=said):
        suggest(str(folder / "plate.####.exr"), progress="none", **options)


def test_a_refusal_on_the_command_line_is_one_line_and_exit_code_3(folder):
    done = velatura("suggest", folder / "plate.####.exr", "--painted", "1-5")
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "nothing is left to suggest" in line
