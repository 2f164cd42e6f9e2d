"""Nuke's scripts are read by a real Tcl, and written so that they mean the same again."""

from __future__ import annotations

import shutil

import nk
import nkwrite
import pytest
import tcl

SCRIPT = r"""#! nuke
version 13.2 v8
define_window_layout_xml {<?xml version="1.0"?>}
Root {
 inputs 0
 name shot.nk
 first_frame 1001
}
Read {
 inputs 0
 file plates/a.%04d.exr
 name Read1
}
set N48d0 [stack 0]
Blur {
 size {{curve x1 0 x10 5}}
 name Blur1
}
set C1 [stack 0]
push $N48d0
push 0
push $C1
Group {
 inputs 2+1
 name Velatura1
 addUserKnob {20 velatura l Velatura}
 addUserKnob {7 strength t "\[0 .. 2], \"as painted\" at 1" R 0 2}
 strength {{"Blur1.size * 2"}}
 addUserKnob {4 look M {ink "soft chalk" ""}}
}
 Input {
  inputs 0
  name Input1
 }
 Output {
  name Output1
 }
end_group
BackdropNode {
 name Backdrop1
}
clone $C1 {
 xpos 40
 name Blur2
}
"""


def shape(node: nk.Node) -> object:
    inputs = [each and each.name for each in node.inputs]
    inside = sorted(map(shape, node.nodes), key=str)
    return node.kind, node.name, node.knobs, node.users, inputs, inside


def test_nodes_knobs_and_connections_are_as_the_script_says() -> None:
    root = nk.parse(SCRIPT)
    assert root.knobs == {"first_frame": "1001"}
    group, blur = root.node("Velatura1"), root.node("Blur1")
    assert [each and each.name for each in group.inputs] == ["Blur1", None, "Read1"]
    assert group.masks == 1
    assert group.users[1] == ["7", "strength", "t", '[0 .. 2], "as painted" at 1', "R", "0", "2"]
    assert group.choices("look") == ("ink", "soft chalk", "")
    assert blur.knobs == {"size": "{curve x1 0 x10 5}"}
    assert root.node("Velatura1.Output1").inputs == [root.node("Velatura1.Input1")]
    assert root.node("Blur2").clone_of is blur
    assert root.node("Blur2").knobs["size"] == blur.knobs["size"]


def test_what_is_written_is_read_the_same() -> None:
    root = nk.parse(SCRIPT)
    assert shape(nk.parse(nkwrite.write(root))) == shape(root)


@pytest.mark.skipif(not shutil.which("tclsh"), reason="tclsh is not installed to compare with")
def test_the_program_tclsh_reads_as_pythons_own_tcl_does() -> None:
    assert tcl._told_by_program(SCRIPT) == tcl._told(SCRIPT)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Read {\n file a", "missing close-brace"),
        ("push $N1", 'can\'t read "N1"'),
        ("exec rm", "invalid command name"),
        ("Group {\n name G\n}\nDot {\n}", "G has no end_group"),
        ("end_group", "without its group"),
    ],
)
def test_what_nuke_would_not_load_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(nk.NkError, match=complaint):
        nk.parse(text)
