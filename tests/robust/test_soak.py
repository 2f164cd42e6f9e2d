"""A thousand jobs and a thousand frames in one process: nothing grows, nothing is left."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

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


class Held(NamedTuple):
    """What a process holds."""

    bytes: int
    descriptors: int
    threads: int


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


@pytest.fixture
def order(tmp_path: Path) -> Job:
    pattern = plates.shot(tmp_path / "in", MANY, 24, 32)
    return Job(str(pattern), str(looks.small(tmp_path / "a.onnx")), str(tmp_path / "out"))


def test_a_thousand_jobs(tmp_path, order):
    states = []
    with worker() as started:
        for number in range(MANY):
            events = [e.kind for e in started.submit(replace(order, frames=str(number + 1)))]
            assert events[-1] == "done"
            states.append(held_by(started))
    demand_no_growth("jobs", states, tmp_path)


def test_a_thousand_frames_in_one_job(tmp_path, order):
    with worker() as started:
        events = started.submit(replace(order, workers=2))
        states = [held_by(started) for event in events if event.kind == "wrote"]
    assert len(states) == MANY
    demand_no_growth("frames", states, tmp_path)


def worker() -> Worker:
    return Worker([sys.executable, "-m", "velatura"])


def held_by(started: Worker) -> Held:
    process = psutil.Process(started._pipe.process.pid)
    return Held(process.memory_info().rss, process.num_fds(), process.num_threads())


def demand_no_growth(what: str, states: list[Held], folder: Path) -> None:
    early, late = states[MANY // 10], states[-1]
    print(f"{what}: {early} after a tenth, {late} at the end")
    assert late.bytes - early.bytes < GROWTH
    assert late.descriptors <= early.descriptors + 2
    assert late.threads <= early.threads + 2
    assert not [path for path in folder.rglob(".*") if path.is_file()]
