"""Rendering a gain: in `nuke -t`, with the real runtime and a real look."""

from __future__ import annotations

import looks
import nuke
import numpy as np
import pytest
from nuke.session import SESSION
from runtimes import scripted
from shots import Studio

import velatura_nuke
from velatura import errors, fingerprint, resident
from velatura.bakes import Step
from velatura.image import exr
from velatura_nuke import baking
from velatura_nuke.looknode import LookNode


def gains(node: nuke.Group, view: str = "main") -> list[str]:
    folder = LookNode(node).folder / view
    return sorted(path.name for path in folder.glob("*.exr"))


def test_each_frame_is_rendered_once_and_told(studio: Studio) -> None:
    node = studio.begin()
    steps: list[Step] = []
    last = velatura_nuke.bake(node, on_step=steps.append)
    assert (last.made, last.kept) == (3, 0)
    assert sorted(step.frame for step in steps) == [1, 2, 3]
    assert gains(node) == [f"ink.gain.{frame:04d}.exr" for frame in (1, 2, 3)]
    assert velatura_nuke.status(node) == dict.fromkeys((1, 2, 3), "baked")
    again = velatura_nuke.bake(node)
    assert (again.made, again.kept) == (0, 3)


def test_only_the_frames_that_are_asked_for_are_rendered(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [3, 1])
    assert velatura_nuke.status(node) == {1: "baked", 2: "missing", 3: "baked"}


def test_nothing_but_the_gain_stays(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node)
    there = sorted(path.name for path in LookNode(node).folder.iterdir())
    assert there == ["main", "paths.json", "wiring.json"]
    assert not LookNode(node).plates().exists()
    assert node.node("SrcWrite")["disable"].value()


def test_the_read_has_the_frames_that_are_there_and_their_place_on_disk(studio: Studio) -> None:
    """A farm renders a copy of the script that lies elsewhere, and asks for each frame's file."""
    node = studio.begin()
    velatura_nuke.bake(node, [2, 3])
    reader = node.node("GainRead")
    assert reader["file"].value() == f"{LookNode(node).folder}/%V/ink.gain.%04d.exr"
    ends = [reader[name].value() for name in ("first", "last", "origfirst", "origlast")]
    assert ends == [2, 3, 2, 3]
    ends = [node.node("GainRange")[name].value() for name in ("first_frame", "last_frame")]
    assert ends == [1, 3]
    kinds = {knob.name() for knob in node.allKnobs() if knob.Class() == "File_Knob"}
    assert kinds == {"file"}  # a folder in such a knob is refused by submitters


def test_a_published_copy_finds_its_gain_and_one_that_is_to_look_beside_it_does_not(studio) -> None:
    node = studio.begin()
    node["relative"].setValue(True)
    velatura_nuke.bake(node)
    beside = node.node("GainRead")["file"].value()
    assert beside.startswith("[file dirname [value root.name]]/velatura/ink-")
    assert velatura_nuke.status(node, [1]) == {1: "baked"}
    node["relative"].setValue(False)
    velatura_nuke.bake(node)
    (studio.folder / "publish").mkdir()
    nuke.scriptSaveAs(str(studio.folder / "publish/shot_v002.nk"))
    assert velatura_nuke.status(node, [1]) == {1: "baked"}
    studio.render()
    node.node("GainRead")["file"].setValue(beside)
    assert velatura_nuke.status(node, [1]) == {1: "missing"}


def test_without_a_window_it_prints_how_far_it_is(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [2])
    assert "velatura: frame 2, 1 made, 0 kept" in SESSION.said


