"""Work that is killed at a random moment, and done again: nothing is lost, nothing differs."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import time
from pathlib import Path

import commands
import looks
import plates
import pytest

pytestmark = [pytest.mark.kill, pytest.mark.skipif(os.name == "nt", reason="SIGKILL")]

TIMES = int(os.environ.get("VELATURA_KILLS", "50"))


SLOW = 900  # seconds that a training of seconds may take on a machine that does other things


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


def digests(folder: Path) -> dict[str, str]:
    """Return what lies under final names; the rest is of those that were killed."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix != ".tmp"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def killed(arguments: list[object], most: float, rng: random.Random) -> None:
    """Start a command and kill it within ``most`` seconds."""
    job = subprocess.Popen(
        [*commands.COMMAND, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(rng.uniform(0, most))
    job.kill()
    job.wait()


def test_apply(tmp_path):
    rng, plate = random.Random(0), plates.shot(tmp_path / "in", 8, 200, 300)
    look = looks.small(tmp_path / "a.onnx")
    order = ["apply", plate, "--look", look, "--write", "both", "--out"]
    start = time.monotonic()
    assert commands.velatura(*order, tmp_path / "calm").returncode == 0
    whole, wanted = time.monotonic() - start, digests(tmp_path / "calm")
    for number in range(TIMES):
        out = tmp_path / f"o{number}"
        killed([*order, out], whole, rng)
        if out.is_dir():
            assert digests(out).items() <= wanted.items()
        done = commands.velatura(*order, out)
        assert done.returncode == 0, done.stderr
        assert {path.name for path in out.iterdir()} == wanted.keys()
        assert digests(out) == wanted


def test_publish(tmp_path, monkeypatch):
    rng, look = random.Random(1), looks.realistic(tmp_path / "a.onnx")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("VELATURA_LOOKS", str(shelf))
    for _ in range(TIMES):
        killed(["publish", look], 0.6, rng)
        assert digests(shelf).items() <= {"a.onnx": digest(look)}.items()
        assert commands.velatura("publish", look).returncode == 0
        assert digests(shelf) == {"a.onnx": digest(look)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_train_and_export(tmp_path):
    torch = pytest.importorskip("torch")
    import tiny

    from velatura_training import run_folder

    rng, shot = random.Random(2), tiny.write_shot(tmp_path)
    shown = ["--seed", "1", "--perceptual", "none", "--threads", "1"]
    order = ["train", shot.plate, "--painted", shot.painted, "--steps", "12", *shown]
    start = time.monotonic()
    assert commands.velatura(*order, "--out", tmp_path / "calm", timeout=SLOW).returncode == 0
    whole = time.monotonic() - start
    wanted = run_folder.load(tmp_path / "calm" / "best.pt", torch.device("cpu"))["painter"]
    for number in range(TIMES):
        out = tmp_path / f"run{number}"
        killed([*order, "--out", out], whole, rng)
        resumed = ["--resume"] if (out / "checkpoint.pt").exists() else []
        done = commands.velatura(*order, "--out", out, *resumed, timeout=SLOW)
        assert done.returncode == 0, done.stderr
        found = run_folder.load(out / "best.pt", torch.device("cpu"))["painter"]
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
        killed(["export", out, "--out", out / "look.onnx"], whole / 2, rng)
        export = commands.velatura("export", out, "--out", out / "look.onnx", timeout=SLOW)
        assert export.returncode == 0, export.stderr
        assert not list(out.glob(".look*.tmp")) or (out / "look.onnx").is_file()
