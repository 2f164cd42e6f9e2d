"""The README's picture from Blender: a still life, rendered without a look and with one.

    python docs/still_life.py --look LOOK.onnx [--out PICTURE.png] [--blend SHOT.blend]

python has the bpy module, and the add-on is installed in it (`install.py blender`). Everything in
the picture is made here: shapes turned from profiles, and materials of one or two colours. The
look's strength is keyed, off in frame 1 and as painted in frame 2; these are the two halves.
"""

from __future__ import annotations

import argparse
import math
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
import numpy as np
from mathutils import Color, Vector

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT, SAMPLES = 640, 480, 96
RULE = 4  # px between the two halves
IS5 = bpy.app.version >= (5, 0, 0)

Point = tuple[float, float, float]
Profile = tuple[tuple[float, float], ...]  # radius and height, m, from the bottom up

VASE: Profile = (
    *((0.00, 0.00), (0.17, 0.00), (0.19, 0.03), (0.30, 0.20), (0.36, 0.42), (0.33, 0.64)),
    *((0.21, 0.82), (0.13, 0.94), (0.12, 1.04), (0.19, 1.14), (0.17, 1.14), (0.09, 1.03)),
)
JUG: Profile = (
    *((0.00, 0.00), (0.20, 0.00), (0.26, 0.08), (0.31, 0.26), (0.29, 0.42), (0.20, 0.55)),
    *((0.16, 0.62), (0.19, 0.70), (0.17, 0.70), (0.13, 0.60)),
)
BOWL: Profile = (
    *((0.00, 0.03), (0.16, 0.00), (0.18, 0.02), (0.20, 0.06), (0.40, 0.16), (0.52, 0.30)),
    *((0.50, 0.31), (0.36, 0.19), (0.18, 0.10), (0.00, 0.08)),
)
PEAR: Profile = (
    *((0.00, 0.00), (0.09, 0.01), (0.15, 0.09), (0.15, 0.16), (0.11, 0.25), (0.07, 0.32)),
    *((0.05, 0.37), (0.00, 0.39)),
)


def main() -> None:
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=HERE / "blender_before_after.png")
    parser.add_argument("--blend", type=Path, help="keep the file here, and its gain layers by it")
    arguments = parser.parse_args(words)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.read_userpref()  # enables the add-on: the bpy module does not by itself
    scene = bpy.context.scene
    model()
    light(scene)
    aim(scene)
    graded = compose(scene)
    with TemporaryDirectory() as scratch:
        blend = arguments.blend or Path(scratch, "still_life.blend")
        bpy.ops.wm.save_as_mainfile(filepath=str(blend.resolve()))
        add_look(arguments.look, graded)
        bpy.ops.wm.save_mainfile()
        scene.render.filepath = f"{scratch}/"
        bpy.ops.render.render(animation=True)
        join(Path(scratch, "0001.png"), Path(scratch, "0002.png"), arguments.out)


def model() -> None:
    """Put the things on the table, before a wall."""
    skin = {
        name: material(name, *looks)
        for name, *looks in (
            ("clay", "#a8452c", 0.5),
            ("gold", "#f2b632", 0.15, 1.0),
            ("glaze", "#2f8f86", 0.15),
            ("orange", "#dc4a02", 0.4),
            ("lemon", "#eeb000", 0.35),
            ("pear", "#8fae2b", 0.4),
            ("wood", "#7a3b1d", 0.5),
            ("cloth", "#16506b", 0.7),
        )
    }
    stripes = material("stripes", "#ffffff", 0.2)
    pattern(stripes, "ShaderNodeTexWave", "#2a6fd0", "#f1f0ea", Scale=3.2, Distortion=2.5)
    tiles = material("tiles", "#ffffff", 0.3)
    pattern(tiles, "ShaderNodeTexChecker", "#cfc8bd", "#6f3524", Scale=3.0)

    box((0, 0.6, -0.05), (3.4, 1.9, 0.05), tiles)
    box((0.98, 0.78, 0.24), (0.32, 0.30, 0.24), skin["wood"], turn=24)
    box((0.97, 0.76, 0.52), (0.26, 0.19, 0.035), skin["cloth"], turn=38)
    lathe(VASE, (-0.72, 0.46, 0), stripes)
    lathe(JUG, (0.22, 0.92, 0), skin["clay"])
    lathe(BOWL, (-0.08, 0.02, 0), skin["glaze"])
    for x, y, z in ((-0.28, -0.04, 0.28), (-0.06, -0.17, 0.27), (-0.08, 0.18, 0.29)):
        ball((x, y, z), 0.14, skin["orange"])
    ball((0.16, 0.02, 0.28), 0.13, skin["lemon"])
    ball((-0.08, -0.02, 0.45), 0.13, skin["orange"])
    ball((0.62, -0.30, 0.2), 0.2, skin["gold"])
    ball((-0.60, -0.40, 0.115), 0.115, skin["lemon"])
    lathe(PEAR, (0.97, 0.06, 0), skin["pear"])
    lathe(PEAR, (0.98, 0.76, 0.555), skin["pear"])


