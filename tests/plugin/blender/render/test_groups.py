"""Groups: a look works wherever it is, and each place at which it is used has gains of its own."""

from __future__ import annotations

from pathlib import Path

import looks
import numpy as np
import pictures
import pytest
from projects import Project, gain_layer, pixels, silently

from velatura.gain import law
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
scene.frame_end = 1
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import uses
group = bpy.data.node_groups.new("Grade", "CompositorNodeTree")
for way in ("INPUT", "OUTPUT"):
    group.interface.new_socket(name="Image", in_out=way, socket_type="NodeSocketColor")
entry, sink = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
group.links.new(stage.exposed(group, entry.outputs[0], -1.0, "half"), sink.inputs[0])
look = velatura.create(f"{P}/a.onnx", after=group.nodes["half"].outputs[0])

def use(tree, picture):
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree = group
    tree.links.new(picture, node.inputs[0])
    tree.links.new(node.outputs[0], stage.result(tree))
    return node.outputs[0]
"""

ANIMATE = """
bpy.ops.wm.save_mainfile()
stage.animate(scene, f"{P}/with/")
bpy.ops.wm.save_mainfile()
"""


def by_hand(project: Project, plate: np.ndarray) -> np.ndarray:
    plate = plate.copy()
    plate[:3] *= 0.5
    stops = gain_layer(project, "a.onnx", plate)
    plate[:3] = law.apply(plate[:3], stops, 1.0, plate[3])
    return plate


def test_a_group_that_is_used_twice_has_gains_for_each_use(project: Project) -> None:
    found = project.found(
        MAKE
        + "use(tree, use(tree, layers))\n"
        + ANIMATE
        + """
every = uses.looks(scene)
stage.say(folders=[str(each.folder) for each in every], frames=stage.TEST_Counter.frames,
          states=[velatura.status(each.node, [1])[1] for each in every])
"""
    )
    assert found["frames"] == [1]
    assert found["states"] == ["baked", "baked"]
    assert len(set(found["folders"])) == 2
    ours = pixels(project.folder / "with/0001.exr")
    wanted = by_hand(project, by_hand(project, pictures.upright(1)))
    np.testing.assert_allclose(ours, wanted, rtol=2e-3, atol=1e-5)
    project.found("""
scene = stage.reopen(f"{P}/shot.blend")
stage.animate(scene, f"{P}/without/")
""")
    np.testing.assert_array_equal(ours, pixels(project.folder / "without/0001.exr"))


def test_a_graph_of_several_scenes_has_gains_for_each_scene(project: Project) -> None:
    found = project.found(
        MAKE
        + """
use(tree, layers)
second = scene.copy()
second["bright"] = [1]
for node in stage.graph(second).nodes:
    if node.bl_idname == "CompositorNodeRLayers" and not stage.IS5:
        node.scene = second
"""
        + ANIMATE
        + """
if stage.IS5:  # they had one graph, and now each scene sees its own render
    for node in second.compositing_node_group.nodes:
        if node.bl_idname == "CompositorNodeRLayers":
            node.scene = second
second.render.filepath = f"{P}/second/"
with bpy.context.temp_override(scene=second):
    bpy.ops.render.render(animation=True)
folders = [str(each.folder) for each in (*uses.looks(scene), *uses.looks(second))]
stage.say(folders=folders)
"""
    )
    assert len(set(found["folders"])) == len(found["folders"]) == 2
    for name, bright in (("with", 0.0), ("second", 0.25)):
        shown = pixels(project.folder / f"{name}/0001.exr")
        wanted = by_hand(project, pictures.upright(1, bright))
        np.testing.assert_allclose(shown, wanted, rtol=1e-4, atol=1e-5)


def test_passes_reach_a_look_in_a_group(project: Project) -> None:
    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    width, height = pictures.SIZE
    dice = np.random.default_rng(7)
    names = ("R", "G", "B", "A", "N.X", "N.Y", "N.Z", "Z")
    planes = {name: dice.random((height, width), dtype=np.float32) for name in names}
    window = Window(0, 0, width, height)
    plate = project.folder / "arnold.exr"
    exr.write(plate, Image((exr.new_part(planes, window, window, {}),)))
    found = project.found(
        MAKE
        + """
tree.nodes.remove(layers.node)
image = tree.nodes.new("CompositorNodeImage")
image.image = bpy.data.images.load(f"{P}/arnold.exr")
use(tree, image.outputs["Image" if "Image" in image.outputs else "Combined"])
group.nodes["half"].inputs["Exposure"].default_value = 0
velatura.bake()
(only,) = uses.looks(scene)
stage.say(gain=str(only.gain(1)), passes=[each.name for each in only.node.inputs])
"""
    )
    assert found["passes"] == ["Image", "Mask", "Strength", "Normal", "Depth"]
    silently(Job(str(plate), str(project.folder / "a.onnx"), str(project.folder / "core")))
    wanted = pixels(project.folder / "core/arnold.gain.exr")
    np.testing.assert_array_equal(pixels(Path(found["gain"])), wanted)
