"""The mark of a graph: what gives it another one, what does not, and what it costs."""

from __future__ import annotations

import pytest
from projects import Project

pytestmark = pytest.mark.host_blender

START = """
import itertools, time
scene = stage.start()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import graph_digest, looknode

before = stage.exposed(tree, layers, -1.0, "before")
link = tree.links.new(before, stage.result(tree))
node = velatura.create(f"{P}/a.onnx")
picture, links = node.inputs["Image"], tree.links

def mark():
    return graph_digest.mark(looknode.LookNode(node.name, node))
"""


def test_reroutes_names_labels_and_frames_change_no_mark(project: Project) -> None:
    found = project.found(
        START
        + """
marks = {"first": mark()}
ends = [tree.nodes.new("NodeReroute") for _ in range(3)]
for one, next_one in itertools.pairwise([before, *(each.outputs[0] for each in ends)]):
    links.new(one, next_one.node.inputs[0])
links.new(ends[-1].outputs[0], picture)
marks["reroutes put in"] = mark()
links.new(before, picture)
for each in ends:
    tree.nodes.remove(each)
marks["reroutes taken out"] = mark()
before.node.name, layers.node.name = "Zone 5", "A"
marks["renamed"] = mark()
before.node.label = "Down a stop"
before.node.parent = tree.nodes.new("NodeFrame")
before.node.location = 7, 7
marks["framed"] = mark()
velatura.set_strength(node, 0.5, frame=3)
marks["strength"] = mark()
other = stage.exposed(tree, layers, 1.0, "other")
links.new(other, stage.result(tree))
marks["something beside it"] = mark()
links.new(other, node.inputs["Mask"])
marks["mask"] = mark()
stage.say(**marks)
"""
    )
    assert {name for name, each in found.items() if each != found["first"]} == set()


def test_what_changes_the_picture_changes_the_mark(project: Project) -> None:
    found = project.found(
        START
        + """
marks = {"first": mark()}
node.node_tree.velatura.premultiplied = "no"
marks["alpha"] = mark()
node.node_tree.velatura.premultiplied = "auto"
exposure = before.node.inputs["Exposure"]
exposure.default_value = 0.5
marks["value"] = mark()
exposure.keyframe_insert("default_value", frame=1)
marks["key"] = mark()
exposure.default_value = 2.0
exposure.keyframe_insert("default_value", frame=5)
marks["second key"] = mark()
before.node.mute = True
marks["mute"] = mark()
other = stage.exposed(tree, before, 1.0, "other")
links.new(other, picture)
marks["another node"] = mark()
links.new(layers, picture)
marks["past them"] = mark()
links.new(layers.node.outputs["Alpha"], picture)
marks["another output"] = mark()
group = bpy.data.node_groups.new("grade", "CompositorNodeTree")
for in_out in ("INPUT", "OUTPUT"):
    group.interface.new_socket(name="Image", in_out=in_out, socket_type="NodeSocketColor")
ways = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
inner = stage.exposed(group, ways[0].outputs[0], 1.0, "inner")
group.links.new(inner, ways[1].inputs[0])
outer = tree.nodes.new("CompositorNodeGroup")
outer.node_tree = group
links.new(layers, outer.inputs[0])
links.new(outer.outputs[0], picture)
marks["group"] = mark()
inner.node.inputs["Exposure"].default_value = 0.0
marks["in the group"] = mark()
stage.say(**marks)
"""
    )
    assert len(set(found.values())) == len(found), found


def test_what_is_set_on_the_footage_or_on_a_mask_counts(project: Project) -> None:
    """It is no setting of a node, and it changes the picture."""
    found = project.found(
        START
        + """
plate, cut = (tree.nodes.new(f"CompositorNode{kind}") for kind in ("Image", "Mask"))
plate.image = bpy.data.images.new("plate", 8, 8)
cut.mask = bpy.data.masks.new("cut")
spline = cut.mask.layers.new().splines.new()
spline.points.add(3)
links.new(plate.outputs[0], before.node.inputs[0])
links.new(cut.outputs[0], before.node.inputs[1])
marks = {"first": mark()}
plate.image.colorspace_settings.name = "Non-Color"
marks["colour space"] = mark()
plate.image.alpha_mode = "CHANNEL_PACKED"
marks["alpha"] = mark()
spline.points[1].co = 0.25, 0.5
marks["a point"] = mark()
cut.mask.layers[0].alpha = 0.5
marks["a layer"] = mark()
if stage.IS5:
    bpy.ops.wm.set_working_color_space(working_space="ACEScg", convert_colors=False)
    marks["working space"] = mark()
stage.say(**marks)
"""
    )
    assert len(set(found.values())) == len(found), found


def test_every_component_of_a_keyed_colour_counts(project: Project) -> None:
    found = project.found(
        START
        + """
grade = tree.nodes.new("CompositorNodeColorBalance")
links.new(before, grade.inputs["Image"])
links.new(grade.outputs[0], picture)
lift = next(each for each in grade.inputs if each.identifier == "Color Lift")
lift.keyframe_insert("default_value", frame=1)
first = mark()
lift.default_value[0] = 0.25
lift.keyframe_insert("default_value", index=0, frame=1)
stage.say(marks=[first, mark()])
"""
    )
    assert found["marks"][0] != found["marks"][1]


def test_a_muted_link_counts_as_none(project: Project) -> None:
    found = project.found(
        START
        + """
marks = [mark()]
for way in links:
    if way.to_socket == picture:
        way.is_muted = True
marks.append(mark())
links.remove(next(each for each in links if each.to_socket == picture))
marks.append(mark())
reroute = tree.nodes.new("NodeReroute")
links.new(reroute.outputs[0], picture)
marks.append(mark())  # nothing comes out of it
other = tree.nodes.new("NodeReroute")
links.new(reroute.outputs[0], other.inputs[0])
links.new(other.outputs[0], reroute.inputs[0])
marks.append(mark())  # nor out of a ring
stage.say(marks=marks)
"""
    )
    wired, *rest = found["marks"]
    assert wired not in rest
    assert len(set(rest)) == 1


def test_the_mark_of_a_long_chain_is_quick(project: Project) -> None:
    """Quick enough for the sidebar, which asks every other second: 8 to 10 ms were measured."""
    found = project.found(
        START
        + """
end = before
for _ in range(150):
    grade = tree.nodes.new("CompositorNodeColorBalance")
    links.new(end, grade.inputs["Image"])
    end = grade.outputs[0]
links.new(end, picture)
spent = []
for _ in range(5):
    begun = time.perf_counter()
    mark()
    spent.append(time.perf_counter() - begun)
stage.say(least=min(spent))
"""
    )
    assert found["least"] < 0.1  # s; it took .5 s when each socket was asked for its links
