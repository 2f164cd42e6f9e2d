"""Asks what Nuke's nodes do to pixels, windows and channels."""

from __future__ import annotations

import math

import nuke
from asking import (
    AT,
    PLATE,
    STOPS,
    assume,
    bits,
    close,
    constant,
    law,
    look,
    pixel,
    reader,
    written,
)


@assume("N3", "MergeExpression: input 0 is B, input 1 is A; channel3 none leaves alpha alone")
def sides():
    node = nuke.nodes.MergeExpression(expr0="Ar - 2 * Br", channel3="none")
    node.setInput(0, constant(PLATE, "B"))
    node.setInput(1, constant(STOPS, "A"))
    close(pixel(node), [STOPS[0] - 2 * PLATE[0], PLATE[1], PLATE[2], PLATE[3]])


@assume("N4", "the law's numbers: clamp, pow, ?:, temporaries, parent.knob in pixel expressions")
def numbers():
    node = look()
    for strength in (1.0, 0.3, 2.0):
        node["strength"].setValue(strength)
        wanted = [law(x, r, strength, PLATE[3]) for x, r in zip(PLATE[:3], STOPS)]
        close(pixel(node), wanted + [PLATE[3]])
    node["strength"].setValue(1.0)
    node["mix"].setValue(0.25)
    whole = [law(x, r, 1.0, PLATE[3]) for x, r in zip(PLATE[:3], STOPS)]
    close(pixel(node), [x + 0.25 * (y - x) for x, y in zip(PLATE[:3], whole)])


@assume("N5", "strength 0, and a matte of 0, are the plate bit for bit, Inf and NaN included")
def nothing():
    odd = nuke.nodes.Expression(expr0="1 / (r - r)", expr1="(r - r) / (r - r)", expr2="-b")
    odd.setInput(0, constant(PLATE, "Plate"))
    for node in (look(odd), look(odd, mask=constant((0, 0, 0, 0), "Black"))):
        node["strength"].setValue(0.0 if node.input(1) is None else 1.0)
        found, wanted = pixel(node), pixel(odd)
        assert math.isinf(wanted[0]) and math.isnan(wanted[1]), wanted
        assert bits(found[:1] + found[2:]) == bits(wanted[:1] + wanted[2:]), (found, wanted)
        assert math.isnan(found[1]), found


@assume("N6", "EXR, raw both ways: a 32-bit value that is written and read is the same bits")
def raw():
    values = (0.1, -1e-30, 70000.125, 0.5)
    assert bits(pixel(reader(written(constant(values, "Odd"), "raw")))) == bits(values)


@assume("N7", "[exists parent.input1] is true only where the matte is wired; invert_mask and mask")
def matte():
    half = constant((0, 0.25, 0, 0.5), "Half")
    node = look(mask=half)
    for invert, channel, amount in ((0, "alpha", 0.5), (1, "alpha", 0.5), (1, "green", 0.75)):
        node["invert_mask"].setValue(bool(invert))
        node["maskChannelInput"].setValue("rgba." + channel)
        close(pixel(node)[:1], [law(PLATE[0], STOPS[0], amount, PLATE[3])])
    node.setInput(1, None)
    close(pixel(node)[:1], [law(PLATE[0], STOPS[0], 1.0, PLATE[3])])


@assume(
    "N9", "each frame reads its own file; one outside the gain's range ends a render at an Assert"
)
def frames():
    stops = nuke.nodes.Expression(expr0="frame", expr1="frame", expr2="frame")
    stops.setInput(0, constant(STOPS, "Stops"))
    node = look(gain=written(stops, "numbered", (1, 3)), last=3)
    shown = reader(written(node, "shown", (1, 3)), 3)
    for frame in (1, 3):
        nuke.frame(frame)
        close(pixel(shown)[:1], [law(PLATE[0], frame, 1.0, PLATE[3])])
    nuke.frame(1)
    try:
        written(node, "beyond", (4, 4))
    except RuntimeError as error:
        assert "has no gain of its look" in str(error), error
        return
    raise AssertionError("frame 4 showed another frame's gain")


@assume("N19", "a bounding box that is not the format comes through the look as it was")
def boxes():
    crop, stops = nuke.nodes.Crop(), nuke.nodes.Crop()
    for node, color in ((crop, PLATE), (stops, STOPS)):
        node["box"].setValue([4, 3, 30, 20])
        node.setInput(0, constant(color, "Color"))
    node = look(crop, gain=written(stops, "boxed"))
    found = [getattr(node.bbox(), side)() for side in "xywh"]
    assert found == [getattr(crop.bbox(), side)() for side in "xywh"], found
    again = reader(written(node, "box"))
    close(pixel(again)[:1], [law(PLATE[0], STOPS[0], 1.0, PLATE[3])])


@assume("N20", "alpha and other layers come from img, also where the gain has none")
def layers():
    deep = nuke.nodes.Copy(from0="rgba.blue", to0="depth.Z")
    deep.setInput(0, constant(PLATE, "Plate"))
    deep.setInput(1, constant(STOPS, "Stops"))
    node = look(deep)
    assert "depth.Z" in node.channels(), node.channels()
    close([node.sample("depth.Z", *AT), pixel(node)[3]], [STOPS[2], PLATE[3]])
