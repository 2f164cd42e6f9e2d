"""Linked looks: what another .blend keeps is not baked here; what is used here gets its own."""

from __future__ import annotations

import numpy as np
import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

LIBRARY = """
from velatura.errors import FrameError
scene = stage.start()
scene.frame_end = 1
tree, layers = stage.rendered(scene)
os.mkdir(f"{P}/library")
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/library/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import uses
velatura.create(f"{P}/a.onnx")
velatura.bake()
bpy.ops.wm.save_mainfile()

def linked(kind, name):
    with bpy.data.libraries.load(f"{P}/library/shot.blend", link=True) as (there, here):
        setattr(here, kind, [name])
    return getattr(here, kind)[0]
"""


def test_a_look_in_a_linked_graph_is_refused_until_the_graph_is_local(project: Project) -> None:
    """By what the refusal says; in Blender 4.5 a graph is linked with its scene alone."""
    found = project.found(
        LIBRARY
        + """
scene = stage.new_scene()
scene.frame_end = 1
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
said = {}

def refused(name, shown):
    try:
        velatura.bake(shown)
        said[name] = "baked"
    except FrameError as error:
        said[name] = str(error), velatura.status(uses.looks(shown)[0].node, [1])[1]

theirs = linked("scenes", "Scene")
refused("scene", theirs)
if stage.IS5:
    scene.compositing_node_group = linked("node_groups", "Comp")
    refused("graph", scene)
    theirs = scene.compositing_node_group
    scene.compositing_node_group = theirs.override_create(remap_local_usages=False)
    refused("override", scene)
    scene.compositing_node_group.make_local(clear_liboverride=True)
else:
    scene = theirs.make_local()
before = sorted(os.listdir(P + "/library/velatura"))
made = velatura.bake(scene).made
(look,) = uses.looks(scene)
stage.say(said=said, made=made, folder=str(look.folder), state=velatura.status(look.node, [1]),
          same=before == sorted(os.listdir(P + "/library/velatura")))
"""
    )
    assert set(found["said"]) >= {"scene"}
    for text, state in found["said"].values():
        assert "has no gain layers of its own" in text
        assert "ID Data > Make Local" in text
        assert state == "missing"
    assert (found["made"], found["state"]) == (1, {"1": "baked"})
    assert found["folder"].startswith(f"{project.folder}/velatura/")
    assert found["same"]


@pytest.mark.parametrize("kind", ["linked", "overridden"])
def test_a_look_of_another_file_gets_gains_of_its_own(project: Project, kind: str) -> None:
    """Its group alone is the other file's: the node that shows it is this one's."""
    project.found(
        LIBRARY
        + f"""
scene = stage.new_scene()
scene.frame_end = 1
scene["bright"] = [1]
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{{P}}/shot.blend")
group = linked("node_groups", "ink")
if {kind!r} == "overridden":
    group = group.override_create(remap_local_usages=False)
node = tree.nodes.new("CompositorNodeGroup")
node.node_tree = group
node.inputs["Mask"].default_value = node.inputs["Strength"].default_value = 1
tree.links.new(layers, node.inputs["Image"])
tree.links.new(node.outputs["Image"], stage.result(tree))
stage.animate(scene, f"{{P}}/with/")
bpy.ops.wm.save_mainfile()
"""
    )
    project.found('scene = stage.reopen(f"{P}/shot.blend")\nstage.animate(scene, f"{P}/without/")')
    ours, plain = (pixels(project.folder / f"{name}/0001.exr") for name in ("with", "without"))
    np.testing.assert_array_equal(ours, plain)
    assert len(list(project.folder.glob("velatura/*/*.exr"))) == 1
