"""What else a stranger's file or name cannot do: what came of attacking velatura a second time."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import looks
import numpy as np
import onnx
import plates
import pytest
from commands import velatura
from onnx import helper, numpy_helper

from velatura.apply import sequence
from velatura.errors import BrokenLookError, ColourError, InputError, TrainingError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.job import Job
from velatura.plate import configs
from velatura.report import gain_report
from velatura.system.progress import Progress

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes in folders")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looks.small(tmp_path_factory.mktemp("looks") / "small.onnx")


def run(plate: Path, look: Path, out: Path) -> None:
    sequence.run(Job(str(plate), str(look), str(out)), Progress("none"))


def test_a_look_that_breaks_its_promise_at_one_shape_ends_the_job_once(tmp_path, look, caplog):
    """64 rows of padding above and below are little beside 512, and much beside one."""
    model = onnx.load(look)
    pads = np.array([0, 0, 16, 0, 0, 0, 16, 0], np.int64)
    model.graph.initializer.append(numpy_helper.from_array(pads, "pads"))
    for step, source in enumerate(("rgb", "pad0", "pad1", "pad2")):
        node = helper.make_node("Pad", [source, "pads"], [f"pad{step}"], mode="edge")
        model.graph.node.insert(step, node)
    path = tmp_path / "padded.onnx"
    path.write_bytes(model.SerializeToString())
    run(plates.shot(tmp_path / "usual", 1, 24, 32), path, tmp_path / "good")
    caplog.clear()
    flat = plates.shot(tmp_path / "flat", 3, 1, 40_000)
    with pytest.raises(BrokenLookError, match=r"takes more than its card says for \d+x\d+ px"):
        run(flat, path, tmp_path / "bad")
    assert "left out" not in caplog.text


def test_no_pipe_is_waited_for(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "plate.gain.0001.exr")
    run(plate, look, out)
    assert (out / "plate.gain.0001.exr").is_file()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="a pipe, not a file"):
        gain_report.write(out, tmp_path / "page.html", note=pipe)
    with pytest.raises(ColourError, match="a pipe, not a file"):
        configs.load(configs.chosen(str(pipe)))


NAMES = (
    *("shot.0001 copy.exr", "frame.gain.0001 - Copy.exr", "frame.gain.0001 (1).exr"),
    *("frame.gain.0001~.exr", "frame.gain.0001-old.exr", "50%d.0001.exr", "1" * 220 + ".exr"),
    *("<script>.gain.0001.exr", "a\nERROR forged.exr", "\u202egnp.exr", "a\x1b[2J.exr", "-rf.exr"),
    *("$(touch x).exr", "a;b.exr", "[python 1].exr", "####.exr", "{}.exr"),
)


def test_names_that_file_managers_and_jokers_give_are_names(tmp_path, look):
    """In one folder, with the gain layer of a good frame: report lists them, apply reads them."""
    good = plates.plain(tmp_path / "good.0001.exr", 24, 32)
    run(good, look, tmp_path / "good")
    layer = next((tmp_path / "good").glob("*.exr"))
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for number, name in enumerate(NAMES):
        plate = tmp_path / f"in{number}" / name
        plate.parent.mkdir()
        shutil.copy(good, plate)
        run(plate, look, tmp_path / f"out{number}")
        assert len(list((tmp_path / f"out{number}").glob("*.exr"))) == 1, name
        shutil.copy(layer, shelf / name)
    shutil.copy(layer, shelf / os.fsdecode(b"\xff.exr"))
    gain_report.write(shelf, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "<script>.gain" not in page
    assert "0001 (1)" in page


def test_a_config_and_a_tier_that_are_none_are_refused():
    """Of a run folder that somebody handed over: the fuzzer's cases 3032 and 3896."""
    with pytest.raises(ColourError, match="cannot be loaded"):
        configs.load(configs.chosen("a\0b"))
    recipe = pytest.importorskip("velatura_training.recipe")
    text = recipe.Recipe().dumps()
    assert recipe.Recipe.loads(text).tier == "standard"
    for wrong in ("1", "[]", '"huge"'):
        with pytest.raises(TrainingError, match="draft or standard or fine"):
            recipe.Recipe.loads(text.replace('"standard"', wrong))
    values = json.loads(text)
    for _ in range(500):
        values["rate"] = [values["rate"]]
    with pytest.raises(TrainingError, match="not one of ours"):
        recipe.Recipe.loads(json.dumps(values))


def test_a_name_that_is_not_utf8_is_refused(tmp_path, look):
    plate = tmp_path / os.fsdecode(b"pl\xffate.exr")
    shutil.copy(plates.plain(tmp_path / "plate.exr", 24, 32), plate)
    result = velatura("apply", plate, "--look", look, "--out", tmp_path / "o")
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


PROOF = {"name": "slider", "state": "PASS", "figure": 1, "limit": 1, "unit": "", "claim": "c"}


@pytest.mark.parametrize(
    "change",
    [{"figure": 10**400}, {"figure": []}, {"figure": "nan "}, {"claim": "\ud800"}, {"name": {}}],
)
def test_proofs_that_somebody_handed_over_are_a_page_or_a_refusal(tmp_path, look, change):
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    run(plate, look, tmp_path / "out")
    proofs = tmp_path / "proofs.json"
    proofs.write_text(json.dumps({"digest": "d", "proofs": [PROOF | change]}))
    result = velatura("report", tmp_path / "out", f"--proofs={proofs}")
    assert result.returncode in {0, 3}, result.stderr
    assert "Traceback" not in result.stderr
    proofs.write_text(json.dumps({"digest": "d", "proofs": [PROOF]}))
    assert velatura("report", tmp_path / "out", f"--proofs={proofs}").returncode == 0


@pytest.mark.parametrize("bits", [8, "eight", 8.5])
def test_a_header_cannot_make_an_exr_something_else(tmp_path, look, bits):
    """In OpenImageIO's words it claims to have been a PNG: its layers and its alpha stay."""
    planes = plates.rgba(24, 32) | {"Z": np.ones((24, 32), np.float32)}
    said = {"oiio:BitsPerSample": bits, "oiio:UnassociatedAlpha": 1}
    pictures = {}
    for name, attributes in (("plain", {}), ("odd", said)):
        path = tmp_path / f"{name}.0001.exr"
        exr.write(path, Image((plates.part(planes, attributes=attributes),)))
        job = Job(str(path), str(look), str(tmp_path / "o"), write="picture", deliver="png")
        sequence.run(job, Progress("none"))
        pictures[name] = exr.read(tmp_path / "o" / path.name)
        assert (tmp_path / "o" / f"{name}.0001.png").is_file()
    plain, odd = pictures["plain"], pictures["odd"]
    assert odd.names == plain.names
    assert "Z" in odd.names
    for name in odd.names:
        np.testing.assert_array_equal(odd.find(name)[1].pixels, plain.find(name)[1].pixels)
    assert odd.parts[0].attributes["oiio:BitsPerSample"] == bits