def light(scene: bpy.types.Scene) -> None:
    """Let the low sun shine from the left, and a soft lamp beside it, before an evening sky."""
    scene.world = bpy.data.worlds.new("sky")
    if not IS5:
        scene.world.use_nodes = True
    tree = scene.world.node_tree
    place, height, rise, sky = (
        tree.nodes.new(f"ShaderNode{kind}")
        for kind in ("TexCoord", "SeparateXYZ", "Math", "ValToRGB")
    )
    rise.operation = "MULTIPLY_ADD"  # from below the table's edge to the top of the picture
    rise.inputs[1].default_value, rise.inputs[2].default_value = 4.0, 0.8
    ramp(sky, (0.0, "#c07a48"), (0.9, "#40241a"))
    tree.links.new(place.outputs["Generated"], height.inputs[0])
    tree.links.new(height.outputs["Z"], rise.inputs[0])
    tree.links.new(rise.outputs[0], sky.inputs[0])
    tree.links.new(sky.outputs["Color"], tree.nodes["Background"].inputs["Color"])
    sun = lamp("SUN", (-4.0, -3.0, 3.2), (0.1, 1.2, 0.3), "#ffdfb0", 3.4)
    sun.angle = math.radians(1.0)
    soft = lamp("AREA", (-1.8, -1.4, 2.3), (0, 0.2, 0.3), "#fff0dc", 28.0)
    soft.size = 0.8


def aim(scene: bpy.types.Scene) -> None:
    camera = bpy.data.cameras.new("camera")
    camera.lens = 62
    camera.dof.use_dof, camera.dof.focus_distance, camera.dof.aperture_fstop = True, 4.1, 4.0
    scene.camera = put(camera, (0.35, -3.85, 1.35), (0.08, 0.5, 0.48))
    render, cycles = scene.render, scene.cycles
    render.engine, render.resolution_x, render.resolution_y = "CYCLES", WIDTH, HEIGHT
    cycles.samples, cycles.use_denoising, cycles.denoiser = SAMPLES, True, "OPENIMAGEDENOISE"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    if IS5:
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format = "PNG"
    scene.frame_start, scene.frame_end = 1, 2


def compose(scene: bpy.types.Scene) -> bpy.types.NodeSocket:
    """Make a graph as an artist would, a grade and some bloom; return the graded picture."""
    if IS5:
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
    kinds = ("RLayers", "Exposure", "Glare", "Composite")
    names = [f"CompositorNode{kind}" for kind in kinds[: 3 if IS5 else 4]]
    chain = [tree.nodes.new(name) for name in [*names, *["NodeGroupOutput"] * IS5]]
    for source, target in pairwise(chain):
        tree.links.new(source.outputs["Image"], target.inputs["Image"])
    for x, node in zip((-560, -260, 180, 380), chain, strict=True):
        node.location = x, 0
    _, grade, bloom, _ = chain
    grade.inputs["Exposure"].default_value = 0.25
    if IS5:
        bloom.inputs["Type"].default_value = "Bloom"
    else:
        bloom.glare_type = "BLOOM"
    bloom.inputs["Strength"].default_value, bloom.inputs["Threshold"].default_value = 0.2, 3.0
    bloom.label, bloom.hide = "Bloom", True
    return grade.outputs["Image"]


def add_look(path: Path, after: bpy.types.NodeSocket) -> None:
    """Put the look behind a socket of the graph and key it, from nothing to as painted."""
    from bl_ext.user_default import velatura_blender as velatura

    look = velatura.create(path.resolve(), after=after)
    bpy.ops.velatura.enable_passes()
    velatura.set_strength(look, 0.0, frame=1)
    velatura.set_strength(look, 1.0, frame=2)


