"""Interruptions: scripts, an undo or Esc in the middle of a bake cost no frame that is whole."""

from __future__ import annotations

import pytest
from projects import Project

pytestmark = pytest.mark.host_blender

MAKE = """
from velatura.errors import CancelledError, InputError
scene = stage.start()
scene.frame_end = 3
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import uses
from velatura_blender.render import session
bpy.ops.ed.undo_push(message="before")
velatura.create(f"{P}/a.onnx")
bpy.ops.ed.undo_push(message="Add Look")
bpy.ops.wm.save_mainfile()
blocks = stage.blocks()
"""

IN_THE_MIDDLE = (
    MAKE
    + """
scratch = []
made = session._new_scratch
session._new_scratch = lambda: scratch.append(made()) or scratch[-1]

def midway(step):
    if step.frame == 2:
        HAPPENS

try:
    velatura.bake(on_step=midway)
    refused = ""
except InputError as error:
    refused = str(error)
shown = [each.name for each in bpy.data.scenes] + [each.name for each in bpy.data.node_groups]
hidden = [name for name in shown if name.startswith(".velatura")]
left = [str(each) for each in scratch if each.exists()]
bpy.ops.wm.open_mainfile(filepath=f"{P}/shot.blend")
(look,) = uses.looks(bpy.context.scene)
states = velatura.status(look.node)
made = velatura.bake().made
stage.say(refused=refused, hidden=hidden, left=left, states=states, made=made)
"""
)

HAPPENINGS = {
    "an undo": "bpy.ops.ed.undo()",
    "another file": "bpy.ops.wm.read_homefile(use_empty=True)",
    "a look that is removed": "tree.nodes.remove(tree.nodes['ink'])",
    "a save under another name": 'bpy.ops.wm.save_as_mainfile(filepath=f"{P}/next.blend")',
}


@pytest.mark.parametrize("happens", HAPPENINGS)
def test_what_changes_the_looks_ends_a_bake_and_whole_frames_stay(
    project: Project, happens: str
) -> None:
    """Blender 4.5 crashes where a removed node is touched: hence a Blender of its own."""
    found = project.alone(IN_THE_MIDDLE.replace("HAPPENS", HAPPENINGS[happens]))
    assert "not those with which this began" in found["refused"]
    assert "Bake again" in found["refused"]
    assert (found["hidden"], found["left"]) == ([], [])
    assert found["states"] == {"1": "baked", "2": "baked", "3": "missing"}
    assert found["made"] == 1


def test_a_frame_that_is_cancelled_leaves_no_file_and_the_next_bake_makes_it(
    project: Project,
) -> None:
    found = project.found(
        MAKE
        + """
velatura.bake(frames=[1])
(look,) = uses.looks(scene)
bpy.context.scene.frame_set(2)
bpy.ops.render.render()
look.gain(2).unlink()
with session.RenderSession(scene, None, always=True) as under_way:
    try:
        under_way.frame(2, lambda: True)
        ended = "finished"
    except CancelledError as error:
        ended = error.exit_code
files = sorted(each.name for each in look.folder.glob("*.exr*"))
stage.say(ended=ended, files=files, made=velatura.bake(frames=[1, 2]).made,
          more={name: count for name, count in stage.blocks().items()
                if count > blocks[name] and name not in ("images", "libraries")})
"""
    )
    assert found["ended"] == 130
    assert found["files"] == ["ink.gain.0001.exr"]
    assert found["made"] == 1
    assert found["more"] == {}
