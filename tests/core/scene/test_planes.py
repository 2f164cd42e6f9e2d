"""Floors move as planes do, where flow takes one tile for the next; nothing else is changed."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.scene import homographies, optical_flow, refined_flow
from velatura.scene.planes import Planes

SIZE = 144, 240

# Nearer tiles move by up to 10 px.
MOVED = np.array([[1.05, 0.1, -9.0], [0.0, 1.08, -4.0], [0.0, 0.0008, 1.0]])


def floor(homography: np.ndarray) -> np.ndarray:
    """Return a floor of plain tiles, each of another tone, moved: ``(3, H, W)``."""
    y, x = (np.mgrid[: SIZE[0] * 3, : SIZE[1] * 3] - 1) / 3  # nine samples around each pixel
    points = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    u, v, w = np.linalg.inv(homography) @ points
    column, row = (
        np.floor((u / w + 1 / 6) / 24).astype(int),
        np.floor((v / w + 1 / 6) / 18).astype(int),
    )
    tones = np.random.default_rng(3).uniform(0.3, 0.31, (64, 64))
    light = tones[row % 64, column % 64] + 0.4 * ((row + column) % 2)
    light = light.reshape(SIZE[0], 3, SIZE[1], 3).mean(axis=(1, 3))  # antialiased
    # A sixth of a pixel off: else all edges of the first picture fall on samples.
    return np.stack([light, light * 0.9, light * 0.8]).astype(np.float32)


def truth(homography: np.ndarray) -> np.ndarray:
    """Return how far each pixel moves, ``(2, H, W)`` px."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float64)
    u, v, w = np.tensordot(homography, np.stack([x, y, np.ones_like(x)]), 1)
    return np.stack([u / w - x, v / w - y])


def seen(moved: np.ndarray) -> np.ndarray:
    """Return the pixels that are well inside of the other picture."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    at = x + moved[0], y + moved[1]
    return (at[0] > 12) & (at[0] < SIZE[1] - 12) & (at[1] > 12) & (at[1] < SIZE[0] - 12)


@pytest.fixture(scope="module")
def tiled() -> tuple[np.ndarray, np.ndarray, optical_flow.Flows]:
    """Return a floor in two pictures, and the flow that is found."""
    one, other = floor(np.eye(3)), floor(MOVED)
    return one, other, refined_flow.both(one, other)


def test_the_homography_of_a_floor_is_found(tiled):
    found = homographies.find(*tiled).planes
    assert len(found) == 1
    y, x = np.mgrid[: SIZE[0] : 8, : SIZE[1] : 8]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    off = homographies.moved(found[0].homography, points) - homographies.moved(MOVED, points)
    # Corners are followed in 8 bits, to about a tenth of a pixel; there are some fifty of them.
    assert np.hypot(*off.T).mean() < 0.1


def test_a_tiled_floor_moves_as_one(tiled):
    one, other, flows = tiled
    moved = truth(MOVED)
    wrong = [
        float((np.hypot(*(f[0] - moved))[seen(moved)] > 1).mean())
        for f in (flows, Planes().mended(one, other, flows))
    ]
    assert wrong[0] > 0.03, "else the flow has nothing to mend"
    assert wrong[1] < 0.5 * wrong[0]


def test_a_plane_that_is_expected_is_found_where_flow_knows_nothing(tiled):
    """So a floor is found again in the next pair of frames, where its corners are too few."""
    one, other, _ = tiled
    lost = tuple(np.full((2, 2, *SIZE), 2 * SIZE[1], np.float32))
    assert not homographies.find(one, other, lost).planes
    assert len(homographies.find(one, other, lost, [MOVED]).planes) == 1


def test_an_even_sky_does_not_go_along_with_a_tower():
    """A striped tower moves before a sky that is even but for one cloud far off."""
    height, width = SIZE

    def view(at: float) -> np.ndarray:
        y, x = np.mgrid[:height, :width].astype(np.float32)
        sky = 0.6 + 0.3 * np.exp(-np.square((x - 220) / 5) - np.square((y - 20) / 4))
        speckle = np.random.default_rng(5).uniform(0, 0.4, (height, 48)).astype(np.float32)
        tower = speckle[:, np.clip(np.rint(x[0] - at), 0, 47).astype(int)] * (y > 40)
        inside = (x >= at) & (x < at + 48) & (y > 40) & (y < 130)
        grey = np.where(inside, tower, sky)
        return np.stack([grey] * 3).astype(np.float32)

    one, other = view(60), view(66)
    flows = refined_flow.both(one, other)
    assert homographies.find(one, other, flows).planes, "else nothing can go along"
    go, _ = Planes().mended(one, other, flows)
    beside = np.s_[:, 50:120, 115:140]
    np.testing.assert_array_equal(go[beside], flows[0][beside])


def test_pictures_without_planes_keep_their_flow_bit_for_bit():
    random = np.random.default_rng(0)
    one, other = (np.full((3, *SIZE), 0.5, np.float32) for _ in range(2))
    flows = tuple(random.normal(size=(2, 2, *SIZE)).astype(np.float32))
    for was, now in zip(flows, Planes().mended(one, other, flows), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("size", [(5, 11), (33, 47), (17, 200)])
def test_any_size_is_taken(size):
    random = np.random.default_rng(1)
    one, other = random.random((2, 3, *size), np.float32)
    for flow in Planes().mended(one, other, refined_flow.both(one, other)):
        assert flow.shape == (2, *size)
        assert np.isfinite(flow).all()


def test_lights_in_one_line_are_no_plane():
    """Their homography has no inverse."""
    one, other = np.zeros((2, 3, *SIZE), np.float32)
    for x in range(12, SIZE[1] - 12, 5):
        one[:, 70:72, x : x + 2] = 1
        other[:, 70:72, x + 2 : x + 4] = 1
    for flow in Planes().mended(one, other, refined_flow.both(one, other)):
        assert np.isfinite(flow).all()
