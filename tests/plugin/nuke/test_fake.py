"""The Nuke to test against is strict: it raises where Nuke would, and keeps what scripts hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import nuke
import plates
import pytest
from nuke.session import SESSION


def in_thread(call: Callable[[], object]) -> list[BaseException]:
    """Run something in another thread; return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001  # it is what is asked for
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    SESSION.serve(lambda: not thread.is_alive())
    return raised


def write(folder: Path, source: nuke.Node | None = None) -> nuke.Node:
    node = nuke.nodes.Write(
        name="Final", file=str(folder / "o.%04d.exr"), file_type="exr", raw=True
    )
    node.setInput(0, source)
    return node


@pytest.fixture
def plate(tmp_path: Path) -> nuke.Node:
    plates.shot(tmp_path, 2)
    node: nuke.Node = nuke.nodes.Read(file=str(tmp_path / "plate.%04d.exr"), raw=True)
    node["last"].setValue(2)
    return node


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (nuke.nodes.Wriet, RuntimeError, "Wriet: Unknown command"),
        (lambda: nuke.createNode("Wriet"), RuntimeError, "Unknown command"),
        (lambda: nuke.nodes.Switch()["witch"], NameError, "knob witch does not exist"),
        (lambda: nuke.nodes.Switch()["which"].setValue("1"), TypeError, "which"),
        (lambda: nuke.nodes.Read()["on_error"].setValue("blakc"), ValueError, "blakc"),
        (lambda: nuke.nodes.Write()["datatype"], NameError, "datatype"),
        (lambda: nuke.menu("Nodes"), RuntimeError, "without a window"),
        (lambda: nuke.execute("Nothing", 1, 1), RuntimeError, "no such node"),
        (lambda: nuke.execute(nuke.nodes.Dot(), 1, 1), RuntimeError, "not executable"),
        (nuke.scriptSave, RuntimeError, "no name"),
        (lambda: nuke.scriptOpen("/nowhere/a.nk"), RuntimeError, "No such file"),
        (nuke.selectedNode, ValueError, "no node selected"),
        (lambda: nuke.executeInMainThread(print), RuntimeError, "nobody serves"),
    ],
)
def test_it_raises_as_nuke_does(
    wrong: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        wrong()


def test_other_threads_may_not_touch_the_script() -> None:
    SESSION.begin(gui=True)
    node = nuke.nodes.Switch(name="Gate")
    for call in (
        nuke.nodes.Dot,
        lambda: node["which"].setValue(1),
        node["which"].value,
        lambda: nuke.toNode("Gate"),
        lambda: nuke.execute(node, 1, 1),
    ):
        (error,) = in_thread(call)
        assert "main thread" in str(error)


def test_other_threads_may_ask_the_main_thread() -> None:
    SESSION.begin(gui=True)
    node = nuke.nodes.Switch(name="Gate")
    seen = []

    def ask() -> None:
        nuke.executeInMainThread(node["which"].setValue, (1,))
        seen.append(nuke.executeInMainThreadWithResult(node["which"].value))

    assert in_thread(ask) == []
    assert seen == [1]


def test_the_main_thread_may_not_wait_for_itself() -> None:
    SESSION.begin(gui=True)
    with pytest.raises(RuntimeError, match="waits for ever"):
        nuke.executeInMainThreadWithResult(print)


def test_the_script_stays_as_it_is_during_a_render(tmp_path: Path, plate: nuke.Node) -> None:
    final = write(tmp_path, plate)
    for call, words in (
        (nuke.nodes.Dot, "during a render"),
        (lambda: plate["last"].setValue(3), "during a render"),
        (lambda: nuke.execute(final, 1, 1), "already executing"),
    ):
        nuke.addBeforeRender(call, nodeClass="Write")
        with pytest.raises(RuntimeError, match=words):
            nuke.execute(final, 1, 1)
        nuke.removeBeforeRender(call, nodeClass="Write")
    nuke.execute(final, 1, 1)


def test_a_callback_that_raises_ends_the_render(tmp_path: Path, plate: nuke.Node) -> None:
    final = write(tmp_path, plate)
    seen = []

    def before() -> None:
        seen.append((nuke.thisNode().name(), nuke.frame()))
        if nuke.frame() == 2:
            raise ValueError("not this frame")

    nuke.addBeforeFrameRender(before, nodeClass="Write")
    with pytest.raises(RuntimeError, match="not this frame"):
        nuke.execute(final, 1, 2)
    assert seen == [("Final", 1), ("Final", 2)]
    assert not (tmp_path / "o.0002.exr").exists()


def test_what_cannot_be_read_or_written_ends_the_render(tmp_path: Path, plate: nuke.Node) -> None:
    final = write(tmp_path, plate)
    plate["last"].setValue(9)
    with pytest.raises(RuntimeError, match=r"plate\.0003\.exr: Read error"):
        nuke.execute(final, 3, 3)
    final["file"].setValue(str(tmp_path / "nowhere/o.%04d.exr"))
    with pytest.raises(RuntimeError, match="No such file or directory"):
        nuke.execute(final, 1, 1)


def test_a_saved_script_is_opened_as_it_was(tmp_path: Path) -> None:
    group = nuke.nodes.Group(name="Look")
    for knob in (
        nuke.Double_Knob("strength", "how much"),
        nuke.Enumeration_Knob("look", "", ["ink", "soft chalk"]),
        nuke.String_Knob("uid"),
        nuke.PyScript_Knob("go", "Go", "print('it''s\\n[done]')"),
    ):
        group.addKnob(knob)
    group["strength"].setRange(0, 2)
    group["strength"].setAnimated()
    group["strength"].setValueAt(0.1, 1)
    group["strength"].setValueAt(1, 48)
    group["look"].setValue("soft chalk")
    group["uid"].setFlag(nuke.INVISIBLE)
    with group:
        gate = nuke.nodes.Switch(name="Gate")
        gate["which"].setExpression("parent.strength > 0 && $gui")
    nuke.scriptSaveAs(str(tmp_path / "a.nk"))
    text = (tmp_path / "a.nk").read_text(encoding="utf-8")
    nuke.scriptClear()
    nuke.scriptOpen(str(tmp_path / "a.nk"))
    again = nuke.toNode("Look")
    assert again["strength"].getValueAt(48) == 1
    assert again["strength"].value() == 0.1
    assert again["look"].values() == ["ink", "soft chalk"]
    assert again["look"].value() == "soft chalk"
    assert again["go"].command() == "print('it''s\\n[done]')"
    assert not again["uid"].visible()
    assert nuke.toNode("Look.Gate")["which"].value() == 0
    nuke.scriptSave()
    assert (tmp_path / "a.nk").read_text(encoding="utf-8").count("\n") == text.count("\n")


def test_a_copied_node_is_pasted_with_another_name(tmp_path: Path, plate: nuke.Node) -> None:
    final = write(tmp_path, plate)
    final["channels"].setValue("all")
    plate.setSelected(False)
    final.setSelected(True)
    nuke.nodeCopy("%clipboard%")
    pasted = nuke.nodePaste("%clipboard%")
    assert (pasted.name(), pasted["channels"].value()) == ("Final1", "all")
    assert pasted.input(0) is final  # Nuke wires what is pasted to what is selected


def test_a_deleted_node_answers_no_more() -> None:
    node = nuke.nodes.Dot(name="Gone")
    nuke.delete(node)
    assert nuke.toNode("Gone") is None
    with pytest.raises(ValueError, match="not attached"):
        node.name()


def test_a_tasks_progress_is_whole_percents() -> None:
    with pytest.raises(TypeError, match="wants an int"):
        nuke.ProgressTask("a task").setProgress(12.5)
