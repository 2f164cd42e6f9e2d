"""What cannot be finished fails loudly on a farm: exit code, node, frame and reason; no wrong file.

Each is one run of the command line of the Nuke to test against, see `terminal`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

import looks
import nuke
import pytest
import shell
from shots import Studio, law

import velatura_nuke
from velatura.client import PROTOCOL
from velatura.image import exr

READY = json.dumps({"event": "ready", "protocol": PROTOCOL, "version": "0"})


@pytest.fixture
def saved(studio: Studio) -> Studio:
    """A script whose gain is not rendered yet."""
    studio.begin()
    nuke.scriptSave()
    return studio


@pytest.fixture
def baked(studio: Studio) -> Studio:
    """A script whose gain is rendered for frames 1 and 2, but not for 3."""
    velatura_nuke.bake(studio.begin())
    studio.gain(3).unlink()
    nuke.scriptSave()
    return studio


def bake(studio: Studio, runtime: str = "") -> CompletedProcess[str]:
    """Render the gain of a saved script in a terminal."""
    job = studio.folder / "bake.py"
    opened = f"nuke.scriptOpen({str(studio.script)!r})"
    job.write_text(f"import nuke, velatura_nuke\n{opened}\nvelatura_nuke.bake()\n")
    runtime = runtime or os.environ["VELATURA_RUNTIME"]
    return shell.nuke("-t", job, VELATURA_RUNTIME=runtime)


def failed(done: CompletedProcess[str], *words: str) -> None:
    """Demand exit code 1, and words in the last line of the traceback, which gives the reason."""
    assert done.returncode == 1, done.stderr
    reason = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in reason


def rendered(studio: Studio) -> list[str]:
    return sorted(file.name for file in studio.folder.glob("out/*"))


def gains(studio: Studio) -> list[Path]:
    return sorted(studio.folder.glob("velatura/**/*.exr"))


def test_no_runtime(saved: Studio) -> None:
    failed(bake(saved, "/nowhere/velatura"), "MissingRuntimeError", "/nowhere/velatura")
    assert gains(saved) == []


def test_a_look_that_is_gone(saved: Studio, tmp_path: Path) -> None:
    script = saved.script.read_text(encoding="utf-8")
    gone = tmp_path / "gone.onnx"
    saved.script.write_text(script.replace(str(saved.look), str(gone)), encoding="utf-8")
    failed(bake(saved), "LookError", "gone.onnx cannot be read")
    assert gains(saved) == []


def test_a_plate_that_cannot_be_read(saved: Studio) -> None:
    saved.plate(2).unlink()
    failed(bake(saved), "MachineError", "Velatura1 could not be written", "plate.0002.exr")
    assert gains(saved) == []


def test_a_cache_folder_that_cannot_be_made(saved: Studio) -> None:
    (saved.folder / "velatura").write_text("a file where the folder should be")
    failed(bake(saved), "Error", "velatura")


def test_a_worker_that_is_killed(saved: Studio) -> None:
    runtime = saved.folder / "dies"
    runtime.write_text(f"#!/bin/sh\necho '{READY}'; read job; kill -9 $$\n")
    runtime.chmod(0o755)
    failed(bake(saved, str(runtime)), "MachineError", "died in the middle of a job")
    assert gains(saved) == []


def test_a_disk_that_is_full(saved: Studio) -> None:
    """No file of the runtime may grow beyond 1 KiB: nothing half-written is left."""
    runtime = saved.folder / "small"
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))"
    main = "from velatura.cli.main import main; sys.exit(main())"
    runtime.write_text(f"#!/bin/sh\nexec {sys.executable} -B -c '{limit}; {main}' \"$@\"\n")
    runtime.chmod(0o755)
    failed(bake(saved, str(runtime)), "StorageError", "gain.000")
    assert gains(saved) == []


def test_proxy_mode(saved: Studio) -> None:
    nuke.root()["proxy"].setValue(True)
    nuke.scriptSave()
    failed(bake(saved), "InputError", "proxy mode")


def test_a_gain_that_was_never_rendered(saved: Studio) -> None:
    done = shell.nuke("-x", saved.script, "1-3")
    failed(done, "The gain of Velatura1 was not rendered for frame 1", "Press Render gain")
    assert rendered(saved) == []


def test_a_gain_that_is_missing_for_one_frame(baked: Studio) -> None:
    done = shell.nuke("-x", baked.script, "1-3")
    failed(done, "The gain of Velatura1 was not rendered for frame 3", "gain.0003.exr")
    assert rendered(baked) == ["shot.0001.exr", "shot.0002.exr"]


@pytest.mark.parametrize("ever", [True, False], ids=["for one frame", "at all"])
def test_a_missing_gain_where_the_plug_in_is_not(studio: Studio, ever: bool) -> None:
    look = studio.begin()
    if ever:
        velatura_nuke.bake(look)
        studio.gain(2).unlink()
    nuke.scriptSave()
    done = shell.nuke("-x", studio.script, "2-2", NUKE_PATH="")
    failed(done, *(["GainRead", "0002.exr: Read error"] if ever else ["Velatura1 has no gain"]))
    assert rendered(studio) == []


def test_another_looks_gain_is_caught_where_the_plug_in_is_not(studio: Studio) -> None:
    """Someone rendered the gain anew in another copy of the script, with another look."""
    look = studio.begin()
    velatura_nuke.bake(look)
    nuke.scriptSave()
    assert shell.nuke("-x", studio.script, "1-1", NUKE_PATH="").returncode == 0
    chalk = looks.small(studio.folder / "ink.onnx", name="chalk", floor=0.02)
    velatura_nuke.set_look(look, chalk)
    velatura_nuke.bake(look)
    done = shell.nuke("-x", studio.script, "2-2", NUKE_PATH="")
    failed(done, "Velatura1 has no gain of its look for this frame")


def test_a_gain_that_is_missing_is_not_missed_at_strength_0(baked: Studio) -> None:
    nuke.toNode("Velatura1")["strength"].setValue(0)
    nuke.scriptSave()
    done = shell.nuke("-x", baked.script, "3-3")
    assert done.returncode == 0, done.stderr


def test_a_gain_of_an_older_graph(studio: Studio) -> None:
    look = studio.begin()
    velatura_nuke.bake(look)
    grade = nuke.nodes.Expression(name="Grade", expr0="r*2")
    grade.setInput(0, look.input(0))
    look.setInput(0, grade)
    nuke.scriptSave()
    done = shell.nuke("-x", studio.script, "1-1")
    failed(done, "The gain of Velatura1 is out of date for frame 1", "refuse stale gain")
    look["refuse_stale"].setValue(False)
    nuke.scriptSave()
    assert shell.nuke("-x", studio.script, "1-1").returncode == 0


def test_the_looks_own_write_is_not_rendered_by_accident(baked: Studio) -> None:
    sources = sorted(baked.folder.glob("velatura/**/source/**/*.exr"))
    done = shell.nuke("-x", baked.script, "1-2")
    assert done.returncode == 0, done.stderr
    assert sorted(baked.folder.glob("velatura/**/source/**/*.exr")) == sources == []
    law(baked, 1, 1.0, exr.read(baked.rendered(1)))
