"""A render with looks in it: equal to the core, each frame's 3D once, and nothing made twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pictures
import pytest
from projects import Project, gain_layer, pixels

from velatura.gain import law

pytestmark = pytest.mark.host_blender

CHAIN = """
scene = stage.start()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
result = stage.result(tree)
tree.links.new(stage.exposed(tree, layers, -1.0, "before"), result)
ink = velatura.create(f"{P}/a.onnx")
chalk = velatura.create(f"{P}/b.onnx")
velatura.set_strength(chalk, 0.0, frame=1)
velatura.set_strength(chalk, 1.0, frame=4)
tree.links.new(stage.exposed(tree, chalk.outputs[0], 1.0, "after"), result)
bpy.ops.wm.save_mainfile()
"""

ANIMATE = """
scene = stage.reopen(f"{P}/shot.blend")
%s
stage.animate(scene, f"{P}/%s/")
frames = list(stage.TEST_Counter.frames)
strengths = []
for frame in range(1, 5):
    scene.frame_set(frame)
    strengths.append(stage.graph(scene).nodes["chalk"].inputs["Strength"].default_value)
stage.say(frames=frames, strengths=strengths)
"""


@pytest.fixture
def chain(project: Project) -> Project:
    """A saved file: render, grade, ink, chalk with keyed strength, grade."""
    project.found(CHAIN)
    return project


def animate(project: Project, out: str, change: str = "") -> dict[str, Any]:
    return project.found(ANIMATE % (f"stage.enable()\n{change}", out))


def by_hand(project: Project, frame: int, amount: float) -> npt.NDArray[np.float32]:
    """Compute the chain with the core: half the light, ink, chalk, twice the light."""
    plate = pictures.upright(frame)
    plate[:3] *= 0.5
    ink = gain_layer(project, "a.onnx", plate)
    plate[:3] = law.apply(plate[:3], ink, 1.0, plate[3])
    chalk = gain_layer(project, "b.onnx", plate)
    plate[:3] = law.apply(plate[:3], chalk, amount, plate[3])
    plate[:3] *= 2.0
    return plate


def test_a_chain_of_looks_equals_the_core_and_renders_each_frame_once(chain: Project) -> None:
    done = animate(chain, "out")
    assert done["frames"] == [1, 2, 3, 4]
    assert done["strengths"][0] == 0
    assert done["strengths"][3] == 1
    for frame, amount in zip(range(1, 5), done["strengths"], strict=True):
        shown = pixels(chain.folder / f"out/{frame:04d}.exr")
        wanted = by_hand(chain, frame, amount)
        # Chalk sees ink's result, which host and core round differently in the last bits; its
        # stops are then half floats one step apart: 2^-9 of stops between 2 and 4, .14 %.
        np.testing.assert_allclose(shown, wanted, rtol=2e-3, atol=1e-5)
        np.testing.assert_array_equal(shown[3], wanted[3])
        assert np.abs(shown[:3] - pictures.upright(frame)[:3]).max() > 0.1  # and it is styled
    assert chain.starts == 1


def test_a_baked_file_renders_the_same_bits_without_the_add_on(chain: Project) -> None:
    animate(chain, "out")
    chain.alone(ANIMATE % ("", "plain"))
    for frame in range(1, 5):
        ours, plain = (pixels(chain.folder / f"{o}/{frame:04d}.exr") for o in ("out", "plain"))
        np.testing.assert_array_equal(ours, plain)


def test_a_second_render_computes_nothing_again(chain: Project) -> None:
    animate(chain, "out")
    baked = chain.gains()
    assert len(baked) == 8
    animate(chain, "again")
    assert chain.gains() == baked
    assert chain.starts == 1


def test_a_new_strength_starts_no_worker(chain: Project) -> None:
    animate(chain, "out")
    baked = chain.gains()
    change = "import velatura_blender as v\nv.set_strength(stage.graph(scene).nodes['ink'], %s)\n"
    # The first look's strength changes what the second one sees, so the last look's is changed.
    clear = "stage.graph(scene).animation_data_clear()\n"
    animate(chain, "half", clear + (change % 0.5).replace("ink", "chalk"))
    animate(chain, "none", clear + (change % 0.0).replace("ink", "chalk"))
    assert chain.gains() == baked
    assert chain.starts == 1
    half, none = (pixels(chain.folder / f"{out}/0004.exr") for out in ("half", "none"))
    assert np.abs(half - none).max() > 0.01


def test_a_change_upstream_makes_only_the_frames_concerned(chain: Project) -> None:
    animate(chain, "out")
    baked = chain.gains()
    animate(chain, "again", "scene['bright'] = [3]\n")
    changed = {name for name, time in chain.gains().items() if baked[name] != time}
    assert changed == {"ink.gain.0003.exr", "chalk.gain.0003.exr"}


def test_at_strength_0_the_render_is_that_of_the_graph_without_the_look(project: Project) -> None:
    project.found("""
scene = stage.start()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
stage.animate(scene, f"{P}/without/")
velatura = stage.enable()
velatura.set_strength(velatura.create(f"{P}/a.onnx"), 0.0)
stage.animate(scene, f"{P}/with/")
""")
    for frame in range(1, 5):
        bits = [
            pixels(project.folder / f"{out}/{frame:04d}.exr").view(np.uint32)
            for out in ("with", "without")
        ]
        np.testing.assert_array_equal(*bits)


def test_looks_side_by_side_and_from_a_picture_on_disk_need_no_3d(project: Project) -> None:
    """Two looks on one EXR, mixed: baked without a render, then rendered without 3D."""
    project.plate(pictures.upright(1))
    found = project.found("""
