"""What a look costs a render in Blender when its gain layers are baked: no inference is in it.

    VELATURA_BPY=<a Python that has bpy> python benchmarks/blender.py [--frames 12] [--rounds 3]

Four renders of the same frames, in turn, in one process: without the look; with the look's native
nodes alone, as a machine without the add-on has them; with the add-on that takes what was baked on
trust; and with the add-on that checks every frame's gain layer against what is wired in. The 3D is
a picture from memory, so the differences are not lost in it. Times are of a clock and, for machines
that others use as well, of all of Blender's threads on the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/core")]

import looks  # noqa: E402  # the tests' helper: a small look without any training

SCRIPT = """
import os, sys, time
import bpy, numpy as np, stage

FOLDER, FRAMES, ROUNDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
WIDTH, HEIGHT = 1920, 1080
plate = np.random.default_rng(1).normal(0, 0.01, (HEIGHT, WIDTH, 4)).astype(np.float32)  # grain
plate += np.linspace(0.05, 1, WIDTH, dtype=np.float32)[None, :, None]
plate[..., 3] = 1

class Picture(bpy.types.RenderEngine):
    bl_idname, bl_label = "PICTURE", "Picture"
    def render(self, depsgraph):
        result = self.begin_result(0, 0, WIDTH, HEIGHT)
        result.layers[0].passes["Combined"].rect.foreach_set(plate.ravel())
        self.end_result(result)

scene = stage.start()
bpy.utils.register_class(Picture)
scene.render.engine = "PICTURE"
scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
scene.render.image_settings.exr_codec = "NONE"
scene.frame_end = FRAMES
tree, layers = stage.rendered(scene)
grade = stage.exposed(tree, layers, -1.0, "grade")
tree.links.new(grade, stage.result(tree))
bpy.ops.wm.save_as_mainfile(filepath=f"{FOLDER}/shot.blend")
velatura = stage.enable()
look = velatura.create(f"{FOLDER}/look.onnx")
velatura.bake()
times = {"plain": [], "nodes": [], "trusted": [], "checked": []}

def run(name):
    ends = []
    note = lambda *_: ends.append((time.perf_counter(), time.process_time()))
    bpy.app.handlers.render_write.append(note)
    stage.animate(scene, f"{FOLDER}/out/")
    bpy.app.handlers.render_write.remove(note)
    for (wall, cpu), (later, more) in zip(ends, ends[1:]):  # the first frame warms up
        times[name].append((later - wall, more - cpu))

for _ in range(ROUNDS):
    look.mute = True
    run("plain")
    look.mute = False
    scene.velatura.bake = False
    run("trusted")
    scene.velatura.bake = True
    run("checked")
    bpy.ops.preferences.addon_disable(module="velatura_blender")
    run("nodes")
    stage.enable()
stage.say(times=times, version=bpy.app.version_string)
os._exit(0)  # Blender 4.5 would hang: our engine is still registered
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for python in filter(None, os.environ.get("VELATURA_BPY", "").split(os.pathsep)):
        with tempfile.TemporaryDirectory() as folder:
            show(measure(python, Path(folder), given.frames, given.rounds))


def measure(python: str, folder: Path, frames: int, rounds: int) -> dict[str, object]:
    """Render in one Blender; return the seconds of each frame by kind of render."""
    looks.small(folder / "look.onnx")
    runtime = folder / "runtime"
    runtime.write_text(f'#!/bin/sh\nexec {sys.executable} -m velatura "$@"\n')
    runtime.chmod(0o755)
    sources = [ROOT / "core", ROOT / "plugin/blender", ROOT / "tests/plugin/blender"]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, sources)),
        "VELATURA_RUNTIME": str(runtime),
        "BLENDER_USER_RESOURCES": str(folder / "user"),
    }
    command = [python, "-c", SCRIPT, str(folder), str(frames), str(rounds)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    if not lines:
        sys.exit(done.stderr)
    found: dict[str, object] = json.loads(lines[-1][len("FOUND ") :])
    return found


def show(found: dict) -> None:
    medians = {
        name: [1000 * statistics.median(each) for each in zip(*times, strict=True)]
        for name, times in found["times"].items()
    }
    count = len(found["times"]["plain"])
    print(f"Blender {found['version']}, 1920 x 1080, medians of {count} frames")
    print("            ms a frame   more     ms of CPU   more")
    plain = medians["plain"]
    for name, (wall, cpu) in medians.items():
        print(
            f"  {name:8} {wall:10.1f} {wall - plain[0]:+8.1f}  {cpu:10.1f} {cpu - plain[1]:+8.1f}"
        )


if __name__ == "__main__":
    main()
