"""Asks how Nuke renders, calls back, saves and opens, here and as another process."""

from __future__ import annotations

import os
import threading

import nuke
from asking import (
    FOLDER,
    PLATE,
    STOPS,
    assume,
    bits,
    child,
    close,
    constant,
    law,
    look,
    pixel,
    reader,
    written,
)

NO_WINDOW = "there is no window"


@assume("N15", "before each render and frame thisNode is the Write; an exception ends the render")
def callbacks():
    seen = []

    def before():
        seen.append((nuke.thisNode().Class(), nuke.frame()))
        if nuke.frame() == 2:
            raise RuntimeError("not this frame")

    nuke.addBeforeFrameRender(before, nodeClass="Write")
    try:
        written(constant(PLATE, "Plate"), "called", (1, 3))
    except RuntimeError as error:
        assert "not this frame" in str(error), error
    finally:
        nuke.removeBeforeFrameRender(before, nodeClass="Write")
    assert seen == [("Write", 1), ("Write", 2)], seen
    assert not os.path.exists(FOLDER + "/called.0002.exr")


@assume("N16", "a saved script is opened with its values, expressions, curves and hidden knobs")
def reopened():
    import velatura_nuke

    node = look()
    node.setName("Kept")
    velatura_nuke.set_strength(node, 0.25, frame=1)
    velatura_nuke.set_strength(node, 1.0, frame=5)
    node["uid"].setValue("0123abcd")
    before = [node["amount"].getValueAt(frame) for frame in (1, 5)]
    nuke.scriptSaveAs(FOLDER + "/kept.nk", 1)
    nuke.scriptClear()
    nuke.scriptOpen(FOLDER + "/kept.nk")
    again = nuke.toNode("Kept")
    assert [again["amount"].getValueAt(frame) for frame in (1, 5)] == before
    assert again["uid"].value() == "0123abcd"
    assert not again["uid"].visible()
    assert again["state"].value() == node_text(), again["state"].value()
    close(pixel(again)[:1], [law(PLATE[0], STOPS[0], 0.25, PLATE[3])])


def node_text():
    from velatura_nuke.panel import NOT_RENDERED

    return NOT_RENDERED


@assume("N17", "without the plug-in a script with gains renders, and one without fails")
def bare():
    for name, gain, code in (("with", None, 0), ("without", FOLDER + "/none.%04d.exr", 1)):
        nuke.scriptClear()
        node = look(gain=gain)
        write = nuke.nodes.Write(file=FOLDER + "/bare.%04d.exr", name="Final")
        write["file_type"].setValue("exr")
        write["raw"].setValue(True)
        write.setInput(0, node)
        script = "%s/%s.nk" % (FOLDER, name)
        nuke.scriptSaveAs(script, 1)
        for each in os.listdir(FOLDER):
            if each.startswith("bare."):
                os.remove(os.path.join(FOLDER, each))
        ended = child("--safe", "-X", "Final", "-F", "1-1", script)
        assert bool(ended) == bool(code), "%s: exit code %s" % (name, ended)


@assume("N18", "-X takes the dotted name of a node in a Group")
def dotted():
    nuke.scriptClear()
    node = look()
    node.setName("Outer")
    write = nuke.toNode("Outer.SrcWrite")
    write["disable"].setValue(False)
    write["file"].setValue(FOLDER + "/dotted.%04d.exr")
    nuke.scriptSaveAs(FOLDER + "/dotted.nk", 1)
    assert child("-X", "Outer.SrcWrite", "-F", "1-1", FOLDER + "/dotted.nk") == 0
    assert os.path.exists(FOLDER + "/dotted.0001.exr")


@assume("N22", "a thread may show progress, and hand work to the main thread (in the GUI)")
def threads():
    if not nuke.GUI:
        return NO_WINDOW
    told = []

    def work():
        task = nuke.ProgressTask("velatura smoke")
        task.setProgress(50)
        task.setMessage("half")
        told.append(bool(task.isCancelled()))
        nuke.executeInMainThread(told.append, args=("main",))

    threading.Thread(target=work).start()
    return "started: an assertion cannot wait here; look for a bar, and for no error"


@assume("N23", "SrcWrite is written by nuke.execute while it is switched on, in the main thread")
def source():
    node = look()
    write = nuke.toNode(node.fullName() + ".SrcWrite")
    write["file"].setValue(FOLDER + "/source.%04d.exr")
    write["disable"].setValue(False)
    try:
        nuke.execute(write, 1, 1, 1, [nuke.views()[0]])
    finally:
        write["disable"].setValue(True)
    assert bits(pixel(reader(FOLDER + "/source.%04d.exr"))) == bits(PLATE)


@assume("N26", "an error behind an input that a Switch does not choose is none")
def unchosen():
    node = look(gain=FOLDER + "/nobody.%04d.exr")
    node["strength"].setValue(0.0)
    assert bits(pixel(reader(written(node, "unchosen")))) == bits(PLATE)


@assume("N28", "-x leaves a Write alone that is disabled inside a Group")
def alone():
    nuke.scriptClear()
    node = look()
    inner = nuke.toNode(node.fullName() + ".SrcWrite")
    inner["file"].setValue(FOLDER + "/inner.%04d.exr")
    write = nuke.nodes.Write(name="Final")
    write["file"].setValue(FOLDER + "/outer.%04d.exr")
    write["file_type"].setValue("exr")
    write["raw"].setValue(True)
    write.setInput(0, node)
    nuke.scriptSaveAs(FOLDER + "/alone.nk", 1)
    assert child("--safe", "-x", "-F", "1-1", FOLDER + "/alone.nk") == 0
    assert os.path.exists(FOLDER + "/outer.0001.exr")
    assert not os.path.exists(FOLDER + "/inner.0001.exr")
