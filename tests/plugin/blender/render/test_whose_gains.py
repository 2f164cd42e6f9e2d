"""Whose gains: a gain layer is used for its own file, node, size and region alone.

Every case ends with two renders that must be the same bits: one with the add-on, which checks each
plate, and one of the saved file by a Blender that has none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

MAKE = """
import shutil
scene = stage.start()
scene.frame_end = 1
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import uses
ink = velatura.create(f"{P}/a.onnx")

def changed():
    "Another picture in the same graph: what a second shot is."
    scene["bright"] = [1, 2, 3, 4, 5, 6]

def folder():
    return os.path.basename(uses.looks(bpy.context.scene)[0].folder)

def status(frames=(1,)):
    return [velatura.status(look.node, frames)[frames[0]] for look in uses.looks(bpy.context.scene)]

def save(name=""):
    path = f"{P}/{name}" if name else bpy.data.filepath
    os.makedirs(os.path.dirname(path), exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=path)
"""

WITH = "stage.animate(scene, f'{P}/with/')\n"

WITHOUT = """
scene = stage.reopen(f"{P}/%s")
stage.animate(scene, f"{P}/without/")
"""

MAGENTA = [0.5, 0, 0.5]


def same(project: Project, blend: str = "shot.blend", frame: int = 1) -> None:
    """Demand that a file renders without the add-on what it rendered with it, and is glazed."""
    project.found(WITHOUT % blend)
    ours, plain = (shown(project, name, frame) for name in ("with", "without"))
    np.testing.assert_array_equal(ours, plain)
    assert ours[:3].mean(axis=(1, 2)).tolist() != MAGENTA


def shown(project: Project, name: str, frame: int = 1) -> np.ndarray:
    return pixels(project.folder / f"{name}/{frame:04d}.exr")


def magenta(project: Project, blend: str, change: str = "", frame: int = 1) -> None:
    """Demand that a Blender without the add-on shows no glazed picture of this file."""
    script = (WITHOUT % blend).replace("stage.animate", change + "\nstage.animate")
    for before in project.folder.glob("without/*"):
        before.unlink()
    project.found(script)
    found = shown(project, "without", frame)[:3].reshape(3, -1)
    assert found.min(axis=1).tolist() == found.max(axis=1).tolist() == MAGENTA


@pytest.mark.parametrize("name", ["shot020.blend", "next/shot.blend"])
def test_save_as_takes_the_gains_along_and_then_has_its_own(project: Project, name: str) -> None:
    found = project.found(
        MAKE
        + f"""
velatura.bake()
save()
first, before = folder(), status()
save({name!r})
second, along = folder(), status()
changed()
{WITH}
scene["bright"] = []
save()
reopened = stage.reopen
bpy.ops.wm.open_mainfile(filepath=f"{{P}}/shot.blend")
stage.say(first=first, second=second, before=before, along=along, still=status(), back=folder())
"""
    )
    assert found["before"] == found["along"] == found["still"] == ["baked"]
    assert found["first"] == found["back"] != found["second"]
    assert Path(project.folder, name).with_name("velatura").joinpath(found["second"]).is_dir()
    project.found(f"""
scene = stage.reopen(f"{{P}}/{name}")
scene["bright"] = [1]
bpy.ops.wm.save_mainfile()
""")
    same(project, name)
    project.found(f"scene = stage.reopen(f'{{P}}/shot.blend')\nstage.enable()\n{WITH}")
    same(project)


def test_a_copy_that_is_saved_takes_nothing_from_the_file_that_stays_open(
    project: Project,
) -> None:
    found = project.found(
        MAKE
        + f"""
velatura.bake()
save()
before = folder()
bpy.ops.wm.save_as_mainfile(filepath=f"{{P}}/farm.blend", copy=True)
after = folder()
{WITH}
stage.say(before=before, after=after, status=status(), path=bpy.data.filepath)
"""
    )
    assert found["before"] == found["after"]
    assert found["status"] == ["baked"]
    assert len(list(project.folder.glob("velatura/*"))) == 2
    same(project, "farm.blend")
    same(project)


def test_a_file_that_was_copied_by_hand_is_not_baked_by_the_others_gains(project: Project) -> None:
    found = project.found(
        MAKE
        + f"""
velatura.bake()
save()
shutil.copy(f"{{P}}/shot.blend", f"{{P}}/shot020.blend")
bpy.ops.wm.open_mainfile(filepath=f"{{P}}/shot020.blend")
scene = bpy.context.scene
missing = status()
changed()
{WITH}
scene["bright"] = []
baked = status()
bpy.ops.wm.save_mainfile()
bpy.ops.wm.open_mainfile(filepath=f"{{P}}/shot.blend")
stage.say(missing=missing, baked=baked, still=status())
"""
    )
    assert (found["missing"], found["baked"], found["still"]) == (["missing"], ["baked"], ["baked"])


@pytest.mark.parametrize("name", ["library/shot.blend", "other.blend"])
def test_an_appended_look_bakes_beside_its_new_file(project: Project, name: str) -> None:
    """As an asset that is dragged from the shelf: its group comes with all its settings."""
    found = project.found(
        MAKE
        + f"""
