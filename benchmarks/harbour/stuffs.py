"""The stuffs of the harbour: the colours of each, their pattern, and how they are hatched."""

from __future__ import annotations

from collections.abc import Callable

from paintbox import Socket, Stuff, Tree


def stripes(pitch: float, axis: int = 0) -> Callable[[Tree, Socket], Socket]:
    return lambda tree, at: tree.step(tree.lines(tree.axes(at)[axis], pitch), 0.5, 0.04)


def bricks(tree: Tree, at: Socket) -> Socket:
    brick = tree.node("TexBrick", at, (0.0,) * 3, (0.25,) * 3, (1.0,) * 3, 1.0, 0.03)
    brick.inputs["Brick Width"].default_value, brick.inputs["Row Height"].default_value = 0.9, 0.5
    return tree.axes(brick.outputs["Color"])[0]  # grey


def swell(tree: Tree, at: Socket) -> Socket:
    crests = tree.step(tree.noise(tree.mapped(at, scale=(0.28, 1.25, 1.0)), 1.1, 2.5), 0.57, 0.06)
    near = tree.near(1.4)
    return tree.maths(
        "ADD", tree.maths("MULTIPLY", crests, near), tree.maths("MULTIPLY_ADD", near, -0.2, 0.2)
    )


def blotches(tree: Tree, at: Socket) -> Socket:
    return tree.step(tree.noise(at, 1.3, 3.0), 0.52, 0.25)


def cross(tree: Tree, uv: Socket) -> Socket:
    """The flag: a cross, off the middle."""
    u, v, _ = tree.axes(uv)
    upright = tree.step(tree.maths("ABSOLUTE", tree.maths("SUBTRACT", u, 0.62)), 0.16, 0.02)
    level = tree.step(tree.maths("ABSOLUTE", tree.maths("SUBTRACT", v, 0.5)), 0.12, 0.02)
    return tree.maths("MULTIPLY", upright, level)


STUFFS = {
    "sea": Stuff(
        ((0.010, 0.060, 0.075), (0.03, 0.11, 0.12)),
        ((0.035, 0.30, 0.34), (0.62, 0.80, 0.62)),
        swell, pitch=0.42, turn=(0, 0, 1.5), roughness=0.12, bump=0.5,
    ),
    "stone": Stuff(
        ((0.34, 0.29, 0.23), (0.10, 0.09, 0.08)),
        ((0.86, 0.55, 0.28), (0.20, 0.10, 0.16)),
        bricks, pitch=0.16, turn=(0, 0, 0.9),
    ),
    "tower": Stuff(
        ((0.74, 0.71, 0.66), (0.50, 0.05, 0.035)),
        ((1.05, 0.93, 0.70), (0.78, 0.07, 0.05)),
        stripes(1.7, axis=2), pitch=0.2, turn=(0, 0.5, 0.5),
    ),
    "rock": Stuff(
        ((0.07, 0.065, 0.06), (0.16, 0.15, 0.12)),
        ((0.22, 0.20, 0.42), (0.62, 0.46, 0.52)),
        blotches, pitch=0.17, turn=(0, 0.9, 0.4),
    ),
    "cloth": Stuff(
        ((0.75, 0.72, 0.62), (0.03, 0.12, 0.36)),
        ((1.15, 1.00, 0.70), (0.05, 0.20, 0.55)),
        cross, pitch=0.075, turn=(0, 0, 0.7), coordinates="UV", roughness=0.8,
    ),
    "staves": Stuff(
        ((0.30, 0.15, 0.06), (0.06, 0.06, 0.065)),
        ((0.85, 0.33, 0.07), (0.10, 0.13, 0.30)),
        stripes(0.34, axis=2), pitch=0.085, turn=(0, 0, 0.5), roughness=0.4,
    ),
    "hull": Stuff(
        ((0.05, 0.22, 0.12), (0.65, 0.62, 0.55)),
        ((0.07, 0.42, 0.20), (1.10, 0.95, 0.66)),
        stripes(0.62, axis=2), pitch=0.1, turn=(0, 0.9, 0), roughness=0.3,
    ),
    "sail": Stuff(
        ((0.70, 0.42, 0.20), (0.55, 0.12, 0.05)),
        ((1.10, 0.62, 0.16), (0.85, 0.16, 0.05)),
        stripes(0.9, axis=2), pitch=0.11, turn=(0, 0.35, 0), roughness=0.9,
    ),
    "wood": Stuff(
        ((0.13, 0.09, 0.06), (0.05, 0.035, 0.025)),
        ((0.34, 0.16, 0.22), (0.13, 0.06, 0.16)),
        blotches, pitch=0.06, turn=(0, 0, 0.4),
    ),
    "iron": Stuff(
        ((0.55, 0.52, 0.48), (0.30, 0.20, 0.14)),
        ((0.30, 0.36, 0.62), (0.16, 0.18, 0.40)),
        blotches, pitch=0.07, turn=(0, 1.0, 0.4), roughness=0.25, metallic=1.0,
    ),
    "lamp": Stuff(
        ((1.0, 0.75, 0.35), (1.0, 0.75, 0.35)),
        ((1.0, 0.80, 0.35), (1.0, 0.80, 0.35)),
        blotches, glow=(9.0, 2.6),
    ),
}  # fmt: skip
