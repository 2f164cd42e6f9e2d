"""The gain law in native nodes: the core's formula, whatever the light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from images import assert_images_match
from projects import Project, pixels

from velatura import strength
from velatura.gain import law
from velatura.image import exr
from velatura.image.planes import Image, Window

pytestmark = pytest.mark.host_blender

SIZE = 64, 36

LUT = tuple((k / 16) ** 1.7 for k in range(strength.KNOTS))
"""A calibration: half the slider is a third of the stops."""

SLIDER = 0.0, 0.01, 0.3, 0.5, 0.96, 1.0, 1.7

BUILD = """
from velatura_blender.nodes import gain_nodes
scene = stage.start()
stage.enable()
tree, result = stage.new_graph(scene)
plate = tree.nodes.new("CompositorNodeImage")
plate.image = bpy.data.images.load(f"{P}/plate.exr")
image = bpy.data.images.load(f"{P}/gain.0001.exr")
image.source, image.colorspace_settings.name = "SEQUENCE", "Non-Color"
matte = tree.nodes.new("CompositorNodeImage")
matte.image = bpy.data.images.load(f"{P}/matte.exr")
matte.image.colorspace_settings.name = "Non-Color"

def node(lut):
    group = bpy.data.node_groups.new("Law", "CompositorNodeTree")
    gain_nodes.build(group, image, 1 / 128, lut)
    made = tree.nodes.new("CompositorNodeGroup")
    made.node_tree = group
    tree.links.new(plate.outputs[0], made.inputs["Image"])
    tree.links.new(made.outputs[0], result)
    return made

def render(name, look, strength=1, **wired):
    look.inputs["Strength"].default_value = strength
    links = [tree.links.new(matte.outputs[0], look.inputs[each]) for each in wired.values()]
    scene.frame_end = 1
    stage.animate(scene, f"{P}/{name}.")
    for each in links:
        tree.links.remove(each)
"""

LINEAR = """
look = node(())
for name, strength in (("zero", 0), ("half", 0.5), ("one", 1)):
    render(name, look, strength)
render("masked", look, by="Mask")
gain_nodes.set_opaque(look.node_tree, True)
render("opaque", look)
gain_nodes.set_opaque(look.node_tree, False)
render("alpha again", look)
"""

EVEN = f"""
look = node(())
render("as painted", look)
few = len(look.node_tree.nodes)
look = node({LUT})
more = len(look.node_tree.nodes)
for strength in {SLIDER}:
    render(strength, look, strength)
