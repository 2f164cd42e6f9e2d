"""What cannot be finished fails loudly: exit code, frame and reason; never a wrong picture.

The cases are what happens on farms: no runtime, no look, no room, a process killed.
"""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from projects import Project, pixels

from velatura.client import PROTOCOL

pytestmark = pytest.mark.host_blender

MAKE = """
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
velatura.create(f"{P}/a.onnx")
bpy.ops.wm.save_mainfile()
"""

RENDER = """
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
%s
stage.animate(scene, f"{P}/out/")
"""

READY = json.dumps({"event": "ready", "protocol": PROTOCOL, "version": "0"})
DIES = f"echo '{READY}'; read job; kill -9 $$"


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    project = Project(tmp_path, python)
    project.found(MAKE)
    return project


def failed(done: CompletedProcess[str], code: int, *words: str) -> None:
    """Demand an exit code, and words in the one line on stderr that gives the reason."""
    assert done.returncode == code, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("velatura: ")]
    reason = lines[-1]
    for word in words:
        assert word in reason


def written(project: Project) -> list[str]:
    return sorted(file.name for file in (project.folder / "out").glob("*"))


def test_no_runtime(project: Project) -> None:
    done = project.run(RENDER % "", VELATURA_RUNTIME="/nowhere/velatura")
    failed(done, 4, "Scene, frame 1: ", "/nowhere/velatura", "Let it name the velatura executable")
    assert written(project) == []


def test_a_look_that_is_gone(project: Project) -> None:
    (project.folder / "a.onnx").unlink()
    done = project.run(RENDER % "")
    failed(done, 3, "frame 1: ", "a.onnx cannot be read")
    assert written(project) == []


def test_a_look_that_is_gone_is_not_missed_where_all_is_baked(project: Project) -> None:
    project.found(RENDER % "")
    (project.folder / "a.onnx").unlink()
    done = project.run(RENDER % "")
    assert done.returncode == 0, done.stderr
    assert len(written(project)) == 4


def test_a_file_that_is_no_look(project: Project) -> None:
    (project.folder / "a.onnx").write_bytes(b"PK\x03\x04 not a look")
    failed(project.run(RENDER % ""), 3, "a.onnx is not an ONNX file")
    assert written(project) == []


def test_a_worker_killed_in_the_middle_of_a_frame(project: Project) -> None:
    project.program(DIES)
    failed(project.run(RENDER % ""), 4, "frame 1: ", "died in the middle of a job")
    assert written(project) == []


def test_a_cache_folder_that_cannot_be_made(project: Project) -> None:
    (project.folder / "velatura").write_text("a file where the folder should be")
    done = project.run(RENDER % "")
    failed(done, 4, "frame 1: ", "output folder", "velatura", "Cache in the add-on's preferences")
    assert written(project) == []


def test_advice_names_what_blender_has_and_no_options(project: Project) -> None:
    found = project.found(
        """
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
tree = stage.graph(scene)
tree.links.new(stage.exposed(tree, tree.nodes["Render Layers"].outputs[0], 4.0, "up"),
               tree.nodes["ink"].inputs["Image"])
velatura.bake(frames=[1])
from velatura_blender import messages
stage.say(messages=messages.latest())
"""
    )
    (message,) = found["messages"]
    assert "what is wired into ink is brighter than its alpha allows" in message
    assert "set the look's Premultiplied to No" in message
    assert "--" not in message


def test_a_full_disk(project: Project) -> None:
    """No file of the runtime may grow beyond 2 KiB: nothing half-written is left."""
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))"
    main = "from velatura.cli.main import main; sys.exit(main())"
    project.program(f'exec "$PYTHON" -B -c \'{limit}; {main}\' "$@"')
    done = project.run(RENDER % "")
    failed(done, 4, "frame 1: ", "ink.gain.0001.exr")
    assert written(project) == []
    assert project.gains() == {}


def test_a_frame_that_was_not_baked_where_nothing_may_be_baked(project: Project) -> None:
    project.found(RENDER % "velatura.bake(frames=[1, 2])\nscene.frame_end = 2")
    done = project.run(RENDER % "scene.velatura.bake = False")
    failed(done, 3, "frame 3: ", "was not baked for frame 3", "Bake")
    assert written(project) == ["0001.exr", "0002.exr"]


