"""The harbour itself: what stands on the quay and in the sea, and how it moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
import paintbox
from mathutils import Matrix, Vector
from shapes import box, sheet, thing, turned
from stuffs import STUFFS

FRAMES = 12
WAVE_FRAMES = 7  # in which one wave passes through the flag


def key(owner: Any, path: str, values: Callable[[int], Any]) -> None:
    """Key a property on every frame, and the ones beside them: motion needs its neighbours."""
    for frame in range(FRAMES + 2):
        setattr(owner, path, values(frame))
        owner.keyframe_insert(path, frame=frame)


def flag(at: Sequence[float]) -> None:
    """A cloth with a wave running along it: sin(kx - wt) = sin(kx) cos(wt) - cos(kx) sin(wt)."""
    v, u = np.meshgrid(np.linspace(0, 1, 22), np.linspace(0, 1, 36), indexing="ij")
    rest = np.stack([2.0 * u, 0 * u, 1.25 * v - 0.22 * u], -1)
    cloth = thing("Flag", "cloth", sheet(rest), at)
    cloth.shape_key_add(name="Rest")
    phase, reach = 6.5 * u + 1.2 * v, 0.5 * u**0.7
    turn = 2 * math.pi / WAVE_FRAMES
    for name, wave, follow in (
        ("Sine", np.sin(phase), lambda frame: math.cos(turn * frame)),
        ("Cosine", -np.cos(phase), lambda frame: math.sin(turn * frame)),
    ):
        shape = cloth.shape_key_add(name=name)
        shape.slider_min = -1
        moved = rest + np.stack([0 * u, reach * wave, 0.3 * reach * wave], -1)
        shape.data.foreach_set("co", moved.astype(np.float32).ravel())
        key(shape, "value", follow)


def boat() -> None:
    """Sails in from the right and rocks; out of the picture up to frame 4."""
    along, around = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(0, math.pi, 17), indexing="ij")
    beam = 0.55 * (1 - np.abs(along) ** 2.6)
    keel = -0.55 * (1 - np.abs(along) ** 3.0)
    rise = 0.45 + 0.28 * along**2
    hull = np.stack(
        [1.45 * along, beam * np.cos(around), rise + (keel - rise) * np.sin(around) ** 0.8], -1
    )
    body = thing("Boat", "hull", sheet(hull))
    deck = np.stack([1.45 * along, beam * (1 - 2 * around / math.pi), rise - 0.06], -1)
    v, u = np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 12), indexing="ij")
    canvas = np.stack(
        [0.25 + 1.25 * u * (1 - v), 0.35 * np.sin(math.pi * u) * (1 - v), 0.75 + 2.3 * v], -1
    )
    parts = (
        thing("Deck", "wood", sheet(deck)),
        thing("Sail", "sail", sheet(canvas)),
        thing("Mast", "wood", turned([(0.05, 0.2), (0.03, 3.2)], 12), (0.2, 0, 0)),
    )
    for part in parts:
        part.parent = body
    key(body, "location", lambda frame: (11.3 - 0.62 * frame, 3.6, 0.12))
    key(body, "rotation_euler", lambda f: (0.07 * math.sin(f), 0.05 * math.cos(0.8 * f), 0.2))


def barrel() -> None:
    radius = 0.42
    heights = np.linspace(-0.55, 0.55, 13)
    cask = turned([(radius - 0.32 * z * z, z) for z in heights])
    bmesh.ops.rotate(cask, verts=cask.verts, matrix=Matrix.Rotation(0.3, 3, "Z"))
    body = thing("Barrel", "staves", cask)
    body.rotation_mode = "QUATERNION"
    lying = Matrix.Rotation(math.pi / 2, 3, "X")
    start, step = -2.7, 0.26
    way = Matrix.Rotation(0.12, 3, "Z")

    def turn(frame: int) -> Any:
        return (way @ Matrix.Rotation(step * frame / radius, 3, "Y") @ lying).to_quaternion()

    key(
        body,
        "location",
        lambda f: Vector((start, -1.0, 0.6 + radius)) + way @ Vector((step * f, 0, 0)),
    )
    key(body, "rotation_quaternion", turn)


def still_life() -> None:
    """Everything that does not move."""
    water = bmesh.new()
    bmesh.ops.create_grid(water, x_segments=1, y_segments=1, size=60)
    thing("Sea", "sea", water, (0, 59, 0))
    thing("Quay", "stone", box((30, 9, 1.2)), (0, -4.4, 0))
    tower = [(1.0, 0.2), (0.62, 4.9), (0.85, 4.95), (0.85, 5.1)]
    thing("Tower", "tower", turned(tower), (-3.9, 11, 0))
    thing("Lantern", "lamp", turned([(0.42, 5.1), (0.42, 5.75)]), (-3.9, 11, 0))
    thing("Roof", "iron", turned([(0.62, 5.75), (0.4, 6.05), (0.02, 6.4)]), (-3.9, 11, 0))
    rock = bmesh.new()
    bmesh.ops.create_icosphere(rock, subdivisions=4, radius=1)
    chance = np.random.default_rng(4).normal(size=(7, 3))
    for vert in rock.verts:
        bulge = sum(math.sin(3 * Vector(way).dot(vert.co) + i) for i, way in enumerate(chance))
        vert.co = vert.co * Vector((2.7, 1.7, 0.85)) * (1 + 0.07 * bulge)
    whole = [*rock.verts, *rock.edges, *rock.faces]
    bmesh.ops.bisect_plane(rock, geom=whole, plane_no=(0, 0, 1), clear_inner=True)
    thing("Rock", "rock", rock, (-3.9, 11, 0))
    thing("Pole", "wood", turned([(0.055, 0.5), (0.04, 4.3)], 16), (0.75, -0.3, 0))
    flag((0.8, -0.3, 2.85))
    for number, x in enumerate((-1.9, 2.5)):
        bollard = [(0.26, 0.6), (0.17, 0.66), (0.15, 0.95), (0.27, 1.02), (0.27, 1.12), (0.1, 1.18)]
        thing(f"Bollard{number}", "iron", turned(bollard, 32), (x, -0.45, 0))
    crate = thing("Crate", "staves", box((0.7, 0.7, 0.7)), (1.25, -2.5, 0.95))
    crate.rotation_euler.z = 0.5
    thing("Post", "wood", turned([(0.13, 0.6), (0.11, 4.5)], 24), (-0.35, -4.1, 0))


def camera(scene: Any) -> None:
    made = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    made.data.lens = 30
    scene.collection.objects.link(made)
    scene.camera = made
    made.rotation_mode = "QUATERNION"
    target = Vector((0.1, 2.0, 1.75))

    def place(frame: int) -> Vector:
        t = (frame - 1) / (FRAMES - 1)
        return Vector((-1.5 + 1.9 * t, -7.6 + 0.5 * t, 2.45 - 0.25 * t))

    key(made, "location", place)
    key(made, "rotation_quaternion", lambda f: (target - place(f)).to_track_quat("-Z", "Y"))


def build(*, paint: bool) -> Any:
    """Return a new scene with the whole harbour in it, as it is or as it is painted."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    still_life()
    barrel()
    boat()
    camera(scene)
    for material in bpy.data.materials:
        (paintbox.painted if paint else paintbox.plain)(material, STUFFS[material.name])
    scene.world = bpy.data.worlds.new("Evening")
    paintbox.sky(scene.world, paint=paint)
    sun = bpy.data.lights.new("Sun", "SUN")
    sun.color = (1, 1, 1) if paint else (1.0, 0.72, 0.45)
    sun.energy, sun.angle = (paintbox.TOON_SUN, 0.0) if paint else (4.0, 0.03)
    lit = bpy.data.objects.new("Sun", sun)
    lit.rotation_mode = "QUATERNION"
    lit.rotation_quaternion = (-paintbox.SUN).to_track_quat("-Z", "Y")
    scene.collection.objects.link(lit)
    return scene
