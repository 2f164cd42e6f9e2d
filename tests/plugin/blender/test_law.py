"""The gain law in native nodes: the core's formula, whatever the light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from projects import Project, pixels

from velatura import exr, gain
from velatura.image import Image, Window

pytestmark = pytest.mark.host_blender

SIZE = 64, 36

BUILD = """
from velatura_blender import law
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
group = bpy.data.node_groups.new("Law", "CompositorNodeTree")
law.build(group, image, 1 / 128)
node = tree.nodes.new("CompositorNodeGroup")
node.node_tree = group
tree.links.new(plate.outputs[0], node.inputs["Image"])
tree.links.new(node.outputs[0], result)
for name, strength, masked in (("zero", 0, 0), ("half", .5, 0), ("one", 1, 0), ("masked", 1, 1)):
    if masked:
        tree.links.new(matte.outputs[0], node.inputs["Mask"])
    node.inputs["Strength"].default_value = strength
    scene.frame_end = 1
    stage.animate(scene, f"{P}/{name}.")
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


def test_native_nodes_are_the_gain_law(project: Project) -> None:
    plate = awkward()
    stops = np.random.default_rng(5).uniform(-8, 8, (3, *plate.shape[1:])).astype(np.float16)
    stops[:, ~np.isfinite(plate[:3]).all(axis=0)] = 0  # as the runtime bakes them
    matte = np.linspace(-0.5, 6, plate[0].size, dtype=np.float32).reshape(plate[0].shape)
    write(project, "plate.exr", **dict(zip("RGBA", plate, strict=True)))
    write(project, "gain.0001.exr", **dict(zip("RGB", stops, strict=True)))
    write(project, "matte.exr", R=matte, G=matte, B=matte)
    project.found(BUILD)

    zero = pixels(project.folder / "zero.0001.exr")
    same = (zero.view(np.uint32) == plate.view(np.uint32)) | (plate == 0)  # -0 may come as +0
    assert same.all()
    alpha = np.maximum(plate[3], 0)
    amounts = {"half": 0.5, "one": 1.0, "masked": np.clip(matte, 0, 4)}
    for name, amount in amounts.items():
        shown = pixels(project.folder / f"{name}.0001.exr")
        wanted = gain.apply(plate[:3], stops.astype(np.float32), amount, alpha)
        # Two ways to raise 2 to a power in float arithmetic: 5e-6 relative; the change is taken
        # from a sum with the plate, and so rounds with the larger of both.
        slack = 5e-6 * np.maximum(np.abs(wanted), np.abs(plate[:3])) + 1e-7
        fit = np.isfinite(wanted) & np.isfinite(plate[:3])
        assert (np.abs(shown[:3][fit] - wanted[fit]) <= slack[fit]).all()
        np.testing.assert_array_equal(np.isfinite(shown[:3]), np.isfinite(wanted))
        np.testing.assert_array_equal(shown[3], plate[3])
        assert ((shown[:3] >= 0) | (plate[:3] < 0) | ~fit).all()  # nothing goes negative
