"""A shot look in a live render: its paint lands on what moves, and on no other shot."""

from __future__ import annotations

from pathlib import Path

import looks
import numpy as np
import numpy.typing as npt
import pytest
from projects import Project, pixels

from velatura.carry import packing
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.survey import survey
from velatura.gain import law
from velatura.image.planes import FloatArray
from velatura.look import Card
from velatura.plate.encoding import encoded
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import Sight
from velatura.system.progress import Progress

pytestmark = pytest.mark.host_blender

FRAMES, KEYS = range(1, 6), (1, 5)

WORTH = 0.04
"""Paint of more is looked at: one sample a pixel is noise, which costs paint most of its worth."""
FLOOR = Card("law").floor

# A cube that travels and turns, one that rises, one that stands, before a camera that moves.
SCENE = """
from math import radians
scene = stage.start()
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.frame_end = 64, 48, 5
def keyed(thing, **values):
    for name, (first, last) in values.items():
        for frame, value in ((1, first), (5, last)):
            setattr(thing, name, value)
            thing.keyframe_insert(name, frame=frame)
first = bpy.data.objects["Cube"]
second, third = first.copy(), first.copy()
for name, thing in (("Second", second), ("Third", third)):
    thing.name = name
    scene.collection.objects.link(thing)
turns = (0, 0, 0), (0, 0, radians(40))
keyed(first, location=((-2.4, 0.5, 1), (-1.8, -0.2, 1)), rotation_euler=turns)
keyed(second, location=((2, 0, 0.5), (2, 0, 1.7)))
third.location, third.scale = (0.2, 2, 1), (0.8, 0.8, 1.4)
camera = scene.camera
camera.rotation_euler, camera.data.lens = (radians(75), 0, 0), 30
keyed(camera, location=((0.3, -7, 2.6), (-0.3, -7, 2.8)))
tree, layers = stage.rendered(scene)
bpy.ops.wm.save_as_mainfile(filepath=f"{P}/shot.blend")
"""

PLATES = """
from pathlib import Path
from velatura_blender import compat
view = scene.view_layers[0]
view.use_pass_position = view.use_pass_vector = view.use_pass_cryptomatte_object = True
outputs = layers.node.outputs
passes = {name: outputs[name] for name in ("Position", "Vector", "CryptoObject00")}
compat.new_file_output(tree, Path(P, "plate."), {"Combined": layers, **passes})
stage.animate(scene, f"{P}/unused/")
places = {}
for frame in range(1, 6):
    scene.frame_set(frame)
    places[frame] = [[list(row) for row in o.matrix_world] for o in (first, second, third)]
stage.say(places=places)
"""

RENDER = """
from velatura_blender import messages
from velatura_blender.nodes import passes
from velatura_blender.nodes.looknode import LookNode
bpy.ops.wm.open_mainfile(filepath=f"{P}/shot.blend")
velatura = stage.enable()
scene = bpy.context.scene
node = velatura.create(f"{P}/LOOK.onnx")
look = LookNode(node.name, node)
CHANGE
enabled = passes.enable(look, look.guides)
stage.animate(scene, f"{P}/LOOK/")
stage.say(enabled=enabled, messages=messages.latest())
"""

ELSEWHERE = "scene.camera.animation_data_clear()\nscene.camera.location = 4, -8, 5"


class Shot:
    """The rendered passes, and a painter who knows where every cube is."""

    def __init__(self, project: Project) -> None:
        self.project = project
        told = project.found(SCENE + PLATES)["places"]
        self.places = {int(frame): np.array(cubes) for frame, cubes in told.items()}
        plates = {f: project.folder / f"plate.{f:04d}.exr" for f in FRAMES}
        self.footage = Footage(plates, Reading())

    def cubes(self, frame: int) -> npt.NDArray[np.int64]:
        """Return ``(H, W)``: which cube a pixel shows, from 1 on; 0 for the world behind."""
        position = self.sight(frame).position
        assert position is not None
        shown = np.zeros(position.shape[1:], int)
        for number, place in enumerate(self.places[frame], 1):
            inside = np.abs(_local(place, position)).max(axis=0) < 1.001  # from -1 to 1 in Blender
            shown[inside & self.sight(frame).surface()] = number
        return shown

    def painted(self, frame: int) -> FloatArray:
        """Return ``(3, H, W)``: a hue for each cube, and waves that stick to it; flat behind.

        On black, eight stops make 1.99 of it, which is as far as a look goes.
        """
        position, shown = self.sight(frame).position, self.cubes(frame)
        assert position is not None
        light = np.full((3, *shown.shape), 1.0, np.float32)
        for number, place in enumerate(self.places[frame], 1):
            x, y, z = _local(place, position)
            waves = 0.2 * np.sin(2 * x + y - 1.5 * z)
            hue = np.where(np.arange(1, 4) == number, 1.5, 0.9)[:, None, None]
            light = np.where(shown == number, hue + waves, light)
        return light.astype(np.float32)

    def sight(self, frame: int) -> Sight:
        return self.footage.sight(frame)


