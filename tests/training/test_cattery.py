"""The folder of a live look: what may go in, what is in it, and that Nuke's text is text."""

from __future__ import annotations

import ast
import json
import logging
import shutil
import subprocess
from dataclasses import replace

import pytest
import torch
import untrained

from velatura.errors import TrainingError
from velatura.look import Card
from velatura_training import cattery, inference, live


@pytest.fixture
def trained():
    return untrained.trained()


@pytest.fixture
def home(trained, tmp_path):
    return cattery.write(trained, tmp_path)


def test_what_a_look_cannot_do_without_keeps_it_from_going_live(trained, tmp_path):
    strict = {"recipe": {**trained.card.training["recipe"], "guide_dropout": 0.0}}
    needy = replace(trained, card=replace(trained.card, training=strict))
    with pytest.raises(TrainingError, match=r"no channels.*normal, depth.*--guides none") as caught:
        cattery.write(needy, tmp_path / "Cattery")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "Cattery").exists()
    shot = replace(trained.card, guides=(), cargo="0" * 64, free=False)
    with pytest.raises(TrainingError, match="painted keys"):
        cattery.write(replace(trained, card=shot), tmp_path / "Cattery")
    assert cattery.missing(replace(shot, free=True)) == ("the painted keys on board",)


def test_the_folder_is_a_package_of_the_cattery(trained, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        home = cattery.write(trained, tmp_path)
        (home / "Ink_Wash_2.cat").touch()
        cattery.write(trained, tmp_path)
    assert f"torch {torch.__version__}" in caplog.text
    assert "without normal, depth" in caplog.text
    assert "Ink_Wash_2.cat is of an earlier export" in caplog.text
    package = json.loads((home / "cat.json").read_text())
    assert package["cats"] == [
        {"filepath": "Ink_Wash_2.gizmo", "name": "Ink_Wash_2", "icon": "Ink_Wash_2.png"}
    ]
    assert (home / "Ink_Wash_2.gizmo").exists()
    assert (home / "Ink_Wash_2.png").read_bytes()[:4] == b"\x89PNG"
    for word in ("unverified", "by A. Painter", "CC0-1.0", "without normal, depth"):
        assert word in (home / "README.txt").read_text()
    for name in ("init.py", "menu.py", "make_cat.py"):
        ast.parse((home / name).read_text(), name, feature_version=(3, 7))  # Nuke 13's Python
    assert not list(home.glob(".*"))


def test_the_nodes_are_text_that_tcl_reads(home):
    creator = parsed((home / "Ink_Wash_2_CatFileCreator.nk").read_text())
    (made,) = creator
    assert made["kind"] == "CatFileCreator"
    assert made["knobs"]["channelsIn"].split(",") == [*RGB, "rgba.alpha", "mask.a"]
    assert made["knobs"]["channelsOut"].split(",") == RGB
    assert made["knobs"]["torchScriptFile"].endswith("/Ink_Wash_2.pt")
    module = live.load(home / "Ink_Wash_2.pt")
    knobs = {"strength": "7", "use_mask": "6", "unpremult": "6"}
    assert made["user"] == {"User": "20", **knobs}
    for name, kind in knobs.items():
        assert type(getattr(module, name)) is (float if kind == "7" else int)

    text = (home / "Ink_Wash_2.gizmo").read_text()
    assert text.startswith("Group {")
    nodes = {node["knobs"]["name"]: node for node in parsed(text)}
    assert {name: node["inputs"] for name, node in nodes.items() if node["inputs"]} == {
        "MaskIn": ["img", "mask"],
        "WholeFormat": ["MaskIn"],
        "Inference1": ["WholeFormat"],
        "Back": ["img", "Inference1"],
        "Gate": ["img", "Back"],
        "Output1": ["Gate"],
    }
    assert nodes["mask"]["knobs"]["number"] == "1"
    assert "Ink_Wash_2.cat" in nodes["Inference1"]["knobs"]["modelFile"]
    assert knobs.items() <= nodes["Ink_Wash_2"]["user"].items()


def test_a_name_is_never_more_than_a_name():
    hostile = 'In[exec rm]k {"$a\\"} <b>'
    assert inference.node_name(hostile) == "In_exec_rm_k_a_b"
    assert inference.node_name("7 ©") == "Look_7"
    assert inference.node_name("***") == "Look"
    group = inference.group("Ink", Card(hostile), f"by {hostile}\nall of it")
    first = parsed(group)[0]
    assert first["knobs"]["name"] == "Ink"
    assert "exec rm" in group
    assert "[exec" not in group
    assert inference.plain("Ink & Wash") == "Ink Wash"


RGB = ["rgba.red", "rgba.green", "rgba.blue"]

READER = r"""
set stack {}; set rows {}
proc stack {depth} {global stack; lindex $stack $depth}
proc push {name} {global stack; set stack [linsert $stack 0 $name]}
proc end_group {} {}
proc unknown {kind body} {
    global stack rows
    array set knob [list inputs [expr {$kind eq "Group" ? 0 : 1}] name ""]
    foreach {key value} $body {
        if {$key eq "addUserKnob"} {
            lappend rows [join [list user [lindex $value 1] [lindex $value 0]] \t]
        } else {set knob($key) $value; lappend rows [join [list knob $key $value] \t]}
    }
    set inputs [lrange $stack 0 [expr {$knob(inputs) - 1}]]
    set stack [lrange $stack $knob(inputs) end]
    if {$kind ne "Group"} {push $knob(name)}
    lappend rows [join [concat node $kind $inputs] \t]
}
"""


def parsed(text):
    """Return the nodes of a Nuke script as a real Tcl reads them; a node's inputs by name."""
    told = tcl(READER + text + "\njoin $rows \\n")
    nodes, knobs, user = [], {}, {}
    for row in told.splitlines():
        what, name, *rest = row.split("\t")
        if what == "node":
            nodes.append({"kind": name, "inputs": rest, "knobs": knobs, "user": user})
            knobs, user = {}, {}
        else:
            (knobs if what == "knob" else user)[name] = rest[0]
    assert nodes
    return nodes


def tcl(script):
    try:
        import tkinter as tk
    except ImportError:
        program = shutil.which("tclsh")
        assert program, "This test needs a Tcl: a Python with tkinter, or tclsh"
        script = f"puts [eval {{{script}}}]"
        return subprocess.run(
            [program], input=script, text=True, capture_output=True, check=True
        ).stdout
    return tk.Tcl().eval(script)
