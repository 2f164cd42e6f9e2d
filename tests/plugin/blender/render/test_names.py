"""Names: what is only called or kept otherwise costs no gain layer that was baked."""

from __future__ import annotations

import numpy as np
import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
scene.frame_end = 1
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import uses

def told(scene):
    (look,) = uses.looks(scene)
    return velatura.status(look.node, [1])[1], look.folder.name
"""


def test_a_scene_keeps_its_gains_under_another_name_and_beside_its_copies(
    project: Project,
) -> None:
    """Also where a copy comes before it in the list of scenes, which goes by names."""
    found = project.found(
        MAKE
        + """
velatura.create(f"{P}/a.onnx")
stage.animate(scene, f"{P}/with/")
bpy.ops.wm.save_mainfile()
first = told(scene)
scene.name = "Renamed"
renamed = told(scene)
copy = scene.copy()
copy.name, copy["bright"] = "A copy", [1]
made = velatura.bake(copy).made
stage.say(first=first, renamed=renamed, made=made, after=told(scene), copy=told(copy))
bpy.ops.wm.save_mainfile()
"""
    )
    assert found["first"] == found["renamed"] == found["after"]
    assert (found["first"][0], found["copy"][0], found["made"]) == ("baked", "baked", 1)
    assert found["first"][1] != found["copy"][1]
    project.found("""
stage.reopen(f"{P}/shot.blend")
scene = bpy.data.scenes["Renamed"]
scene.render.filepath = f"{P}/without/"
with bpy.context.temp_override(scene=scene):
    bpy.ops.render.render(animation=True)
""")
    ours, plain = (pixels(project.folder / f"{name}/0001.exr") for name in ("with", "without"))
    np.testing.assert_array_equal(ours, plain)


def test_footage_stays_baked_in_a_file_that_is_saved_into_another_folder(project: Project) -> None:
    """Blender writes the footage's path anew, and nothing has changed."""
    found = project.found(
        MAKE
        + """
stage.animate(scene, f"{P}/plates/")
plate = tree.nodes.new("CompositorNodeImage")
plate.image = bpy.data.images.load(f"{P}/plates/0001.exr")
tree.links.new(plate.outputs[0], stage.result(tree))
tree.nodes.remove(layers.node)
bpy.ops.file.make_paths_relative()
look = velatura.create(f"{P}/a.onnx")
velatura.bake()
bpy.ops.wm.save_mainfile()
before = plate.image.filepath, *told(scene)
os.mkdir(f"{P}/next")
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/next/shot.blend")
after = plate.image.filepath, *told(scene)
plate.image = bpy.data.images.load(f"{P}/plates/0001.exr", check_existing=False)
other = told(scene)
bpy.ops.wm.open_mainfile(filepath=f"{P}/shot.blend")
stage.say(before=before, after=after, other=other, still=told(bpy.context.scene))
"""
    )
    assert found["before"][:2] == ["//plates/0001.exr", "baked"]
    assert found["after"][:2] == ["//../plates/0001.exr", "baked"]
    assert found["before"][2] != found["after"][2]
    assert found["other"][0] == "stale"
    assert found["still"] == found["before"][1:]
