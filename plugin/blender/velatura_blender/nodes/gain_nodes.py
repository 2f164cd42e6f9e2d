"""The gain law as native compositor nodes: what a look node consists of.

With ``x`` the plate (scene-linear, premultiplied), ``a`` its alpha, ``r`` the gain layer in stops
and ``g = even(strength) x mask``::

    y = x + (clamp(x, 0, 65504) + k a [r > 0]) (2^(g r) - 1)

``even`` is the look's calibration, a Float Curve node, or nothing where the look has none (see
`velatura.strength`). Muted, it lets raw stops through.

No Python class is in it, so a .blend with baked gains renders without this add-on. Where ``g`` is
0 the plate comes out bit for bit, NaN and Inf included (but -0 becomes +0). Where the gain layer is
missing, or of another size or region than the plate, and ``g`` is not 0 the picture turns magenta:
it must not pass for finished. While the graph is only looked at, see `set_preview`, the plate is
shown instead, and a gain layer of another size is stretched over it if the proportions are the
same.
The formula is `velatura.gain.law.apply`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from velatura.half import HALF_MAX
from velatura.job import MOST_STRENGTH

from . import region_check
from .placed_nodes import COLUMN, ROW, Placed

SLIDER_END = 2.0  # twice as painted, in stops: where the socket's slider ends

FLOOR, GAIN, EVEN, ALPHA = "floor", "gain", "even strength", "alpha"
"""Names of the nodes that differ from look to look."""

WANTED, WIDE, HIGH = "wanted", "as wide", "as high"
"""Names of the nodes that differ while the graph is only looked at."""

LN_2 = 0.6931471805599453  # 2^x is e^(x ln 2), and Blender's e^x takes a third of the time
ALARM = 0.5  # scene-linear red and blue of a pixel without gain: magenta through AgX as well

_MAGENTA = "RB"
_SAME = 1e-5  # of a size: less than a px of 65536
_ALIKE = 0.02  # of the proportions: a viewport rounds its size to whole px
_ANY = 1e9  # more than any strength or size

_INPUTS = (
    ("Image", "NodeSocketColor", "The plate: scene-linear, premultiplied"),
    ("Mask", "NodeSocketFloat", "Where the look goes: 1 everywhere, 0 nowhere"),
    ("Strength", "NodeSocketFloat", "How much of the look: 0 is the plate, 1 as painted"),
)


def build(
    tree: bpy.types.NodeTree, image: bpy.types.Image, floor: float, lut: Sequence[float] = ()
) -> None:
    """Fill an empty node group with the gain law, reading its gains from ``image``."""
    _add_sockets(tree)
    _fill(tree, image, floor, lut)


def _fill(
    tree: bpy.types.NodeTree, image: bpy.types.Image, floor: float, lut: Sequence[float]
) -> None:
    nodes = Placed(tree)
    source = nodes.new("NodeGroupInput", 0)
    plate = nodes.new("CompositorNodeSeparateColor", 1)
    nodes.link(source.outputs["Image"], plate.inputs[0])
    gain = nodes.new("CompositorNodeImage", 1, name=GAIN)
    _read_sequence(gain, image)
    stops = nodes.new("CompositorNodeSeparateColor", 3)
    scaled, fits = _fitted(nodes, gain.outputs["Image"], source.outputs["Image"])
    nodes.link(scaled, stops.inputs[0])

    # Single values as long as nothing is wired into them: then they cost nothing.
    positive = nodes.math(1, "MAXIMUM", source.outputs["Mask"], 0.0)
    mask = nodes.math(1, "MINIMUM", positive, 1.0)
    strength = nodes.math(1, "MAXIMUM", source.outputs["Strength"], 0.0)
    amount = nodes.math(2, "MINIMUM", nodes.math(2, "MULTIPLY", strength, mask), MOST_STRENGTH)
    exponent = nodes.math(3, "MULTIPLY", amount, nodes.math(2, "MULTIPLY", fits, LN_2))
    wanted = nodes.math(3, "GREATER_THAN", amount, 0.0, name=WANTED)
    least = nodes.math(3, "MULTIPLY_ADD", fits, -1.5, 2.0)  # alpha is 1 where there is a gain
    lifts = nodes.new_value(2, FLOOR, floor)

    own = nodes.math(2, "MAXIMUM", plate.outputs[3], 0.0, name=ALPHA)
    alpha = nodes.math(2, "MINIMUM", own, HALF_MAX)
    lifted = nodes.math(3, "MULTIPLY", alpha, lifts)
    absent = nodes.math(3, "LESS_THAN", stops.outputs[3], least)
    missing = nodes.math(4, "MULTIPLY", absent, wanted)
    there = nodes.math(5, "SUBTRACT", 1.0, missing)
    alarm = nodes.math(5, "MULTIPLY", missing, ALARM)

    rgba = nodes.new("CompositorNodeCombineColor", 7)
    for channel, name in enumerate("RGB"):
        x, r = plate.outputs[channel], stops.outputs[channel]
        light = nodes.math(2, "MINIMUM", nodes.math(2, "MAXIMUM", x, 0.0), HALF_MAX)
        brighter = nodes.math(3, "GREATER_THAN", r, 0.0)
        base = nodes.math(4, "MULTIPLY_ADD", lifted, brighter, light)
        power = nodes.math(5, "EXPONENT", nodes.math(4, "MULTIPLY", exponent, r))
        change = nodes.math(5, "SUBTRACT", power, 1.0)
        glazed = nodes.math(6, "MULTIPLY_ADD", base, change, x)
        shown = (
            nodes.math(6, "MULTIPLY_ADD", glazed, there, alarm)
            if name in _MAGENTA
            else nodes.math(6, "MULTIPLY", glazed, there)
        )
        nodes.link(shown, rgba.inputs[channel])
    nodes.link(plate.outputs[3], rgba.inputs[3])
    nodes.link(rgba.outputs[0], nodes.new("NodeGroupOutput", 8).inputs["Image"])
    set_calibration(tree, lut)


def _fitted(
    nodes: Placed, gain: bpy.types.NodeSocket, plate: bpy.types.NodeSocket
) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Return the gain at the plate's size, and whether it fits: 1 or 0.

    A gain of the plate's own size passes bit for bit, as it is scaled by exactly 1.
    """
    sizes = []
    for picture in (gain, plate):
        info = nodes.new("CompositorNodeImageInfo", 1)
        parts = nodes.new("ShaderNodeSeparateXYZ", 2)
        nodes.link(picture, info.inputs[0])
        nodes.link(info.outputs["Dimensions"], parts.inputs[0])
        sizes.append(parts.outputs)
    across, along = (nodes.math(3, "DIVIDE", sizes[1][at], sizes[0][at]) for at in (0, 1))
    scale = nodes.new("CompositorNodeScale", 2)
    nodes.link(gain, scale.inputs["Image"])
    nodes.link(across, scale.inputs["X"])
    nodes.link(along, scale.inputs["Y"])
    wide = nodes.math(4, "COMPARE", across, 1.0, _SAME, name=WIDE)
    high = nodes.math(4, "COMPARE", along, 1.0, _SAME, name=HIGH)
    proportions = nodes.math(4, "DIVIDE", across, along)
    alike = nodes.math(5, "COMPARE", proportions, 1.0, _ALIKE)
    size = nodes.math(6, "MULTIPLY", nodes.math(5, "MULTIPLY", wide, high), alike)
    return scale.outputs[0], nodes.math(6, "MULTIPLY", size, region_check.add(nodes))


