"""Graphs and scripts as artists have them: what a look gives is right, or the render fails.

Each graph is rendered with the look at strength 0, which is the plate, and at strength 1, which
must then be what the core makes of that plate.
"""

from __future__ import annotations

import looks
import numpy as np
import pytest
from images import assert_images_match
from projects import Project, gain_layer, pixels

from velatura.gain import law

pytestmark = pytest.mark.host_blender

MAKE = """
import sys
scene = stage.start()
scene.frame_end = 2
tree, layers = stage.rendered(scene)
result = stage.result(tree)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
grade = stage.exposed(tree, layers, -1.0, "grade")
tree.links.new(grade, result)
ink = velatura.create(f"{P}/a.onnx")
picture = ink.inputs["Image"]
"""

RENDER = """
for strength in (0, 1):
    velatura.set_strength(ink, strength)
    stage.animate(scene, f"{P}/at{strength}/")
stage.say(frames=stage.TEST_Counter.frames)
"""

GRAPHS = {
    "a nested render in a handler": """
helper = bpy.data.scenes.new("Helper")
helper.render.resolution_x = helper.render.resolution_y = 8
helper_tree, helper_result = stage.new_graph(helper)
def nested(scene, *_):
    if scene.name == "Scene":
        with bpy.context.temp_override(scene=helper):
            bpy.ops.render.render()
bpy.app.handlers.frame_change_post.append(nested)
""",
    "a file output in a group": """
group = bpy.data.node_groups.new("Out", "CompositorNodeTree")
group.interface.new_socket(name="Image", in_out="INPUT", socket_type="NodeSocketColor")
from pathlib import Path
from velatura_blender import compat
entry = group.nodes.new("NodeGroupInput")
compat.new_file_output(group, Path(P, "inside."), {"Image": entry.outputs[0]})
outer = tree.nodes.new("CompositorNodeGroup")
outer.node_tree = group
tree.links.new(ink.outputs[0], outer.inputs[0])
""",
    "a reroute, a muted node and a frame around": """
reroute, muted = tree.nodes.new("NodeReroute"), tree.nodes.new("CompositorNodeBlur")
muted.mute = True
tree.links.new(grade, reroute.inputs[0])
tree.links.new(reroute.outputs[0], next(s for s in muted.inputs if s.type == "RGBA"))
tree.links.new(muted.outputs[0], picture)
ink.parent = tree.nodes.new("NodeFrame")
""",
    "half the resolution, a border and a crop": """
scene.render.resolution_percentage = 50
scene.render.use_border = scene.render.use_crop_to_border = False
""",
    "a driven value": """
driver = tree.nodes["grade"].inputs["Exposure"].driver_add("default_value").driver
driver.expression = "-frame / 2"
""",
    "a look in a group within a group": """
def wrapped(inside, name):
    group = bpy.data.node_groups.new(name, "CompositorNodeTree")
    for way in ("INPUT", "OUTPUT"):
        group.interface.new_socket(name="Image", in_out=way, socket_type="NodeSocketColor")
    entry, sink = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    node = group.nodes.new("CompositorNodeGroup")
    node.node_tree = inside
    group.links.new(stage.exposed(group, entry.outputs[0], 0.5, "inner"), node.inputs["Image"])
    group.links.new(node.outputs["Image"], sink.inputs[0])
    return group, node
inner, look = wrapped(ink.node_tree, "Inner")
middle, _ = wrapped(inner, "Outer")
tree.nodes.remove(ink)
outer = tree.nodes.new("CompositorNodeGroup")
outer.node_tree = middle
tree.links.new(grade, outer.inputs[0])
tree.links.new(outer.outputs[0], result)
ink = look
ink.inputs["Mask"].default_value = 1
""",
    "a cache folder whose name has our own marks in it": """
from velatura_blender.nodes import gain_nodes
image = gain_nodes.gain_image(ink.node_tree)
image.filepath_raw = image.filepath_raw.replace("//velatura", f"{P}/\\u00e4 b.gain.v2/velatura")
""",
}

REFUSED = {
    "a graph that a script changes in every frame": (
        """
def change(scene, *_):
    stage.graph(bpy.data.scenes["Scene"]).nodes["grade"].inputs[1].default_value = (
        -scene.frame_current)
bpy.app.handlers.frame_change_pre.append(change)
""",
        3,
        "changed the graph",
    ),
    "a frame between frames": (
        """
scene.frame_set(1, subframe=0.5)
scene.render.filepath = f"{P}/at0/still"
bpy.ops.render.render(write_still=True)
""",
        3,
        "frame 1.5",
    ),
    "a frame below 0": (
        """
scene.frame_set(-1)
scene.render.filepath = f"{P}/at0/still"
bpy.ops.render.render(write_still=True)
""",
        3,
        "frame -1",
    ),
    "stereo": ("scene.render.use_multiview = True\n", 3, "stereo"),
    "a value for a picture": (
        "tree.links.new(tree.nodes['Render Layers'].outputs['Alpha'], picture)\n",
        3,
        "No picture is wired into the look ink",
    ),
    "gains of another version of the file": (
        """
velatura.bake()
tree.nodes["grade"].inputs["Exposure"].default_value = 1
scene.velatura.bake = False
""",
        3,
        "out of date for frame 1",
    ),
    "an interruption": (
        """
from velatura_blender.render import gain_cache
def interrupted(*_):
    raise KeyboardInterrupt
gain_cache.refresh = interrupted
""",
        130,
        "Interrupted",
    ),
}