def join(left: Path, right: Path, out: Path) -> None:
    """Write two pictures side by side, with a thin line between them."""
    line = np.ones((HEIGHT, RULE, 4), np.float32)
    whole = np.concatenate([pixels(left), line, pixels(right)], axis=1)
    joined = bpy.data.images.new("joined", whole.shape[1], whole.shape[0])
    joined.pixels.foreach_set(whole.ravel())
    joined.filepath_raw, joined.file_format = str(out.resolve()), "PNG"
    joined.save()


def pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    found = np.empty(WIDTH * HEIGHT * 4, np.float32)
    image.pixels.foreach_get(found)
    return found.reshape(HEIGHT, WIDTH, 4)


def put(data: bpy.types.ID, where: Point, at: Point | None = None) -> bpy.types.Object:
    """Put something into the scene, and let it look ``at`` a point."""
    thing = bpy.data.objects.new(data.name, data)
    bpy.context.scene.collection.objects.link(thing)
    thing.location = where
    if at is not None:
        way = Vector(at) - Vector(where)
        thing.rotation_euler = way.to_track_quat("-Z", "Y").to_euler()
    return thing


def lamp(kind: str, where: Point, at: Point, colour: str, energy: float) -> bpy.types.Light:
    data = bpy.data.lights.new(kind.lower(), kind)
    data.color, data.energy = linear(colour)[:3], energy
    put(data, where, at)
    return data


def lathe(profile: Profile, where: Point, skin: bpy.types.Material) -> None:
    """Turn a profile about its axis, and round it off."""
    data = bpy.data.meshes.new("turned")
    edges = [(i, i + 1) for i in range(len(profile) - 1)]
    data.from_pydata([(radius, 0, height) for radius, height in profile], edges, [])
    data.materials.append(skin)
    turned = put(data, where)
    screw = turned.modifiers.new("turn", "SCREW")
    screw.steps = screw.render_steps = 32
    screw.use_merge_vertices = screw.use_normal_calculate = screw.use_smooth_shade = True
    turned.modifiers.new("round", "SUBSURF").render_levels = 2


def ball(where: Point, radius: float, skin: bpy.types.Material) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(location=where, radius=radius, segments=64, ring_count=32)
    bpy.ops.object.shade_smooth()
    bpy.context.object.data.materials.append(skin)


def box(where: Point, half: Point, skin: bpy.types.Material, turn: float = 0) -> None:
    """Put a box with soft edges there: ``half`` its size in each direction, turned by degrees."""
    bpy.ops.mesh.primitive_cube_add(location=where)
    thing = bpy.context.object
    thing.scale, thing.rotation_euler.z = half, math.radians(turn)
    bpy.ops.object.transform_apply(location=False, rotation=False)
    thing.data.materials.append(skin)
    edge = thing.modifiers.new("edge", "BEVEL")
    edge.width, edge.segments = 0.012, 3


def material(name: str, colour: str, roughness: float, metallic: float = 0.0) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    if not IS5:
        made.use_nodes = True
    inputs = made.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = linear(colour)
    inputs["Roughness"].default_value, inputs["Metallic"].default_value = roughness, metallic
    return made


def pattern(skin: bpy.types.Material, kind: str, dark: str, pale: str, **knobs: float) -> None:
    """Let a texture choose between two colours, in the object's own space."""
    tree = skin.node_tree
    texture, place = tree.nodes.new(kind), tree.nodes.new("ShaderNodeTexCoord")
    colours = tree.nodes.new("ShaderNodeValToRGB")
    ramp(colours, (0.42, dark), (0.58, pale))
    for knob, value in knobs.items():
        texture.inputs[knob].default_value = value
    if kind == "ShaderNodeTexWave":
        texture.bands_direction = "Z"
    tree.links.new(place.outputs["Object"], texture.inputs["Vector"])
    tree.links.new(texture.outputs["Fac"], colours.inputs["Fac"])
    tree.links.new(colours.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])


def ramp(node: bpy.types.Node, *stops: tuple[float, str]) -> None:
    """Set the two colours of a Color Ramp, and where they stand."""
    for element, (place, colour) in zip(node.color_ramp.elements, stops, strict=True):
        element.position, element.color = place, linear(colour)


def linear(colour: str) -> tuple[float, float, float, float]:
    """Return the light of a colour written as on the web."""
    shown = Color([byte / 255 for byte in bytes.fromhex(colour[1:])])
    return (*shown.from_srgb_to_scene_linear(), 1.0)


if __name__ == "__main__":
    main()
