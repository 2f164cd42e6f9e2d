"""What the checks of the smoke script share: nodes to ask about, files, and the law in Python.

Standard library only, Python 3.7: it runs in every Nuke.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile

import nuke

ROOT = os.path.dirname(os.path.abspath(__file__))
for _ in range(4):
    ROOT = os.path.dirname(ROOT)
sys.path[:0] = [os.path.join(ROOT, "plugin", "nuke"), os.path.join(ROOT, "core")]
GIZMO = os.path.join(ROOT, "plugin", "nuke", "Velatura.gizmo").replace("\\", "/")
FOLDER = tempfile.mkdtemp(prefix="velatura-smoke-").replace("\\", "/")
PLATE = (0.18, 2.5, 40.0, 0.5)
STOPS = (-1.5, 0.75, 2.0, 1.0)
FLOOR = 1.0 / 128
AT = (10.5, 10.5)  # where pixels are sampled: a pixel's middle, for Nuke's sample filters
CLOSE = 2e-6  # relative: a few roundings of floats

ASSUMPTIONS = []
"""Number, text and check of each, in the order in which they are asked."""


def assume(number, text):
    """Note a check under its number."""

    def noted(check):
        ASSUMPTIONS.append((number, text, check))
        return check

    return noted


def constant(color, name):
    node = nuke.nodes.Constant(name=name)
    node["channels"].setValue("rgba")
    node["color"].setValue(list(color))
    return node


def written(source, name, frames=(1, 1), channels="all", datatype="32 bit float"):
    """Write what a node shows, raw; return the pattern of the files."""
    path = "%s/%s.%%04d.exr" % (FOLDER, name)
    write = nuke.nodes.Write(name="Write_" + name)
    write["file_type"].setValue("exr")
    write["file"].setValue(path)
    write["raw"].setValue(True)
    write["channels"].setValue(channels)
    write["datatype"].setValue(datatype)
    write.setInput(0, source)
    nuke.execute(write, frames[0], frames[1], 1)
    return path


def reader(path, last=1):
    node = nuke.nodes.Read(first=1, last=last)
    node["file"].setValue(path)
    node["raw"].setValue(True)
    return node


def pixel(node, names=("red", "green", "blue", "alpha")):
    return [node.sample("rgba." + name, *AT) for name in names]


def bits(values):
    return [struct.pack("<f", value) for value in values]


def law(x, stops, amount, alpha):
    """The gain law in Python, see `velatura.gain.law.apply`."""
    base = min(max(x, 0), 65504) + (FLOOR * alpha if stops > 0 else 0)
    return x + base * (2.0 ** (amount * stops) - 1)


def look(plate=None, gain=None, mask=None, last=1):
    """Paste the shipped Group, and let it read a gain as if that were rendered."""
    for node in nuke.selectedNodes():
        node.setSelected(False)
    nuke.nodePaste(GIZMO)
    (node,) = [each for each in nuke.selectedNodes() if each.Class() == "Group"]
    node.setInput(0, plate or constant(PLATE, "Plate"))
    if mask is not None:
        node.setInput(1, mask)
    node["gain_floor"].setValue(FLOOR)
    node["baked"].setValue(True)
    gain = gain or written(constant(STOPS, "Stops"), "gain")
    read = nuke.toNode(node.fullName() + ".GainRead")
    read["file"].setValue(gain)
    read["last"].setValue(last)
    return node


def close(found, wanted):
    for one, other in zip(found, wanted):
        assert abs(one - other) <= CLOSE * max(1.0, abs(other)), "%r is not %r" % (found, wanted)


def child(*arguments):
    """Run this Nuke's program again; return its exit code. With --safe it has no plug-ins."""
    return subprocess.call([nuke.EXE_PATH, "-i"] + list(arguments))