def set_preview(tree: bpy.types.NodeTree, on: bool, *, plate: bool = False) -> None:
    """Let a look that is only looked at show the plate where it has no gain, and not magenta.

    A render is to be told otherwise: magenta is its only way to say that it is not finished.

    Args:
        tree: the look's group.
        on: whether it is only looked at.
        plate: show the plate even where there is a gain, as that is of another frame.
    """
    size = _ANY if on else _SAME
    limits = (
        *((WANTED, 1, _ANY if on else 0.0), (WIDE, 2, size), (HIGH, 2, size)),
        *((WIDE, 1, -2 * _ANY if on and plate else 1.0), (region_check.LOOKED_AT, 1, float(on))),
    )
    for name, at, limit in limits:
        node = tree.nodes.get(name)
        if node is not None and node.inputs[at].default_value != limit:
            node.inputs[at].default_value = limit


def is_current(tree: bpy.types.NodeTree) -> bool:
    """Say whether a group was built by this version: older ones do not look at regions."""
    return region_check.SAME in tree.nodes


def rebuild(tree: bpy.types.NodeTree, floor: float, lut: Sequence[float]) -> None:
    """Build the nodes of a group anew; what is wired to it, and its sockets, stay."""
    image = gain_image(tree)
    opaque = ALPHA in tree.nodes and tree.nodes[ALPHA].inputs[1].default_value > 0.0
    even = not is_calibrated(tree) or is_even(tree)
    tree.nodes.clear()
    _fill(tree, image, floor, lut)
    set_opaque(tree, opaque)
    set_even(tree, even)