scene = stage.start()
tree, result = stage.new_graph(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
plate = tree.nodes.new("CompositorNodeImage")
plate.image = bpy.data.images.load(f"{P}/plate.exr")
tree.links.new(plate.outputs[0], result)
ink = velatura.create(f"{P}/a.onnx")
chalk = velatura.create(f"{P}/b.onnx", after=plate.outputs[0])
tree.links.new(plate.outputs[0], ink.inputs["Image"])
over = tree.nodes.new("CompositorNodeAlphaOver")
pictures = [socket for socket in over.inputs if socket.type == "RGBA"]
tree.links.new(ink.outputs[0], pictures[0])
tree.links.new(chalk.outputs[0], pictures[1])
tree.links.new(over.outputs[0], result)
step = velatura.bake(frames=[1])
kept = velatura.bake(frames=[1])
stage.animate(scene, f"{P}/out/")
stage.say(frames=stage.TEST_Counter.frames, made=step.made, kept=kept.kept)
""")
    assert found == {"frames": [], "made": 2, "kept": 2}
    plate = pictures.upright(1)
    ink = law.apply(plate[:3], gain_layer(project, "a.onnx", plate), 1.0, plate[3])
    chalk = law.apply(plate[:3], gain_layer(project, "b.onnx", plate), 1.0, plate[3])
    wanted = chalk + ink * (1 - plate[3])
    shown = pixels(project.folder / "out/0001.exr")[:3]
    # The same gain layers: what differs is float arithmetic, here and there.
    np.testing.assert_allclose(shown, wanted, rtol=1e-5, atol=1e-6)


def test_baking_ahead_makes_what_a_render_would_and_writes_nothing_else(chain: Project) -> None:
    chain.found("""
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
scene.render.filepath = f"{P}/never/"
steps = []
last = velatura.bake(on_step=steps.append)
chalk = stage.graph(scene).nodes["chalk"]
stage.say(steps=[s.frame for s in steps], made=last.made, states=velatura.status(chalk))
""")
    assert not (chain.folder / "never").exists()
    baked = chain.gains()
    assert len(baked) == 8
    animate(chain, "out")
    assert chain.gains() == baked


def test_duplicated_nodes_do_not_share_gains(chain: Project) -> None:
    found = chain.found("""
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
tree = stage.graph(scene)
ink, chalk = tree.nodes["ink"], tree.nodes["chalk"]
twin = tree.nodes.new("CompositorNodeGroup")  # as Shift D makes it
twin.node_tree, twin.label = ink.node_tree, ink.label
after = tree.nodes["after"]
tree.links.new(chalk.outputs[0], twin.inputs["Image"])
tree.links.new(twin.outputs[0], after.inputs["Image"])
stage.animate(scene, f"{P}/out/")
uids = [node.node_tree.velatura.uid for node in (ink, chalk, twin)]
folders = sorted(os.listdir(f"{P}/velatura"))
stage.say(uids=uids, folders=folders)
""")
    assert len(set(found["uids"])) == 3
    assert len(found["folders"]) == 3
    frames = [(chain.folder / "velatura" / f).glob("*.exr") for f in found["folders"]]
    assert [len(list(each)) for each in frames] == [4, 4, 4]


CHANGES = {
    "nothing": ("", "baked"),
    "another frame": ("scene.frame_set(3)", "baked"),
    "the strength": ("velatura.set_strength(nodes['chalk'], 0.5)", "baked"),
    "where a node stands": ("nodes['before'].location.x = 7", "baked"),
    "a grade after the look": ("nodes['after'].inputs['Exposure'].default_value = 2", "baked"),
    "a grade before the look": ("nodes['before'].inputs['Exposure'].default_value = 2", "stale"),
    "a point of a curve": (
        "nodes['curves'].mapping.curves[3].points[1].location[1] = 0.5",
        "stale",
    ),
    "a keyframe before it": ("velatura.set_strength(nodes['ink'], 1, frame=2)", "stale"),
    "a node taken out": ("nodes['curves'].mute = True", "stale"),
    "the look": ("looknode.change(nodes['chalk'], Path(P, 'a.onnx'))", "stale"),
    "the looks file": ("Path(P, 'b.onnx').write_bytes(Path(P, 'a.onnx').read_bytes())", "stale"),
}
"""What is changed after baking, and what the last look's frames are then said to be."""


def test_a_change_in_the_graph_before_a_look_is_said_without_rendering(chain: Project) -> None:
    found = chain.found(f"""
from pathlib import Path
scene = stage.reopen(f"{{P}}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import looknode
tree = stage.graph(scene)
curves = tree.nodes.new("CompositorNodeCurveRGB")
curves.name = "curves"
image = next(socket for socket in curves.inputs if socket.type == "RGBA")
tree.links.new(tree.nodes["before"].outputs[0], image)
tree.links.new(curves.outputs[0], tree.nodes["ink"].inputs["Image"])
bpy.ops.wm.save_mainfile()
velatura.bake(frames=[1, 2])
found = {{}}
for name, (change, _) in {CHANGES!r}.items():
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    nodes = stage.graph(scene).nodes
    exec(change)
    found[name] = velatura.status(nodes["chalk"], [1, 2, 3])
stage.say(**found)
""")
    said = {name: set(states.values()) - {"missing"} for name, states in found.items()}
    assert said == {name: {state} for name, (_, state) in CHANGES.items()}
    assert all(states["3"] == "missing" for states in found.values())