def test_another_look_or_graph_makes_a_gain_stale(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    plate = nuke.toNode("Plate")
    plate.setXYpos(500, 500)
    plate["label"].setValue("graded")
    assert velatura_nuke.status(node, [1]) == {1: "baked"}
    grade = nuke.nodes.Expression(expr0="r * 2")
    grade.setInput(0, plate)
    node.setInput(0, grade)
    assert velatura_nuke.status(node, [1]) == {1: "stale"}
    velatura_nuke.bake(node, [1])
    assert velatura_nuke.status(node, [1]) == {1: "baked"}
    grade["expr0"].setValue("r * 3")
    assert velatura_nuke.status(node, [1]) == {1: "stale"}
    node.setInput(0, plate)
    looks.small(studio.folder / "ink.onnx", name="ink", floor=0.02)
    velatura_nuke.set_look(node, studio.folder / "ink.onnx")
    assert velatura_nuke.status(node, [1]) == {1: "stale"}  # of the same name, but another one


def test_going_back_to_a_look_finds_its_gain_again(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node)
    chalk = looks.small(studio.folder / "chalk.onnx", name="chalk", floor=0.02)
    velatura_nuke.set_look(node, chalk)
    assert not node["baked"].value()
    assert node["gain_floor"].value() == 0.02
    velatura_nuke.set_look(node, studio.look)
    assert node["baked"].value()
    assert node["gain_floor"].value() == 1 / 128


def test_a_copied_node_gets_a_gain_of_its_own(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    copy = velatura_nuke.create(studio.look)
    copy.setInput(0, nuke.toNode("Plate"))
    copy["uid"].setValue(node["uid"].value())
    velatura_nuke.bake(copy, [1])
    assert copy["uid"].value() != node["uid"].value()
    assert velatura_nuke.status(copy, [1]) == velatura_nuke.status(node, [1]) == {1: "baked"}


def test_looks_in_a_row_are_rendered_in_their_order(studio: Studio) -> None:
    first = studio.begin()
    second = velatura_nuke.create(studio.look, after=first)
    first.setName("ZLast")  # not by name
    step = velatura_nuke.bake(frames=[1])
    assert (step.made, step.kept) == (2, 0)
    made = [fingerprint.stored(LookNode(each).gain(1, "main")) for each in (first, second)]
    assert made[0] != made[1]  # they saw different plates


def test_a_disabled_look_is_left_alone(studio: Studio) -> None:
    """It may have nothing wired to it, and no look chosen."""
    studio.begin()
    spare = velatura_nuke.create()
    spare.setInput(0, None)
    spare["disable"].setValue(True)
    assert velatura_nuke.bake(frames=[1]).made == 1


def test_each_view_has_a_gain_of_its_own(studio: Studio) -> None:
    node = studio.begin()
    nuke.root()["views"].fromScript("{left #ff0000}\n{right #00ff00}")
    step = velatura_nuke.bake(node, [1])
    assert step.made == 2
    assert gains(node, "left") == gains(node, "right") == ["ink.gain.0001.exr"]
    LookNode(node).gain(1, "right").unlink()
    assert velatura_nuke.status(node, [1]) == {1: "missing"}


def test_the_gain_has_the_plates_windows(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    gain = exr.read(LookNode(node).gain(1, "main")).parts[0]
    plate = exr.read(studio.plate(1)).parts[0]
    assert (gain.data, gain.display) == (plate.data, plate.display)


def test_a_plate_without_alpha_is_opaque(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    assert not node["opaque"].value()
    bare = nuke.nodes.Remove(operation="keep", channels="rgb")
    bare.setInput(0, nuke.toNode("Plate"))
    node.setInput(0, bare)
    velatura_nuke.bake(node, [1])
    assert node["opaque"].value()


def test_an_alpha_that_is_not_the_plates_counts_as_1(studio: Studio) -> None:
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    usual = exr.read(LookNode(node).gain(1, "main"))
    node["premultiplied"].setValue("no")
    assert velatura_nuke.status(node, [1]) == {1: "stale"}
    velatura_nuke.bake(node, [1])
    assert velatura_nuke.status(node, [1]) == {1: "baked"}
    assert node["opaque"].value()
    other = exr.read(LookNode(node).gain(1, "main"))
    shown = (np.asarray(each.find("R")[1].pixels, np.float32) for each in (usual, other))
    assert not np.array_equal(*shown)


def _deep() -> nuke.Node:
    deep = nuke.nodes.Expression(channel0="deep.front", expr0="1", channel1="deep.back", expr1="2")
    deep.setInput(0, nuke.toNode("Plate"))
    return deep


@pytest.mark.parametrize(
    ("spoil", "kind", "says"),
    [
        (lambda node: node.setInput(0, None), errors.InputError, "Nothing is wired"),
        (lambda _: nuke.root()["proxy"].setValue(True), errors.InputError, "proxy mode"),
        (lambda node: node["cache"].setValue("velatura"), errors.InputError, "never saved"),
        (lambda node: node["last"].setValue(0), errors.FrameError, "none"),
        (lambda node: node["first"].setValue(-2), errors.FrameError, "no frames before 0.*-2 to 3"),
        (lambda node: node.setInput(0, _deep()), errors.InputError, "is deep.*DeepToImage"),
        (lambda node: node["file"].setValue("gone.onnx"), errors.LookError, "gone.onnx"),
        (lambda node: node["passes"].setValue("normals=N"), errors.PassError, "normals"),
    ],
)
def test_what_cannot_be_rendered_is_refused_by_name(studio, spoil, kind, says) -> None:
    node = studio.begin()
    spoil(node)
    with pytest.raises(kind, match=says) as refused:
        velatura_nuke.bake(node)
    assert refused.value.exit_code == 3
    assert not node["baked"].value()


def test_a_look_that_was_never_chosen_is_refused(studio: Studio) -> None:
    studio.begin()
    node = velatura_nuke.create(after=nuke.toNode("Plate"))
    with pytest.raises(errors.LookError, match="no look yet"):
        velatura_nuke.bake(node)


def test_a_plate_that_nuke_cannot_write_is_an_error_of_the_machine(studio: Studio) -> None:
    node = studio.begin()
    studio.plate(2).unlink()
    with pytest.raises(errors.MachineError, match=r"plate\.0002\.exr") as refused:
        velatura_nuke.bake(node)
    assert refused.value.exit_code == 4
    assert node.node("SrcWrite")["disable"].value()
    assert not (LookNode(node).folder / "source").exists()


def test_stopping_nuke_while_it_writes_the_plate_is_no_failure(studio: Studio) -> None:
    node = studio.begin()

    def cancel() -> None:
        raise RuntimeError("Cancelled")  # as Nuke says it when the artist stops a render

    nuke.addBeforeFrameRender(cancel, nodeClass="Write")
    with pytest.raises(errors.CancelledError) as stopped:
        velatura_nuke.bake(node)
    assert stopped.value.exit_code == 130
    assert node.node("SrcWrite")["disable"].value()


def test_without_a_runtime_it_says_how_to_get_one(studio, monkeypatch) -> None:
    node, written = studio.begin(), []
    nuke.addBeforeRender(lambda: written.append(nuke.thisNode().name()), nodeClass="Write")
    resident.close()
    monkeypatch.setenv("VELATURA_RUNTIME", str(studio.folder / "nowhere"))
    with pytest.raises(errors.MissingRuntimeError, match="nowhere") as refused:
        velatura_nuke.bake(node)
    assert refused.value.exit_code == 4
    assert written == []  # a plate may take Nuke an hour


def test_a_worker_that_is_killed_is_an_error_and_the_next_one_works(studio: Studio) -> None:
    node = studio.begin()
    with (
        scripted(studio.folder / "dies", "read order", "kill -9 $$"),
        pytest.raises(errors.MachineError, match="died in the middle"),
    ):
        velatura_nuke.bake(node)
    assert not node["baked"].value()
    velatura_nuke.bake(node)
    assert node["baked"].value()


def test_a_warning_of_the_runtime_is_passed_on(studio: Studio) -> None:
    node = studio.begin()
    lines = ['{"id": 1, "event": "warning", "text": "mind the gap"}', '{"id": 1, "event": "done"}']
    with scripted(studio.folder / "warns", "read order", *(f"echo '{line}'" for line in lines)):
        velatura_nuke.bake(node)
    assert "velatura: mind the gap" in SESSION.said


def test_on_windows_the_read_lets_go_of_the_gain_while_it_is_rendered(studio, monkeypatch) -> None:
    """There Nuke holds the file that it shows, and nobody can replace it."""
    node = studio.begin()
    velatura_nuke.bake(node, [1])
    reader = node.node("GainRead")["file"]
    before, seen = reader.value(), []
    nuke.addBeforeRender(lambda: seen.append(reader.value()), nodeClass="Write")
    monkeypatch.setattr(baking, "_SYSTEM", "nt")
    velatura_nuke.bake(node, [1])
    studio.plate(1).unlink()
    with pytest.raises(errors.MachineError):
        velatura_nuke.bake(node, [1])
    assert (seen, reader.value()) == (["", ""], before)


def test_a_node_of_before_still_fails_outside_its_gain(studio: Studio) -> None:
    """Its Group has no node that ends a render there: its Read must look for every frame."""
    node = studio.begin()
    reader = node.node("GainRead")
    node.node("GainRange").setInput(0, reader)
    for name in ("GainOrError", "NoGain"):
        nuke.delete(node.node(name))
    velatura_nuke.bake(node)
    assert (reader["first"].value(), reader["last"].value()) == (0, 999999)
    studio.plate(1).rename(studio.plate(9))
    nuke.toNode("Plate")["last"].setValue(9)
    with pytest.raises(RuntimeError, match=r"ink\.gain\.0009\.exr.*No such file"):
        nuke.execute("Final", 9, 9)
