"""Templates are checked and run by the real `openjd`: openjd-cli, as Deadline Cloud's library."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import commands
import looks
import orders
import plates
import pytest

from velatura.farm import steps
from velatura.farm.openjd import TEMPLATE, VALUES, template
from velatura.image import exr
from velatura.image.ranges import frame_numbers
from velatura.process import environment

pytest.importorskip("openjd.cli")

OPENJD = [sys.executable, "-c", "import sys; from openjd.cli import main; sys.exit(main())"]


def openjd(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OPENJD, *map(str, words)],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    values = f"file://{folder / VALUES}"
    return openjd("run", folder / TEMPLATE, "-p", values, *words)


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("farm")
    return folder, looks.small(folder / "small.onnx"), plates.shot(folder / "in", 7)


def test_paths_with_an_equals_sign_are_parameters_too(tmp_path):
    look, plate = looks.small(tmp_path / "small.onnx"), plates.shot(tmp_path / "take=2", 1)
    passes = {"passes": "normal=N,id=take=2/id.####.exr"}
    order = orders.ordered(tmp_path, look, plate, shot={"apply": passes, "frames": "1"})
    apply = template(order, steps.planned(order))["steps"][0]["script"]["actions"]["onRun"]
    assert "--plate={{Param.PathTake2}}/plate.####.exr" in apply["args"]
    assert "--passes=normal=N,id={{Param.PathTake2}}/id.####.exr" in apply["args"]


def test_it_is_valid_and_runs_with_one_worker_a_session(shot, tmp_path):
    _, look, plate = shot
    folder = orders.written(tmp_path, look, plate, "openjd", chunk=3)
    assert openjd("check", folder / TEMPLATE).returncode == 0
    done = run(folder, "--step", "report-sh010", "--run-dependencies")
    assert done.returncode == 0, done.stdout + done.stderr
    # 7 frames by 3: openjd spreads them evenly, and each task says what it does
    frames = re.findall(r"Frames\(CHUNK\[INT\]\) = (\S+)", done.stdout)
    assert [n for text in frames for n in frame_numbers(text)] == [1, 2, 3, 4, 5, 6, 7]
    assert done.stdout.count("openjd_env: VELATURA_SESSION=") == 1
    assert len(re.findall(r"frame plate\.\d+\.exr: [\d.]+ s, at most \d+ MiB", done.stdout)) == 7
    assert done.stdout.count("openjd_progress: 100.0") == len(frames)
    socket = Path(re.findall(r"VELATURA_SESSION=(\S+)", done.stdout)[0])
    assert not socket.parent.exists()  # the session is over, and leaves nothing
    assert (tmp_path / "out" / "report.html").is_file()
    commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "local")
    for path in (tmp_path / "local").glob("*.exr"):
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_a_chunk_of_one_frame_in_both_spellings(shot, tmp_path):
    """Contiguous chunks of one are written 1-1, others 1."""
    _, look, plate = shot
    spelt = {}
    for frames in ("1-2", "1,5"):
        own = tmp_path / frames
        own.mkdir()
        folder = orders.written(own, look, plate, "openjd", chunk=1, shot={"frames": frames})
        done = run(folder, "--step", "apply-sh010", "--maximum-tasks", 1)
        assert done.returncode == 0, done.stdout + done.stderr
        (spelt[frames],) = re.findall(r"Frames\(CHUNK\[INT\]\) = (\S+)", done.stdout)
        assert [path.name for path in (own / "out").glob("*.exr")] == ["plate.gain.0001.exr"]
    assert spelt == {"1-2": "1-1", "1,5": "1"}


def test_paths_are_mapped(shot, tmp_path):
    """The job was written where the shot lies elsewhere."""
    _, look, plate = shot
    folder = orders.written(tmp_path, look, plate, "openjd")
    values = json.loads((folder / VALUES).read_text())
    here = str(plate.parent)
    (name,) = [name for name, value in values.items() if value == here]
    values[name] = "/mnt/elsewhere/in"
    (folder / VALUES).write_text(json.dumps(values))
    rule = {"source_path_format": "POSIX", "source_path": "/mnt/elsewhere/in"}
    rules = {
        "version": "pathmapping-1.0",
        "path_mapping_rules": [rule | {"destination_path": here}],
    }
    done = run(folder, "--step", "apply-sh010", "--path-mapping-rules", json.dumps(rules))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "out").glob("*.exr"))) == 7


def test_data_flow_says_what_comes_along_and_what_goes_back(shot, tmp_path):
    _, look, plate = shot
    folder = orders.written(tmp_path, look, plate, "openjd", shot={"report": False})
    template = json.loads((folder / TEMPLATE).read_text())
    paths = {
        (item["objectType"], item["dataFlow"])
        for item in template["parameterDefinitions"]
        if item["type"] == "PATH"
    }
    assert paths == {("DIRECTORY", "IN"), ("FILE", "IN"), ("DIRECTORY", "OUT")}
    assert str(tmp_path) not in (folder / TEMPLATE).read_text().replace(
        str(tmp_path / "velatura"), ""
    )


def test_a_task_that_fails_says_why_and_ends_the_session_s_worker(shot, tmp_path):
    _, look, plate = shot
    folder = orders.written(tmp_path, look, plate, "openjd", shot={"frames": "1-3"})
    values = json.loads((folder / VALUES).read_text())
    name = next(name for name, value in values.items() if value == str(look))
    values[name] = str(plate.parent / "plate.0001.exr")  # no look
    (folder / VALUES).write_text(json.dumps(values))
    done = run(folder, "--step", "apply-sh010")
    assert done.returncode != 0
    assert "is not an ONNX file" in done.stdout
    assert "exited with code: 3" in done.stdout
    socket = Path(re.findall(r"VELATURA_SESSION=(\S+)", done.stdout)[0])
    assert not socket.parent.exists()


def test_the_memory_that_is_asked_for_is_enough(tmp_path):
    """Measured: a process with so many frames at a time stays within it."""
    look = looks.realistic(tmp_path / "look.onnx")
    plate = plates.shot(tmp_path / "in", 3, 720, 1280)
    order = orders.ordered(tmp_path, look, plate, cores=2)
    (step, *_) = steps.planned(order)
    done = commands.velatura(*step.task("1-3"))
    assert done.returncode == 0, done.stderr
    peaks = [int(peak) for peak in re.findall(r"at most (\d+) MiB", done.stderr)]
    assert len(peaks) == 3
    assert step.need.memory_mb / 4 < max(peaks) < step.need.memory_mb
    assert exr.read(tmp_path / "out" / "plate.gain.0001.exr")
