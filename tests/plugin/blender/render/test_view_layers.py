"""View layers and footage: a look gets the passes of all its picture, or says which not."""

from __future__ import annotations

import looks
import numpy as np
import pytest
from projects import Project, pixels

from velatura.image import exr
from velatura.plate.layers import group

pytestmark = pytest.mark.host_blender

LAYERS = """
import shutil
from pathlib import Path
from velatura_blender import compat
scene = stage.start()
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
scene.render.film_transparent, scene.frame_end = True, 1
chars = scene.view_layers[0]
chars.name = "chars"
mesh = bpy.data.meshes.new("floor")
corners = [(x, y, -1) for x, y in ((-15, -15), (15, -15), (15, 15), (-15, 15))]
mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
floor = bpy.data.collections.new("floor")
scene.collection.children.link(floor)
floor.objects.link(bpy.data.objects.new("floor", mesh))
env = scene.view_layers.new("env")
chars.layer_collection.children["floor"].exclude = True
env.layer_collection.children[0].holdout = True
tree, result = stage.new_graph(scene)
nodes = {}
for layer in ("env", "chars"):
    nodes[layer] = tree.nodes.new("CompositorNodeRLayers")
    nodes[layer].name = nodes[layer].layer = layer
over = tree.nodes.new("CompositorNodeAlphaOver")
behind, front = [each for each in over.inputs if each.type == "RGBA"]
tree.links.new(nodes["env"].outputs["Image"], behind)
tree.links.new(nodes["chars"].outputs["Image"], front)
tree.links.new(over.outputs[0], result)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
look = velatura.create(f"{P}/a.onnx")
from velatura_blender.nodes import passes, uses
from velatura_blender.render import gain_cache
guides = look.node_tree.velatura.guides.split()
"""

MERGED = """
(told,) = uses.looks(scene)
before = passes.lacking(told, guides)
chars.use_pass_normal = chars.use_pass_z = True
nodes["chars"].layer = "chars"
try:
    velatura.bake()
    refused = ""
except Exception as error:
    refused = str(error)
bpy.ops.velatura.enable_passes()
after = passes.lacking(told, guides)

def keep(look, plate, *_):
    shutil.copy(plate, f"{P}/plate.exr")
    return True

gain_cache.refresh = keep
for layer, node in nodes.items():
    sockets = {name: node.outputs[name] for name in ("Image", "Alpha", "Normal", "Depth")}
    compat.new_file_output(tree, Path(P, layer + "."), sockets)
stage.animate(scene, f"{P}/out/")
stage.say(before=before, refused=refused, after=after)
"""


def test_passes_are_merged_over_the_layers_of_a_picture(project: Project) -> None:
    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    found = project.found(LAYERS + MERGED)
    both = {"env": ["normal", "depth"], "chars": ["normal", "depth"]}
    assert (found["before"], found["after"]) == (both, {})
    assert "not rendered by all of the picture (env: normal, depth)" in found["refused"]
    alpha = alone(project, "chars", "Alpha")
    assert 0.05 < (alpha > 0.5).mean() < 0.9
    for name in ("Normal", "Depth"):
        wanted = np.where(alpha > 0.5, alone(project, "chars", name), alone(project, "env", name))
        np.testing.assert_array_equal(layer(project, "plate.exr", name), wanted)


def alone(project: Project, view_layer: str, name: str) -> np.ndarray:
    return layer(project, f"{view_layer}.0001.exr", name)


def layer(project: Project, file: str, name: str) -> np.ndarray:
    """Return ``(C, H, W)`` of a pass, its parts in the order X, Y, Z."""
    image = exr.read(project.folder / file)
    names = group(image)[name]
    return np.stack([image.find(names[k])[1].pixels for k in ("X", "Y", "Z", "V") if k in names])


def test_passes_that_are_wired_by_hand_are_taken(project: Project) -> None:
    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    project.found(
        LAYERS
        + """
chars.use_pass_normal = chars.use_pass_z = True
nodes["chars"].layer = "chars"
for name in ("Normal", "Depth"):
    tree.links.new(nodes["chars"].outputs[name], look.inputs[name])

def keep(look, plate, *_):
    shutil.copy(plate, f"{P}/plate.exr")
    return True

gain_cache.refresh = keep
sockets = {name: nodes["chars"].outputs[name] for name in ("Image", "Normal", "Depth")}
compat.new_file_output(tree, Path(P, "chars."), sockets)
stage.animate(scene, f"{P}/out/")
"""
    )
    for name in ("Normal", "Depth"):
        np.testing.assert_array_equal(
            layer(project, "plate.exr", name.lower()), alone(project, "chars", name)
        )


FOOTAGE = """
scene = stage.start()
tree, result = stage.new_graph(scene)
settings = scene.render.image_settings
tree.links.new(stage.exposed(tree, tree.nodes.new("CompositorNodeRLayers").outputs[0], 0, "e"),
               result)
settings.file_format, settings.color_depth = "PNG", "8"
stage.animate(scene, f"{P}/clip/")
if stage.IS5:
    settings.media_type = "VIDEO"
settings.file_format = "FFMPEG"
scene.render.ffmpeg.format = "MPEG4"
stage.animate(scene, f"{P}/clip.mp4")
movie = next(file for file in os.listdir(P) if file.startswith("clip") and "mp4" in file)
if stage.IS5:
    settings.media_type = "IMAGE"
settings.file_format, settings.color_depth = "OPEN_EXR", "32"
for node in list(tree.nodes):
    if node != result.node:
        tree.nodes.remove(node)
plate = tree.nodes.new("KIND")
SHOW
tree.links.new(plate.outputs[0], result)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender import messages
look = velatura.create(f"{P}/a.onnx")
made = velatura.bake().made
stage.animate(scene, f"{P}/out/")
stage.say(made=made, said=messages.latest(), status=velatura.status(look))
velatura.set_strength(look, 0.0)
stage.animate(scene, f"{P}/bare/")
"""

SOURCES = {
    "an image sequence": (
        "CompositorNodeImage",
        """
plate.image = bpy.data.images.load(f"{P}/clip/0001.png")
plate.image.source = "SEQUENCE"
plate.frame_duration = 4
""",
    ),
    "a movie": (
        "CompositorNodeImage",
        'plate.image = bpy.data.images.load(f"{P}/{movie}")\nplate.frame_duration = 4\n',
    ),
    "a movie clip": (
        "CompositorNodeMovieClip",
        'plate.clip = bpy.data.movieclips.load(f"{P}/{movie}")\n',
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_free_look_goes_on_footage_and_warns_once(project: Project, source: str) -> None:
    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    kind, show = SOURCES[source]
    found = project.found(FOOTAGE.replace("KIND", kind).replace("SHOW", show))
    assert found["made"] == 4
    assert set(found["status"].values()) == {"baked"}
    (said,) = found["said"]
    assert "has no pass for normal, depth" in said
    assert "wire it into the look node" in said
    for frame in range(1, 5):
        glazed, bare = (
            pixels(project.folder / f"{name}/{frame:04d}.exr")[:3] for name in ("out", "bare")
        )
        assert bare.mean() > 0.01
        assert abs(glazed - bare).mean() > 0.05 * bare.mean()


def test_a_look_of_one_shot_is_not_put_on_footage_without_its_passes(project: Project) -> None:
    looks.small(project.folder / "a.onnx", guides=("normal",), name="ink", free=False)
    kind, show = SOURCES["an image sequence"]
    script = FOOTAGE.replace("KIND", kind).replace("SHOW", show)
    done = project.run(script)
    assert "PassError" in done.stderr
    assert "reads normal, which nothing before it has" in done.stderr
