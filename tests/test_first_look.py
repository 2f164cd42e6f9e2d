"""Every command of the tutorial runs, and its pictures are those of its script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import commands
import pytest

from velatura.image import movies
from velatura.process import environment

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "docs/first_look.py"
PAGE = (ROOT / "docs/first-look.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")


def go_through(folder: Path, *arguments: str) -> str:
    """Run the tutorial's commands in a folder, as a new user; return what they printed."""
    programs = folder / "programs"
    programs.mkdir()
    commands.executable(programs / "velatura")
    (programs / "python").symlink_to(sys.executable)
    env = environment() | {
        "OMP_NUM_THREADS": "1",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    env["PATH"] = f"{programs}:{env.get('PATH', '')}"
    done = subprocess.run(
        [sys.executable, SCRIPT, folder / "here", *arguments],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs_on_a_small_clip(tmp_path: Path) -> None:
    said = go_through(tmp_path, "--short")
    assert said.count("$ velatura ") == PAGE.count("\nvelatura ")
    first = tmp_path / "here/first"
    assert len(movies.numbers(str(first / "glazed/clip.mp4"))) == 6
    assert (first / "run/watch.html").is_file()
    assert (first / "half/clip.0005.exr").is_file()
    assert "shot look for frames 0-5 of clip.mp4" in " ".join(said.split())
    assert (tmp_path / "velatura/looks/ink.onnx").is_file()


def test_every_picture_and_file_that_the_tutorial_names_is_there() -> None:
    for name in re.findall(r"\]\(([\w./-]+)\)", PAGE):
        assert (ROOT / "docs" / name).is_file(), name
    assert "--minutes 5" in PAGE
