"""A look's folder for NukeX's Cattery: the TorchScript, and all that makes a live node of it.

The one thing that is not in it is the ``.cat`` that Nuke's Inference node runs: only a NukeX makes
that, with what lies here.
"""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path

import torch

import velatura
from velatura.atomic import replacing
from velatura.errors import StorageError, TrainingError
from velatura.look import Card
from velatura_training.export import inference_nodes, torchscript
from velatura_training.export.trained import Trained

log = logging.getLogger(__name__)

OLDEST = 13.2
"""The Nuke that public Cattery packages ask for at least; CatFileCreator came with 13.1."""

_README = """{name}: a velatura look for NukeX, live in the Inference node

{about}

MAKE THE .CAT, once, with a NukeX or Nuke Studio (13.1 or later, not Indie or Non-commercial):

    NukeX -t make_cat.py

or open {node}_CatFileCreator.nk in it and press its button. A .cat runs in the Nuke that made it
and in later ones, so make it with the oldest that you have. make_cat.py notes that version in
cat.json; by hand, set "minimum_nuke_version_required" there yourself.

INSTALL: this folder belongs into a folder called Cattery on the plug-in path, such as
~/.nuke/Cattery. Nuke 14 and later list it in the toolbar under Cattery/Stylisation. For Nuke 13,
add to ~/.nuke/init.py:  nuke.pluginAddPath("./Cattery/{node}")

KNOBS: strength (0 is the plate, 1 is as painted), use mask, mask channel, (un)premult by alpha.
"Optimize for Speed and Memory" of the Inference node works in half floats: lighter, less exact.

NEVER TRIED: anything in Nuke itself. {node}.pt was written with torch {torch}, of operators that
torch has had since 1.6, which is Nuke 13's; it was proved against the look's own network in the
torch that wrote it. That CatFileCreator takes it, that its attributes become knobs, which way up
Nuke hands over the rows, and all nodes of {node}.gizmo are unverified. Compare it once with the
baked look.
"""

_MAKE = '''"""Make {node}.cat: NukeX -t make_cat.py. Unverified: it was never run in a Nuke."""

import json
import os

import nuke

HERE = os.path.dirname(os.path.abspath(__file__)).replace(os.sep, "/")

nuke.nodePaste(HERE + "/{node}_CatFileCreator.nk")
creator = nuke.toNode("CatFileCreator_{node}")
creator["torchScriptFile"].setValue(HERE + "/{node}.pt")
creator["catFile"].setValue(HERE + "/{node}.cat")
creator["createCatFile"].execute()
if not os.path.isfile(HERE + "/{node}.cat"):
    raise RuntimeError("CatFileCreator wrote no " + HERE + "/{node}.cat")

with open(HERE + "/cat.json") as stream:
    about = json.load(stream)
about["minimum_nuke_version_required"] = float(
    "%d.%d" % (nuke.NUKE_VERSION_MAJOR, nuke.NUKE_VERSION_MINOR)
)
with open(HERE + "/cat.json", "w") as stream:
    json.dump(about, stream, indent=4)
print("wrote " + HERE + "/{node}.cat")
'''

_INIT = '''"""For Nuke 13; later ones find the look by its cat.json."""

import nuke

if nuke.NUKE_VERSION_MAJOR < 14:
    nuke.load("Inference")  # else a script that begins with it may end in std::bad_alloc there
'''

_MENU = '''"""For Nuke 13; later ones list the look by its cat.json."""

import nuke

if nuke.NUKE_VERSION_MAJOR < 14:
    nuke.menu("Nodes").addCommand(
        "Cattery/Stylisation/{node}", "nuke.createNode('{node}')", icon="{icon}"
    )
'''


def write(trained: Trained, folder: Path) -> Path:
    """Write what a run has come to as a folder for the Cattery, and return that folder.

    Args:
        trained: its painter and its card.
        folder: where the look's own folder goes: a Cattery folder.

    Raises:
        TrainingError: a look that cannot go live.
        StorageError: the folder cannot be written.
    """
    card = trained.card
    absent = missing(card)
    module = torchscript.script(trained.painter, card)
    torchscript.prove(module, trained.painter, card)
    node = inference_nodes.node_name(card.name)
    home = folder / node
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the folder {home}", found=str(error)) from error
    torchscript.save(module, home / f"{node}.pt")
    for file, text in _texts(node, card, _about(card, absent)).items():
        with replacing(home / file) as beside:
            beside.write_text(text, encoding="utf-8")
    if card.thumbnail:
        with replacing(home / f"{node}.png") as beside:
            beside.write_bytes(base64.b64decode(card.thumbnail))
    _warn(home, node, card, absent)
    return home


def missing(card: Card) -> tuple[str, ...]:
    """Return what a look reads and does not get when it is live.

    Raises:
        TrainingError: it has not learnt to do without.
    """
    dropout = card.training["recipe"]["guide_dropout"]
    if (card.guides and not dropout) or not card.free:
        needed = (*card.guides, *(() if card.free else ("the painted keys on board",)))
        raise TrainingError(
            f"{card.name} cannot go live: Nuke's Inference node has no channels for what it reads",
            found=", ".join(needed),
            do="Bake it with Nuke's Velatura node, which reads all passes; or train a look that "
            "does without: `velatura train --free --guides none`.",
        )
    return (*card.guides, *(("the painted keys on board",) if card.keys_digest else ()))


def _about(card: Card, absent: tuple[str, ...]) -> str:
    """Return what artists should know of a live look, in lines."""
    lines = [
        f"{card.name}, a velatura look" + (f" by {card.author}" if card.author else ""),
        f"Wants scene-linear light in {card.colour_space}; convert to it before, and back after.",
    ]
    if absent:
        lines.append(f"Goes without {', '.join(absent)}: softer than when it is baked.")
    if card.canvas:
        lines.append("Its strokes keep their places in the format as long as its size is the same.")
    if card.licence:
        lines.append(f"Licence: {card.licence}")
    lines.append(f"Written by velatura {velatura.__version__} with torch {torch.__version__}.")
    return "\n".join(lines)


def _texts(node: str, card: Card, about: str) -> dict[str, str]:
    """Return the folder's text files by name."""
    icon = f"{node}.png" if card.thumbnail else ""
    said = {
        "node": node,
        "name": card.name,
        "about": about,
        "torch": torch.__version__,
        "icon": icon,
    }
    package = {
        "minimum_nuke_version_required": OLDEST,
        "version": 1,
        "category": "Stylisation",
        "description": about.split("\n", maxsplit=1)[0],
        "cats": [{"filepath": f"{node}.gizmo", "name": node, "icon": icon}],
    }
    return {
        f"{node}_CatFileCreator.nk": inference_nodes.creator(node),
        f"{node}.gizmo": inference_nodes.group(node, card, about),
        "cat.json": json.dumps(package, indent=4) + "\n",
        "README.txt": _README.format(**said),
        "make_cat.py": _MAKE.format(**said),
        "init.py": _INIT,
        "menu.py": _MENU.format(**said),
    }


def _warn(home: Path, node: str, card: Card, absent: tuple[str, ...]) -> None:
    log.warning(
        "%s was written with torch %s, and never loaded in a Nuke: %s says how to make the .cat",
        home / f"{node}.pt",
        torch.__version__,
        home / "README.txt",
    )
    if absent:
        log.warning("%s goes live without %s", card.name, ", ".join(absent))
    if (home / f"{node}.cat").exists():
        log.warning("%s is of an earlier export: make it again", home / f"{node}.cat")
