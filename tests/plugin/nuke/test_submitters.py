"""Farms' own submitters take a script with looks: the real code of PyPI's packages says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nuke
import pytest
from shots import Studio, rich

import velatura_nuke
from velatura.process import environment
from velatura_nuke.looknode import LookNode

pytestmark = pytest.mark.host_nuke

SCRIPT = Path(__file__).with_name("submitters.py")


def submitted(studio: Studio) -> dict[str, Any]:
    """Return what the submitters say of the script as it was saved."""
    done = subprocess.run(
        [sys.executable, SCRIPT, os.environ["VELATURA_SUBMITTERS"], studio.script],
        env=environment() | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def gains(node: nuke.Group) -> set[str]:
    return {str(path) for path in LookNode(node).folder.glob("*/*.exr")}


def test_the_gain_files_that_exist_are_attached_and_no_others(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1, 2])
    nuke.scriptSave()
    found = submitted(studio)
    plates = {str(studio.plate(frame)) for frame in (1, 2, 3)}
    assert (found["refused"], found["raised"], found["unparsed"]) == ("", None, {})
    assert set(found["attached"]) == gains(node) | plates | {str(studio.look), str(studio.script)}
    assert len(gains(node)) == 2
    assert found["missing"] == []
    assert found["asked"] < 50  # evaluations of a path by Nuke, not a million
    assert set(found["conductor"]) == gains(node) | plates | {str(studio.look)}


def test_each_view_has_its_gain_attached(studio: Studio) -> None:
    for view, seed in (("left", 0), ("right", 50)):
        (studio.folder / view).mkdir()
        for frame in (1, 2, 3):
            rich(studio.folder / view / f"plate.{frame:04d}.exr", frame + seed)
    nuke.root()["views"].fromScript("left #ff0000\nright #00ff00")
    node = studio.begin("%V/")
    velatura_nuke.bake(node)
    nuke.scriptSave()
    found = submitted(studio)
    assert len(gains(node)) == 6
    assert gains(node) <= set(found["attached"])
    assert (found["refused"], found["missing"]) == ("", [])
    assert gains(node) <= set(found["conductor"])


def test_a_look_without_a_gain_is_no_file_that_is_missing(studio: Studio) -> None:
    studio.begin()
    nuke.scriptSave()
    found = submitted(studio)
    assert (found["refused"], found["missing"]) == ("", [])
    assert str(studio.look) in found["attached"]


def test_the_old_node_is_refused(studio: Studio) -> None:
    """What a node of before had: a folder in a File_Knob, and a Read of a million frames."""
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    node.removeKnob(node["cache"])
    folder = nuke.File_Knob("cache", "cache folder")
    node.addKnob(folder)
    folder.setValue("[file dirname [value root.name]]/velatura")
    node.node("GainRead")["last"].setValue(5000)
    nuke.scriptSave()
    found = submitted(studio)
    assert found["refused"].startswith("MisconfiguredInputsError")
    assert "Directories classified as files" in found["refused"]
    assert found["asked"] > 5000
