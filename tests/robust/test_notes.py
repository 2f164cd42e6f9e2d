"""Small files beside outputs and in run folders, as somebody may hand them over."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import looks
import plates
import pytest

from velatura import bakes, regular
from velatura.apply import claims, sequence
from velatura.atomic import replacing
from velatura.errors import StorageError, TrainingError
from velatura.job import Job
from velatura.system.progress import Progress

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes in folders")

TEXTS = ("", "[]", "null", "[" * 100_000, '{"a":' * 5000, "\xff", '{"1": ', "nan", "\0")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(params=[*range(len(TEXTS)), "pipe", "device", "folder"])
def odd(request):
    """Make a file at a path that is no table."""

    def make(path: Path) -> Path:
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "device":
            path.symlink_to("/dev/zero")
        elif request.param == "folder":
            path.mkdir()
        else:
            path.write_text(TEXTS[request.param], "latin-1")
        return path

    return make


def test_what_is_no_table_is_refused(tmp_path, odd):
    with pytest.raises((OSError, ValueError)):
        regular.table(odd(tmp_path / "x.json"))


def test_notes_beside_gain_layers_that_are_none_are_nothing(tmp_path, odd):
    bakes.remember(tmp_path, [1, 2], "mark")
    (notes,) = tmp_path.iterdir()
    assert bakes.recall(tmp_path) == {1: "mark", 2: "mark"}
    notes.unlink()
    odd(notes)
    assert bakes.recall(tmp_path) == {}


CLAIMS = (
    {"host": "h", "pid": 1e999, "files": {}},
    {"host": "h", "pid": 10**400, "files": {"plate.gain.0001.exr": "x"}},
    {"host": [], "pid": "1", "files": []},
    {"files": {"plate.gain.0001.exr": {}}},
)


def test_claims_that_are_none_hold_up_nobody(tmp_path, odd):
    look, out = looks.small(tmp_path / "a.onnx"), tmp_path / "out"
    out.mkdir()
    with claims.held(out, {"x": "y"}):
        (name,) = [path.name for path in out.iterdir() if path.is_file()]
    odd(out / name)
    for number, claim in enumerate(CLAIMS[:1] + CLAIMS[2:]):
        (out / f"{name[:-12]}{number:06d}{name[-6:]}").write_text(json.dumps(claim))
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    sequence.run(Job(str(plate), str(look), str(out)), Progress("none"))
    assert (out / "plate.gain.0001.exr").is_file()


def test_pipes_and_devices_in_a_run_folder_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    run_folder = pytest.importorskip("velatura_training.run_folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, found in (("pipe", "a pipe"), ("zero", "a device")):
        with pytest.raises(TrainingError, match=f"cannot be read.*{found}, not a file"):
            run_folder.read_text(tmp_path / name)
        with pytest.raises(TrainingError, match=f"cannot be read.*{found}, not a file"):
            run_folder.load(tmp_path / name, torch.device("cpu"))


@pytest.mark.parametrize(
    "change", [{"frames": 1e999}, {"depth_scale": 10**400}, {"bound": "inf "}, {"floor": [1]}]
)
def test_a_lesson_of_numbers_that_are_none_is_refused(change):
    lesson_record = pytest.importorskip("velatura_training.data.lesson_record")
    said = {"guides": [], "colour_space": "x", "depth_scale": 1, "bound": 8, "floor": 0.01}
    with pytest.raises(TrainingError, match="is not one of ours"):
        lesson_record.LessonRecord.loads(json.dumps(said | change), "lesson.json")


def test_no_device_is_replaced(tmp_path):
    """Root, as in a container, could: here on a node of its own, never on the system's."""
    device = tmp_path / "device"
    try:
        os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    with pytest.raises(StorageError, match="is a device, not a file"), replacing(device) as beside:
        beside.write_text("x")
    assert stat.S_ISCHR(device.lstat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["device"]
