"""The scripts that docs/blender.md shows do what it says, as they stand there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import hosts
import numpy as np
import pytest
from projects import Project, pixels

pytestmark = pytest.mark.host_blender

EXTENSION = hosts.ROOT / "plugin/blender/extension.py"
WHOLE = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# No renderer of ours: the script opens the file by itself, in a process of its own.
SHOT = """
scene = stage.start()
stage.rendered(scene)
scene.render.engine, scene.cycles.samples = "CYCLES", 1
scene.cycles.use_denoising = False
scene.render.filepath = "//out/"
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
"""

ASK = """
scene = stage.reopen(f"{P}/shot.blend")
strengths = []
for frame in range(1, 5):
    scene.frame_set(frame)
    strengths.append(stage.graph(scene).nodes["ink"].inputs["Strength"].default_value)
stage.say(strengths=strengths)
"""


def shown() -> str:
    """Return the page's script that is run by itself."""
    (script,) = WHOLE.findall((hosts.ROOT / "docs/blender.md").read_text(encoding="utf-8"))
    return str(script)


def run_installed(project: Project, home: Path, script: str) -> str:
    """Run a script in the project's folder, as a user who has installed the extension."""
    installed = hosts.run(project.python, EXTENSION, "install", home=home)
    assert installed.returncode == 0, installed.stderr
    there = f"import os; os.chdir({str(project.folder)!r})\n"
    env = {"VELATURA_RUNTIME": str(project.runtime)}
    env["PWD"] = str(project.folder)  # as a shell has it: Blender 4.5 looks there for the folder
    done = hosts.run(project.python, there + script, home=home, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_pages_scripts_make_key_bake_and_refuse(python: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "shot", python)
    project.found(SHOT)
    (project.folder / "looks").mkdir()
    shutil.copy(project.folder / "a.onnx", project.folder / "looks/ink.onnx")
    page = (hosts.ROOT / "docs/blender.md").read_text(encoding="utf-8")
    opened = (
        "import bpy; bpy.ops.wm.read_userpref(); bpy.ops.wm.open_mainfile(filepath='shot.blend')"
    )
    said = run_installed(project, tmp_path / "home", "\n".join([opened, *FENCE.findall(page)]))
    assert "baked frame 4\n4 made, 0 kept\n" in said
    assert str(dict.fromkeys(range(1, 5), "baked")) in said
    assert "\n3 The strength of ink should be 0..4. Found: 9.0." in said
    assert list(project.gains()) == [f"ink.gain.{frame:04d}.exr" for frame in range(1, 5)]
    assert project.found(ASK)["strengths"][3] == 1


def test_the_whole_script_keys_a_look_and_renders_the_shot(python: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "shot", python)
    project.found(SHOT)
    (project.folder / "looks").mkdir()
    shutil.copy(project.folder / "a.onnx", project.folder / "looks/ink.onnx")
    run_installed(project, tmp_path / "home", shown())

    names = [f"{frame:04d}.exr" for frame in range(1, 5)]
    assert sorted(file.name for file in (project.folder / "out").iterdir()) == names
    assert list(project.gains()) == [f"ink.gain.{name}" for name in names]
    strengths = project.found(ASK)["strengths"]
    assert strengths[0] == 0
    assert strengths == sorted(set(strengths))
    assert strengths[3] == 1
    # Nothing moves in the shot, so what differs is the look.
    first, last = (pixels(project.folder / "out" / name) for name in (names[0], names[3]))
    assert np.abs(last - first).max() > 0.1


def test_the_example_fades_a_look_in_bakes_and_renders(python: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "shot", python)
    project.found(SHOT)
    shutil.copy(project.folder / "a.onnx", project.folder / "ink.onnx")
    script = (hosts.ROOT / "examples/blender_node.py").read_text(encoding="utf-8")
    opened = (
        "import sys, bpy; bpy.ops.wm.read_userpref();"
        "bpy.ops.wm.open_mainfile(filepath='shot.blend'); sys.argv[1:] = ['--', 'ink.onnx']\n"
    )
    said = run_installed(project, tmp_path / "home", opened + script)
    assert str(dict.fromkeys(range(1, 5), "baked")) in said
    assert len(list((project.folder / "out").iterdir())) == 4
