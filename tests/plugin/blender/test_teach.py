"""The Teach panel: a look is learnt from a frame that was painted in Blender, and used."""

from __future__ import annotations

from pathlib import Path

import hosts
import pytest
from projects import Project

from velatura.look import read

pytestmark = pytest.mark.host_blender

PAINTED = """
import time
import numpy as np
scene = stage.start()
scene.render.resolution_x, scene.render.resolution_y = 96, 64
stage.rendered(scene)
scene.view_settings.exposure = 1.0
stage.enable()
from velatura_blender.teach import keys, orders, training
from velatura_blender.ui import teach_buttons

def refused(operator, **what):
    try:
        operator(**what)
    except RuntimeError as error:
        return str(error)

def paint(frame):
    scene.frame_set(frame)
    bpy.ops.render.render()
    bpy.ops.velatura.teach_paint()
    path = bpy.path.abspath(scene.velatura_teach.keys[-1].path)
    image = next(each for each in bpy.data.images if each.filepath and
                 bpy.path.abspath(each.filepath) == path)
    pixels = np.empty(96 * 64 * 4, "f4")
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(64, 96, 4)
    pixels[..., 2] *= 0.25  # yellow, as a painter might
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    return path

def wait(until=lambda found: False, patience=600):
    found, end = training.current(), time.monotonic() + patience
    while found.poll() and not until(found) and time.monotonic() < end:
        time.sleep(0.05)
    return found
"""


@pytest.mark.parametrize("python", list(hosts.PYTHONS)[:1] or ["none"], indirect=True)
def test_from_paint_to_a_look_in_the_graph(project: Project) -> None:
    """Stopped early, its best is a look; it goes on from there. One Blender does: it trains."""
    told = project.alone(
        PAINTED
        + """
early = refused(bpy.ops.velatura.teach_paint)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
nothing = refused(bpy.ops.velatura.teach_train)
paths = [paint(1), paint(3)]
teach = scene.velatura_teach
teach.name, teach.minutes = "sunny", 5
bpy.ops.velatura.teach_train()
twice = refused(bpy.ops.velatura.teach_train)
begun = wait(lambda found: found.progress > 0 and found.sheet.is_file())
assert not begun.over, begun.trouble
bpy.ops.velatura.teach_stop()
first = wait()
half = dict(stopped=first.stopped, trouble=first.trouble, progress=first.progress,
            look=orders.look(scene).is_file())
command = orders.commands(scene, resume=True)["learn"]
teach.minutes = 0.05  # all in all: what was learnt already counts
bpy.ops.velatura.teach_train(resume=True)
last = wait()
bpy.ops.velatura.teach_use()
scene.render.filepath = f"{P}/glazed.exr"
bpy.ops.render.render(write_still=True)
stage.say(early=early, nothing=nothing, twice=twice, paths=paths, half=half, command=command,
          trouble=last.trouble, runs=sorted(p.name for p in keys.folder(scene).glob("run-*")),
          exposure=scene.view_settings.exposure, format=scene.render.image_settings.file_format,
          look=str(orders.look(scene)))
training.close()
""",
        timeout=1500,
    )
    assert "Save it first" in told["early"]
    assert "No frame is painted yet" in told["nothing"]
    assert "under way" in told["twice"] or "poll" in told["twice"]
    assert [Path(path).name for path in told["paths"]] == ["paint.0001.png", "paint.0003.png"]
    assert told["half"]["stopped"]
    assert told["half"]["look"]
    assert told["half"]["trouble"] == told["trouble"] == ""
    assert told["half"]["progress"] < 0.9
    assert told["runs"] == ["run-1"]
    assert "--painted-view=sRGB/AgX" in told["command"]
    assert told["command"][told["command"].index("--layer") + 1] == "Composite.Combined"
    assert (told["exposure"], told["format"]) == (1.0, "OPEN_EXR")  # put back as they were
    assert read(Path(told["look"])).card.name == "sunny"
    assert (project.folder / "glazed.exr").is_file()
    assert [name for name in project.gains() if "gain" in name] == ["sunny.gain.0003.exr"]


def test_a_trainer_that_is_not_there_is_one_command_away(project: Project) -> None:
    """The runtime alone says itself that it has no trainer; without any, the panel does."""
    project.program('echo "ERROR no trainer. Run \\`python install.py train\\`" >&2; exit 4')
    told = project.found(
        PAINTED
        + """
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
paint(1)
bpy.ops.velatura.teach_train()
said = wait().trouble
os.environ["VELATURA_RUNTIME"] = f"{P}/gone"
stage.say(said=said, gone=refused(bpy.ops.velatura.teach_train))
training.close()
"""
    )
    assert "python install.py train" in told["said"]
    assert "python install.py train" in told["gone"]


def test_files_painted_elsewhere_are_marked_and_let_go(project: Project) -> None:
    told = project.found(
        PAINTED
        + """
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
paint(2)
import shutil; shutil.copy(f"{P}/velatura/teach/Scene/paint.0002.png", f"{P}/mine.0007.png")
open(f"{P}/mine.0008.tif", "wb").write(b"")
bpy.ops.velatura.teach_file(filepath=f"{P}/mine.0007.png")
other = refused(bpy.ops.velatura.teach_file, filepath=f"{P}/mine.0008.tif")
marked = [key.frame for key in scene.velatura_teach.keys]
bpy.ops.velatura.teach_forget(frame=2)
left = sorted(os.listdir(f"{P}/velatura/teach/Scene"))
scene.velatura_teach.plates, scene.velatura_teach.start = f"{P}/clip.mp4", 101
command = orders.commands(scene, resume=False)["learn"]
stage.say(marked=marked, other=other, left=left, command=command)
"""
    )
    assert told["marked"] == [2, 7]
    assert "same format" in told["other"]
    assert told["left"] == ["paint.0007.png", "plate.0002.exr", "unused-paint.0002.png"]
    assert told["command"][2].endswith("clip.mp4")
    assert "--start=101" in told["command"]
    assert "--layer" not in told["command"]
