"""A real Slurm of one machine: arrays, a task that is killed and queued again, the same bits."""

from __future__ import annotations

import time

import cluster
import commands
import looks
import orders
import plates
import psutil
import pytest

pytestmark = pytest.mark.slurm

FRAMES = 30


@pytest.fixture(scope="module")
def slurm():
    with cluster.wanted() as running:
        yield running


def killed(frames: str) -> None:
    """Kill the process that works on some frames, as soon as it is there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if f"--frames={frames}" in words and "apply" in words and "sh" not in words[0]:
                process.kill()
                return
        time.sleep(0.02)
    pytest.fail(f"nothing works on {frames}")


def test_a_killed_task_is_queued_again_and_the_frames_are_those_of_a_local_run(tmp_path, slurm):
    plate = plates.shot(tmp_path / "in", FRAMES)
    look = looks.small(tmp_path / "small.onnx")
    folder = orders.written(tmp_path, look, plate, "slurm", chunk=5, cores=1)
    jobs = cluster.submitted(slurm, folder)
    killed("11-15")
    states = cluster.ended(slurm, jobs)
    assert set(states.values()) == {"COMPLETED"}
    assert slurm.restarts(f"{jobs['apply-sh010']}_3") == 1
    assert slurm.restarts(f"{jobs['apply-sh010']}_2") == 0
    log = (folder / "apply-sh010.3.log").read_text()
    assert "exit code 137, start 0" in log
    assert "exit code 0, start 1" in log
    assert log.count("MiB so far") >= 5  # one line a frame, with seconds and memory
    commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "local", "--workers=1")
    names = sorted(path.name for path in (tmp_path / "local").glob("*.exr"))
    assert len(names) == FRAMES
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()
    assert (tmp_path / "out" / "report.html").is_file()


def test_what_no_machine_can_do_is_not_queued_again_and_nothing_waits_for_it(tmp_path, slurm):
    plate = plates.shot(tmp_path / "in", 2)
    (tmp_path / "in" / "plate.0002.exr").write_bytes(b"no picture")
    look = looks.small(tmp_path / "small.onnx")
    folder = orders.written(tmp_path, look, plate, "slurm", chunk=1, cores=1)
    jobs = cluster.submitted(slurm, folder)
    states = cluster.ended(slurm, jobs)
    apply = jobs["apply-sh010"]
    assert (states[f"{apply}_1"], states[f"{apply}_2"]) == ("COMPLETED", "FAILED")
    assert slurm.restarts(f"{apply}_2") == 0
    waited = [s for n, s in states.items() if n.split("_")[0] == jobs["report-sh010"]]
    assert waited == ["CANCELLED"]