def test_a_pass_that_is_not_rendered(project: Project) -> None:
    import looks

    looks.small(project.folder / "a.onnx", guides=("normal", "depth"), name="ink")
    failed(project.run(RENDER % ""), 3, "reads normal", "Enable Passes")
    assert written(project) == []


def test_nothing_wired_in(project: Project) -> None:
    unlink = "tree = stage.graph(scene)\ntree.links.remove(tree.nodes['ink'].inputs[0].links[0])\n"
    failed(project.run(RENDER % unlink), 3, "No picture is wired into the look ink")


def test_in_the_window_the_render_is_stopped_and_everything_is_as_it_was(project: Project) -> None:
    """Without a window to click in: the same path, told that there is one."""
    done = project.run(
        """
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
velatura.bake(frames=[1, 2])
scene.velatura.bake = False
from velatura_blender import messages
from velatura_blender.render import hook
hook._running.leaves = False
from velatura_blender.nodes import uses
drawn = []
look = uses.rendered(scene)[0]
class Watched(hook.Blockade):
    def __init__(self, *given):
        super().__init__(*given)
        drawn.append(str(look.gain(3)))
hook.Blockade = Watched
try:
    stage.animate(scene, f"{P}/out/")
    ended = "finished"
except RuntimeError as error:
    ended = str(error)
gain = stage.graph(scene).nodes["ink"].node_tree.nodes["gain"].image.filepath_raw
stage.say(drawn=len(drawn), ended=ended, path=scene.render.filepath, gain=gain,
          messages=messages.latest())
"""
    )
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    found = json.loads(line[len("FOUND ") :])
    assert "rror" in found["ended"]
    assert found["drawn"] == 1  # what the sidebar asks for holds in the middle of it, too
    assert found["path"] == f"{project.folder}/out/"
    assert found["gain"].startswith("//velatura/")
    assert "not baked for frame 3" in found["messages"][0]
    assert written(project) == ["0001.exr", "0002.exr"]


def test_a_movie_in_the_window_ends_behind_its_last_good_frame(project: Project) -> None:
    """Magenta to its end would be hours of a render farm's."""
    found = project.found(
        """
scene = stage.reopen(f"{P}/shot.blend")
velatura = stage.enable()
velatura.bake(frames=[1, 2])
scene.velatura.bake = False
settings = scene.render.image_settings
if stage.IS5:
    settings.media_type = "VIDEO"
settings.file_format, settings.color_mode = "FFMPEG", "BW"
scene.render.ffmpeg.format = "MPEG4"
from velatura_blender.render import hook
hook._running.leaves = False  # as where there is a window
try:
    stage.animate(scene, f"{P}/out/movie")
    ended = "finished"
except RuntimeError as error:
    ended = str(error)
(movie,) = os.listdir(f"{P}/out")
clip = bpy.data.movieclips.load(f"{P}/out/{movie}")
stage.say(ended=ended, frames=clip.frame_duration, format=settings.file_format,
          mode=settings.color_mode, movie=scene.render.is_movie_format)
"""
    )
    assert "rror" in found["ended"]
    assert found["frames"] == 2
    assert (found["movie"], found["format"], found["mode"]) == (True, "FFMPEG", "BW")


def test_a_missing_gain_is_magenta_where_the_add_on_is_not(project: Project) -> None:
    project.found(RENDER % "scene.frame_end = 2")
    done = project.run(
        'scene = stage.reopen(f"{P}/shot.blend")\nstage.animate(scene, f"{P}/out/")\n'
    )
    assert done.returncode == 0
    baked, missing = (pixels(project.folder / f"out/000{frame}.exr") for frame in (2, 3))
    assert missing[:3].max(axis=(1, 2)).tolist() == [0.5, 0, 0.5]
    assert missing[:3].min(axis=(1, 2)).tolist() == [0.5, 0, 0.5]
    assert baked[1].max() > 1
