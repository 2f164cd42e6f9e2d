"""Strips: a look in a sequencer is right, or its render is refused."""

from __future__ import annotations

import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
scene.frame_end = 1
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
look = velatura.create(f"{P}/a.onnx")
"""

EDIT = (
    MAKE
    + """
from velatura_blender.render import hook
edit = stage._dressed(bpy.data.scenes.new("Edit"))
edit.frame_end = 1
edit.view_settings.view_transform = scene.view_settings.view_transform = "Raw"
edit.sequence_editor_create().strips.new_scene("Shot", scene, 1, 1)
NESTED
edit.render.filepath = f"{P}/edit/"

def shown():
    hook._running.leaves = False  # as where there is a window
    with bpy.context.temp_override(scene=edit):
        try:
            bpy.ops.render.render(animation=True)
        except RuntimeError as error:
            return str(error)
    return "finished"

scene.velatura.bake = False
refused = shown()
early = os.path.exists(f"{P}/edit/0001.exr")
scene.velatura.bake = True
after = shown()
stage.animate(scene, f"{P}/with/")
stage.say(refused=refused, early=early, after=after, path=edit.render.filepath)
"""
)


NESTED = """
inner, edit = edit, stage._dressed(bpy.data.scenes.new("Cut"))
edit.frame_end = 1
edit.view_settings.view_transform = "Raw"
strip = edit.sequence_editor_create().strips.new_scene("Edit", inner, 1, 1)
strip.scene_input = "SEQUENCER"
"""


@pytest.mark.parametrize("nested", ["", NESTED], ids=["an edit", "an edit in another"])
def test_a_scene_strip_is_stopped_and_then_right(project: Project, nested: str) -> None:
    """Blender 5 keeps the pictures of strips: the magenta of the first render among them."""
    found = project.found(EDIT.replace("NESTED", nested))
    assert "rror" in found["refused"]
    assert not found["early"]
    assert found["after"] == "finished"
    assert found["path"] == f"{project.folder}/edit/"
    strip, own = (pixels(project.folder / f"{name}/0001.exr")[:3] for name in ("edit", "with"))
    assert abs(strip - own).max() < 0.01 * own.max()  # strips of scenes are half floats


def test_a_look_in_a_modifier_of_a_strip_is_refused(project: Project) -> None:
    """bpy 5.0.1 crashes as a strip gets such a modifier, so what is found there is said here."""
    done = project.run(
        MAKE
        + """
from velatura_blender.render import strips
strips.strays = lambda scene: [("Colour", look)]
stage.animate(scene, f"{P}/out/")
"""
    )
    assert done.returncode == 3
    assert "is in a compositor modifier of the strip Colour" in done.stderr
    assert not (project.folder / "out").exists()


def test_a_look_in_a_modifier_is_found_in_an_edit_inside_another(project: Project) -> None:
    """With stand-ins for scenes, as bpy 5.0.1 crashes on such a modifier; `tour` has real ones."""
    found = project.found(
        MAKE
        + """
from types import SimpleNamespace as Stand
from velatura_blender.render import strips

def edit(*found):
    return Stand(sequence_editor=Stand(strips_all=found))

def shows(inner, kind):
    return Stand(name="Cut", type="SCENE", scene=inner, scene_input=kind, modifiers=[])

modifier = Stand(node_group=tree)
inner = edit(Stand(name="Colour", type="MOVIE", modifiers=[modifier]), shows(None, "SEQUENCER"))
inner.sequence_editor.strips_all += (shows(inner, "SEQUENCER"),)
stage.say(
    edit=[name for name, _ in strips.strays(edit(shows(inner, "SEQUENCER")))],
    shot=[name for name, _ in strips.strays(edit(shows(inner, "CAMERA")))],
)
"""
    )
    assert found["edit"] == ["Colour"]
    assert found["shot"] == []  # its camera is rendered, and its own strips are not
