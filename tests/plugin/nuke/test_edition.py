"""Non-commercial and Indie: Python is given ten nodes over a session, and None from then on."""

from __future__ import annotations

import shutil

import looks
import nuke
import pytest
from nuke.session import NODES, SESSION
from shots import Studio, law, rich

import velatura_nuke
from velatura.errors import InputError, MachineError
from velatura.image import exr
from velatura_nuke import guard

EDITIONS = pytest.mark.parametrize("edition", ["nc", "indie"])


def script(studio: Studio) -> None:
    """Let the shot's script be open, with the plate selected, and no node given out yet."""
    nuke.scriptSaveAs(str(studio.script), 1)
    files = str(studio.folder / "plate.%04d.exr")
    plate = nuke.nodes.Read(name="Plate", file_type="exr", file=files, raw=True, first=1, last=3)
    final = nuke.nodes.Write(name="Final", file_type="exr", raw=True, channels="all")
    final["file"].setValue(str(studio.folder / "out/shot.####.exr"))
    final["datatype"].setValue("32 bit float")
    final["create_directories"].setValue(True)
    final.setInput(0, plate)
    plate.setSelected(True)
    nuke.root()["last_frame"].setValue(3)
    SESSION.given = 0


@EDITIONS
def test_a_script_without_looks_renders_on_and_on_and_costs_no_node(studio, edition) -> None:
    script(studio)
    SESSION.edition = edition
    guard.register()
    for _ in range(2 * NODES):
        nuke.execute("Final", 1, 3)
    assert SESSION.given == 0


def test_nor_does_it_where_the_guard_asks(studio: Studio) -> None:
    """In other editions it looks for looks, and in a script without groups finds none."""
    script(studio)
    guard.register()
    for _ in range(2 * NODES):
        nuke.execute("Final", 1, 3)
    assert SESSION.given == 0


def test_an_error_of_the_guards_own_ends_no_render(studio, monkeypatch, capsys) -> None:
    studio.guarded().begin()
    velatura_nuke.bake(nuke.toNode("Velatura1"))
    monkeypatch.setattr(nuke, "thisNode", lambda: None)  # as if it were one node too many
    studio.render()
    assert "AttributeError" in capsys.readouterr().err


@EDITIONS
def test_a_look_is_pasted_rendered_and_shown_with_the_nodes_there_are(studio, edition) -> None:
    script(studio)
    SESSION.edition = edition
    node = velatura_nuke.create(studio.look)
    velatura_nuke.set_strength(node, 0.5)
    velatura_nuke.bake(node)
    assert velatura_nuke.status(node) == dict.fromkeys((1, 2, 3), "baked")
    assert SESSION.given <= NODES // 2
    SESSION.edition = ""
    nuke.toNode("Final").setInput(0, node)
    assert node.input(0) is nuke.toNode("Plate")
    studio.render(2)
    law(studio, 2, 0.5, exr.read(studio.rendered(2)))


def test_a_node_too_many_is_said(studio: Studio) -> None:
    script(studio)
    SESSION.edition, SESSION.given = "nc", NODES
    with pytest.raises(MachineError, match="used up its nodes"):
        velatura_nuke.create(studio.look)


def test_teaching_takes_more_nodes_than_there_are_and_says_so(studio: Studio) -> None:
    script(studio)
    SESSION.edition = "nc"
    node = velatura_nuke.create(studio.look)
    with pytest.raises(InputError, match="too few nodes"):
        velatura_nuke.train(node)


@EDITIONS
def test_that_the_graph_is_not_compared_is_said_and_pixels_are(studio, edition) -> None:
    """Another plate behind the node: nothing tells there but *Verify gain*."""
    script(studio)
    SESSION.edition = edition
    node = velatura_nuke.create(studio.look)
    velatura_nuke.bake(node)
    assert "Verify gain" in node["state"].value()
    nuke.frame(2)
    node["verify"].execute()
    assert node["state"].value().endswith("from the very pixels that are wired in now")
    nuke.tcl("knob", "root.Plate.file", str(studio.folder / "other.%04d.exr"))
    rich(studio.folder / "other.0002.exr", seed=99)
    node["verify"].execute()
    assert node["state"].value().endswith("from other pixels: main")
    assert SESSION.given <= NODES


@EDITIONS
def test_another_looks_gain_ends_a_render_without_python(studio, edition) -> None:
    script(studio)
    node = velatura_nuke.create(studio.look)
    velatura_nuke.bake(node)
    gains = sorted(studio.folder.glob("velatura/*/main/*.gain.*.exr"))
    other = looks.small(studio.folder / "other.onnx", name="other")
    second = velatura_nuke.create(other, after=nuke.toNode("Plate"))
    velatura_nuke.bake(second)
    strange = sorted(studio.folder.glob("velatura/other-*/main/*.gain.*.exr"))
    for mine, theirs in zip(gains, strange, strict=True):
        shutil.copy(theirs, mine)
    SESSION.edition = edition
    with pytest.raises(RuntimeError, match="no gain of its look"):
        nuke.execute("Final", 1, 1)
