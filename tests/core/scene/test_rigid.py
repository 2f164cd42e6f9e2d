"""Rigid motion is found in pairs of points, a third of which may be wrong."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from velatura.scene import rigid

SOME = settings(max_examples=30, deadline=None)
NUMBERS = st.floats(-50, 50, allow_nan=False)


@st.composite
def poses(draw):
    """Any turn (a unit quaternion) and shift."""
    q = draw(arrays(np.float64, 4, elements=st.floats(-1, 1)).filter(lambda q: q @ q > 0.01))
    w, x, y, z = q / np.linalg.norm(q)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    shift = draw(arrays(np.float64, (3, 1), elements=NUMBERS))
    return np.concatenate([turn, shift], 1)


def cloud(seed: int = 0, count: int = 90) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-2, 2, (3, count))


@SOME
@given(poses())
def test_a_motion_and_its_undoing_are_no_motion(way):
    for there, again in ((way, rigid.back(way)), (rigid.back(way), way)):
        np.testing.assert_allclose(rigid.then(there, again), rigid.STILL, atol=1e-12)


@SOME
@given(poses(), poses())
def test_one_after_the_other_is_both(first, second):
    points = cloud()
    both = rigid.move(rigid.then(first, second), points)
    np.testing.assert_allclose(both, rigid.move(second, rigid.move(first, points)), atol=1e-11)


@SOME
@given(poses())
def test_a_motion_is_found_again(way):
    points = cloud()
    found, off = rigid.fit(points, rigid.move(way, points))
    np.testing.assert_allclose(found, way, atol=1e-12)
    assert off.max() < 1e-11


@SOME
@given(poses())
def test_a_motion_is_found_among_wrong_pairs(way):
    """One pair in four leads elsewhere, as vectors do at silhouettes."""
    points = cloud()
    after = rigid.move(way, points)
    after[:, ::4] += np.random.default_rng(1).uniform(1, 3, after[:, ::4].shape)
    found, off = rigid.fit(points, after)
    np.testing.assert_allclose(found, way, atol=1e-9)
    assert (off[::4] > 1).all()
    assert np.delete(off, np.s_[::4]).max() < 1e-9


@SOME
@given(poses())
def test_flat_things_are_turned_and_not_mirrored(way):
    """For points of one plane the mirror image fits as well; nothing turns inside out."""
    points = cloud()
    points[2] = 0
    found, _ = rigid.fit(points, rigid.move(way, points))
    np.testing.assert_allclose(found, way, atol=1e-11)
    assert np.linalg.det(found[:, :3]) > 0


def test_what_bends_is_missed():
    points = cloud()
    bent = points + np.stack([0 * points[0], 0.5 * np.sin(2 * points[0]), 0 * points[0]])
    _, off = rigid.fit(points, bent)
    assert np.median(off) > 0.05
