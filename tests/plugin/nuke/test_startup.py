"""The block in the user's init.py: put there once, and taken away without a trace."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NUKE = ROOT / "plugin/nuke"
FILES = {
    "none": None,
    "empty": b"",
    "lines": b"import nuke\nnuke.pluginAddPath('tools')\n",
    "windows": b"import nuke\r\nnuke.pluginAddPath('tools')\r\n",
    "no end": b"import nuke",
    "windows, no end": b"import nuke\r\n# caf\xe9, in Latin-1",
    "future": b'"""Ours."""\nfrom __future__ import annotations\n',
}


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home)}
    return subprocess.run(
        [sys.executable, NUKE / "velatura_startup.py", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_uninstalling_leaves_the_file_as_it_was(tmp_path: Path, name: str) -> None:
    path, before = tmp_path / ".nuke/init.py", FILES[name]
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before)
    assert run(tmp_path, "install").returncode == 0
    installed = path.read_bytes()
    assert installed.startswith(before or b"")
    assert installed.count(b"nuke.pluginAddPath(" + repr(NUKE.as_posix()).encode()) == 1
    assert (b"\r\n" in installed) == (b"\r\n" in (before or b""))
    assert run(tmp_path, "install").stdout.startswith("installed already")
    assert path.read_bytes() == installed
    assert run(tmp_path, "uninstall").returncode == 0
    assert (path.read_bytes() if path.exists() else None) == before
    assert run(tmp_path, "uninstall").stdout.startswith("not installed")


def test_what_was_written_below_the_block_stays(tmp_path: Path) -> None:
    path = tmp_path / ".nuke/init.py"
    run(tmp_path, "install")
    with path.open("ab") as stream:
        stream.write(b"print('mine')\n")
    run(tmp_path, "uninstall")
    assert path.read_bytes() == b"print('mine')\n"


def test_a_folder_that_has_moved_is_named_anew_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / ".nuke/init.py"
    path.parent.mkdir()
    run(tmp_path, "install")
    there = path.read_bytes()
    elsewhere = there.replace(str(ROOT).encode(), b"/elsewhere") + b"print('mine')\n"
    path.write_bytes(elsewhere)
    run(tmp_path, "install")
    assert path.read_bytes() == there + b"print('mine')\n"


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.py", tmp_path / ".nuke/init.py"
    real.write_bytes(b"import nuke\n")
    real.chmod(0o640)
    path.parent.mkdir()
    path.symlink_to(real)
    run(tmp_path, "install")
    assert path.is_symlink()
    assert b"velatura" in real.read_bytes()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_read_is_an_error_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / ".nuke/init.py").mkdir(parents=True)
    done = run(tmp_path, "install")
    assert done.returncode == 4
    assert "init.py" in done.stderr
    assert "Traceback" not in done.stderr
