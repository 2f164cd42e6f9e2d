"""Projects with a library of looks, and what is to be read in the sidebar of their Blender."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import looks
from projects import Project

Row = tuple[str, str]
"""What is to be read, and the operator or property behind it."""

START = """
import drawn
scene = stage.start()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
stage.enable()
from velatura_blender import compat, messages
from velatura_blender.ui import bake_status, look_menu, modal_bake, panel, previews, scope

def chain():
    return " ".join(sorted(f"{l.from_node.name}>{l.to_node.name}" for l in tree.links))

def refused(operator, *how, **what):
    try:
        operator(*how, **what)
    except RuntimeError as error:
        return str(error)
"""
"""What scripts begin with: a saved file that hands its render on, with the add-on enabled."""

BAKES = (
    START
    + """
bpy.ops.velatura.add_look(path=f"{P}/library/ink.onnx")
look = scope.look(bpy.context)

def baked():
    return [frame for frame in range(0, 9) if look.gain(frame).is_file()]
"""
)
"""The same with a look in the graph, of which nothing is baked."""


def stocked(folder: Path, python: Path) -> Project:
    """Return a project with a library: two looks of three files.

    Ink has a picture; Chalk reads passes, and its strength is calibrated.
    """
    library = folder / "library"
    library.mkdir()
    picture = base64.b64encode(png(160, 90)).decode()
    looks.small(library / "ink.onnx", name="Ink", author="Ada", licence="CC0", thumbnail=picture)
    even = tuple((k / 16) ** 1.5 for k in range(17))
    looks.small(library / "chalk.onnx", ("normal", "depth"), name="Chalk", strength_lut=even)
    (library / "torn.onnx").write_bytes(b"PK")
    return Project(folder, python, {"VELATURA_LOOKS": str(library)})


def drawn(project: Project, script: str, *what: str, **env: str) -> dict[str, list[Row]]:
    """Return what is to be read in panels and menus after a script; None of those not shown."""
    told = project.alone(f"{START}{script}\ndrawn.say({', '.join(what)})", **env)
    return {name: rows and [(text, op) for text, op in rows] for name, rows in told.items()}


def texts(rows: list[Row]) -> str:
    """Return rows as one text: where a row ends depends on the sidebar's width."""
    return " ".join(text for text, _ in rows)


def behind(rows: list[Row]) -> dict[str, str]:
    """Return the operator or property behind each text that has one."""
    return {text: what.removeprefix("bpy.ops.velatura.") for text, what in rows if what}


def png(width: int, height: int) -> bytes:
    """Return a PNG in one colour."""
    rows = (b"\0" + b"\xc8\x50\x28" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
