"""Asks what knobs there are, what they hold, and how expressions and names read."""

from __future__ import annotations

import os

import nuke
from asking import (
    FOLDER,
    PLATE,
    STOPS,
    assume,
    close,
    constant,
    law,
    look,
    pixel,
    written,
)


@assume("N1", "the shipped Group pastes: classes, knobs, values and connections are as written")
def shipped():
    from velatura_nuke.group import look_group
    from velatura_nuke.nodespec import Expression

    node = look()
    for planned in look_group().nodes:
        inner = nuke.toNode(node.fullName() + "." + planned.name)
        assert inner.Class() == planned.kind, planned.name
        wired = [inner.input(place).name() for place in range(len(planned.inputs))]
        assert wired == list(planned.inputs), (planned.name, wired)
        for name, value in planned.knobs:
            if planned.name == "GainRead" and name == "file":
                continue
            found = inner[name]
            if isinstance(value, Expression):
                assert found.hasExpression(), (planned.name, name)
            else:
                assert found.value() == value, (planned.name, name, found.value())
    for knob in look_group().panel:
        found = node.knob(knob.name)
        assert found is not None and found.Class() == knob.kind, (knob.name, found)


@assume("N8", "on_error error: a missing gain ends a render; and what on_error may be")
def missing():
    node = look(gain=FOLDER + "/nowhere.%04d.exr")
    try:
        written(node, "fails")
    except RuntimeError as error:
        assert "nowhere" in str(error), error
    else:
        raise AssertionError("it was rendered all the same")
    found = nuke.toNode(node.fullName() + ".GainRead")["on_error"].values()
    assert list(found)[:2] == ["error", "black"], found


@assume("N10", "a keyed strength is read at its frame, through the expression on amount too")
def keyed():
    import velatura_nuke

    node = look()
    velatura_nuke.set_strength(node, 0.0, frame=1)
    velatura_nuke.set_strength(node, 1.5, frame=20)
    for name in ("strength", "amount"):
        assert node[name].getValueAt(1) == 0, name
        assert abs(node[name].getValueAt(20) - 1.5) < 1e-9, name


@assume("N11", "[file dirname [value root.name]] by nuke.tcl's subst; and with %V in a file knob")
def names():
    nuke.scriptSaveAs(FOLDER + "/named.nk", 1)
    node = look()
    told = nuke.tcl("subst", "-nobackslashes", "-novariables", node["cache"].value())
    assert told.replace("\\", "/") == FOLDER + "/velatura", told
    path = written(constant(STOPS, "Stops"), nuke.views()[0])
    knob = nuke.toNode(node.fullName() + ".GainRead")["file"]
    knob.setValue("[file dirname [value root.name]]/%V.%04d.exr")
    close(pixel(node)[:1], [law(PLATE[0], STOPS[0], 1.0, PLATE[3])])
    assert os.path.exists(path.replace("%04d", "0001"))


@assume("N21", "$gui in an expression: the gate shows the plate only in the GUI, without a gain")
def gate():
    node = look()
    node["baked"].setValue(False)
    found = nuke.toNode(node.fullName() + ".Gate")["which"].value()
    assert found == (0 if nuke.GUI else 1), found


@assume("N24", "what fed a node is told: dependent, frameRange, writeKnobs")
def told():
    plate = constant(PLATE, "Told")
    node = look(plate)
    assert node.name() in [each.name() for each in plate.dependent(nuke.INPUTS)]
    assert nuke.root().frameRange().last() == int(nuke.root()["last_frame"].value())
    flags = nuke.TO_SCRIPT | nuke.WRITE_USER_KNOB_DEFS | nuke.WRITE_NON_DEFAULT_ONLY
    text = plate.writeKnobs(flags)
    assert "color" in text, text


@assume("N25", "the root's knobs of colour, and how a working space is called")
def colour():
    root = nuke.root()
    for name in ("colorManagement", "OCIO_config", "customOCIOConfigPath", "workingSpaceLUT"):
        assert root.knob(name) is not None, name
    return "%s, %s" % (root["colorManagement"].value(), root["workingSpaceLUT"].value())
