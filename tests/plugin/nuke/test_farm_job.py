"""The farm job: checked and run by Open Job Description's own program."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nuke
import pytest
import shell
from shots import Studio, law

import velatura_nuke
from velatura import errors
from velatura.image import exr
from velatura.process import environment

OPENJD = (sys.executable, "-c", "from openjd.cli import main; main()")
NUKE = f'#!/bin/sh\nNUKE_PATH= exec "{sys.executable}" "{shell.HERE}/terminal.py" "$@"\n'


def openjd(*words: object) -> str:
    done = subprocess.run(
        [*OPENJD, *map(str, words), "--extensions", "TASK_CHUNKING"],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr}"
    return done.stdout


def test_plates_gains_and_the_shot_are_made_by_the_job(studio: Studio) -> None:
    """The machine that renders has a Nuke without the plug-in; the runtime is called by itself."""
    pytest.importorskip("openjd.cli")
    node = studio.begin()
    velatura_nuke.set_strength(node, 0.5)
    nuke.scriptSave()
    template = velatura_nuke.write_job(studio.folder / "job", chunk=2)
    openjd("check", template)
    assert not list(studio.folder.glob("velatura/*/main/*.exr"))
    program = studio.folder / "nuke"
    program.write_text(NUKE)
    program.chmod(0o755)
    values = {"Nuke": str(program), "Velatura": os.environ["VELATURA_RUNTIME"]}
    values |= json.loads((template.parent / "parameters.json").read_text())
    parameters = studio.folder / "all.json"
    parameters.write_text(json.dumps(values))
    said = openjd(
        "run", template, "--step", "Render", "--run-dependencies", "-p", f"file://{parameters}"
    )
    assert said.count("openjd_progress") >= 2  # two chunks
    for frame in (1, 3):
        law(studio, frame, 0.5, exr.read(studio.rendered(frame)))


def test_the_artists_script_stays_as_it_was_and_finds_the_gain(studio: Studio) -> None:
    node = studio.begin()
    template = velatura_nuke.write_job(studio.folder / "job", [1, 2])
    assert nuke.root().name() == str(studio.script)
    assert node.node("SrcWrite")["disable"].value()
    assert not nuke.toNode("Final")["disable"].value()
    steps = [step["name"] for step in json.loads(template.read_text())["steps"]]
    assert steps == ["PlatesVelatura1", "GainsVelatura1main", "Render"]
    assert velatura_nuke.status(node, [1]) == {1: "missing"}


def test_a_script_that_was_never_saved_is_refused(studio: Studio) -> None:
    studio.begin()
    nuke.toNode("Velatura1")["disable"].setValue(True)
    with pytest.raises(errors.InputError, match="no look node"):
        velatura_nuke.write_job(studio.folder / "job")
