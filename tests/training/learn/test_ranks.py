"""Several processes learn what one learns, and go on when they were killed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import commands
import psutil
import pytest
import torch
from tiny import Shot

from velatura.process import environment
from velatura_training import run_folder

TOLERANCE = 0.02
"""Difference of all weights, by how far they went from where they began (root mean squares). Sums
of gradients are rounded in another order, and Adam makes the same step of a gradient next to 0."""

HOW = ("--free", "--patch=32", "--guides=none", "--threads=1")


def words(shot: Shot, out: Path, steps: int, *more: str, batch: int = 4) -> list[str]:
    learn = ["train", shot.plate, "--painted", shot.painted, f"--out={out}", f"--steps={steps}"]
    return [*map(str, learn), *HOW, f"--batch={batch}", *more]


def torchrun(arguments: list[str], *options: str) -> subprocess.Popen[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    meet = ["--rdzv-backend=c10d", f"--rdzv-endpoint=localhost:{port}", *options]
    return subprocess.Popen(
        [*start, *meet, "--module", "velatura", *arguments],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def weights(run: Path) -> torch.Tensor:
    found = run_folder.load(run / run_folder.CHECKPOINT, torch.device("cpu"))
    gan = found[run_folder.METHOD]
    every = [w for part in ("painter", "critic") for w in gan[part].values()]
    return torch.cat([w.flatten().double() for w in every])


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).square().mean().sqrt())


def test_two_processes_reach_the_weights_of_one_with_the_same_batch(shot, tmp_path):
    for name, steps in (("none", 1), ("one", 24)):
        alone = commands.velatura(*words(shot, tmp_path / name, steps))
        assert alone.returncode == 0, alone.stderr
    both = torchrun(words(shot, tmp_path / "two", 24))
    said, _ = both.communicate(timeout=240)
    assert both.returncode == 0, said
    begun, one, two = (weights(tmp_path / name) for name in ("none", "one", "two"))
    assert apart(one, two) < TOLERANCE * apart(one, begun)
    assert said.count("contact_sheet.png") == 1  # one of them speaks


def test_a_batch_that_cannot_be_shared_is_refused(shot, tmp_path):
    both = torchrun(words(shot, tmp_path / "run", 2, batch=3))
    said, _ = both.communicate(timeout=240)
    assert both.returncode != 0
    assert "cannot be shared by 2 processes" in said


@pytest.mark.slow
@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_rank_that_is_killed_is_started_again_and_all_go_on(rank, shot, tmp_path):
    """torchrun starts all ranks anew; they go on from the last checkpoint, to the same weights."""
    steps = 130
    both = torchrun(words(shot, tmp_path / "killed", steps, "--resume"), "--max-restarts=3")
    deadline = time.monotonic() + 200
    plot = tmp_path / "killed" / run_folder.PLOT  # written at step 100, after its checkpoint
    while not plot.exists() and both.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in psutil.Process(both.pid).children(recursive=True):
        if process.environ().get("RANK") == rank:
            process.send_signal(signal.SIGKILL)
            break
    else:
        pytest.fail("there is no such rank")
    said, _ = both.communicate(timeout=240)
    assert both.returncode == 0, said
    assert (tmp_path / "killed" / run_folder.BEST).is_file()
    found = run_folder.load(tmp_path / "killed" / run_folder.CHECKPOINT, torch.device("cpu"))
    assert found["state"]["steps"] == steps
