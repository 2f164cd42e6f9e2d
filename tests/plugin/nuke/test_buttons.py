"""The buttons, in a Nuke with a window: the artist works on while the gain is rendered."""

from __future__ import annotations

import gc
import os
import signal
import time
import weakref
from collections.abc import Iterator

import looks
import nuke
import pytest
from nuke.session import SESSION
from runtimes import scripted
from shots import Studio, rich

import velatura_nuke
from velatura import resident
from velatura_nuke import buttons
from velatura_nuke.baking import BATCH
from velatura_nuke.looknode import LookNode


@pytest.fixture
def node(studio: Studio) -> nuke.Group:
    SESSION.begin(gui=True)
    return studio.begin()


def served() -> None:
    """Be the window until nothing is rendered any more."""
    SESSION.serve(lambda: not buttons._running)


def test_the_gain_is_rendered_beside_the_artists_work(node: nuke.Group) -> None:
    node["render"].execute()
    assert node["state"].value() == "rendering"
    node["strength"].setValue(0.5)
    served()
    assert node["baked"].value()
    assert node["state"].value() == "rendered"
    assert node["note"].value() == "ink"
    (task,) = SESSION.tasks
    assert task.percent == 100
    assert task.messages[-1].endswith("3 of 3")
    assert node.node("GainRead")["reload"]._pressed


def test_a_node_that_was_renamed_meanwhile_is_left_alone(node: nuke.Group) -> None:
    node["render"].execute()
    node.setName("Other")
    served()
    assert not node["baked"].value()


def test_a_node_that_was_given_another_look_meanwhile_keeps_that(studio, node) -> None:
    node["render"].execute()
    velatura_nuke.set_look(node, looks.small(studio.folder / "chalk.onnx", name="chalk"))
    served()
    assert not node["baked"].value()
    assert velatura_nuke.status(node) == dict.fromkeys((1, 2, 3), "missing")
    velatura_nuke.set_look(node, studio.look)
    assert node["baked"].value()


def test_a_node_that_was_deleted_meanwhile_is_no_error(node: nuke.Group) -> None:
    node["render"].execute()
    nuke.delete(node)
    served()
    assert SESSION.said == []


@pytest.fixture
def slow(studio: Studio, node: nuke.Group) -> Iterator[None]:
    """A runtime that makes three frames, and then waits until it is told to stop."""
    gain = LookNode(node).gain
    wrote = [f'{{"id": 1, "event": "wrote", "text": "{gain(n, "main")}"}}' for n in (1, 2, 3)]
    stopped = '{"id": 1, "event": "failed", "error": "CancelledError", "text": "Stopped."}'
    words = ["read order", *(f"echo '{line}'" for line in wrote)]
    words += ['read stop; case "$stop" in *cancel*) echo \'' + stopped + "';; esac"]
    with scripted(studio.folder / "slow", *words):
        yield


@pytest.mark.usefixtures("slow")
def test_cancelling_in_the_progress_bar_stops_the_worker(studio, node) -> None:
    node["last"].setValue(10)
    nuke.toNode("Plate")["last"].setValue(10)
    for frame in range(4, 11):
        rich(studio.plate(frame), frame)
    SESSION.cancels = lambda _message, percent: percent >= 30
    node["render"].execute()
    served()
    assert SESSION.tasks[0].messages[-1] == "frame 3, 3 of 10"
    assert not node["baked"].value()
    assert node["state"].value() == "Rendering the gain was stopped."
    assert SESSION.said == []  # the artist knows


@pytest.mark.usefixtures("slow")
def test_cancel_on_the_panel_stops_the_worker(node: nuke.Group) -> None:
    node["render"].execute()
    node["cancel"].execute()
    served()
    assert node["state"].value() == "Rendering the gain was stopped."


def test_cancel_ends_within_a_second_whatever_the_runtime_does(studio, node) -> None:
    with scripted(studio.folder / "deaf", "read order", "sleep 30"):
        node["render"].execute()
        pressed = time.monotonic()
        node["cancel"].execute()
        served()
        assert time.monotonic() - pressed < 1
        os.kill(resident.worker()._pipe.process.pid, signal.SIGKILL)


@pytest.mark.usefixtures("slow")
def test_a_second_press_starts_nothing(node: nuke.Group) -> None:
    node["render"].execute()
    node["render"].execute()
    node["cancel"].execute()
    served()
    assert len(SESSION.tasks) == 1


def test_what_goes_wrong_is_shown_in_a_window(studio: Studio, node: nuke.Group) -> None:
    with scripted(studio.folder / "dies", "read order", "kill -9 $$"):
        node["render"].execute()
        served()
    assert any("died in the middle of a job" in text for text in SESSION.said)
    assert "died in the middle" in node["state"].value()