render("field", look, by="Strength")
gain_nodes.set_even(look.node_tree, False)
render("raw", look, 0.5)
gain_nodes.set_even(look.node_tree, True)
curve = look.node_tree.nodes[gain_nodes.EVEN].mapping.curves[0]
curve.points.new(0.03, 0.9)
gain_nodes.set_calibration(look.node_tree, {LUT})
render("mended", look, 0.5)
gain_nodes.set_calibration(look.node_tree, ())
render("none", look, 0.5)
stage.say(few=few, more=more, left=len(look.node_tree.nodes))
"""


def awkward(seed: int = 3) -> npt.NDArray[np.float32]:
    """Return a plate with everything a render has ever held: NaN, Inf, fireflies, rings."""
    random = np.random.default_rng(seed)
    plate = random.lognormal(-2, 3, (4, SIZE[1], SIZE[0])).astype(np.float32)
    plate[3] = random.choice(np.float32([0, 0.25, 1]), plate.shape[1:])
    plate[0, 1, :8] = [np.nan, np.inf, -np.inf, -0.5, 60000, 1e9, 0, 1e-30]
    plate[3, 2, :2] = [-0.25, 1.5]
    return plate


def write(project: Project, name: str, **planes: npt.NDArray[np.generic]) -> None:
    window = Window(0, 0, *SIZE)
    exr.write(project.folder / name, Image((exr.new_part(planes, window, window, {}),)))


@pytest.fixture
def plate(project: Project) -> npt.NDArray[np.float32]:
    """A plate on disk, with its gain layer and a matte."""
    plate = awkward()
    write(project, "plate.exr", **dict(zip("RGBA", plate, strict=True)))
    write(project, "gain.0001.exr", **dict(zip("RGB", stops_for(plate), strict=True)))
    matte = matte_for(plate)
    write(project, "matte.exr", R=matte, G=matte, B=matte)
    return plate


def stops_for(plate: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    stops = np.random.default_rng(5).uniform(-8, 8, (3, *plate.shape[1:])).astype(np.float16)
    stops[:, ~np.isfinite(plate[:3]).all(axis=0)] = 0  # as the runtime bakes them
    return stops


def matte_for(plate: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.linspace(-0.5, 6, plate[0].size, dtype=np.float32).reshape(plate[0].shape)


def shown(project: Project, name: object) -> npt.NDArray[np.float32]:
    return pixels(project.folder / f"{name}.0001.exr")


def check(
    plate: npt.NDArray[np.float32],
    found: npt.NDArray[np.float32],
    amount: npt.NDArray[np.float32] | float,
    relative: float = 5e-6,
    alpha: npt.NDArray[np.float32] | None = None,
) -> None:
    """Demand the core's picture: by default up to two ways to raise 2 to a power in floats."""
    stops = stops_for(plate).astype(np.float32)
    alpha = np.maximum(plate[3], 0) if alpha is None else alpha
    wanted = law.apply(plate[:3], stops, amount, alpha)
    # The change is taken from a sum with the plate, and so rounds with the larger of both.
    slack = relative * np.maximum(np.abs(wanted), np.abs(plate[:3])) + 1e-7
    fit = np.isfinite(wanted) & np.isfinite(plate[:3])
    assert_images_match(np.where(fit, found[:3], 0), np.where(fit, wanted, 0), tolerance=slack)
    np.testing.assert_array_equal(np.isfinite(found[:3]), np.isfinite(wanted))
    np.testing.assert_array_equal(found[3], plate[3])
    assert ((found[:3] >= 0) | (plate[:3] < 0) | ~fit).all()  # nothing goes negative


def test_native_nodes_are_the_gain_law(project: Project, plate: npt.NDArray[np.float32]) -> None:
    project.found(BUILD + LINEAR)
    assert_images_match(shown(project, "zero"), plate, signed_zeros=False)
    check(plate, shown(project, "half"), 0.5)
    check(plate, shown(project, "one"), 1.0)
    check(plate, shown(project, "masked"), np.clip(matte_for(plate), 0, 1))
    check(plate, shown(project, "alpha again"), 1.0)
    check(plate, shown(project, "opaque"), 1.0, alpha=np.maximum(plate[3], 1))


def test_a_calibrated_strength_is_the_cores(
    project: Project, plate: npt.NDArray[np.float32]
) -> None:
    found = project.found(BUILD + EVEN)
    assert_images_match(shown(project, 0.0), plate, signed_zeros=False)
    painted = shown(project, "as painted")
    assert_images_match(shown(project, 1.0), painted, signed_zeros=False)
    # Blender's curve is a table of floats: 1e-6 of g, which are 6e-6 of light at 8 stops.
    for slider in SLIDER:
        check(plate, shown(project, slider), strength.even(LUT, slider), 1.2e-5)
    field = [strength.even(LUT, float(each)) for each in matte_for(plate).clip(0, 4).ravel()]
    check(plate, shown(project, "field"), np.float32(field).reshape(plate[0].shape), 1.2e-5)
    check(plate, shown(project, "mended"), strength.even(LUT, 0.5), 1.2e-5)
    for raw in ("raw", "none"):
        check(plate, shown(project, raw), 0.5)
    assert found["more"] == found["few"] + 1
    assert found["left"] == found["few"]
