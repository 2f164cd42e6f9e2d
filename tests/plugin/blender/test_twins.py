"""The same plate and the same look in both hosts: one picture.

Blender is real; of Nuke there is our reading, see `tests/plugin/nuke/evaluator.py`.
"""

from __future__ import annotations

from pathlib import Path

import looks
import nuke
import numpy as np
import pictures
import pytest
from nuke.session import SESSION
from projects import Project, pixels

from velatura import resident

pytestmark = pytest.mark.host_blender

LUT = tuple((k / 16) ** 1.7 for k in range(17))
SLIDER = 0.0, 0.4, 1.0, 1.6
"""The strength in each of four frames."""

BLENDER = f"""
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{{P}}/shot.blend")
velatura = stage.enable()
look = velatura.create(f"{{P}}/twin.onnx")
for frame, strength in enumerate({SLIDER}, 1):
    velatura.set_strength(look, strength, frame=frame)
stage.animate(scene, f"{{P}}/blender/")
"""


def in_nuke(project: Project) -> None:
    """Bake and render the same frames in the Nuke to test against."""
    import velatura_nuke

    for frame in range(1, len(SLIDER) + 1):
        project.plate(pictures.upright(frame), f"plate.{frame:04d}.exr")
    SESSION.begin()
    nuke.scriptSaveAs(str(project.folder / "nuke/shot.nk"))
    plate = nuke.nodes.Read(file=str(project.folder / "plate.%04d.exr"), raw=True, first=1, last=4)
    look = velatura_nuke.create(project.folder / "twin.onnx", after=plate)
    for frame, strength in enumerate(SLIDER, 1):
        velatura_nuke.set_strength(look, strength, frame=frame)
    velatura_nuke.bake(look)
    resident.close()
    write = nuke.nodes.Write(file_type="exr", raw=True, channels="rgba", datatype="32 bit float")
    write["file"].setValue(str(project.folder / "nuke/%04d.exr"))
    write.setInput(0, look)
    nuke.execute(write, 1, len(SLIDER))


def gain(folder: Path, frame: int) -> Path:
    (found,) = (path for path in folder.rglob(f"*.gain.{frame:04d}.exr"))
    return found


def test_both_hosts_show_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELATURA_RUNTIME", str(project.runtime))
    looks.small(project.folder / "twin.onnx", name="twin", strength_lut=LUT)
    (project.folder / "nuke").mkdir()
    project.found(BLENDER)
    in_nuke(project)
    for frame in range(1, len(SLIDER) + 1):
        ours, theirs = (
            pixels(gain(project.folder / folder, frame)) for folder in ("velatura", "nuke/velatura")
        )
        np.testing.assert_array_equal(ours, theirs)
        ours, theirs = (
            pixels(project.folder / f"{h}/{frame:04d}.exr") for h in ("blender", "nuke")
        )
        # Blender's calibration is a table of floats: 1e-6 of g, which are 6e-6 of light at 8 stops;
        # a half float has steps of 1e-3.
        np.testing.assert_allclose(ours, theirs, rtol=1.5e-5, atol=1e-6)
    assert np.abs(theirs[:3] - pictures.upright(frame)[:3]).max() > 0.1  # and it is styled
