"""The extension's zip with all it needs: on a machine that has a Blender, and nothing else."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from zipfile import ZipFile

import hosts
import pytest

pytestmark = pytest.mark.host_blender

ZIPS = os.environ.get("VELATURA_ZIPS", "")
MODULE = "bl_ext.user_default.velatura_blender"
NOTHING = {"PATH": "", "PYTHONPATH": str(hosts.HERE), "VELATURA_RUNTIME": "", "VELATURA_LOOKS": ""}
"""No Python on the PATH, no runtime that anything points to; `stage`, which draws a plate."""

INSTALL = f"""
import bpy, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default",
                                         enable_on_install=True)
import addon_utils
assert addon_utils.check("{MODULE}")[1]
bpy.ops.wm.save_userpref()
"""

GLAZE = f"""
import stage
import bpy, json, sys
import numpy as np
P = sys.argv[1]
bpy.ops.wm.read_userpref()
from {MODULE} import bundled, create
from {MODULE}.core.velatura import resident
from {MODULE}.ui import previews
bpy.utils.register_class(stage.TEST_Counter)
scene = bpy.context.scene
render = scene.render
render.engine, render.resolution_x, render.resolution_y = "TEST_COUNTER", 960, 540
if stage.IS5:
    render.image_settings.media_type = "IMAGE"
render.image_settings.file_format = "OPEN_EXR"
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=P + "/shot.blend")

def rendered(name):
    scene.render.filepath = P + "/" + name
    bpy.ops.render.render(write_still=True)
    pixels = np.empty(960 * 540 * 4, "f4")
    bpy.data.images.load(P + "/" + name + ".exr").pixels.foreach_get(pixels)
    return pixels

plain = rendered("plain")
offered = [(item.name, str(item.path)) for item in previews.current().items]
create(offered[0][1])
moved = float(abs(rendered("glazed") - plain).mean())
stage.say(offered=offered, moved=moved, command=bundled.command())
resident.close()
stage.tidy()
"""


@pytest.fixture(scope="module")
def zipped() -> Path:
    if not ZIPS:
        pytest.skip("$VELATURA_ZIPS names no folder of zips: run `nox -s extension`")
    (found,) = Path(ZIPS).glob("velatura_blender-*-linux_x64.zip")
    return found


@pytest.fixture(scope="module")
def home(python: Path, zipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a user who dropped the zip into Blender; not to be changed."""
    home = tmp_path_factory.mktemp("user") / "home"
    run(python, INSTALL, zipped, home=home)
    return home


def run(python: Path, script: str, *arguments: object, home: Path) -> str:
    done = hosts.run(python, script, *arguments, home=home, env=NOTHING, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def spent() -> tuple[float, float]:
    """Return the seconds by the clock, and those of a processor in processes that have ended."""
    used = os.times()
    return time.monotonic(), used.children_user + used.children_system


def test_from_the_zip_to_the_first_glazed_frame(python: Path, zipped: Path, tmp_path: Path) -> None:
    """Thirty seconds, on a machine with nothing else to do, are the promise; no terminal is."""
    begun = spent()
    run(python, INSTALL, zipped, home=tmp_path / "home")
    installed = spent()
    said = run(python, GLAZE, tmp_path, home=tmp_path / "home")
    for what, since, until in (("installed", begun, installed), ("glazed", installed, spent())):
        wall, cpu = (after - before for before, after in zip(since, until, strict=True))
        sys.stdout.write(f"{what} in {wall:.1f} s, {cpu:.1f} of a processor\n")  # with `pytest -s`
    told = json.loads(said.partition("FOUND ")[2].splitlines()[0])
    assert [name for name, _ in told["offered"]] == [
        "Gouache",
        "Hatching",
        "Ink and Wash",
        "Oil",
    ]
    assert told["moved"] > 0.005
    assert told["command"][0] == str(python)
    (gain,) = (tmp_path / "velatura").rglob("*.exr")
    assert gain.stat().st_size > 1000


def test_no_rule_for_extensions_is_broken(python: Path, home: Path) -> None:
    """Blender's own check: nothing of ours is a top-level module, or a path in sys.path."""
    check = f"""
import bpy
bpy.ops.wm.read_userpref()
import addon_utils, sys
from {MODULE} import api, bundled
from {MODULE}.ui import report
warnings = [text for texts in addon_utils._extensions_warnings_get().values() for text in texts]
assert not warnings, warnings
assert "velatura" not in sys.modules
assert "onnxruntime" not in sys.modules and "OpenEXR" not in sys.modules
print("fine")
"""
    assert "fine" in run(python, check, home=home)


@pytest.mark.usefixtures("zipped")
def test_each_platform_has_its_own_wheels_and_no_others() -> None:
    for platform, tag in {"linux": "manylinux", "macos": "macosx", "windows": "win_"}.items():
        (path,) = Path(ZIPS).glob(f"velatura_blender-*-{platform}_*.zip")
        with ZipFile(path) as packed:
            wheels = [name for name in packed.namelist() if name.endswith(".whl")]
        compiled = [name for name in wheels if not name.endswith("-any.whl")]
        assert all(f"-{tag}" in name for name in compiled)
        for python in ("cp311", "cp313"):
            built = {Path(name).name.split("-")[0] for name in compiled if f"-{python}-" in name}
            assert built == {"onnxruntime", "opencolorio", "openexr", "openimageio"}
        assert not [name for name in wheels if "numpy" in name or "torch" in name]
