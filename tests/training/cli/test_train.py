"""`velatura train` with a studio's config, and gone on with without repeating what was said."""

from __future__ import annotations

import json

import PyOpenColorIO as ocio  # noqa: N813
import pytest

from velatura import look
from velatura.cli.main import main
from velatura_training import run_folder
from velatura_training.data import lesson_record
from velatura_training.data.key_reading import KeyReading

QUICK = ["--threads", "1", "--patch", "32", "--batch", "1", "--tier", "draft"]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Return a studio's config, whose ``plate_lin`` is ACES2065-1."""
    monkeypatch.setenv("OCIO", "")
    config = ocio.Config.CreateRaw()
    config.addColorSpace(ocio.ColorSpace(name="plate_lin"))
    config.setRole("aces_interchange", "plate_lin")
    path = tmp_path / "house.ocio"
    path.write_text(config.serialize())
    return path


def test_a_studios_config_counts_from_training_to_export(shot, tmp_path, house, monkeypatch):
    run, out = tmp_path / "run", tmp_path / "ink.onnx"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), *QUICK]
    said = ["--config", str(house), "--space", "plate_lin", "--painted-space", "ACEScg", "--free"]
    assert main([*asked, *said, "--guides", "depth", "--steps", "2"]) == 0
    record = lesson_record.read(run)
    assert (record.colour_space, record.config) == ("plate_lin", str(house))
    assert (record.keys, record.guides) == (KeyReading("ACEScg"), ("depth",))
    # A resumed run and an export need to be told nothing of that again.
    monkeypatch.setenv("OCIO", "")
    again = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), "--threads", "1"]
    assert main([*again, "--space", "plate_lin", "--resume", "--steps", "3"]) == 0
    resumed = lesson_record.read(run)
    assert (resumed.keys, resumed.guides) == (record.keys, record.guides)
    assert resumed.digests == record.digests
    monkeypatch.setenv("OCIO", "")
    assert main(["export", str(run), "--out", str(out)]) == 0
    card = look.read(out).card
    assert (card.colour_space, card.config) == ("plate_lin", "house.ocio")
    assert str(tmp_path) not in json.dumps(card.training)


def test_a_config_that_cannot_be_loaded_is_refused_before_anything_is_made(shot, tmp_path):
    run = tmp_path / "run"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), "--steps", "1"]
    assert main([*asked, "--config", "nothing.ocio"]) == 3
    assert not (run / run_folder.CHECKPOINT).exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--painted-space", "Rec.799"], "--painted-space"),
        (["--painted-space", "sRGB", "--painted-view", "sRGB/AgX"], "Give one of the two"),
    ],
)
def test_what_keys_cannot_be_is_refused_with_what_to_do(shot, tmp_path, caplog, flags, words):
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(tmp_path / "run")]
    assert main([*asked, "--steps", "1", *flags]) == 3
    assert words in caplog.text


def test_what_was_left_out_stays_left_out_when_a_run_is_gone_on_with(shot, tmp_path):
    run = tmp_path / "run"
    asked = ["train", shot.plate, "--painted", shot.painted, "--out", str(run), *QUICK, "--free"]
    assert main([*asked, "--steps", "1", "--hold-out", "3"]) == 0
    assert main([*asked, "--steps", "2", "--resume"]) == 0
    said = json.loads((run / "lesson.json").read_text())
    assert (said["held"], said["frames"]) == ([3], [1])
    text = (run / "watch" / "state.js").read_text("utf-8")
    told = json.loads(text.removeprefix("velatura.state(").removesuffix(");"))
    assert {f["name"]: f["kind"] for f in told["frames"]} == {
        "1": "painted",
        "2": "not painted",
        "3": "left out",
    }
