"""Asks a free Nuke what the look node relies on. For Nuke Non-commercial, without a licence:

    Nuke --nc -t tests/plugin/nuke_nc_smoke.py

Python is given ten nodes there, and pictures are at most 1920 x 1080. So this asks for none: the
shipped Group goes in as text, Tcl sets its knobs, and plain Python looks at small EXRs that Nuke
wrote. It prints PASS or FAIL for each question, and ends with exit code 1 if one failed.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
import traceback

import nuke

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "nuke", "smoke"))

import plainexr  # noqa: E402  # it lies on that path

GIZMO = os.path.join(HERE, "..", "..", "plugin", "nuke", "Velatura.gizmo")
FOLDER = tempfile.mkdtemp(prefix="velatura-nc-").replace("\\", "/")
WIDTH, HEIGHT = 4, 2
FLOOR, DIGEST, OTHER = 1 / 128, "0123abcd" * 8, "ffff0000" * 8
PLATE = [0.0, 0.18, -0.25, 1.0, 40000.0, 70000.0, 1e-6, 0.5]
STOPS = [1.0, -2.0, 3.0, 0.25, -0.5, 1.0, 8.0, 0.0]
ALPHA = [1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 0.25, 1.0]
MATTE = [0.0, 1.0, 0.5, 0.25, 1.0, 1.5, -1.0, 1.0]
CLOSE = 2e-5  # of a value: Nuke may compute in other precisions than Python


def files():
    """Write the plate, a matte, and a gain of two looks for frame 1."""
    half = struct.unpack("<8e", struct.pack("<8e", *STOPS))
    rgb = {"R": PLATE, "G": PLATE[::-1], "B": [2 * value for value in PLATE]}
    gain = {"R": half, "G": half, "B": half}
    for frame in (1, 2, 3):
        plainexr.write("%s/plate.%04d.exr" % (FOLDER, frame), {**rgb, "A": ALPHA}, WIDTH, HEIGHT)
    plainexr.write(FOLDER + "/matte.exr", {"A": MATTE}, WIDTH, HEIGHT)
    for name, digest in (("gain", DIGEST), ("other", OTHER)):
        texts = [("velatura/digest", digest)]
        plainexr.write("%s/%s.0001.exr" % (FOLDER, name), gain, WIDTH, HEIGHT, texts)
    return rgb


def script(gain="gain", matte=False, **knobs):
    """Begin a script with the look between a Read and a Write, all of it text."""
    nuke.scriptClear()
    with open(GIZMO) as stream:
        group = stream.read().replace("Group {", "Group {\n inputs 4", 1)
    reads = (
        'Read {\n inputs 0\n file_type exr\n file "%s"\n first 1\n last 3\n raw true\n name %s\n}\n'
    )
    text = reads % (FOLDER + "/plate.%04d.exr", "Plate") + "set NPLATE [stack 0]\n"
    text += reads % (FOLDER + "/matte.exr", "Roto") + "set NROTO [stack 0]\n"
    text += "push 0\npush 0\npush %s\npush $NPLATE\n" % ("$NROTO" if matte else "0")
    text += group + 'Write {\n file "%s/out.%%04d.exr"\n file_type exr\n' % FOLDER
    text += ' datatype "32 bit float"\n compression none\n raw true\n channels rgba\n name Out\n}\n'
    nuke.scriptReadText(text)
    knob("Velatura1.GainRead.file", "%s/%s.%%04d.exr" % (FOLDER, gain))
    for name, value in {"baked": 1, "gain_floor": FLOOR, "digest": DIGEST, **knobs}.items():
        knob("Velatura1." + name, value)


def knob(path, value):
    nuke.tcl("knob", "root." + path, str(value))


def rendered(frame=1):
    nuke.execute("Out", frame, frame, 1)
    return plainexr.read("%s/out.%04d.exr" % (FOLDER, frame))


def law(x, stops, amount, alpha):
    """The gain law in Python, see `velatura.gain.law.apply`."""
    gain = min(amount, 4)
    base = min(max(x, 0), 65504) + (FLOOR * max(alpha, 0) if stops > 0 else 0)
    return x + base * (2.0 ** (gain * stops) - 1) if gain * stops else x


def same(found, rgb, strength=1.0, matte=None, mix=1.0):
    for name, plate in rgb.items():
        for at, value in enumerate(plate):
            seen = 1 if matte is None else min(max(matte[at], 0), 1)
            wanted = law(value, STOPS[at], strength * seen, ALPHA[at])
            wanted = value + mix * (wanted - value)
            wrong = abs(found[name][at] - wanted) > CLOSE * max(abs(wanted), abs(value), 1e-3)
            assert not wrong, "%s of pixel %d: %r, not %r" % (name, at, found[name][at], wanted)
    assert bits(found["A"]) == bits(ALPHA), "alpha"


def bits(values):
    return struct.pack("<%df" % len(values), *values)


def fails(frame, *words):
    try:
        rendered(frame)
    except RuntimeError as error:
        for word in words:
            assert word in str(error), error
        return
    raise AssertionError("it was rendered all the same")


def at_1(rgb):
    script()
    same(rendered(), rgb)


def at_half(rgb):
    script(strength=0.5)
    same(rendered(), rgb, 0.5)


def at_4(rgb):
    script(strength=4)
    same(rendered(), rgb, 4.0)


def at_0(rgb):
    script(strength=0)
    found = rendered()
    for name, plate in rgb.items():
        assert bits(found[name]) == bits(plate), name


def masked(rgb):
    script(matte=True)
    same(rendered(), rgb, matte=MATTE)
    script(matte=True, invert_mask=1)
    same(rendered(), rgb, matte=[1 - value for value in MATTE])


def mixed(rgb):
    script(mix=0.25)
    same(rendered(), rgb, mix=0.25)


def outside(_rgb):
    script()
    fails(2, "has no gain of its look for this frame")


def missing(_rgb):
    script(gain="nowhere")
    fails(1)


def unrendered(_rgb):
    script(baked=0)
    fails(1, "Velatura1 has no gain of its look")


def foreign(_rgb):
    script(gain="other")
    fails(1, "has no gain of its look")
    script(gain="other", digest=OTHER)
    rendered()


def keyed(rgb):
    script(strength="{curve x1 0 x3 1}")
    knob("Velatura1.GainRead.last", 3)
    found = rendered()
    for name, plate in rgb.items():
        assert bits(found[name]) == bits(plate), name
    fails(3)  # by then it shows, and there is no gain of frame 3


ASKED = (
    ("C1", "the shipped text is read, Tcl sets its knobs, and the law's numbers come out", at_1),
    ("C2", "strength 0.5 is half of the stops", at_half),
    ("C3", "strength 4 is four times the stops", at_4),
    ("C4", "strength 0 is the plate bit for bit", at_0),
    ("C5", "the matte and its inverse scale the stops", masked),
    ("C6", "mix dissolves in light", mixed),
    ("C7", "a frame outside the gain's range ends a render, with the node's message", outside),
    ("C8", "a gain that is not there ends a render", missing),
    ("C9", "a look without a gain ends a render outside the window", unrendered),
    ("C10", "another look's gain ends a render, by the metadata in its header", foreign),
    ("C11", "a keyed strength is read at its frame", keyed),
)


def main():
    print("Nuke %s, Python %s" % (nuke.NUKE_VERSION_STRING, sys.version.split()[0]))
    rgb, failed = files(), 0
    for number, text, ask in ASKED:
        try:
            ask(rgb)
            print("PASS %s %s" % (number, text))
        except Exception:  # whatever it is, the next question is asked
            failed += 1
            print("FAIL %s %s\n%s" % (number, text, traceback.format_exc()))
        sys.stdout.flush()
    return 1 if failed else 0


sys.exit(main())
