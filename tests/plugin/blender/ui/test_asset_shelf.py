"""The asset shelf: published looks are assets; what is dragged from it bakes where it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
import sidebar
from projects import Project

pytestmark = pytest.mark.host_blender


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    return sidebar.stocked(tmp_path, python)


def test_published_looks_are_assets_with_thumbnails(project: Project) -> None:
    found = project.found(
        sidebar.START
        + """
blocks = stage.blocks()
bpy.ops.velatura.publish_assets()
bpy.ops.velatura.publish_assets()
same = stage.blocks() == blocks
(shelf,) = [each for each in bpy.context.preferences.filepaths.asset_libraries
            if each.name == "velatura"]
file = f"{shelf.path}/looks.blend"
bpy.context.preferences.filepaths.asset_libraries.remove(shelf)
with bpy.data.libraries.load(file, link=False, assets_only=True) as (there, here):
    here.node_groups = there.node_groups
    names = list(there.node_groups)
ink = next(group for group in here.node_groups if group.name == "Ink")
told = {"author": ink.asset_data.author, "licence": ink.asset_data.license,
        "size": list(ink.preview.image_size), "pixel": list(ink.preview.image_pixels_float)[:3]}
node = tree.nodes.new("CompositorNodeGroup")
node.node_tree = ink
tree.links.new(layers, node.inputs["Image"])
tree.links.new(node.outputs["Image"], stage.result(tree))
import velatura_blender
missing = velatura_blender.status(node, [1])[1]
velatura_blender.bake(frames=[1])
stage.say(same=same, names=names, told=told, missing=missing,
          state=velatura_blender.status(node, [1])[1],
          where=str(scope.look(bpy.context).folder.parent),
          look=str(scope.look(bpy.context).path))
""",
        XDG_DATA_HOME=str(project.folder / "data"),
    )
    assert found["same"]
    assert sorted(found["names"]) == ["Chalk", "Ink"]
    assert found["told"]["author"] == "Ada"
    assert found["told"]["licence"] == "CC0"
    assert found["told"]["size"] == [160, 90]
    assert [round(255 * part) for part in found["told"]["pixel"]] == [0xC8, 0x50, 0x28]
    assert (found["missing"], found["state"]) == ("missing", "baked")
    assert found["where"] == str(project.folder / "velatura")
    assert found["look"] == str(project.folder / "library/ink.onnx")
