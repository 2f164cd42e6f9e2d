"""What is baked is compared in one number a pixel: that sees every change, and costs less."""

from __future__ import annotations

import json

import numpy as np
import pictures
import pytest
from projects import Project

pytestmark = pytest.mark.host_blender

SHOT = """
scene = stage.start()
tree, result = stage.new_graph(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
plate = tree.nodes.new("CompositorNodeImage")
plate.image = bpy.data.images.load(f"{P}/plate.exr")
tree.links.new(plate.outputs[0], result)
velatura.create(f"{P}/a.onnx")
scene.frame_end = 1
bpy.ops.wm.save_mainfile()
"""

RENDER = """
from velatura_blender.render.plate_render import PlateRender
scene = stage.reopen(f"{P}/shot.blend")
stage.enable()
whole, render = [], PlateRender.render

def counted(plates, frame, looks):
    whole.append(frame)
    return render(plates, frame, looks)

PlateRender.render = counted
stage.animate(scene, f"{P}/out/")
PlateRender.render = render
stage.say(whole=whole)
"""


@pytest.fixture
def shot(project: Project) -> Project:
    """A still picture under a look, rendered once."""
    project.plate(pictures.upright(1))
    project.found(SHOT)
    assert project.found(RENDER)["whole"] == [1]
    return project


def test_a_frame_that_is_baked_writes_no_whole_plate(shot: Project) -> None:
    """The second render looks at the check signal alone, and starts no network."""
    before, starts = shot.gains(), shot.starts
    assert shot.found(RENDER)["whole"] == []
    assert (shot.gains(), shot.starts) == (before, starts)


@pytest.mark.parametrize(
    ("channel", "by"), [(0, 1e-4), (2, -1e-4), (3, -1e-3)], ids=["red", "blue", "alpha"]
)
def test_one_pixel_that_is_another_is_seen(shot: Project, channel: int, by: float) -> None:
    """A ten-thousandth of one pixel's colour makes another gain layer; so does its alpha."""
    before = shot.gains()
    plate = pictures.upright(1)
    plate[channel, 5, 7] += np.float32(by)
    shot.plate(plate)
    assert shot.found(RENDER)["whole"] == [1]
    assert shot.gains() != before


def test_colours_that_change_places_are_seen(shot: Project) -> None:
    """Red and blue swapped keep their sum and their mean, but not the weighted sum."""
    before = shot.gains()
    shot.plate(pictures.upright(1)[[2, 1, 0, 3]])
    assert shot.found(RENDER)["whole"] == [1]
    assert shot.gains() != before


@pytest.mark.parametrize("text", ["", "[1]", '{"1": 7}', '{"1": ["", ""]}'])
def test_damaged_notes_cost_a_look_at_the_whole_plate(shot: Project, text: str) -> None:
    """Then the gain layer is compared as if nothing were known, found right, and noted anew."""
    before = shot.gains()
    (notes,) = (shot.folder / "velatura").rglob("checks.json")
    good = json.loads(notes.read_text())
    notes.write_text(text)
    assert shot.found(RENDER)["whole"] == [1]
    assert shot.gains() == before
    assert json.loads(notes.read_text()) == good
