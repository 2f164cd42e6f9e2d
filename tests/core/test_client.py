"""What a host sees: batch jobs and the resident worker, as real processes."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import commands
import looks
import numpy as np
import plates
import pytest
from commands import COMMAND

from velatura import client, errors, process
from velatura.client import Worker
from velatura.image import exr
from velatura.job import Job
from velatura.userdir import home

pytestmark = pytest.mark.usefixtures("runtime")


def job(tmp_path, look, frames=2, out="out", size=(40, 56), **settings) -> Job:
    plate = plates.shot(tmp_path / "in", frames, *size)
    return Job(str(plate), str(look), str(tmp_path / out), **settings)


def long_job(tmp_path, slow_look) -> Job:
    """A job with several seconds of work left once the first frame is there."""
    return job(tmp_path, slow_look, frames=12, size=(400, 500), workers=2)


def program(path: Path, script: str) -> None:
    """Put a shell script in the runtime's place."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


def worker_process(said: str) -> subprocess.CompletedProcess[str]:
    """Run a worker that is told something, and whose host then goes away."""
    command = [*COMMAND, "worker"]
    return subprocess.run(
        command, input=said, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_batch_job_tells_what_it_does(tmp_path, look):
    events: list[client.Event] = []
    order = job(tmp_path, look, workers=1)
    client.run(order, events.append)
    assert [event.text for event in events if event.kind == "wrote"] == [
        str(tmp_path / "out" / f"plate.gain.000{frame}.exr") for frame in (1, 2)
    ]
    assert [event.percent for event in events if event.kind == "progress"] == [50, 100]
    events.clear()
    client.run(order, events.append)
    assert [e.text for e in events if e.kind == "kept"] == ["plate.0001.exr", "plate.0002.exr"]


def test_a_batch_job_raises_what_was_wrong(tmp_path, look):
    order = dataclasses.replace(job(tmp_path, look), frames="1-3")
    with pytest.raises(errors.InputError, match=r"1 of 3 plate frames .* plate\.0003\.exr"):
        client.run(order)
    with pytest.raises(errors.MachineError, match="CUDA was asked for"):
        client.run(job(tmp_path, look, device="cuda"))


@pytest.mark.parametrize(
    ("end", "kind", "code"),
    [
        ("exit 1", errors.VelaturaError, 1),  # a bug: another machine has it as well
        ("exit 2", errors.VelaturaError, 2),
        ("exit 3", errors.InputError, 3),
        ("exit 4", errors.MachineError, 4),
        ("exit 143", errors.CancelledError, 130),
        ("kill -9 $$", errors.MachineError, 4),
        ("exit 137", errors.MachineError, 4),  # as a shell between us reports it
    ],
)
def test_a_farm_tries_again_elsewhere_only_where_that_may_help(tmp_path, look, end, kind, code):
    program(tmp_path / "velatura", f"echo why >&2; {end}")
    with pytest.raises(errors.VelaturaError, match="why") as batch:
        client.run(Job("a.exr", str(look), "out"))
    assert type(batch.value) is kind
    assert batch.value.exit_code == code


@pytest.mark.parametrize(
    ("end", "kind", "code"),
    [
        ("exit 1", errors.VelaturaError, 1),
        ("exit 2", errors.VelaturaError, 2),
        ("kill -9 $$", errors.MachineError, 4),
        ("""echo '{"id": 1, "event": "failed", "error": "New", "exit_code": 3, "text": "why"}'""",
         errors.InputError, 3),
        ("""echo '{"id": 1, "event": "failed", "error": "New", "exit_code": 1, "text": "why"}'""",
         errors.VelaturaError, 1),
        ("""echo '{"id": 1, "event": "failed", "error": "VelaturaError", "text": "why"}'""",
         errors.VelaturaError, 1),
    ],
)  # fmt: skip
def test_a_bug_in_a_worker_is_told_from_its_being_killed(tmp_path, look, end, kind, code):
    hello = f'{{"event": "ready", "protocol": {client.PROTOCOL}, "version": "x"}}'
    program(tmp_path / "velatura", f"echo '{hello}'; read order; echo why >&2; {end}")
    with Worker() as worker, pytest.raises(errors.VelaturaError, match="why") as failed:
        list(worker.submit(Job("a.exr", str(look), "out")))
    assert type(failed.value) is kind
    assert failed.value.exit_code == code


def test_a_batch_job_can_be_cancelled(tmp_path, slow_look):
    seen: list[client.Event] = []
    with pytest.raises(errors.CancelledError):
        client.run(long_job(tmp_path, slow_look), seen.append, lambda: bool(seen))
    for path in (tmp_path / "out").iterdir():
        exr.read(path)


def test_the_runtime_that_is_named_but_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("VELATURA_RUNTIME", "/nowhere/velatura")
    with pytest.raises(errors.MissingRuntimeError, match="/nowhere/velatura"):
        client.runtime()


def test_a_hosts_preferences_win_over_the_environment(tmp_path, runtime):
    preferred = tmp_path / "preferred"
    preferred.write_text("")
    assert client.runtime(str(preferred)) == [str(preferred)]
    assert client.runtime("") == [str(runtime)]
    with pytest.raises(errors.MissingRuntimeError, match=r"in the preferences .*gone.*Let it name"):
        client.runtime(str(tmp_path / "gone"))


def test_the_runtime_is_found_where_the_installer_noted_it(tmp_path, monkeypatch):
    monkeypatch.delenv("VELATURA_RUNTIME")
    monkeypatch.setenv("PATH", "")
    # Installed without its source tree, beside which a `.venv` may lie.
    monkeypatch.setattr("velatura.runtime.__file__", str(tmp_path / "core/velatura/runtime.py"))
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):  # each system has its own
        monkeypatch.setenv(name, str(tmp_path / "data"))
    noted = commands.executable(tmp_path / "noted")
    home().mkdir(parents=True)
    (home() / "runtime").write_text(f"{noted}\n", "utf-8")
    assert client.runtime() == [str(noted)]
    noted.unlink()
    with pytest.raises(errors.MissingRuntimeError, match=r"not installed.*[Ii]nstall"):
        client.runtime()


