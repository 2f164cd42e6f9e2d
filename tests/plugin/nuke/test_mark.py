"""What makes a gain stale: whatever changes the picture, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nuke
import pytest
from shots import Studio, rich

import velatura_nuke
from velatura.errors import InputError
from velatura_nuke import moved
from velatura_nuke.looknode import LookNode


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


def shots(studio: Studio) -> None:
    for shot in ("sh010", "sh020"):
        rich(studio.folder / shot / "plate.0001.exr", seed=int(shot[2:]))


def say(node: nuke.Node, **variables: str) -> None:
    """Set graph scope variables of the script, or of a VariableGroup (Nuke 16)."""
    for name, value in variables.items():
        node["gsv"].setGsvValue(f"__default__.{name}", value)


@pytest.mark.parametrize("called", ["%{shot}", "%shot"])
def test_each_shot_of_a_script_has_a_gain_of_its_own(studio: Studio, called: str) -> None:
    """Nuke 16's graph scope variables: the plate's path names one."""
    shots(studio)
    node, root = studio.begin(), nuke.root()
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/{called}/plate.%04d.exr")
    say(root, shot="sh010", artist="me")
    velatura_nuke.bake(node, [1])
    first = LookNode(node).shown(1, "main")
    assert first.parts[-3] == "sh010"
    say(root, shot="sh020")
    assert state(node) == "missing"
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").read_bytes() != first.read_bytes()
    assert "%{shot}" in node.node("GainRead")["file"].value()
    say(root, shot="sh010", artist="you")
    assert state(node) == "baked"


def grouped(studio: Studio, name: str, *, inside: nuke.Group | None = None) -> nuke.Group:
    """Make a VariableGroup with a plate and a look in it; return the look."""
    with inside or nuke.root():
        group = nuke.nodes.VariableGroup(name=name)
    with group:
        files = f"{studio.folder}/%{{shot}}/plate.%04d.exr"
        plate = nuke.nodes.Read(file_type="exr", file=files, raw=True, first=1, last=1)
        look: nuke.Group = velatura_nuke.create(studio.look, after=plate)
        nuke.nodes.Output().setInput(0, look)
    return look


def test_the_variables_of_a_group_are_those_of_its_look(studio: Studio) -> None:
    shots(studio)
    nuke.scriptSaveAs(str(studio.script), 1)
    say(nuke.root(), shot="sh010")
    one, other = grouped(studio, "One"), grouped(studio, "Other")
    say(nuke.toNode("Other"), shot="sh020")
    velatura_nuke.bake(None, [1])
    found = [LookNode(each).shown(1, "main") for each in (one, other)]
    assert [path.parts[-3] for path in found] == ["sh010", "sh020"]
    assert found[0].read_bytes() != found[1].read_bytes()
    say(nuke.root(), shot="sh020")  # which Other has its own of
    assert (state(one), state(other)) == ("missing", "baked")
    say(nuke.toNode("Other"), shot="sh010", artist="me")
    assert state(other) == "missing"


def test_a_group_in_a_group_has_its_parents_variables(studio: Studio) -> None:
    shots(studio)
    nuke.scriptSaveAs(str(studio.script), 1)
    sequence = nuke.nodes.VariableGroup(name="Sequence")
    node = grouped(studio, "Shot", inside=sequence)
    say(nuke.root(), shot="sh020")
    say(sequence, shot="sh010")
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").parts[-3] == "sh010"
    say(nuke.root(), shot="none")
    assert state(node) == "baked"
    nuke.scriptSave()
    nuke.scriptOpen(str(studio.script))
    again = LookNode(nuke.toNode("Sequence.Shot.Velatura1"))
    assert again.shown(1, "main").is_file()
    assert state(again.node) == "baked"


def test_a_plate_from_a_group_with_variables_of_its_own(studio: Studio) -> None:
    shots(studio)
    node = studio.begin()
    group = nuke.nodes.VariableGroup(name="Plates")
    with group:
        files = f"{studio.folder}/%{{shot}}/plate.%04d.exr"
        plate = nuke.nodes.Read(file_type="exr", file=files, raw=True, first=1, last=1)
        nuke.nodes.Output().setInput(0, plate)
    node.setInput(0, group)
    say(group, shot="sh010", artist="me")
    velatura_nuke.bake(node, [1])
    assert state(node) == "baked"
    say(group, artist="you")
    assert state(node) == "baked"
    say(group, shot="sh020")
    assert state(node) == "stale"


def test_a_switch_by_a_variable_counts(studio: Studio) -> None:
    node, plate = studio.begin(), nuke.toNode("Plate")
    dark = nuke.nodes.Expression(expr0="r / 2")
    dark.setInput(0, plate)
    switch = nuke.nodes.VariableSwitch(variable="grade", i0="no", i1="yes maybe")
    for at, source in enumerate((plate, dark)):
        switch.setInput(at, source)
    node.setInput(0, switch)
    say(nuke.root(), grade="no")
    velatura_nuke.bake(node, [1])
    plain = LookNode(node).shown(1, "main").read_bytes()
    say(nuke.root(), grade="maybe")
    assert state(node) == "missing"
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").read_bytes() != plain


def test_a_variable_that_leads_elsewhere_is_refused_and_nothing_is_deleted(studio, monkeypatch):
    monkeypatch.setenv("NUKE_TEMP_DIR", str(studio.folder / "temp"))
    kept = rich(studio.folder / "temp/kept/plate.0001.exr")
    node = studio.begin()
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/temp/x/%{{shot}}/plate.%04d.exr")
    (studio.folder / "temp/x").mkdir()
    say(nuke.root(), shot="../kept")
    for value in ("../kept", "../../kept"):
        say(nuke.root(), shot=value)
        with pytest.raises(InputError, match="out of its own folder"):
            velatura_nuke.bake(node, [1])
    assert kept.is_file()


def test_a_variable_with_folders_in_it_is_one(studio: Studio) -> None:
    rich(studio.folder / "sq1/sh010/plate.0001.exr")
    node = studio.begin()
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/%{{shot}}/plate.%04d.exr")
    say(nuke.root(), shot="sq1/sh010")
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").parts[-4:-2] == ("sq1", "sh010")
    assert state(node) == "baked"
    studio.render(1)


def test_what_is_no_variable_is_a_part_of_the_name(studio: Studio) -> None:
    rich(studio.folder / "50%off" / "plate.0001.exr")
    node = studio.begin()
    nuke.toNode("Plate")["file"].setValue(f"{studio.folder}/50%off/plate.%04d.exr")
    velatura_nuke.bake(node, [1])
    assert state(node) == "baked"
    assert not node["scopes"].value()


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
