"""AYON on our nodes: what its publishing asks of a script, as read in its public code.

Read in ynput/ayon-nuke, under client/ayon_nuke: ``plugins/publish/collect_writes.py``,
``collect_reads.py``, ``collect_workfile.py``, ``extract_headless_farm.py``,
``extract_render_local.py``, ``validate_proxy_mode.py``, ``validate_knobs.py``, and
``api/pipeline.py`` and ``api/plugin.py``. Not on PyPI, so its code is not run: each test states a
fact of it, and holds our nodes to it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import nuke
import pytest
from shots import Studio, law

import velatura_nuke
from velatura.errors import InputError
from velatura.image import exr
from velatura_nuke.looknode import LookNode

INSTANCE = "publish_instance"
"""The knob by which AYON finds what is to be published."""

LOADED = "avalon"
"""How knobs of what AYON has loaded begin."""


@pytest.fixture
def node(studio: Studio) -> nuke.Group:
    node = studio.begin()
    velatura_nuke.bake(node)
    return node


def published() -> Iterator[nuke.Node]:
    """Yield what AYON publishes: nodes with its knob, in groups too, that are not disabled."""
    for each in nuke.allNodes(recurseGroups=True):
        off = each.knob("disable")
        if each.knob(INSTANCE) is not None and not (off and off.value()):
            yield each


def write_group(studio: Studio, node: nuke.Group) -> nuke.Group:
    """Return a render instance as AYON makes it: a Group with an Input and a Write in it."""
    group: nuke.Group = nuke.nodes.Group(name="renderMain")
    group.addKnob(nuke.String_Knob(INSTANCE))
    with group:
        source = nuke.nodes.Input(name="Input1")
        write = nuke.nodes.Write(name="inside_renderMain", file_type="exr", raw=True)
        write["file"].setValue(str(studio.folder / "out/shot.####.exr"))
        write["channels"].setValue("all")
        write["datatype"].setValue("32 bit float")
        write["create_directories"].setValue(True)
        write.setInput(0, source)
        nuke.nodes.Output().setInput(0, write)
    group.setInput(0, node)
    return group


def test_nothing_in_a_look_is_taken_for_an_instance_or_a_container(studio, node) -> None:
    group = write_group(studio, node)
    assert list(published()) == [group]
    inner = [node, *nuke.allNodes(group=node)]
    assert not [each for each in inner for name in each.knobs() if name.startswith(LOADED)]


def test_the_write_of_an_instance_is_its_own_also_with_the_look_inside(studio, node) -> None:
    """Its children are listed without those of groups in it; the last or first Write counts."""
    group = write_group(studio, node)
    with group:
        velatura_nuke.create(studio.look, after=group.node("Input1"))
    children = nuke.allNodes(group=group)
    assert [each.name() for each in children if each.Class() == "Write"] == ["inside_renderMain"]
    assert "Velatura1" in {each.name() for each in children}


def test_reads_whose_colour_space_is_set_by_rules_are_not_in_the_look(node) -> None:
    """AYON sets that of Reads on the script's top level; the gain's is raw, and in the look."""
    assert [each.name() for each in nuke.allNodes("Read")] == ["Plate"]
    assert node.node("GainRead")["raw"].value()


@pytest.mark.parametrize("folder", ["farm_submissions", "publish/workfile/v001"])
@pytest.mark.usefixtures("node")
def test_a_copy_for_the_farm_finds_the_gains(studio: Studio, folder) -> None:
    """The headless submission copies the workfile beside it, a publish into another folder."""
    nuke.scriptSave()
    copy = studio.folder / folder / "shot_20261129.nk"
    copy.parent.mkdir(parents=True)
    shutil.copy(studio.script, copy)
    nuke.scriptOpen(str(copy))
    studio.guarded()
    nuke.execute("Final", 2, 2)
    assert velatura_nuke.status(nuke.toNode("Velatura1")) == dict.fromkeys((1, 2, 3), "baked")
    law(studio, 2, 1.0, exr.read(studio.rendered(2)))


def test_the_collected_range_is_rendered_from_the_gains_there_are(studio: Studio, node) -> None:
    """The root's range where the Write is not limited; a frame's file is File_Knob.evaluate."""
    write = write_group(studio, node).node("inside_renderMain")
    root = nuke.root()
    span = range(int(root["first_frame"].value()), int(root["last_frame"].value()) + 1)
    wanted = [write["file"].evaluate(frame) for frame in span]
    nuke.execute("renderMain.inside_renderMain", span[0], span[-1])
    assert wanted == sorted(map(str, (studio.folder / "out").glob("*.exr")))
    assert {LookNode(node).shown(frame, "main").is_file() for frame in span} == {True}


def test_a_workfile_in_proxy_mode_is_refused_by_both(node) -> None:
    nuke.root()["proxy"].setValue(True)
    with pytest.raises(InputError, match="proxy mode"):
        velatura_nuke.bake(node)


def test_the_folder_by_the_variable_of_its_launcher(studio: Studio, monkeypatch) -> None:
    """docs/nuke.md's recipe: AYON_WORKDIR is the folder of the task's workfiles."""
    monkeypatch.setenv("AYON_WORKDIR", str(studio.folder / "work/comp"))
    node = studio.begin()
    node["cache"].setValue("[getenv AYON_WORKDIR]/velatura")
    velatura_nuke.bake(node, [1])
    assert LookNode(node).shown(1, "main").is_relative_to(studio.folder / "work/comp/velatura")
    monkeypatch.delenv("AYON_WORKDIR")  # a farm's machine
    assert LookNode(node).shown(1, "main").is_file()
