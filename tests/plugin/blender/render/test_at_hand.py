"""At hand: what is rendered is not rendered again; what is only looked at is no alarm."""

from __future__ import annotations

import numpy as np
import pictures
import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender import messages
from velatura_blender.nodes import display, gain_nodes, uses
from velatura_blender.ui import badge, bake_status
counted = stage.TEST_Counter.frames
"""


def test_a_look_is_baked_from_the_render_that_is_there(project: Project) -> None:
    found = project.found(
        MAKE
        + """
scene.frame_set(2)
bpy.ops.render.render()
import drawn
tree.nodes.active, layers.node.select = layers.node, True
from types import SimpleNamespace
from velatura_blender.ui import operators
add = drawn.Stand(operators.VELATURA_OT_add_look, None)  # Blender calls `invoke` in windows alone
add.path, add.cures, add.report = f"{P}/a.onnx", False, print
with drawn.editor():
    add.invoke(bpy.context, SimpleNamespace(mouse_region_x=0, mouse_region_y=0))
(ink,) = uses.looks(scene)
at_once = velatura.status(ink.node, [2]), list(counted)
bpy.ops.velatura.bake(frames="CURRENT")
again = list(counted)
scene.frame_set(3)
bpy.ops.velatura.bake(frames="CURRENT")
other = list(counted)
made = velatura.bake(frames=[2]).made
stage.say(at_once=at_once, again=again, other=other, made=made)
"""
    )
    assert found["at_once"] == [{"2": "baked"}, [2]]
    assert found["again"] == [2]
    assert found["other"] == [2, 3]
    assert found["made"] == 0  # a render of that frame finds what was made from the last one


def test_this_frame_without_a_render_renders_it_once_and_keeps_that(project: Project) -> None:
    found = project.found(
        MAKE
        + """
import drawn
from velatura_blender.render import hook, last_render
from velatura_blender.ui import modal_bake
ink = velatura.create(f"{P}/a.onnx")
scene.velatura.bake = False
scene.frame_set(3)
stand = drawn.Stand(modal_bake.VELATURA_OT_bake, None)
ended = list(stand._rendered())
stage.say(ended=ended, counted=counted, state=velatura.status(ink, [3])[3],
          kept=last_render.is_of(scene, 3), always=hook._running.always)
"""
    )
    assert (found["ended"], found["counted"]) == (["FINISHED"], [3])
    assert (found["state"], found["kept"], found["always"]) == ("baked", True, False)


def test_a_range_is_rendered_once_where_its_renders_are_kept(project: Project) -> None:
    found = project.found(
        MAKE
        + """
ink = velatura.create(f"{P}/a.onnx")
scene.render.filepath = f"{P}/kept/"
scene.velatura.keep = True
bpy.ops.velatura.bake()
once = list(counted)
stage.animate(scene, f"{P}/rendered/")
stage.say(once=once, range=[scene.frame_start, scene.frame_end])
"""
    )
    assert found["once"] == [1, 2, 3, 4]
    assert found["range"] == [1, 4]
    for frame in range(1, 5):
        kept, shown = (
            pixels(project.folder / f"{name}/{frame:04d}.exr") for name in ("kept", "rendered")
        )
        np.testing.assert_array_equal(kept, shown)


LOOKED_AT = """
told = list(bpy.app.handlers.render_init)
bpy.app.handlers.render_init.clear()  # a window's compositor tells nobody that it begins
"""


def test_what_is_only_looked_at_shows_the_plate_and_a_gain_at_its_own_scale(
    project: Project,
) -> None:
    project.found(
        MAKE
        + """
ink = velatura.create(f"{P}/a.onnx")
scene.frame_end = 1
stage.animate(scene, f"{P}/whole/")
"""
        + LOOKED_AT
        + """
def look_on(where):
    gain_nodes.set_preview(ink.node_tree, True)
    stage.animate(scene, f"{P}/{where}/")