def test_a_worker_may_be_started_by_any_command(tmp_path, look):
    with Worker(COMMAND) as worker:
        assert list(worker.submit(job(tmp_path, look)))[-1].kind == "done"


def test_the_runtime_is_found_on_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv("VELATURA_RUNTIME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert client.runtime()[0].endswith("velatura")


def test_a_runtime_that_does_not_start_is_an_error(tmp_path, monkeypatch):
    broken = tmp_path / "velatura"
    broken.write_text("not a program")
    monkeypatch.setenv("VELATURA_RUNTIME", str(broken))
    with pytest.raises(errors.MissingRuntimeError):
        Worker()


def test_a_runtime_that_dies_at_once_is_an_error_that_quotes_it(tmp_path, monkeypatch):
    broken = tmp_path / "velatura"
    broken.write_text("#!/bin/sh\necho no such library >&2\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("VELATURA_RUNTIME", str(broken))
    with pytest.raises(errors.MissingRuntimeError, match="no such library"):
        Worker()


def test_the_hosts_own_python_does_not_reach_the_runtime(tmp_path, look, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/host/python")
    monkeypatch.setenv("PYTHONHOME", "/host")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/host/lib")
    monkeypatch.setenv("OCIO_ACTIVE_VIEWS", "kept")
    child = process.environment()
    assert not {"PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH"} & child.keys()
    assert child["OCIO_ACTIVE_VIEWS"] == "kept"
    client.run(job(tmp_path, look, frames=1))


def test_a_worker_runs_job_after_job(tmp_path, look):
    with Worker() as worker:
        first = [event.kind for event in worker.submit(job(tmp_path, look, workers=1))]
        again = list(worker.submit(job(tmp_path, look, workers=1)))
    assert first == ["wrote", "progress", "wrote", "progress", "done"]
    assert [event.kind for event in again] == ["kept", "progress", "kept", "progress", "done"]
    assert again[-2].percent == 100


def test_a_worker_writes_what_a_batch_job_writes(tmp_path, look):
    client.run(job(tmp_path, look, out="batch", write="both"))
    with Worker() as worker:
        list(worker.submit(job(tmp_path, look, out="worker", write="both")))
    for path in (tmp_path / "batch").iterdir():
        assert path.read_bytes() == (tmp_path / "worker" / path.name).read_bytes()


def test_a_worker_survives_a_job_that_fails(tmp_path, look):
    with Worker() as worker:
        with pytest.raises(errors.FrameError, match="There are no frames"):
            list(worker.submit(Job(str(tmp_path / "no.####.exr"), str(look), str(tmp_path))))
        with pytest.raises(errors.InputError, match=r"strength should be 0\.\.4"):
            list(worker.submit(job(tmp_path, look, strength=float("inf"))))
        with pytest.raises(errors.DeviceError):
            list(worker.submit(job(tmp_path, look, device="cuda")))
        assert list(worker.submit(job(tmp_path, look)))[-1].kind == "done"


def test_a_worker_that_is_killed_in_the_middle_of_a_job_is_an_error(tmp_path, slow_look):
    with Worker() as worker:
        events = worker.submit(long_job(tmp_path, slow_look))
        next(events)
        worker._pipe.process.kill()
        with pytest.raises(errors.MachineError, match="died in the middle of a job"):
            list(events)
        with pytest.raises(errors.MachineError):
            list(worker.submit(job(tmp_path, slow_look)))
    for path in (tmp_path / "out").glob("plate*"):
        exr.read(path)


def test_a_host_is_told_what_a_job_warns_of_and_so_is_the_log(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("normal", "depth"))
    order = job(tmp_path, guided, frames=3)
    (tmp_path / "in" / "plate.0002.exr").unlink()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plate.gain.0003.exr").write_bytes(b"of someone else")
    with Worker() as worker:
        first = [e.text for e in worker.submit(order) if e.kind == "warning"]
        calm = dataclasses.replace(order, frames="1,3")
        assert {event.kind for event in worker.submit(calm)} == {"kept", "progress", "done"}
        log = list(worker._pipe._errors)
    assert len(first) == 3
    missing = "has missing frames", "has no pass for normal, depth"
    for text in (*missing, "0003.exr does not say what it was"):
        assert sum(text in warning for warning in first) == 1
        assert sum(text in line for line in log) == 1


def test_what_is_said_of_stdin_is_no_warning_of_a_job(tmp_path, look):
    order = json.dumps({"id": 1, "job": dataclasses.asdict(job(tmp_path, look))})
    result = worker_process(f"{order}\ngarbage\n")
    assert "garbage" not in result.stdout
    assert "not JSON" in result.stderr
    assert '"warning"' not in result.stdout


def test_a_job_in_a_worker_is_cancelled_when_its_host_says_so(tmp_path, slow_look, look):
    asked: list[float] = []

    def cancelled() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 5

    with Worker() as worker:
        with pytest.raises(errors.CancelledError):
            list(worker.submit(long_job(tmp_path, slow_look), cancelled))
        assert len(asked) == 6  # and not again once it has said yes
        assert np.diff(asked).max() < 1  # s; ten times a second, on a busy machine
        assert list(worker.submit(job(tmp_path, look, out="o"), lambda: False))[-1].kind == "done"
    assert len(list((tmp_path / "out").glob("plate*"))) < 12


def test_a_cancelled_job_leaves_the_worker_up(tmp_path, slow_look, look):
    with Worker() as worker:
        events = worker.submit(long_job(tmp_path, slow_look))
        next(events)
        worker.cancel()
        with pytest.raises(errors.CancelledError):
            list(events)
        assert list(worker.submit(job(tmp_path, look, out="o")))[-1].kind == "done"


def test_a_job_that_nobody_follows_any_more_is_cancelled(tmp_path, slow_look, look):
    with Worker() as worker:
        for _ in worker.submit(long_job(tmp_path, slow_look)):
            break
        assert list(worker.submit(job(tmp_path, look, out="o")))[-1].kind == "done"
    assert len(list((tmp_path / "out").glob("plate*"))) < 12


def test_a_worker_ends_when_its_host_is_gone(tmp_path, slow_look):
    order = dataclasses.asdict(long_job(tmp_path, slow_look))
    message = json.dumps({"id": 1, "job": order}) + "\n"
    result = worker_process(message)
    assert result.returncode == 0
    assert json.loads(result.stdout.splitlines()[-1])["error"] == "CancelledError"


def test_closing_a_worker_cancels_its_job(tmp_path, slow_look):
    worker = Worker()
    events = worker.submit(long_job(tmp_path, slow_look))
    next(events)
    closer = threading.Timer(0.1, worker.close)
    start = time.monotonic()
    closer.start()
    with pytest.raises(errors.VelaturaError):
        list(events)
    closer.join()
    assert time.monotonic() - start < 15
    assert worker._pipe.process.poll() is not None


def test_what_libraries_print_does_not_break_the_protocol(tmp_path, look):
    order = job(tmp_path, look, frames=1)
    damaged = tmp_path / "in" / "plate.0001.exr"
    data = bytearray(damaged.read_bytes())
    data[-400:] = os.urandom(400)
    damaged.write_bytes(data)
    with Worker() as worker, pytest.raises(errors.ImageError):
        list(worker.submit(order))


def test_lines_that_are_no_messages_are_passed_over():
    lines = ["garbage", "[]", '{"id": 1}', json.dumps({"cancel": 7})]
    result = worker_process("\n".join(lines) + "\n")
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert [message["event"] for message in messages] == ["ready", "failed"]
    assert messages[1]["error"] == "InputError"
    assert result.returncode == 0
