"""People get a bar on a terminal; machines get lines, and never both on one screen."""

from __future__ import annotations

import os
import subprocess

import plates
import pytest
from commands import COMMAND

from velatura.process import environment
from velatura.system import progress

pty = pytest.importorskip("pty", reason="needs a Unix terminal")


def test_a_terminal_shows_a_bar_and_stdout_stays_for_machines(tmp_path, look):
    plate = plates.shot(tmp_path / "in", 2)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "apply", str(plate), f"--look={look}", f"--out={tmp_path / 'out'}"],
        env=environment() | {"TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # Linux's way to say that the other side has closed
    os.close(ours)
    told, _ = process.communicate()
    assert process.returncode == 0
    assert "2/2" in shown.decode()
    assert told == f"wrote {tmp_path / 'out'}: plate.gain.####.exr (2)\n"


def test_files_of_a_job_are_one_line():
    files = [f"out/{name}.{frame:04}.exr" for frame in (9, 10) for name in ("a_v2", "a_v2.gain")]
    said = progress.several([*files, "out/a_v2.mp4"])
    assert said == "out: a_v2.####.exr (2), a_v2.gain.####.exr (2), a_v2.mp4"
    assert progress.several(["out/a_v2.0009.exr"]) == "out/a_v2.0009.exr"
