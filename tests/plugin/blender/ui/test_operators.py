"""The operators: what each does to the graph and on disk, run without a window as scripts run them.

What only a window shows is not tested: the file browser, a node that hangs from the mouse, and Esc
as a key.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sidebar
from projects import Project

pytestmark = pytest.mark.host_blender


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    return sidebar.stocked(tmp_path, python)


def test_a_look_is_wired_behind_the_selected_node(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
ink, chalk = f"{P}/library/ink.onnx", f"{P}/library/chalk.onnx"
grade = stage.exposed(tree, layers, 0.0, "grade").node
tree.links.new(grade.outputs[0], stage.result(tree))
aside = stage.exposed(tree, layers, 0.0, "aside").node
before = chain()
for node in tree.nodes:
    node.select = False
with drawn.editor():
    bpy.ops.velatura.add_look(path=ink)  # nothing is selected: it lies where the cursor is
    loose = chain() == before
    tree.nodes.remove(tree.nodes["Ink"])
    tree.nodes.active, layers.node.select = layers.node, True
    bpy.ops.velatura.add_look("INVOKE_DEFAULT", path=ink)
    bpy.ops.velatura.add_look(path=chalk)
    active = [node.name for node in tree.nodes if node.select], tree.nodes.active.name
    group = tree.nodes.new("CompositorNodeGroup")
    group.node_tree = bpy.data.node_groups.new("inner", "CompositorNodeTree")
    space = bpy.context.space_data
    space.path.append(group.node_tree, node=group)
    bpy.ops.velatura.add_look(path=ink)
    inside = [each.place.names for each in scope.looks(bpy.context)]
    space.path.pop()
end = stage.result(tree).node.name
stage.say(loose=loose, chain=chain(), end=end, active=active, inside=inside)
"""
    )
    assert found["loose"]
    assert found["chain"] == (
        f"Chalk>aside Chalk>grade Ink>Chalk Render Layers>Ink grade>{found['end']}"
    )
    assert found["active"] == [["Chalk"], "Chalk"]
    assert ["Group", "Ink"] in found["inside"]


def test_operators_work_without_a_window(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
ops, ink, chalk = bpy.ops.velatura, f"{P}/library/ink.onnx", f"{P}/library/chalk.onnx"
nothing = refused(ops.choose_look, path=ink)
layers.node.select = False
ops.add_look(path=ink)  # no node editor, and nothing selected: last in the graph
wired = chain()
tree.nodes["Ink"].select = False
view = next(area for area in bpy.context.screen.areas if area.type == "VIEW_3D")
with bpy.context.temp_override(area=view, region=view.regions[-1]):
    ops.add_look("INVOKE_DEFAULT", path=chalk)
from_view = chain()
tree.nodes.remove(tree.nodes["Chalk"])
tree.nodes.active = tree.nodes["Ink"]
ops.choose_look(path=chalk)
node = tree.nodes["Ink"]
changed = node.label
layer = scene.view_layers[0]
ops.enable_passes()
passes = layer.use_pass_normal, layer.use_pass_z, layer.use_pass_position
ops.add_look(path=ink)
ops.select_look(node="Ink")
selected = tree.nodes.active.name
nobody = refused(ops.select_look, node="Nobody")
torn = refused(ops.add_look, path=f"{P}/library/torn.onnx")
count = len(scope.looks(bpy.context))
said = messages.latest()
ops.clear_messages()
ops.refresh_looks()
stage.say(nothing=nothing, wired=wired, from_view=from_view, changed=changed, passes=passes,
    selected=selected, nobody=nobody, torn=torn, count=count, said=said, cleared=messages.latest())
"""
    )
    assert "Add one with Add > velatura" in found["nothing"]
    assert found["wired"].startswith("Ink>")
    assert found["from_view"].startswith("Chalk>")
    assert found["changed"] == "Chalk"
    assert found["passes"] == [True, True, False]
    assert found["selected"] == "Ink"
    assert "'Nobody' is not the name of a look node" in found["nobody"]
    assert "is not an ONNX file" in found["torn"]
    assert found["count"] == 2
    assert "is not an ONNX file" in found["said"][0]
    assert found["cleared"] == []


def test_a_look_comes_before_the_output_that_blender_takes(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
import velatura_blender as velatura
kind = "NodeGroupOutput" if stage.IS5 else "CompositorNodeComposite"
first, ink = stage.result(tree).node, f"{P}/a.onnx"
seen = {}

def end(node):
    made = velatura.create(ink)
    told = node.inputs[0].links[0].from_node == made
    tree.nodes.remove(made)
    tree.links.new(layers, first.inputs[0])
    return told

second = tree.nodes.new(kind)
tree.nodes.active = None
seen["the one that is wired"] = end(first)
tree.links.new(stage.exposed(tree, layers, 1.0, "aside"), second.inputs[0])
seen["of two the first"] = end(first)
if stage.IS5:
    second.is_active_output = True
else:
    tree.nodes.active = second
seen["the active one"] = end(second)
stage.say(**seen)
"""
    )
    assert [name for name, well in found.items() if not well] == []


def test_a_look_stands_beside_what_feeds_it_also_where_that_is_in_a_frame(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
import velatura_blender as velatura
frame = tree.nodes.new("NodeFrame")
frame.location = 1000, -500
layers.node.parent = frame
layers.node.location = 20, 30
look = velatura.create(f"{P}/a.onnx")
here, there = look.location_absolute, layers.node.location_absolute
stage.say(far=[here[0] - there[0] - layers.node.width, here[1] - there[1]], there=list(there))
"""
    )
    assert found["there"] == [1020, -470]
    assert found["far"] == [60, 0]


def test_passes_that_nothing_renders_are_refused(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
tree.nodes.remove(layers.node)
bpy.ops.velatura.add_look(path=f"{P}/library/chalk.onnx")
stage.say(why=refused(bpy.ops.velatura.enable_passes))
"""
    )
    assert "normal, depth cannot be switched on" in found["why"]