def check(project: Project, look: str = "a.onnx", floor: float = law.FLOOR) -> None:
    """Demand that each frame at strength 1 is the core's glaze over the same at strength 0."""
    for file in sorted((project.folder / "at0").glob("*.exr")):
        plate, shown = pixels(file), pixels(project.folder / "at1" / file.name)
        stops = gain_layer(project, look, plate)
        wanted = law.apply(plate[:3], stops, 1.0, plate[3], floor)
        # The plate is bit for bit what the look saw: what differs is float arithmetic.
        assert_images_match(shown[:3], wanted, tolerance=1e-5 * np.abs(wanted) + 1e-6)
        assert np.abs(wanted - plate[:3]).max() > 0.05


@pytest.mark.parametrize("graph", list(GRAPHS))
def test_looks_are_right_with(project: Project, graph: str) -> None:
    found = project.found(MAKE + GRAPHS[graph] + RENDER)
    assert found["frames"] == [1, 2, 1, 2]
    check(project)


@pytest.mark.parametrize("graph", list(REFUSED))
def test_a_render_fails_with(project: Project, graph: str) -> None:
    script, code, words = REFUSED[graph]
    done = project.run(MAKE + script + RENDER)
    assert done.returncode == code, done.stderr[-2000:]
    assert words in done.stderr
    assert not list(project.folder.glob("at1/*.exr"))


def test_a_cryptomatte_before_a_look_is_no_second_render(project: Project) -> None:
    found = project.found(
        MAKE
        + """
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
scene.frame_end = 1
scene.view_layers[0].use_pass_cryptomatte_object = True
matte = tree.nodes.new("CompositorNodeCryptomatteV2")
matte.source, matte.scene, matte.matte_id = "RENDER", scene, "Cube"
tree.links.new(layers, matte.inputs["Image"])
tree.links.new(matte.outputs["Image"], tree.nodes["grade"].inputs["Image"])
renders = []
bpy.app.handlers.render_pre.append(lambda scene, *_: renders.append(scene.name))
"""
        + RENDER
        + "stage.say(renders=renders)\n"
    )
    assert found["renders"] == ["Scene", "Scene"]
    check(project)


def test_a_translate_before_a_look_is_right_or_refused(project: Project) -> None:
    """Blender 4.5 moves pictures too late to be written: there it is refused."""
    moved = """
move = tree.nodes.new("CompositorNodeTranslate")
tree.links.new(grade, next(s for s in move.inputs if s.type == "RGBA"))
for socket, pixels in zip([s for s in move.inputs if s.type == "VALUE"], (9, 5)):
    socket.default_value = pixels
tree.links.new(move.outputs[0], picture)
"""
    done = project.run(MAKE + moved + RENDER)
    if done.returncode:
        assert done.returncode == 3
        assert "moves the picture right before a look" in done.stderr
        assert not list(project.folder.glob("at1/*.exr"))
    else:
        check(project)


def test_a_look_file_that_is_replaced_brings_its_floor_along(project: Project) -> None:
    looks.small(project.folder / "c.onnx", name="ink", floor=0.1)
    project.found(
        MAKE
        + """
velatura.bake()
os.replace(f"{P}/c.onnx", f"{P}/a.onnx")
"""
        + RENDER
    )
    check(project, floor=0.1)


def test_a_file_that_is_not_saved_again_bakes_its_duplicates_once(project: Project) -> None:
    project.found(
        MAKE
        + """
twin = tree.nodes.new("CompositorNodeGroup")
twin.node_tree = ink.node_tree
tree.links.new(ink.outputs[0], twin.inputs["Image"])
tree.links.new(twin.outputs[0], result)
bpy.ops.wm.save_mainfile()
"""
    )
    again = 'scene = stage.reopen(f"{P}/shot.blend")\nstage.enable()\nstage.animate(scene, P + "/")'
    project.found(again)
    baked = project.gains()
    folders = len(list((project.folder / "velatura").iterdir()))
    project.found(again)
    assert project.gains() == baked
    assert len(list((project.folder / "velatura").iterdir())) == folders == 2