def test_the_bar_goes_away_when_rendering_fails(studio: Studio, node: nuke.Group) -> None:
    gc.disable()  # it shall not wait for that
    try:
        with scripted(studio.folder / "dies", "read order", "kill -9 $$"):
            node["render"].execute()
            served()
        bar = weakref.ref(SESSION.tasks.pop())
        assert bar() is None
    finally:
        gc.enable()


def test_every_gain_is_rendered_behind_one_bar(studio: Studio, node: nuke.Group) -> None:
    second = velatura_nuke.create(studio.look, after=node)
    buttons.render_every()
    assert node["baked"].value()
    assert second["baked"].value()
    (task,) = SESSION.tasks
    assert task.percent == 100
    assert task.messages[-1].endswith(", 6 of 6")  # two workers: either frame may be the last


def test_cancel_ends_every_look(studio: Studio, node: nuke.Group) -> None:
    second = velatura_nuke.create(studio.look, after=node)
    SESSION.cancels = lambda message, _percent: bool(message)
    buttons.render_every()
    assert node["state"].value() == "Rendering was stopped."
    assert not second["baked"].value()
    assert not (LookNode(node).folder / "source").exists()
    assert SESSION.said == []


def test_every_gain_where_no_look_is_says_so() -> None:
    SESSION.begin(gui=True)
    buttons.render_every()
    assert any("no look node" in text for text in SESSION.said)


def test_what_is_wired_wrong_is_shown_at_once(node: nuke.Group) -> None:
    node.setInput(0, None)
    node["render"].execute()
    assert any("Nothing is wired" in text for text in SESSION.said)
    assert not SESSION.tasks


def test_reload_takes_over_what_lies_on_disk(node: nuke.Group) -> None:
    node["render"].execute()
    served()
    LookNode(node).gain(2, "main").unlink()
    node["reload"].execute()
    assert not node["baked"].value()
    assert node["note"].value() == "ink: no gain"


@pytest.mark.usefixtures("node")
def test_reload_without_a_look_only_reads_the_library(studio: Studio, monkeypatch) -> None:
    fresh = velatura_nuke.create()
    monkeypatch.setenv("VELATURA_LOOKS", str(studio.look.parent))
    fresh["reload"].execute()
    assert "ink" in fresh["look"].values()
    assert SESSION.said == []


def test_reset_takes_the_plates_range(node: nuke.Group) -> None:
    node["first"].setValue(2)
    node["last"].setValue(2)
    node["reset"].execute()
    assert (node["first"].value(), node["last"].value()) == (1, 3)


def test_the_report_is_written_beside_the_gain_and_opened(node, monkeypatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    node["report"].execute()
    assert any("no gain yet" in text for text in SESSION.said)
    velatura_nuke.bake(node, [1])
    node["report"].execute()
    (page,) = (LookNode(node).folder / "main").glob("*.html")
    assert opened == [page.as_uri()]


def test_without_a_window_a_button_waits_and_raises(studio: Studio) -> None:
    SESSION.begin()
    node = studio.begin()
    node["render"].execute()
    assert node["baked"].value()
    node.setInput(0, None)
    with pytest.raises(Exception, match="Nothing is wired"):
        node["render"].execute()


def test_where_there_is_no_plug_in_a_button_says_so(node, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "velatura_nuke", None)
    node["render"].execute()
    assert any("not installed in this Nuke" in text for text in SESSION.said)


def test_a_batch_is_seen_while_the_next_one_is_written(studio: Studio, node: nuke.Group) -> None:
    """At no time do more than two batches of plates lie on disk; all are away at the end."""
    frames = range(1, 3 * BATCH + 1)
    for frame in frames:
        rich(studio.plate(frame), frame)
    for last in (node["last"], nuke.toNode("Plate")["last"]):
        last.setValue(frames[-1])
    lying: list[int] = []

    def count() -> None:
        lying.append(len(list(LookNode(node).plates("main").glob("*.exr"))))

    nuke.addAfterFrameRender(count, nodeClass="Write")
    node["render"].execute()
    assert lying[-1] == BATCH
    served()
    assert node["baked"].value()
    assert velatura_nuke.status(node) == dict.fromkeys(frames, "baked")
    assert len(lying) == len(frames)
    assert max(lying) <= 2 * BATCH
    assert not LookNode(node).plates().exists()
    assert SESSION.undo_off == 0


def test_the_artists_label_stays(node: nuke.Group) -> None:
    assert node["label"].value() == "[value note]"
    node["label"].setValue("hero look v3")
    node["render"].execute()
    served()
    assert node["label"].value() == "hero look v3"
    assert node["note"].value() == "ink"