def test_a_look_that_is_added_to_an_unsaved_file_says_why_not(project: Project) -> None:
    found = project.found(
        sidebar.START.replace("bpy.ops.wm.save_as_mainfile", "str").replace("filepath=", "")
        + """
why = refused(bpy.ops.velatura.add_look, path=f"{P}/library/ink.onnx")
stage.say(why=why, looks=len(scope.looks(bpy.context)), said=messages.latest())
"""
    )
    assert "the .blend file was never saved" in found["why"]
    assert found["said"][0] in found["why"]
    assert found["looks"] == 0


def test_bake_makes_the_range_one_frame_or_what_is_given(project: Project) -> None:
    found = project.found(
        sidebar.BAKES
        + """
bake, scene.frame_step = bpy.ops.velatura.bake, 2
scene.frame_set(7)
bake(frames="CURRENT")
now = baked()
bake()
every = baked()
bake(start=6, end=6)
given = baked()
turned = refused(bake, start=3, end=2)
tree.links.clear()
unwired = refused(bake)
stage.say(now=now, every=every, given=given, turned=turned, unwired=unwired)
"""
    )
    assert (found["now"], found["every"], found["given"]) == ([7], [1, 3, 7], [1, 3, 6, 7])
    assert "The frame range ends before it starts (3 to 2)" in found["turned"]
    assert "none reaches its output" in found["unwired"]


def test_a_runtime_that_is_not_there_is_said_in_the_sidebar(project: Project) -> None:
    script = """
why = refused(bpy.ops.velatura.bake)
stage.say(why=why, said=messages.latest())
"""
    found = project.found(sidebar.BAKES + script, VELATURA_RUNTIME=str(project.folder / "nowhere"))
    assert "$VELATURA_RUNTIME is not a file" in found["why"]
    assert found["said"][0] in found["why"]


def test_esc_stops_a_bake_and_whole_frames_stay(project: Project) -> None:
    """The modal operator, with the events that a window would send."""
    found = project.found(
        sidebar.BAKES
        + """
from types import SimpleNamespace
told, blocks = [], stage.blocks()
bake = modal_bake.VELATURA_OT_bake
stand = drawn.Stand(bake, None)
stand.report = lambda kind, text: told.append(text)

def send(kind):
    return list(stand.modal(bpy.context, SimpleNamespace(type=kind)))[0]

under_way = modal_bake.begin(bpy.context, compat.frames(scene))
first = [send("TIMER"), send("MOUSEMOVE"), send("TIMER")]
text, progress = under_way.text, under_way.progress
second = refused(bpy.ops.velatura.bake)
last = send("ESC")
stopped = baked(), modal_bake.current() is None, stage.blocks() == blocks
modal_bake.begin(bpy.context, compat.frames(scene))
rest = [send("TIMER") for _ in range(5)]
stage.say(first=first, text=text, progress=progress, second=second, last=last, stopped=stopped,
    rest=rest, told=told, baked=baked(), left=stage.blocks() == blocks)
"""
    )
    assert set(found["first"]) == {"RUNNING_MODAL"}
    assert (found["text"], found["progress"]) == ("Baking frame 3 (2 of 4)", 0.5)
    assert "A bake or a render is under way" in found["second"]
    assert found["last"] == "FINISHED"
    assert found["stopped"] == [[1, 2], True, True]
    assert found["rest"] == ["RUNNING_MODAL"] * 4 + ["FINISHED"]
    assert found["told"] == [
        "Stopped. Gain layers made: 2, right already: 0",
        "Baked. Gain layers made: 2, right already: 2",
    ]
    assert (found["baked"], found["left"]) == ([1, 2, 3, 4], True)


def test_a_bake_that_fails_on_its_way_is_over(project: Project) -> None:
    found = project.found(
        sidebar.BAKES
        + """
from types import SimpleNamespace
blocks = stage.blocks()
stand = drawn.Stand(modal_bake.VELATURA_OT_bake, None)
stand.report = lambda kind, text: None
modal_bake.begin(bpy.context, compat.frames(scene))
ended = list(stand.modal(bpy.context, SimpleNamespace(type="TIMER")))
stage.say(ended=ended, over=modal_bake.current() is None, said=messages.latest(),
    left=stage.blocks() == blocks)
""",
        VELATURA_RUNTIME=str(project.folder / "nowhere"),
    )
    assert (found["ended"], found["over"], found["left"]) == (["CANCELLED"], True, True)
    assert "$VELATURA_RUNTIME is not a file" in found["said"][0]


def test_open_report_writes_a_page_and_opens_it(project: Project) -> None:
    browser = project.folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {project.folder}/opened\n')
    browser.chmod(0o755)
    found = project.found(
        sidebar.BAKES
        + """
early = refused(bpy.ops.velatura.open_report)
bpy.ops.velatura.bake()
messages.add("the river is too blue")
bpy.ops.velatura.open_report()
stage.say(early=early, folder=look.stem.parent)
""",
        BROWSER=f"{browser} %s",
    )
    page = Path(found["folder"], "report.html")
    assert "Nothing was baked for the look Ink yet" in found["early"]
    assert (project.folder / "opened").read_text().strip() == page.as_uri()
    assert "the river is too blue" in page.read_text("utf-8")
