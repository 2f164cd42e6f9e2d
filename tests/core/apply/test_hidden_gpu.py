"""Tests give the same answers on a machine with a GPU as on one without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import velatura

PROGRAM = """
import os, sys, pytest

class Watch:
    def pytest_collection(self):  # before the first test module is imported
        loaded = {"torch", "onnxruntime"} & set(sys.modules)
        print("seen", os.environ["CUDA_VISIBLE_DEVICES"] or "none", sorted(loaded))

sys.exit(pytest.main([*sys.argv[1:], "--collect-only", "-q"], [Watch()]))
"""


@pytest.mark.parametrize(
    ("expression", "seen"),
    [
        ("not gpu and not slow", "none []"),
        ("slow", "none []"),
        ("", "none []"),
        ("gpu", "7 []"),
        ("gpu and not slow", "7 []"),
    ],
)
def test_only_a_run_of_gpu_tests_sees_the_gpu(expression, seen):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(here / "test_cuda.py"), "-m", expression],
        cwd=here.parents[1],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"seen {seen}" in done.stdout, done.stdout + done.stderr


def test_the_processes_that_tests_start_do_not_see_it_either():
    assert "$CUDA_VISIBLE_DEVICES" in velatura("doctor", "--json").stdout
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