def _local(place: npt.NDArray[np.float64], position: FloatArray) -> npt.NDArray[np.float64]:
    """Return ``(3, H, W)`` points of the world in a cube's own space."""
    back = np.linalg.inv(place)
    return np.tensordot(back[:, :3], position, 1)[:3] + back[:3, 3, None, None]


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Shot:
    return Shot(Project(tmp_path_factory.mktemp("shot"), python))


@pytest.fixture(scope="module")
def carry(shot: Shot) -> Carry:
    """The painted keys, as `velatura train` packs them."""
    with pytest.MonkeyPatch.context() as patch:  # what it remembers is not for the user's folder
        patch.setenv("XDG_DATA_HOME", str(shot.project.folder / "home"))
        found = survey(shot.footage, KEYS, Progress("none"))
    assert found is not None
    assert found.passes == ("position", "id")
    keys = tuple(Key.of(f, shot.painted(f), shot.sight(f), found.tracks) for f in KEYS)
    return packing.unpack(packing.pack(Carry(keys, found.tracks, found.fields, found.same)), "shot")


def render(shot: Shot, carry: Carry, name: str, change: str = "", *, free: bool = True) -> str:
    """Return the script that renders the scene once, under a look that puts paint in its place."""
    by = {"carried_by": ("position", "id"), "free": free}
    looks.faithful(shot.project.folder / f"{name}.onnx", packing.pack(carry), **by)
    return RENDER.replace("LOOK", name).replace("CHANGE", change)


def finished(shot: Shot, name: str, frame: int) -> npt.NDArray[np.float32]:
    return pixels(shot.project.folder / f"{name}/{frame:04d}.exr")[:3]


def plate(shot: Shot, frame: int) -> FloatArray:
    return pixels(shot.footage.plates[frame], "Combined")[:3]


def test_paint_lands_on_moving_cubes_in_one_render(shot: Shot, carry: Carry) -> None:
    """Its passes switched on by the add-on, and nothing baked beforehand."""
    done = shot.project.found(render(shot, carry, "own"))
    assert sorted(done["enabled"]) == ["id", "position"]
    assert done["messages"] == []
    for frame in FRAMES:
        light, shown = plate(shot, frame), finished(shot, "own", frame)
        paint = carry.paint(frame, shot.sight(frame)).planes
        stops = 8 * (paint[:3] - encoded(light)) * (paint[3] > 0)
        # The gain layer holds half floats, which below 8 stops are within 2^-9: .14 % of light.
        np.testing.assert_allclose(shown, law.apply(light, stops, 1.0, 1.0, FLOOR), rtol=2e-3)
        cubes = shot.cubes(frame)
        some = (cubes > 0) & (paint[3] > WORTH)
        assert some.sum() > 0.3 * (cubes > 0).sum()  # noise, turning faces and rims are the rest
        for number in (1, 2, 3):
            landed = (cubes == number) & (paint[3] > WORTH)
            assert landed.any()
            # From key to frame, waves are read between pixels; the cubes' hues are .6 apart. Beside
            # silhouettes, a fifth of cubes this small, a little of another key's is merged in.
            off = np.abs(shown[:, landed] - shot.painted(frame)[:, landed])
            assert np.quantile(off, 0.8) < 0.06
            assert np.quantile(off, 0.98) < 0.3


def test_another_shot_is_said_once_and_goes_without_the_paint(shot: Shot, carry: Carry) -> None:
    without = 'node.mute = True\nstage.animate(scene, f"{P}/plain/")\n'
    done = shot.project.found(render(shot, carry, "free", ELSEWHERE) + without)
    (said,) = done["messages"]
    assert "Frame 1: what is wired into faithful is not of the shot that the look" in said
    assert "its camera is off by" in said
    assert "without the painted keys" in said
    for frame in FRAMES:  # this look does nothing where it has no paint
        glazed, plain = (finished(shot, name, frame) for name in ("free", "plain"))
        np.testing.assert_array_equal(glazed, plain)


def test_another_shot_fails_the_render_of_a_look_that_is_bound_to_its_own(
    shot: Shot, carry: Carry
) -> None:
    done = shot.project.run(render(shot, carry, "bound", ELSEWHERE, free=False))
    assert done.returncode == 3, done.stderr
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("velatura: ")]
    assert "frame 1: what is wired into faithful is not of the shot that faithful" in said
    assert "its camera is off by" in said
    assert not list((shot.project.folder / "bound").glob("*"))
