"""The calibrated strength of a look: even to the eye, as the core has it, and off for raw stops."""

from __future__ import annotations

import looks
import numpy as np
import pictures
import pytest
from projects import Project, gain_layer, pixels

from velatura import strength
from velatura.gain import law

pytestmark = pytest.mark.host_blender

LUT = tuple((k / 16) ** 1.7 for k in range(17))
"""A calibration: half the slider is a third of the stops."""

AGAIN = """
scene = stage.reopen(f"{P}/shot.blend")
stage.animate(scene, f"{P}/plain/")
"""


def test_a_keyed_strength_is_even_to_the_eye_and_needs_no_add_on(project: Project) -> None:
    looks.small(project.folder / "even.onnx", name="ink", strength_lut=LUT)
    found = project.found("""
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
ink = velatura.create(f"{P}/even.onnx")
chalk = velatura.create(f"{P}/b.onnx")
chalk.mute = True
velatura.set_strength(ink, 0.0, frame=1)
velatura.set_strength(ink, 1.0, frame=4)
bpy.ops.wm.save_mainfile()
stage.animate(scene, f"{P}/even/")
velatura.set_even(ink, False)
stage.animate(scene, f"{P}/raw/")
strengths = []
for frame in range(1, 5):
    scene.frame_set(frame)
    strengths.append(ink.inputs["Strength"].default_value)
stage.say(strengths=strengths)
""")
    project.alone(AGAIN)
    assert 0 < found["strengths"][1] < found["strengths"][2] < 1
    for frame, slider in zip(range(1, 5), found["strengths"], strict=True):
        plate = pictures.upright(frame)
        stops = gain_layer(project, "even.onnx", plate)
        for out, amount in (("even", strength.even(LUT, slider)), ("raw", slider)):
            wanted = law.apply(plate[:3], stops, amount, plate[3])
            shown = pixels(project.folder / f"{out}/{frame:04d}.exr")
            # Blender's curve is a table of floats: 1e-6 of g, which are 6e-6 of light at 8 stops.
            np.testing.assert_allclose(shown[:3], wanted, rtol=1.5e-5, atol=1e-6)
        ours, plain = (pixels(project.folder / f"{o}/{frame:04d}.exr") for o in ("even", "plain"))
        np.testing.assert_array_equal(ours, plain)
    assert project.starts == 1


def test_a_look_that_is_changed_brings_its_calibration_along(project: Project) -> None:
    looks.small(project.folder / "even.onnx", name="ink", strength_lut=LUT)
    found = project.found("""
scene = stage.start()
stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
from velatura_blender.nodes import graph_digest, looknode
ink = velatura.create(f"{P}/a.onnx")
chalk = velatura.create(f"{P}/b.onnx")
known = ink.node_tree.velatura
told = []

def tell(what):
    mark = graph_digest.mark(looknode.LookNode(chalk.name, chalk))
    told.append((what, known.even, mark, len(ink.node_tree.nodes)))

tell("linear")
velatura.set_even(ink)
tell("nothing to be even by")
velatura.set_look(ink, f"{P}/even.onnx")
tell("calibrated")
known.even = False
tell("raw")
velatura.set_look(ink, f"{P}/even.onnx")
tell("still raw")
velatura.set_even(ink)
tell("calibrated again")
velatura.set_look(ink, f"{P}/a.onnx")
tell("linear again")
stage.say(told=told)
""")
    even = {what: (on, nodes) for what, on, _, nodes in found["told"]}
    nodes = even["linear"][1]
    assert even == {
        "linear": (False, nodes),
        "nothing to be even by": (False, nodes),
        "calibrated": (True, nodes + 1),
        "raw": (False, nodes + 1),
        "still raw": (False, nodes + 1),
        "calibrated again": (True, nodes + 1),
        "linear again": (False, nodes),
    }
    marks = {what: mark for what, _, mark, _ in found["told"]}
    # What the next look sees changes with it, and so its frames are out of date.
    assert len({marks[what] for what in ("linear", "calibrated", "raw")}) == 3
    assert marks["calibrated again"] == marks["calibrated"]
    assert marks["linear again"] == marks["linear"]
