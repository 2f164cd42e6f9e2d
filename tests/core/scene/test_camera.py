"""A camera is solved from where its picture's points are, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import stages
from stages import HEIGHT, WIDTH, Stage

from velatura.image.planes import Window
from velatura.scene import camera
from velatura.scene.camera import Camera


def solved(stage: Stage, noise: float = 0.0, **render: object) -> Camera | None:
    sight = stage.sight(2, **render)
    random = np.random.default_rng(0)
    shaken = sight.position + random.normal(0, noise, sight.position.shape) * sight.surface()
    return camera.solve(shaken.astype(np.float32), sight.surface(), sight.u, sight.v)


def off(stage: Stage, found: Camera, frame: int = 2) -> float:
    """Return how far from their true places points are seen, at most, px: new ones as well."""
    random = np.random.default_rng(1)
    points = random.uniform((-3, -3, 0), (3, 3, 3), (500, 3)).T
    matrix = stage.camera(frame)
    projected = matrix[:, :3] @ points + matrix[:, 3:]
    u, v, _ = found.project(points.astype(np.float32))
    miss = np.hypot(
        (u - projected[0] / projected[2]) * WIDTH, (v - projected[1] / projected[2]) * HEIGHT
    )
    return float(miss.max())


CAMERAS = {
    "pinhole": stages.orbit,
    "off centre": lambda _: stages.lens((6, -4, 2), (0, 0, 1), shift=(0.3, -0.2)),
    "long lens": lambda _: stages.lens((30, -50, 9), (0, 0, 1), focal=6),
    "orthographic": lambda _: stages.parallel((6, -4, 5), (0, 0, 1), 9),
}


@pytest.mark.parametrize("name", CAMERAS)
def test_the_projection_is_recovered(name):
    stage = Stage(camera=CAMERAS[name])
    found = solved(stage)
    # Position has 24 bits, of which a point 7 units away loses a few: a ten-thousandth of a px.
    assert off(stage, found) < 1e-3
    assert found.error * WIDTH < 1e-4
    assert found.perspective == (name != "orthographic")


def test_distances_lie_along_the_view_axis_in_scene_units():
    stage = Stage()
    found, matrix = solved(stage), stage.camera(2)
    points = stage.seen(2).points
    _, _, depth = found.project(points.astype(np.float32))
    np.testing.assert_allclose(depth, matrix[2, :3] @ points + matrix[2, 3], rtol=1e-5)


def test_a_pixel_is_as_wide_as_it_is():
    stage = Stage()
    depth = np.array([7.0], np.float32)
    # A lens of 0.9 widths sees 7 / 0.9 units across, at a distance of 7.
    assert solved(stage).footprint(depth, WIDTH)[0] == pytest.approx(7 / 0.9 / WIDTH, rel=1e-4)
    flat = Stage(camera=CAMERAS["orthographic"])
    assert solved(flat).footprint(depth, WIDTH)[0] == pytest.approx(9 / WIDTH, rel=1e-4)


def test_what_is_behind_a_pinhole_is_nowhere():
    found = solved(Stage())
    u, v, depth = found.project(np.array([[0.0], [-20.0], [2.0]], np.float32))
    assert np.isnan(u).all()
    assert np.isnan(v).all()
    assert depth[0] < 0


def test_noise_in_the_pass_is_averaged_out():
    """A twentieth of a px of noise in each point: what they agree on is truer than any of them."""
    stage = Stage()
    found = solved(stage, noise=0.004)
    assert 0.02 < found.error * WIDTH < 0.1
    assert off(stage, found) < 0.1


def test_wrong_pixels_are_left_out():
    """One in five shows another point, as in antialiased passes of leaves."""
    stage = Stage()
    sight = stage.sight(2)
    position = sight.position.copy()
    wrong = np.random.default_rng(0).random(position.shape[1:]) < 0.2
    position[:, wrong & sight.surface()] *= 1.3
    found = camera.solve(position, sight.surface(), sight.u, sight.v)
    assert off(stage, found) < 1e-3


def test_a_wide_plain_does_not_push_out_the_few_things_on_it():
    """Nine pixels in ten show the ground, which alone would not tell the camera."""
    stage = Stage(things=(stages.ground(40), stages.box((0.3, 0.3, 0.3), stages.still(0, 0, 0.3))))
    assert (stage.seen(2).numbers == stages.BOX).mean() < 0.03
    assert off(stage, solved(stage, noise=1e-5)) < 0.05


def test_a_part_of_the_frame_and_overscan_have_the_same_camera():
    stage = Stage()
    for window in (Window(20, 30, 40, 30), Window(-9, -7, WIDTH + 18, HEIGHT + 14)):
        assert off(stage, solved(stage, window=window)) < 1e-3


def test_far_from_the_origin_places_are_as_true_as_the_pass():
    """10 km out, a 32-bit Position is true to half a millimetre: 0.01 px here, and not twice that.

    Nothing but the box and the ball, as the ground would lead back to the origin.
    """
    shift = np.array([10_000.0, -10_000.0, 0.0])

    def away(pose):
        return lambda f: pose(f) + np.pad(shift[:, None], ((0, 0), (3, 0)))

    def eye(frame):
        matrix = stages.orbit(frame).copy()
        matrix[:, 3] -= matrix[:, :3] @ shift
        return matrix

    things = (stages.box((0.7, 0.5, 0.8), away(stages.still(-1, 0, 0.8, 30))),)
    things += (stages.ball(0.8, away(stages.still(1, 0, 0.8))),)
    stage = Stage(things=things, camera=eye)
    sight = stage.sight(2)
    found = camera.solve(sight.position, sight.surface(), sight.u, sight.v)
    rows, columns = np.nonzero(sight.surface())
    u, v, _ = found.project(sight.position[:, rows, columns])
    miss = np.hypot((u - sight.u[columns]) * WIDTH, (v - sight.v[rows]) * HEIGHT)
    assert miss.max() < 0.02


@pytest.mark.parametrize("turn", [0, 30, 37.3])
def test_one_plane_alone_does_not_tell_the_camera(turn):
    wall = stages.box((4, 0.02, 3), stages.still(0, 0, 0, turn))
    assert solved(Stage(things=(wall,))) is None


def test_a_flat_shot_far_from_the_origin_does_not_pass_for_a_deep_one():
    """There, the rounding of its points looks like relief."""
    sight = Stage(things=(stages.box((4, 0.02, 3), stages.still(0, 0, 0, 30)),)).sight(2)
    position = (sight.position + np.float32(20_000)) * sight.surface()
    assert camera.solve(position, sight.surface(), sight.u, sight.v) is None


def test_a_few_pixels_are_not_enough():
    sight = Stage().sight(2)
    few = np.zeros_like(sight.surface())
    few[40:60:3, 10:80:10] = True
    assert few.sum() < camera.ENOUGH
    assert camera.solve(sight.position, few, sight.u, sight.v) is None


def test_no_pinhole_fits_a_fisheye():
    sight = Stage().sight(2)
    u, v = (0.5 + 0.6 * np.sin(2 * (places - 0.5)) for places in (sight.u, sight.v))
    assert camera.solve(sight.position, sight.surface(), u, v) is None


def test_infinitely_far_things_move_with_the_camera_alone():
    stage = Stage()
    here, there = (
        camera.solve(s.position, s.surface(), s.u, s.v) for s in map(stage.sight, (1, 5))
    )
    seen = stage.cast(1, np.array([0.3, 0.7]), np.array([0.1, 0.2]))
    assert (seen.numbers == 0).all()
    x, y, w = here.toward(there) @ np.array([[0.3, 0.7], [0.1, 0.2], [1, 1]])
    np.testing.assert_allclose(np.stack([x / w, y / w]), stage.moved(seen, 5), atol=1e-5)