scene.render.resolution_percentage = 50
look_on("half")
scene.render.resolution_percentage = 100
scene.render.resolution_x //= 2
look_on("narrow")
scene.render.resolution_x *= 2
scene.frame_start = scene.frame_end = 3
look_on("unbaked")
gain_nodes.set_preview(ink.node_tree, True, plate=True)
scene.frame_start = scene.frame_end = 1
stage.animate(scene, f"{P}/scrubbed/")
scene.frame_start = scene.frame_end = 3
gain_nodes.set_preview(ink.node_tree, False)
stage.animate(scene, f"{P}/alarm/")
bpy.app.handlers.render_init.extend(told)
"""
    )
    plate = pictures.upright(3)
    np.testing.assert_array_equal(pixels(project.folder / "unbaked/0003.exr"), plate)
    scrubbed = pixels(project.folder / "scrubbed/0001.exr")
    np.testing.assert_array_equal(scrubbed, pictures.upright(1))
    assert pixels(project.folder / "alarm/0003.exr")[:3].mean(axis=(1, 2)).tolist() == [0.5, 0, 0.5]
    width, height = pictures.SIZE
    bare = pictures.picture(1, width // 2, height // 2)[::-1].transpose(2, 0, 1)
    half = pixels(project.folder / "half/0001.exr")
    whole = pixels(project.folder / "whole/0001.exr").reshape(4, height // 2, 2, width // 2, 2)
    glazed, untouched = (np.median(np.abs(half - each)[:3]) for each in (whole.mean((2, 4)), bare))
    assert glazed < 0.5 * untouched  # half the pixels of a steep look are not its mean
    narrow = pixels(project.folder / "narrow/0001.exr")
    other = pictures.picture(1, width // 2, height)[::-1].transpose(2, 0, 1)
    np.testing.assert_array_equal(narrow, other)  # of other proportions: no preview of anything


def test_a_node_says_what_is_missing_and_a_file_does_not(project: Project) -> None:
    found = project.found(
        MAKE
        + """
ink = velatura.create(f"{P}/a.onnx")
ink.label = "my ink"
badge.refresh(scene)
first = ink.label
velatura.bake(frames=[1, 2, 3])
bake_status.forget()
badge.refresh(scene)
second, title = ink.label, uses.looks(scene)[0].title
bpy.ops.wm.save_mainfile()
saved = ink.label
velatura.bake()
bake_status.forget()
badge.refresh(scene)
stage.say(labels=[first, second, saved, ink.label], title=title)
"""
    )
    assert found["labels"] == ["my ink: 4 missing", "my ink: 1 missing", "my ink", "my ink"]
    assert found["title"] == "my ink"


def test_a_refusal_goes_away_once_it_is_cured_and_a_warning_stays(project: Project) -> None:
    found = project.found(
        MAKE
        + """
ink = velatura.create(f"{P}/a.onnx")
messages.add("a warning")
link = ink.inputs["Image"].links[0]
tree.links.remove(link)
try:
    bpy.ops.velatura.bake()
except RuntimeError:
    pass
refused = messages.latest()
tree.links.new(layers, ink.inputs["Image"])
bpy.ops.velatura.bake(frames="CURRENT")
stage.say(refused=refused, cured=messages.latest())
"""
    )
    assert "No picture is wired into the look ink" in found["refused"][0]
    assert found["cured"] == ["a warning"]


def test_nothing_is_left_but_gains_and_undo_takes_a_look_away(project: Project) -> None:
    found = project.found(
        MAKE
        + """
bpy.ops.ed.undo_push(message="begin")
bpy.ops.velatura.add_look(path=f"{P}/a.onnx")
bpy.ops.ed.undo_push(message="look")
users = bpy.context.scene.users
velatura.bake()
stage.animate(bpy.context.scene, f"{P}/out/")
after = bpy.context.scene.users
bpy.ops.ed.undo()
left = [group for group in bpy.data.node_groups if group.velatura.uid]
gone = [len(uses.looks(bpy.context.scene)), len(left)]
bpy.ops.ed.redo()
(ink,) = uses.looks(bpy.context.scene)
stage.say(users=users, after=after, gone=gone, again=velatura.bake().kept)
"""
    )
    assert found["after"] == found["users"]
    assert found["gone"] == [0, 0]
    assert found["again"] == 4


PATHS = """
from velatura_blender.nodes import blend_paths as b
stage.say(
    cut=[b.cut("//velatura\\\\ink-1\\\\ink.exr"), b.cut("//velatura/ink-1"), b.cut("ink.exr")],
    within=[b.within("D:\\\\Shots\\\\looks\\\\ink.onnx", "d:\\\\shots"),
            b.within("E:\\\\ink.onnx", "D:\\\\shots"), b.within("/a/looks/ink.onnx", "/a")],
    moved=[b.moved("//looks/ink.onnx", "D:\\\\a", "D:\\\\a\\\\b"),
           b.moved("//ink.onnx", "D:\\\\a", "E:\\\\a"), b.moved("//ink.onnx", "/a", "/b")],
    same=b.pure("D:\\\\Shots\\\\A.blend") == b.pure("d:/shots/a.blend"),
)
"""


def test_windows_paths_are_understood_on_any_system(project: Project) -> None:
    found = project.found("stage.start()\nstage.enable()\n" + PATHS)
    assert found["cut"] == [
        ["//velatura\\ink-1", "ink.exr"],
        ["//velatura", "ink-1"],
        ["", "ink.exr"],
    ]
    assert found["within"] == ["//looks/ink.onnx", "", "//looks/ink.onnx"]
    assert found["moved"] == ["//../looks/ink.onnx", "D:\\a\\ink.onnx", "//../a/ink.onnx"]
    assert found["same"]
