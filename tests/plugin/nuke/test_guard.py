"""The guard: a render with a gain that is missing or out of date does not begin, or ends."""

from __future__ import annotations

import looks
import nuke
import pytest
from nuke.session import SESSION
from shots import Studio

import velatura_nuke
from velatura.errors import MachineError
from velatura_nuke import guard
from velatura_nuke.looknode import LookNode


@pytest.fixture
def node(studio: Studio) -> nuke.Group:
    guard.register()
    return studio.begin()


def test_a_rendered_gain_lets_the_shot_render(studio: Studio, node: nuke.Group) -> None:
    velatura_nuke.bake(node)
    nuke.execute("Final", 1, 3)
    assert studio.rendered(3).is_file()


@pytest.mark.usefixtures("node")
def test_a_gain_that_was_never_rendered_ends_the_render(studio: Studio) -> None:
    with pytest.raises(RuntimeError, match=r"gain of Velatura1 was not rendered.*Press Render"):
        nuke.execute("Final", 1, 3)
    assert not studio.rendered(1).exists()


def test_a_frame_that_is_missing_ends_the_render_there(studio: Studio, node: nuke.Group) -> None:
    velatura_nuke.bake(node)
    LookNode(node).gain(2, "main").unlink()
    with pytest.raises(RuntimeError, match="was not rendered for frame 2"):
        nuke.execute("Final", 1, 3)
    assert studio.rendered(1).is_file()
    assert not studio.rendered(2).exists()


def test_a_limited_write_is_refused_before_its_first_frame(studio, node) -> None:
    velatura_nuke.bake(node)
    LookNode(node).gain(3, "main").unlink()
    for name, value in (("use_limit", True), ("first", 1), ("last", 3)):
        nuke.toNode("Final")[name].setValue(value)
    with pytest.raises(RuntimeError, match="for frame 3"):
        nuke.execute("Final", 1, 3)
    assert not studio.rendered(1).exists()


def test_a_look_that_comes_in_later_is_missed_where_it_comes_in(studio, node) -> None:
    """In the window the gate shows the plate; which frame is looked at there is no matter."""
    SESSION.gui = True
    for frame, value in ((1, 0.0), (2, 0.0), (3, 1.0)):
        velatura_nuke.set_strength(node, value, frame=frame)
    node["last"].setValue(1)
    nuke.execute("Final", 1, 2)
    with pytest.raises(RuntimeError, match="was not rendered for frame 3"):
        nuke.execute("Final", 3, 3)
    nuke.frame(3)
    nuke.execute("Final", 1, 2)
    assert not studio.rendered(3).exists()


def test_a_stale_gain_ends_the_render_unless_the_artist_allows_it(node) -> None:
    velatura_nuke.bake(node)
    grade = nuke.nodes.Expression(expr0="r * 2")
    grade.setInput(0, nuke.toNode("Plate"))
    node.setInput(0, grade)
    with pytest.raises(RuntimeError, match="out of date"):
        nuke.execute("Final", 1, 1)
    node["refuse_stale"].setValue(False)
    nuke.execute("Final", 1, 1)


def test_another_looks_gain_ends_the_render_always(studio, node) -> None:
    velatura_nuke.bake(node)
    look = looks.small(studio.folder / "ink.onnx", name="ink", floor=0.02)
    node["file"].setValue(look.as_posix())
    node["refuse_stale"].setValue(False)
    with pytest.raises(RuntimeError, match="out of date"):
        nuke.execute("Final", 1, 1)


@pytest.mark.parametrize("knob", ["strength", "mix"])
def test_a_look_that_does_nothing_needs_no_gain(studio, node, knob: str) -> None:
    node[knob].setValue(0)
    nuke.execute("Final", 1, 1)
    assert studio.rendered(1).is_file()


def test_a_look_that_is_switched_off_needs_no_gain(studio, node) -> None:
    node["disable"].setValue(True)
    nuke.execute("Final", 1, 1)
    assert studio.rendered(1).is_file()


@pytest.mark.usefixtures("node")
def test_a_look_inside_a_group_is_found(studio: Studio) -> None:
    group = nuke.nodes.Group()
    with group:
        source = nuke.nodes.Input()
        inner = velatura_nuke.create(studio.look)
        inner.setInput(0, source)
        nuke.nodes.Output().setInput(0, inner)
    group.setInput(0, nuke.toNode("Plate"))
    nuke.toNode("Final").setInput(0, group)
    with pytest.raises(RuntimeError, match=r"Group1\.Velatura1 was not rendered"):
        nuke.execute("Final", 1, 1)
    velatura_nuke.bake(inner)
    nuke.execute("Final", 1, 1)


def test_a_look_is_not_fed_by_one_whose_gain_is_missing(studio, node) -> None:
    second = velatura_nuke.create(studio.look, after=node)
    with pytest.raises(MachineError, match="Velatura1 was not rendered"):
        velatura_nuke.bake(second, [1])


def test_frames_beyond_the_looks_own_range_are_left_to_the_read(studio, node) -> None:
    velatura_nuke.bake(node)
    studio.plate(1).rename(studio.plate(9))
    nuke.toNode("Plate")["last"].setValue(9)
    with pytest.raises(RuntimeError, match="Velatura1 has no gain of its look for this frame"):
        nuke.execute("Final", 9, 9)
