"""Passes and colour: a look sees what Blender rendered, in the look's own terms."""

from __future__ import annotations

import looks
import numpy as np
import pictures
import pytest
from projects import Project, gain_layer, pixels, silently

from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.plate.passes import GUIDES

pytestmark = pytest.mark.host_blender

# A moving cube in Cycles, seen through two view layers and from a second scene; the graph writes
# the passes to a file as well, as an artist would who bakes on the command line.
CYCLES = """
from pathlib import Path
from velatura_blender import compat
scene = stage.start()
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
cube = bpy.data.objects["Cube"]
for frame, x in ((1, 0.0), (4, 2.0)):
    cube.location.x = x
    cube.keyframe_insert("location", frame=frame)
second = scene.view_layers.new("Second")
other = scene.copy()
other.cycles.seed = 7
tree, result = stage.new_graph(scene)
layers = tree.nodes.new("CompositorNodeRLayers")
PREPARE
tree.links.new(layers.outputs["Image"], result)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
grade = stage.exposed(tree, layers.outputs["Image"], 1.0, "grade")
tree.links.new(grade, result)
look = velatura.create(f"{P}/a.onnx")
"""

PASSES = """
sockets = {"Combined": grade}
for name in ("Normal", "Depth", "Position", "Vector", "Diffuse Color", "DiffCol", "CryptoObject00"):
    if name in layers.outputs:
        sockets[name] = layers.outputs[name]
compat.new_file_output(tree, Path(P, "reference."), sockets)
stage.animate(scene, f"{P}/out/")
"""


def ink(project: Project, frame: int) -> np.ndarray:
    return pixels(next(project.folder.glob(f"velatura/*/ink.gain.{frame:04d}.exr")))


@pytest.mark.parametrize("where", ["first", "second", "other"])
def test_passes_reach_the_look_as_they_are_rendered(project: Project, where: str) -> None:
    """Every guide there is, from a first and a second view layer, and from another scene."""
    looks.small(project.folder / "a.onnx", guides=tuple(GUIDES), name="ink")
    prepare = {
        "first": "",
        "second": "layers.layer = 'Second'",
        "other": "layers.scene = other\nlayers.layer = 'ViewLayer'",
    }[where]
    enable = """
from velatura_blender.nodes import passes
from velatura_blender.nodes.looknode import LookNode
node, guides = LookNode(look.name, look), look.node_tree.velatura.guides.split()
(missing,) = passes.lacking(node, guides).values()
enabled = passes.enable(node, guides)
stage.say(missing=missing, enabled=enabled)
"""
    found = project.found(CYCLES.replace("PREPARE", prepare) + enable + PASSES)
    assert sorted(found["missing"]) == sorted(found["enabled"]) == sorted(GUIDES)
    for frame in (1, 3):
        plate = project.folder / f"reference.{frame:04d}.exr"
        job = Job(str(plate), str(project.folder / "a.onnx"), str(project.folder / "core"))
        silently(job)
        wanted = pixels(project.folder / f"core/reference.gain.{frame:04d}.exr")
        np.testing.assert_array_equal(ink(project, frame), wanted)
    assert np.abs(ink(project, 1) - ink(project, 3)).max() > 0.01


def test_an_image_nodes_passes_are_found_by_any_renderers_names(project: Project) -> None:
    """Arnold calls the normals N: what the core reads from a file, a look node finds in it too."""
    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    width, height = pictures.SIZE
    dice = np.random.default_rng(7)
    names = ("R", "G", "B", "A", "N.X", "N.Y", "N.Z", "Z")
    planes = {name: dice.random((height, width), dtype=np.float32) for name in names}
    window = Window(0, 0, width, height)
    arnold = project.folder / "arnold.exr"
    exr.write(arnold, Image((exr.new_part(planes, window, window, {}),)))
    project.found("""
scene = stage.start()
tree, result = stage.new_graph(scene)
image = tree.nodes.new("CompositorNodeImage")
image.image = bpy.data.images.load(f"{P}/arnold.exr")
tree.links.new(image.outputs["Image" if "Image" in image.outputs else "Combined"], result)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
velatura.create(f"{P}/a.onnx")
velatura.bake(frames=[1])
""")
    silently(Job(str(arnold), str(project.folder / "a.onnx"), str(project.folder / "core")))
    wanted = pixels(project.folder / "core/arnold.gain.exr")
    np.testing.assert_array_equal(ink(project, 1), wanted)


def test_the_working_space_is_brought_to_the_looks_space(project: Project) -> None:
    """The same numbers, said to be ACEScg: the look sees other colours, and its gain is other."""
    space = "bpy.ops.wm.set_working_color_space(working_space='ACEScg', convert_colors=False)\n"
    script = """
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
velatura.create(f"{P}/a.onnx")
SPACE
scene.frame_end = 1
stage.animate(scene, f"{P}/out/")
stage.say(v5=stage.IS5)
"""
    project.found(script.replace("SPACE", ""))
    plate = pictures.upright(1)
    np.testing.assert_array_equal(ink(project, 1), gain_layer(project, "a.onnx", plate))
    if not project.found("stage.say(v5=stage.IS5)")["v5"]:
        return  # Blender 4.5 always works in its config's scene_linear
    for file in project.folder.glob("velatura/*/*.exr"):
        file.unlink()
    project.found(script.replace("SPACE", space))
    wanted = gain_layer(project, "a.onnx", plate, space="lin_ap1_scene")
    # Two OCIO configs, Blender's and the built-in one, round their matrices differently; the look
    # is steep, so 1e-6 of light may become a step of a half float between 4 and 8 stops: 2^-8.
    np.testing.assert_allclose(ink(project, 1), wanted, atol=2**-8)
    assert np.abs(wanted - gain_layer(project, "a.onnx", plate)).max() > 0.05
