"""A session: one worker for many tasks, which cancel, fail and end as processes of their own do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import commands
import plates
import pytest

from velatura.farm import session
from velatura.process import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Unix domain sockets")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch):
    """A session, and the environment of its tasks."""
    done = commands.velatura("session", "start")
    socket = Path(re.fullmatch(r"openjd_env: VELATURA_SESSION=(\S+)\n", done.stdout)[1])
    monkeypatch.setenv(session.VARIABLE, str(socket))
    yield {session.VARIABLE: str(socket)}
    commands.velatura("session", "stop", env={session.VARIABLE: str(socket)})
    assert not socket.parent.exists()


def test_tasks_share_a_worker_and_write_what_they_write_alone(tmp_path, look, here):
    plate = plates.shot(tmp_path / "in", 3)
    words = ("apply", plate, "--look", look, "--progress=openjd", "--out")
    for frames in ("1", "2-3"):
        done = commands.velatura(*words, tmp_path / "out", "--frames", frames, env=here)
        assert done.returncode == 0, done.stderr
    lines = re.findall(r"frame plate\.(\d+)\.exr: [\d.]+ s, at most \d+ MiB", done.stderr)
    assert sorted(lines) == ["0002", "0003"]
    assert "openjd_progress: 100.0" in done.stdout
    again = commands.velatura(*words, tmp_path / "out", env=here)
    assert again.stdout.count("kept ") == 3
    assert commands.velatura(*words, tmp_path / "alone").returncode == 0
    for path in (tmp_path / "alone").glob("*.exr"):
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_a_task_that_fails_ends_as_alone_and_the_next_one_runs(tmp_path, look, here):
    plate = plates.shot(tmp_path / "in", 1)
    bad = commands.velatura("apply", plate, "--look", plate, "--out", tmp_path / "o", env=here)
    assert bad.returncode == 3
    good = commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "o", env=here)
    assert good.returncode == 0, good.stderr


def test_a_relative_mask_is_the_task_s_own_and_no_word_in_a_job_ends_the_session(
    tmp_path, look, here
):
    plates.shot(tmp_path / "in", 1)
    words = ("apply", "in/plate.####.exr", "--look", look, "--out=out", "--write=picture")
    bad = commands.velatura(*words, "--layer=stop", env=here, cwd=tmp_path)
    assert bad.returncode == 3
    good = commands.velatura(*words, "--mask=in/plate.####.exr", env=here, cwd=tmp_path)
    assert good.returncode == 0, good.stderr


def test_a_task_that_is_stopped_cancels_its_job(tmp_path, slow_look, look, here):
    plate = plates.shot(tmp_path / "in", 30, 120, 160)
    out = tmp_path / "out"
    task = subprocess.Popen(
        [*commands.COMMAND, "apply", str(plate), f"--look={slow_look}", f"--out={out}"],
        env=environment() | here,
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("plate.*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    task.send_signal(signal.SIGTERM)
    assert task.wait(10) == 143
    other = plates.shot(tmp_path / "other", 1)
    done = commands.velatura("apply", other, "--look", look, "--out", tmp_path / "o", env=here)
    assert done.returncode == 0, done.stderr  # the worker is free again
    assert len(list(out.glob("plate.*"))) < 30
    assert not list(out.glob(".*.tmp"))


def test_without_its_session_a_task_says_so_and_may_be_tried_again(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 1)
    gone = {session.VARIABLE: str(tmp_path / "socket")}
    done = commands.velatura("apply", plate, "--look", look, "--out", tmp_path / "o", env=gone)
    assert done.returncode == 4
    assert "There is no session" in done.stderr