def set_floor(tree: bpy.types.NodeTree, floor: float) -> None:
    tree.nodes[FLOOR].outputs[0].default_value = floor


def set_opaque(tree: bpy.types.NodeTree, opaque: bool) -> None:
    """Let the plate's alpha count as 1, where it is not what the plate is multiplied by.

    Nothing in groups from before there was such.
    """
    node = tree.nodes.get(ALPHA)
    if node is not None:
        node.inputs[1].default_value = 1.0 if opaque else 0.0


def set_gain(tree: bpy.types.NodeTree, image: bpy.types.Image) -> None:
    _read_sequence(tree.nodes[GAIN], image)


def set_calibration(tree: bpy.types.NodeTree, lut: Sequence[float]) -> None:
    """Let the strength be even to the eye by ``lut``; where that is empty, be the law's gain.

    The curve's knots lie where Blender's table of it has entries, every 64th: what is between
    them is a straight line there as well.
    """
    curve = tree.nodes.get(EVEN)
    if not lut:
        if curve is not None:
            _lead_past(tree, curve)
        return
    if curve is None:
        curve = _led_through(tree)
    points = curve.mapping.curves[0].points
    knots = [(knot / (len(lut) - 1), gain) for knot, gain in enumerate(lut)]
    knots.append((MOST_STRENGTH, MOST_STRENGTH))  # from 1 on raw stops
    while len(points) > len(knots):  # drawn into it by hand
        points.remove(points[-1])
    while len(points) < len(knots):
        points.new(0.0, 0.0)
    for point, knot in zip(points, knots, strict=True):
        point.location, point.handle_type = knot, "VECTOR"
    curve.mapping.update()


def is_calibrated(tree: bpy.types.NodeTree) -> bool:
    return EVEN in tree.nodes


def is_even(tree: bpy.types.NodeTree) -> bool:
    """Say whether the strength goes through a calibration, and not past it."""
    return is_calibrated(tree) and not tree.nodes[EVEN].mute


def set_even(tree: bpy.types.NodeTree, even: bool) -> None:
    """Let the strength go through the calibration, or past it; nothing where there is none."""
    if is_calibrated(tree):
        tree.nodes[EVEN].mute = not even


def gain_image(tree: bpy.types.NodeTree) -> bpy.types.Image:
    return tree.nodes[GAIN].image


def _led_through(tree: bpy.types.NodeTree) -> bpy.types.Node:
    """Put a curve behind the strength, where it is known to be 0 or more."""
    source = next(node for node in tree.nodes if node.bl_idname == "NodeGroupInput")
    strength = source.outputs["Strength"].links[0].to_node
    (ahead,) = strength.outputs[0].links
    curve = tree.nodes.new("ShaderNodeFloatCurve")
    curve.name = curve.label = EVEN
    curve.location = COLUMN, -2 * ROW  # above the others
    curve.mapping.use_clip, curve.mapping.extend = False, "EXTRAPOLATED"
    tree.links.new(curve.outputs[0], ahead.to_socket)
    tree.links.new(strength.outputs[0], curve.inputs["Value"])
    return curve


def _lead_past(tree: bpy.types.NodeTree, curve: bpy.types.Node) -> None:
    (before,), (ahead,) = curve.inputs["Value"].links, curve.outputs[0].links
    tree.links.new(before.from_socket, ahead.to_socket)
    tree.nodes.remove(curve)


def _add_sockets(tree: bpy.types.NodeTree) -> None:
    tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    for name, kind, tip in _INPUTS:
        socket = tree.interface.new_socket(name=name, in_out="INPUT", socket_type=kind)
        socket.description = tip
        if kind == "NodeSocketFloat":
            socket.default_value, socket.min_value = 1.0, 0.0
            socket.max_value = 1.0 if name == "Mask" else SLIDER_END


def _read_sequence(node: bpy.types.Node, image: bpy.types.Image) -> None:
    """Let an Image node show the file of the scene's own frame number, whichever that is."""
    node.image = image
    node.frame_duration, node.frame_start, node.frame_offset = 1048574, 0, -1  # all frames from 0
    node.use_auto_refresh = True
