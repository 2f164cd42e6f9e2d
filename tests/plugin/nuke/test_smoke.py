"""The script for a licensee runs: here against the fake, which proves only that it can be run."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from pathlib import Path

import pytest
import shell

SMOKE = Path(__file__).parents[1] / "nuke_smoke.py"
FREE = SMOKE.with_name("nuke_nc_smoke.py")
PAGE = Path(__file__).parents[3] / "docs/nuke-unverified.md"
CHECKS = sorted(Path(__file__).with_name("smoke").glob("*.py"))


def test_the_smoke_script_runs_to_its_end_and_asks_what_the_page_lists(tmp_path: Path) -> None:
    program = tmp_path / "nuke"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {shell.HERE / "terminal.py"} "$@"\n')
    program.chmod(0o755)
    done = shell.nuke("-i", "-t", SMOKE, NUKE_EXE=str(program), TMPDIR=str(tmp_path))
    said = re.findall(r"^(PASS|FAIL|SKIP) (N\d+) (.*)", done.stdout, re.MULTILINE)
    rows = re.findall(r"^\| (N\d+) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [number for _, number, _ in said] == [number for number, _ in rows], done.stderr
    for (_, number, text), (_, listed) in zip(said, rows, strict=True):
        assert text.startswith(listed.replace("`", "")), number
    assert [number for verdict, number, _ in said if verdict == "FAIL"] == [], done.stderr
    assert [number for verdict, number, _ in said if verdict == "SKIP"] == ["N22"]
    assert done.returncode == 0


def test_the_free_nukes_script_runs_to_its_end_and_asks_for_no_node(tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import atexit, runpy, sys\nfrom nuke.session import SESSION\n"
        "atexit.register(lambda: print('given', SESSION.given))\n"
        f"sys.argv = [{str(FREE)!r}]\nrunpy.run_path({str(FREE)!r}, run_name='__main__')\n"
    )
    done = shell.nuke("--nc", "-t", probe, TMPDIR=str(tmp_path))
    said = re.findall(r"^(PASS|FAIL) (C\d+) (.*)", done.stdout, re.MULTILINE)
    rows = re.findall(r"^\| (C\d+) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(number, text) for _, number, text in said] == rows, done.stderr
    assert {verdict for verdict, _, _ in said} == {"PASS"}, done.stdout
    assert "given 0" in done.stdout
    assert done.returncode == 0


def test_the_free_nukes_script_notices_a_wrong_law(tmp_path: Path) -> None:
    """A check that cannot fail says nothing: its own law is bent, and it must object."""
    shutil.copytree(FREE.parents[2] / "plugin/nuke", tmp_path / "up/plugin/nuke")
    bent = tmp_path / "up/tests/plugin" / FREE.name
    (bent.parent / "nuke").mkdir(parents=True)
    shutil.copytree(FREE.parent / "nuke/smoke", bent.parent / "nuke/smoke")
    bent.write_text(FREE.read_text().replace("2.0 ** (gain * stops)", "2.1 ** (gain * stops)"))
    done = shell.nuke("--nc", "-t", bent, TMPDIR=str(tmp_path))
    assert "FAIL C1 " in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("path", [SMOKE, FREE, *CHECKS], ids=lambda path: path.name)
def test_the_smoke_script_is_python_3_7_and_needs_nothing_installed(path: Path) -> None:
    modules = set()
    for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))):
        if isinstance(each, ast.Import):
            modules |= {name.name for name in each.names}
        elif isinstance(each, ast.ImportFrom):
            modules.add(str(each.module).partition(".")[0])
    ours = {check.stem for check in CHECKS} | {"nuke", "velatura_nuke"}
    assert modules - set(sys.stdlib_module_names) <= ours
