"""What the harbour's things are made of: each stuff as it is, and as it is painted.

The painted look is a linocut washed with gouache: two flat tones a colour, cast shadows in violet,
lines of ink that thicken towards the dark, paper grain. All of it is fixed to the object.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mathutils import Vector

SUN = Vector((-0.74, -0.42, 0.53)).normalized()  # towards the sun: left, behind the camera
INK = (0.014, 0.010, 0.040)
VIOLET = (0.24, 0.17, 0.52)  # what a cast shadow does to a colour
TOON_SIZE = 0.9  # of a quarter turn: what faces further from the sun than that is dark
LENS = 267  # px: how large one metre is, one metre away
# Cycles' toon closure spreads the light over its cone: under this sun a colour comes out as it is.
TOON_SUN = 2 * math.pi * (1 - math.cos(TOON_SIZE * math.pi / 2))

Colour = tuple[float, float, float]
Socket = Any  # bpy brings no types


@dataclass(frozen=True)
class Stuff:
    """What a thing is made of, for both looks.

    ``colours`` and ``paint`` are two scene-linear colours each; ``pattern`` says where which of
    them is: it gets the tree and the texture coordinates and returns a socket from 0 to 1.
    ``pitch`` is the distance of two lines of hatching and ``turn`` the Euler angles of their
    direction, in texture coordinates; ``glow`` makes it shine, in both looks.
    """

    colours: tuple[Colour, Colour]
    paint: tuple[Colour, Colour]
    pattern: Callable[[Tree, Socket], Socket]
    pitch: float = 0.1
    turn: Colour = (0.0, 0.0, 0.6)
    coordinates: str = "Object"
    roughness: float = 0.6
    metallic: float = 0.0
    bump: float = 0.0
    glow: tuple[float, float] = (0.0, 0.0)


class Tree:
    """A shader tree, written as sums and products."""

    def __init__(self, owner: Any) -> None:
        owner.use_nodes = True
        self.tree = owner.node_tree
        self.tree.nodes.clear()

    def node(self, kind: str, *values: Any, **properties: Any) -> Any:
        """Add a node; ``values`` are its first sockets' links or numbers, None leaves one alone."""
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for key, value in properties.items():
            setattr(node, key, value)
        self.fill([socket for socket in node.inputs if socket.enabled], values)
        return node

    def fill(self, sockets: Sequence[Socket], values: Sequence[Any]) -> None:
        for socket, value in zip(sockets, values, strict=False):
            if hasattr(value, "is_linked"):
                self.tree.links.new(value, socket)
            elif value is not None:
                socket.default_value = (*value, 1) if socket.type == "RGBA" else value

    def maths(self, operation: str, *values: Any, clamp: bool = False) -> Socket:
        return self.node("Math", *values, operation=operation, use_clamp=clamp).outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Socket:
        node = self.node("Mix", data_type="RGBA", blend_type=blend)
        self.fill([socket for socket in node.inputs if socket.enabled], (factor, a, b))
        return next(socket for socket in node.outputs if socket.enabled)

    def step(self, value: Socket, edge: Any, soft: float = 0.05) -> Socket:
        """0 below ``edge``, 1 above it, over a width of ``soft``."""
        above = self.maths("DIVIDE", self.maths("SUBTRACT", value, edge), soft)
        return self.maths("ADD", above, 0.5, clamp=True)

    def noise(self, at: Socket, scale: float, detail: float = 2.0) -> Socket:
        return self.node("TexNoise", at, scale, detail).outputs["Fac"]

    def mapped(self, at: Socket, turn: Colour = (0, 0, 0), scale: Colour = (1, 1, 1)) -> Socket:
        return self.node("Mapping", at, (0, 0, 0), turn, scale).outputs[0]

    def axes(self, at: Socket) -> Sequence[Socket]:
        return self.node("SeparateXYZ", at).outputs

    def lines(self, along: Socket, pitch: float) -> Socket:
        """0 in the middle of a line, 1 half way to the next; one line every ``pitch``."""
        return self.maths("PINGPONG", self.maths("DIVIDE", along, pitch / 2), 1.0)

    def near(self, size: float) -> Socket:
        """1 where something of ``size`` is wide enough to be drawn, 0 where it would shimmer."""
        far = self.node("CameraData").outputs["View Z Depth"]
        return self.maths("SUBTRACT", self.maths("DIVIDE", size * LENS / 4, far), 0.3, clamp=True)

    def coordinates(self, kind: str) -> Socket:
        return self.node("TexCoord").outputs[kind]


