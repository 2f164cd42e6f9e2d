"""A thousand frames and a thousand jobs in one process: nothing grows, nothing is left."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import looks
import plates
import psutil
import pytest

from velatura.client import Worker
from velatura.job import Job

pytestmark = pytest.mark.soak

MANY = int(os.environ.get("VELATURA_SOAK", "1000"))
GROWTH = 64 * 2**20
"""Bytes by which a worker may grow after its first tenth: allocators keep some."""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


def test_a_thousand_jobs_and_frames(tmp_path):
    look = looks.small(tmp_path / "a.onnx")
    pattern = plates.shot(tmp_path / "in", min(MANY, 100), 60, 80)
    with Worker([sys.executable, "-m", "velatura"]) as worker:
        process = psutil.Process(worker._pipe.process.pid)
        states = []
        for number in range(MANY):
            frame = str(number % min(MANY, 100) + 1)
            out = tmp_path / "out" / str(number // 100)
            events = [e.kind for e in worker.submit(Job(str(pattern), str(look), str(out), frame))]
            assert events[-1] == "done"
            states.append((process.memory_info().rss, process.num_fds(), process.num_threads()))
        list(worker.submit(Job(str(pattern), str(look), str(tmp_path / "all"), workers=2)))
        states.append((process.memory_info().rss, process.num_fds(), process.num_threads()))
    early, late = states[MANY // 10], states[-1]
    assert late[0] - early[0] < GROWTH
    assert late[1] <= early[1] + 2
    assert late[2] <= early[2] + 2
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]
