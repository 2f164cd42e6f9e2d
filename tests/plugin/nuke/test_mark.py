"""What makes a gain stale: whatever changes the picture, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nuke
import pytest
from shots import Studio, rich

import velatura_nuke
from velatura_nuke import moved
from velatura_nuke.looknode import LookNode


class Gsv(nuke.String_Knob):
    """Nuke 16's knob of graph scope variables: ``shot sh010``; saved as what it is made of."""

    def Class(self) -> str:  # noqa: N802  # Nuke's name
        return "String_Knob"

    def getGsvValue(self, path: str) -> str:  # noqa: N802  # Nuke's name
        words = self.toScript().split()
        return dict(zip(words[::2], words[1::2], strict=True))[path.removeprefix("__default__.")]


def state(node: nuke.Group) -> str:
    return velatura_nuke.status(node, [1])[1]


def test_a_knob_that_only_an_expression_names_counts(studio: Studio) -> None:
    node, plate = studio.begin(), nuke.toNode("Plate")
    control = nuke.nodes.NoOp(name="Ctrl")
    control.addKnob(nuke.Double_Knob("size", "size"))
    dark = nuke.nodes.Expression(expr0="r / 2")
    dark.setInput(0, plate)
    switch = nuke.nodes.Switch(name="Which")
    switch.setInput(0, plate)
    switch.setInput(1, dark)
    switch["which"].setExpression("Ctrl.size")
    node.setInput(0, switch)
    velatura_nuke.bake(node, [1])
    assert state(node) == "baked"
    control["xpos"].setValue(40)
    assert state(node) == "baked"
    control["size"].setValue(1)
    assert state(node) == "stale"


def test_a_plate_that_the_environment_exchanges_counts(studio: Studio, monkeypatch) -> None:
    for shot in ("sh010", "sh020"):
        rich(studio.folder / shot / "plate.0001.exr", seed=int(shot[2:]))
    node = studio.begin()
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/[getenv SHOT]/plate.%04d.exr")
    monkeypatch.setenv("SHOT", "sh010")
    velatura_nuke.bake(node, [1])
    assert state(node) == "baked"
    monkeypatch.setenv("SHOT", "sh020")
    assert state(node) == "stale"


def test_each_shot_of_a_script_has_a_gain_of_its_own(studio: Studio) -> None:
    """Nuke 16's graph scope variables: the plate's path names one."""
    for shot in ("sh010", "sh020"):
        rich(studio.folder / shot / "plate.0001.exr", seed=int(shot[2:]))
    node = studio.begin()
    shots = Gsv("gsv")
    nuke.root().addKnob(shots)
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/%{{shot}}/plate.%04d.exr")
    shots.fromScript("shot sh010 artist me")
    velatura_nuke.bake(node, [1])
    first = LookNode(node).shown(1, "main")
    assert first.parts[-3] == "sh010"
    shots.fromScript("shot sh020 artist me")
    assert state(node) == "missing"
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").read_bytes() != first.read_bytes()
    assert "%{shot}" in node.node("GainRead")["file"].value()
    shots.fromScript("shot sh010 artist you")
    assert state(node) == "baked"


def test_a_value_of_the_scripts_root_counts(studio: Studio) -> None:
    node, plate = studio.begin(), nuke.toNode("Plate")
    grade = nuke.nodes.Switch(name="Later")
    grade.setInput(0, plate)
    grade["which"].setExpression("root.last_frame > 50")
    node.setInput(0, grade)
    velatura_nuke.bake(node, [1])
    assert state(node) == "baked"
    nuke.root()["last_frame"].setValue(100)
    assert state(node) == "stale"


def test_which_tool_is_chosen_and_a_reload_do_not_count(studio: Studio) -> None:
    node, plate = studio.begin(), nuke.toNode("Plate")
    plate.addKnob(nuke.String_Knob("toolbar_paint", ""))
    plate.addKnob(nuke.Int_Knob("version", ""))
    velatura_nuke.bake(node, [1])
    plate["toolbar_paint"].setValue("clone")
    plate["version"].setValue(4)
    assert state(node) == "baked"


def test_a_plate_that_a_farm_maps_to_another_root_is_the_same(studio: Studio) -> None:
    artist, farm = studio.folder / "X/show/sh010", studio.folder / "mnt/show/sh010"
    rich(artist / "plate.0001.exr")
    node, plate = studio.begin(), nuke.toNode("Plate")
    plate["file"].setValue(f"{artist}/plate.%04d.exr")
    velatura_nuke.bake(node, [1])
    shutil.copytree(artist, farm)
    plate["file"].setValue(f"{farm}/plate.%04d.exr")
    assert state(node) == "stale"  # the old root is there: it may be another file
    shutil.rmtree(studio.folder / "X")
    assert state(node) == "baked"
    (farm / "plate.0001.exr").rename(farm.parent / "plate.0001.exr")
    plate["file"].setValue(f"{farm.parent}/plate.%04d.exr")
    assert state(node) == "stale"


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("X:/show/sh010/plate.0001.exr", "/mnt/show/sh010/plate.0001.exr", True),
        ("X:\\show\\sh010\\plate.0001.exr", "/mnt/show/sh010/plate.0001.exr", True),
        ("/nobodys/sh010/a.exr", "/sessions/7/assetroot-1/sh010/a.exr", True),
        ("X:/show/sh010/plate.0001.exr", "/mnt/show/sh020/plate.0001.exr", False),
        ("/usr/sh010/a.exr", "/elsewhere/sh010/a.exr", False),  # the old root is here
        ("/nobodys/a.exr", "/elsewhere/a.exr", False),  # a file's name alone says little
    ],
)
def test_which_paths_were_moved(tmp_path: Path, before: str, now: str, same: bool) -> None:
    moved.remember(tmp_path, [before])
    assert moved.same(tmp_path, moved.digest([before]), [now]) is same


def test_verifying_compares_pixels(studio: Studio) -> None:
    node, plate = studio.begin(), nuke.toNode("Plate")
    velatura_nuke.bake(node)
    os.utime(studio.plate(2))
    plate["file"].setValue(str(studio.folder / "other.%04d.exr"))
    for frame in (1, 2, 3):
        shutil.copy(studio.plate(frame), studio.folder / f"other.{frame:04d}.exr")
    assert state(node) == "stale"
    nuke.frame(2)
    node["verify"].execute()
    assert node["state"].value().endswith("from the very pixels that are wired in now")
    rich(studio.folder / "other.0002.exr", seed=99)
    node["verify"].execute()
    assert node["state"].value().endswith("from other pixels: main")
    assert not LookNode(node).plates("main").joinpath("ink.0002.exr").exists()
