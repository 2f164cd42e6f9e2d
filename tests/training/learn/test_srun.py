"""A training of two processes as a farm job's task in a real Slurm: `srun` starts `torchrun`."""

from __future__ import annotations

import json
import sys

import cluster
import commands
import pytest

from velatura import look
from velatura.farm import order as orders
from velatura.farm import steps, writing

pytestmark = pytest.mark.slurm

OPTIONS = ("--free", "--patch=32", "--guides=none", "--threads=1", "--batch=4", "--steps=6")


def test_slurm_trains_in_two_processes_and_exports_what_they_learnt(shot, tmp_path):
    job = {
        "name": "learn",
        "velatura": str(commands.executable(tmp_path / "velatura")),
        "cores": 1,
        "train_memory_mb": 2000,
        "look": [
            {
                "name": "ink",
                "file": str(tmp_path / "ink.onnx"),
                "plate": str(shot.plate),
                "painted": str(shot.painted),
                "run": str(tmp_path / "run"),
                "options": list(OPTIONS),
                "processes": 2,
            }
        ],
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    launcher = tmp_path / "torchrun"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m torch.distributed.run "$@"\n')
    launcher.chmod(0o755)
    order = orders.read(tmp_path / "job.json")
    folder = tmp_path / "slurm"
    list(writing.write(folder, writing.files("slurm", order, steps.planned(order))))
    with cluster.wanted() as slurm:
        states = cluster.ended(slurm, cluster.submitted(slurm, folder), seconds=600)
    log = (folder / "train-ink.1.log").read_text()
    assert set(states.values()) == {"COMPLETED"}, log
    assert "train-ink 1: exit code 0, start 0" in log
    assert "srun --ntasks=1" in (folder / "train-ink.sbatch").read_text()
    assert "--nproc-per-node=2" in (folder / "train-ink.tasks").read_text()
    assert look.read(tmp_path / "ink.onnx").card.name == "ink"