def plain(material: Any, stuff: Stuff) -> None:
    """Make ``material`` the stuff as it is: one principled shader, a little worn."""
    tree = Tree(material)
    at = tree.coordinates(stuff.coordinates)
    pattern = stuff.pattern(tree, at)
    wear = tree.maths("MULTIPLY_ADD", tree.noise(at, 4.0, 6.0), 0.7, 0.65)
    colour = tree.mix(1.0, tree.mix(pattern, *stuff.colours), wear, "MULTIPLY")
    shader = tree.node("BsdfPrincipled", colour, stuff.metallic, stuff.roughness)
    shader.inputs["Emission Strength"].default_value = stuff.glow[0]
    tree.tree.links.new(colour, shader.inputs["Emission Color"])
    if stuff.bump:
        height = tree.noise(tree.mapped(at, scale=(0.6, 2.0, 1.0)), 2.5, 4.0)
        bump = tree.node("Bump", stuff.bump, 0.1)
        tree.tree.links.new(height, bump.inputs["Height"])
        tree.tree.links.new(bump.outputs[0], shader.inputs["Normal"])
    tree.node("OutputMaterial", shader.outputs[0])


def painted(material: Any, stuff: Stuff) -> None:
    """Make ``material`` the stuff as it is painted: its own light, and the sun's on top of it.

    What the sun does not reach emits its violet; a toon closure adds what is missing to the lit
    colour, so shadows that are cast have an edge like cut paper.
    """
    tree = Tree(material)
    at = tree.coordinates(stuff.coordinates)
    pattern = stuff.pattern(tree, at)
    wash = tree.maths("MULTIPLY_ADD", tree.step(tree.noise(at, 0.35 / stuff.pitch), 0.53), 0.3, 0.8)
    near = tree.near(stuff.pitch)
    rough = tree.maths("SUBTRACT", tree.noise(at, 2.5 / stuff.pitch, 1.0), 0.5)
    grain = tree.maths("MULTIPLY_ADD", rough, tree.maths("MULTIPLY", near, 0.6), 1.0)
    tone = tree.maths("MULTIPLY", wash, grain)
    lit = tree.mix(1.0, tree.mix(pattern, *stuff.paint), tone, "MULTIPLY")
    dark = tree.mix(1.0, lit, VIOLET, "MULTIPLY")
    wobble = tree.maths("MULTIPLY", tree.noise(at, 0.4 / stuff.pitch), 1.6 * stuff.pitch)
    across = tree.axes(tree.mapped(at, stuff.turn))[0]
    line = tree.lines(tree.maths("ADD", across, wobble), stuff.pitch)
    facing = tree.node("VectorMath", tree.node("NewGeometry").outputs["Normal"], tuple(SUN))
    facing.operation = "DOT_PRODUCT"
    width = tree.maths("MULTIPLY_ADD", facing.outputs["Value"], -0.75, 0.46)
    width = tree.maths("MULTIPLY", tree.maths("MINIMUM", width, 0.4), near)
    own = tree.mix(tree.step(line, tree.maths("MULTIPLY", near, 0.42), 0.2), INK, dark)
    sunny = tree.mix(tree.step(line, width, 0.2), INK, lit)
    missing = tree.mix(1.0, sunny, own, "SUBTRACT")
    light = tree.node("Emission", own, 1.0)
    if stuff.glow[1]:
        light = tree.node("Emission", tree.mix(pattern, *stuff.paint), stuff.glow[1])
    toon = tree.node("BsdfToon", missing, TOON_SIZE, 0.0)
    tree.node(
        "OutputMaterial", tree.node("AddShader", light.outputs[0], toon.outputs[0]).outputs[0]
    )


def sky(world: Any, *, paint: bool) -> None:
    """An evening: as it is, or in three cut papers with a ragged edge."""
    tree = Tree(world)
    at = tree.coordinates("Generated")
    height = tree.axes(at)[2]
    cloud = tree.noise(tree.mapped(at, scale=(2.0, 2.0, 9.0)), 1.6, 4.0)
    colours: tuple[Colour, Colour, Colour] = (
        (0.95, 0.50, 0.28),
        (0.42, 0.45, 0.62),
        (0.10, 0.22, 0.5),
    )
    soft = 0.35, 0.5
    if paint:
        colours, soft = ((1.25, 0.62, 0.20), (0.98, 0.27, 0.16), (0.42, 0.10, 0.24)), (0.03, 0.03)
        height = tree.maths("MULTIPLY_ADD", tree.maths("SUBTRACT", cloud, 0.5), 0.5, height)
    colour = tree.mix(tree.step(height, 0.10, soft[0]), colours[0], colours[1])
    colour = tree.mix(tree.step(height, 0.27, soft[1]), colour, colours[2])
    if paint:
        grain = tree.maths("MULTIPLY_ADD", tree.noise(at, 60.0, 1.0), 0.5, 0.75)
        colour = tree.mix(1.0, colour, grain, "MULTIPLY")
    else:
        colour = tree.mix(tree.step(cloud, 0.60, 0.3), colour, (1.1, 0.72, 0.55))
    # The painted sky lights nothing: every painted thing brings its own light.
    seen = tree.node("LightPath").outputs["Is Camera Ray"] if paint else 1.0
    tree.node("OutputWorld", tree.node("Background", colour, seen).outputs[0])
