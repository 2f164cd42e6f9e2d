"""What velatura leaves behind: nothing in the file, nothing in memory, nobody's handlers called."""

from __future__ import annotations

from collections import Counter

import pytest
from projects import Project

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
tree, layers = stage.rendered(scene)
grade = stage.exposed(tree, layers, 0.0, "grade")
exposure = tree.nodes["grade"].inputs["Exposure"]
for frame, stops in ((1, -1.0), (4, 1.0)):
    exposure.default_value = stops
    exposure.keyframe_insert("default_value", frame=frame)
tree.links.new(grade, stage.result(tree))
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
ink = velatura.create(f"{P}/a.onnx")
"""


def test_a_render_leaves_no_datablocks_and_the_artists_keyframes(project: Project) -> None:
    found = project.found(
        MAKE
        + """
stage.result(stage.graph(scene)).keyframe_insert("default_value", frame=1)  # our copy loses it
def keys():
    action = stage.graph(scene).animation_data.action
    bag = action.layers[0].strips[0].channelbags[0]
    return {curve.data_path: len(curve.keyframe_points) for curve in bag.fcurves}
from velatura_blender.render import session
memory = session._MEMORY_DISK = session.Path(P, "memory")  # another Blender may use the usual one
memory.mkdir()
before, keyed = stage.blocks(), keys()
nodes = len(stage.graph(scene).nodes)
stage.animate(scene, f"{P}/out/")
velatura.bake(frames=[5])
stage.say(before=before, after=stage.blocks(), keyed=keyed, kept=keys(),
          nodes=nodes, left=len(stage.graph(scene).nodes),
          scratch=os.listdir(memory))
"""
    )
    assert found["after"] == found["before"]
    assert found["kept"] == found["keyed"]
    assert sorted(found["keyed"].values()) == [1, 2]
    assert found["left"] == found["nodes"]
    assert found["scratch"] == []


def test_a_file_saved_in_the_middle_of_a_render_is_clean(project: Project) -> None:
    project.found(
        MAKE
        + """
def save(*_):
    bpy.ops.wm.save_as_mainfile(filepath=f"{P}/middle.blend", copy=True)
bpy.app.handlers.render_post.append(save)
stage.animate(scene, f"{P}/out/")
"""
    )
    for enable in ("", "stage.enable()\n"):
        found = project.found(
            enable
            + """
scene = stage.reopen(f"{P}/middle.blend")
kinds = (bpy.data.scenes, bpy.data.objects, bpy.data.cameras, bpy.data.node_groups, bpy.data.images)
names = [block.name for kind in kinds for block in kind]
stage.animate(scene, f"{P}/again/")
stage.say(names=names, frames=stage.TEST_Counter.frames,
          nodes=[node.name for node in stage.graph(scene).nodes])
"""
        )
        assert not [name for name in found["names"] if name.startswith(".velatura")]
        assert found["frames"] == [1, 2, 3, 4]
    assert not [name for name in found["nodes"] if name.startswith(".velatura")]


def test_handlers_of_others_are_called_as_often_as_without_us(project: Project) -> None:
    found = project.found(
        MAKE
        + """
calls = []
for name in ("render_init", "render_pre", "render_post", "render_write", "render_complete",
             "frame_change_pre", "frame_change_post"):
    def note(scene, *_, name=name):
        # Blender tells frame_change handlers of every scene in a graph, our hidden one as well.
        if scene.name != ".velatura hook":
            calls.append(name)
    getattr(bpy.app.handlers, name).append(note)
stage.animate(scene, f"{P}/out/")
ours = list(calls)
ink.mute = True
calls.clear()
stage.animate(scene, f"{P}/out/")
stage.say(ours=ours, plain=calls)
"""
    )
    assert Counter(found["ours"]) == Counter(found["plain"])


def test_a_file_without_looks_is_left_alone(project: Project) -> None:
    found = project.found("""
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
stage.enable()
from velatura_blender.render import hook
seen = []
bpy.app.handlers.render_pre.append(lambda *_: seen.append(hook.is_rendering()))
stage.animate(scene, f"{P}/out/")
stage.say(seen=seen)
""")
    assert found["seen"] == [False] * 4
    assert project.starts == 0


def test_enabling_twice_registers_handlers_once(project: Project) -> None:
    found = project.found("""
stage.start()
def ours():
    names = (name for name in dir(bpy.app.handlers) if not name.startswith("_"))
    lists = {name: getattr(bpy.app.handlers, name) for name in names}
    return sorted(f"{name} {h.__module__}.{h.__name__}" for name, each in lists.items()
                  if isinstance(each, list) for h in each if h.__module__.startswith("velatura"))
stage.enable()
once = ours()
stage.enable()
twice = ours()
bpy.ops.preferences.addon_disable(module="velatura_blender")
stage.say(once=once, twice=twice, off=ours())
""")
    assert found["once"]
    assert len(set(found["once"])) == len(found["once"])
    assert found["twice"] == found["once"]
    assert found["off"] == []


def test_a_hundred_frames_need_no_more_memory_than_ten(project: Project) -> None:
    found = project.alone(
        MAKE
        + """
sizes, counts = {}, {}
def note(scene, *_):
    if scene.frame_current in (20, 100):
        sizes[scene.frame_current], counts[scene.frame_current] = stage.memory(), stage.blocks()
bpy.app.handlers.render_write.append(note)
scene.frame_end = 100
stage.animate(scene, f"{P}/out/")
stage.say(sizes=sizes, counts=counts)
"""
    )
    early, late = (found["sizes"][frame] for frame in ("20", "100"))
    assert found["counts"]["20"] == found["counts"]["100"]
    assert late <= 1.05 * early  # bytes; Blender's own caches are warm after the first frames


def test_blender_ends_by_itself_with_the_add_on_enabled(project: Project) -> None:
    """Blender 4.5 hangs at its exit where classes of some kinds stay registered."""
    done = project.run(MAKE + "stage.animate(scene, f'{P}/out/')\n", timeout=60)
    assert done.returncode == 0


def test_scratch_folders_of_killed_blenders_are_cleared_away(project: Project) -> None:
    found = project.found(
        MAKE
        + """
import tempfile, time
from velatura_blender.render import session
session._MEMORY_DISK = session.Path(P)
made = [f"{P}/velatura-{name}" for name in ("old", "young")]
for folder in made:
    os.mkdir(folder)
os.utime(made[0], (time.time() - 90000, time.time() - 90000))
stage.animate(scene, f"{P}/out/")
stage.say(left=[os.path.basename(folder) for folder in made if os.path.exists(folder)])
"""
    )
    assert found["left"] == ["velatura-young"]


def test_a_refused_bake_leaves_no_datablocks(project: Project) -> None:
    found = project.found(
        MAKE
        + """
from velatura.errors import InputError
tree = stage.graph(scene)
tree.links.remove(ink.inputs["Image"].links[0])
before = stage.blocks()
try:
    velatura.bake(frames=[1])
except InputError as error:
    said = str(error)
stage.say(before=before, after=stage.blocks(), said=said)
"""
    )
    assert "No picture is wired" in found["said"]
    assert found["after"] == found["before"]
