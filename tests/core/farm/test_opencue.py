"""Outlines are built by the real pyoutline, in an environment of its own; no server is asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import looks
import orders
import plates
import pytest

pytestmark = pytest.mark.opencue


@pytest.fixture(scope="module")
def python() -> str:
    named = os.environ.get("VELATURA_PYOUTLINE", "")
    if not named:
        pytest.skip("VELATURA_PYOUTLINE names no Python with pyoutline; run `nox -s opencue`")
    return named


def test_the_outline_becomes_a_job_for_cuebot(tmp_path: Path, python: str) -> None:
    look, plate = looks.small(tmp_path / "small.onnx"), plates.shot(tmp_path / "in", 5)
    folder = orders.written(tmp_path, look, plate, "opencue", chunk=2, cores=3, retries=4)
    done = subprocess.run(
        [python, str(folder / "outline_job.py"), "--print"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "SHOW": "testing", "SHOT": "sh010"},
    )
    assert done.returncode == 0, done.stderr
    spec = ET.fromstring(done.stdout[done.stdout.index("<?xml") :])  # noqa: S314  # our own
    assert spec.findtext("job/maxretries") == "4"
    layers = {layer.get("name"): layer for layer in spec.iter("layer")}
    apply = layers["apply-sh010"]
    assert (apply.findtext("range"), apply.findtext("chunk")) == ("1-3", "1")
    assert apply.findtext("cores") == "3.0"
    assert apply.findtext("memory") == "1280m"
    assert apply.findtext("cmd") == f"bash {folder / 'task.sh'} apply-sh010 #IFRAME#"
    depends = [(d.findtext("deplayer"), d.findtext("onlayer")) for d in spec.iter("depend")]
    assert depends == [("report-sh010", "apply-sh010")]
    # and what a frame of it would run, runs:
    words = apply.findtext("cmd").replace("#IFRAME#", "3").split()
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert [p.name for p in (tmp_path / "out").glob("*.exr")] == ["plate.gain.0005.exr"]