ink.node_tree.asset_mark()
velatura.bake()
save({name!r})
velatura.bake()
save()
before = stage.blocks()["images"]
scene = stage.new_scene()
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{{P}}/shot.blend")
with bpy.data.libraries.load(f"{{P}}/{name}", link=False) as (there, here):
    here.node_groups = ["ink"]
for at in range(2):  # used twice
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree = here.node_groups[0]
    tree.links.new(layers, node.inputs["Image"])
    layers = node.outputs["Image"]
    tree.links.new(layers, stage.result(tree))
    node.inputs["Mask"].default_value = node.inputs["Strength"].default_value = 1
missing = status()
{WITH}
bpy.ops.wm.save_mainfile()
folders = [str(look.folder) for look in uses.looks(scene)]
stage.say(missing=missing, baked=status(), folders=folders)
"""
    )
    assert found["missing"] == ["missing", "missing"]
    assert found["baked"] == ["baked", "baked"]
    assert len(set(found["folders"])) == 2
    assert {Path(each).parent for each in found["folders"]} == {project.folder / "velatura"}
    same(project)


SIZES = {
    "a proxy": "scene.render.resolution_percentage = 50",
    "a region": """
scene.render.use_border = True
scene.render.border_min_x, scene.render.border_max_x = 0.25, 0.75""",
}


@pytest.mark.parametrize("size", SIZES)
def test_a_proxy_and_a_region_leave_the_whole_frame_alone(project: Project, size: str) -> None:
    found = project.found(
        MAKE
        + f"""
{WITH}
save()
whole = str(uses.looks(scene)[0].gain(1))
def time():
    return os.stat(whole).st_mtime_ns
before = time()
{SIZES[size]}
missing = status()
stage.animate(scene, f"{{P}}/part/")
baked, after = status(), time()
save("part.blend")
stage.say(missing=missing, baked=baked, before=before, after=after)
"""
    )
    assert (found["missing"], found["baked"]) == (["missing"], ["baked"])
    assert found["before"] == found["after"]
    same(project)
    (project.folder / "with").rename(project.folder / "whole")
    (project.folder / "part").rename(project.folder / "with")
    same(project, "part.blend")
    back = "scene.render.resolution_percentage = 100\nscene.render.use_border = False"
    magenta(project, "part.blend", back)
    if size == "a proxy":
        magenta(project, "shot.blend", "scene.render.resolution_percentage = 50")
    else:
        magenta(project, "part.blend", "scene.render.border_max_y = 0.9")
        stereo = "scene.render.use_multiview = True\nscene.render.image_settings.views_format = %r"
        magenta(project, "shot.blend", stereo % "MULTIVIEW")


def test_another_size_and_frames_beyond_the_range_are_magenta_without_the_add_on(
    project: Project,
) -> None:
    found = project.found(
        MAKE
        + f"""
{WITH}
save()
scene.render.resolution_x *= 2
stale = status()
stage.say(stale=stale)
"""
    )
    assert found["stale"] == ["stale"]
    magenta(project, "shot.blend", "scene.render.resolution_x *= 2")
    magenta(project, "shot.blend", "scene.frame_start = scene.frame_end = 5", frame=5)
    project.found(f"""
scene = stage.reopen(f"{{P}}/shot.blend")
stage.enable()
scene.frame_start = scene.frame_end = 5
{WITH}
bpy.ops.wm.save_mainfile()
""")
    same(project, frame=5)


def test_what_is_not_baked_for_this_file_stops_a_render_that_may_not_bake(
    project: Project,
) -> None:
    project.found(MAKE + "velatura.bake()\nsave()\n")
    (project.folder / "shot.blend").rename(project.folder / "renamed.blend")
    done = project.run(f"""
scene = stage.reopen(f"{{P}}/renamed.blend")
stage.enable()
scene.velatura.bake = False
{WITH}
""")
    assert done.returncode == 3
    assert not (project.folder / "with").exists()


def test_a_project_that_is_moved_keeps_its_gains_and_finds_its_look(project: Project) -> None:
    found = project.found(
        MAKE
        + """
os.mkdir(f"{P}/proj")
os.mkdir(f"{P}/proj/looks")
shutil.move(f"{P}/a.onnx", f"{P}/proj/looks/ink.onnx")
save("proj/shot.blend")
velatura.set_look(ink, f"{P}/proj/looks/ink.onnx")
velatura.bake(frames=[1])
save()
noted = ink.node_tree.velatura.look
save("proj/sub/shot.blend")
below = ink.node_tree.velatura.look
shutil.move(f"{P}/proj", f"{P}/moved")
bpy.ops.wm.open_mainfile(filepath=f"{P}/moved/shot.blend")
states = status()
made = velatura.bake(frames=[1, 2]).made
bpy.ops.wm.open_mainfile(filepath=f"{P}/moved/sub/shot.blend")
stage.say(noted=noted, below=below, states=states, made=made, there=status(),
          path=str(uses.looks(bpy.context.scene)[0].path))
"""
    )
    assert (found["noted"], found["below"]) == ("//looks/ink.onnx", "//../looks/ink.onnx")
    assert (found["states"], found["there"], found["made"]) == (["baked"], ["baked"], 1)
    assert Path(found["path"]).resolve() == project.folder / "moved/looks/ink.onnx"
