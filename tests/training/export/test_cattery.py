"""The folder of a live look: what may go in, what is in it, and that Nuke's text is text."""

from __future__ import annotations

import ast
import json
import logging
import re
from dataclasses import replace

import nk
import pytest
import torch
import untrained
from table import table

from velatura.errors import TrainingError
from velatura.look import Card
from velatura_training.export import cattery, inference_nodes, torchscript


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
    shot = replace(trained.card, guides=(), keys_digest="0" * 64, free=False)
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


def test_the_nodes_are_text_that_tcl_reads_and_names_that_nuke_has(home):
    (made,) = nk.parse((home / "Ink_Wash_2_CatFileCreator.nk").read_text()).nodes
    assert made.knobs["channelsIn"].split(",") == [*RGB, "rgba.alpha", "mask.a"]
    assert made.knobs["channelsOut"].split(",") == RGB
    assert made.knobs["torchScriptFile"].endswith("/Ink_Wash_2.pt")
    knobs = {"strength": "7", "use_mask": "6", "unpremult": "6"}
    assert users(made) == {"User": "20", **knobs}
    module = torchscript.load(home / "Ink_Wash_2.pt")
    for name, kind in knobs.items():
        assert type(getattr(module, name)) is (float if kind == "7" else int)

    text = (home / "Ink_Wash_2.gizmo").read_text()
    assert text.startswith("Group {")
    (group,) = nk.parse(text).nodes
    wires = {node.name: [source.name for source in node.inputs] for node in group.nodes}
    assert wires == {
        "mask": [],
        "img": [],
        "MaskIn": ["img", "mask"],
        "WholeFormat": ["MaskIn"],
        "Inference1": ["WholeFormat"],
        "Back": ["img", "Inference1"],
        "Within": ["Back", "Inference1"],
        "Gate": ["img", "Within"],
        "Output1": ["Gate"],
    }
    assert group.node("mask").knobs["number"] == "1"
    assert "Ink_Wash_2.cat" in group.node("Inference1").knobs["modelFile"]
    assert knobs.items() <= users(group).items()
    asked = set(re.findall(r"parent\.(\w+)", text))
    assert asked <= set(users(group))
    for node in (made, group, *group.nodes):
        known = table().classes[node.kind].knobs
        assert node.knobs.keys() - users(node).keys() <= known.keys(), node.kind
        assert set(users(node).values()) <= table().users.keys()


def test_a_name_is_never_more_than_a_name():
    hostile = 'In[exec rm]k {"$a\\"} <b>'
    assert inference_nodes.node_name(hostile) == "In_exec_rm_k_a_b"
    assert inference_nodes.node_name("7 ©") == "Look_7"
    assert inference_nodes.node_name("***") == "Look"
    text = inference_nodes.group("Ink", Card(hostile), f"by {hostile}\nall of it")
    (group,) = nk.parse(text).nodes
    assert group.name == "Ink"
    (about,) = (words[-1] for words in group.users if words[1] == "about")
    assert about == "by In exec rm k a b<br>all of it"


RGB = ["rgba.red", "rgba.green", "rgba.blue"]


def users(node):
    """Return a node's user knobs: the number of each one's type by its name."""
    return {words[1]: words[0] for words in node.users}
