"""Optical flow stops at silhouettes, and what stands still stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.scene import optical_flow, refined_flow

MOVED = 7.0  # px to the right


def picture(at: float, size: int = 160, across: float = 30.0) -> np.ndarray:
    """Return a speckled disc before a wall that is all but plain, ``(3, H, W)``."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:size, : size + size // 4].astype(np.float32)
    wall = 0.55 + 0.1 * y / size + 0.03 * np.sin(x / 9) * np.sin(y / 11)
    radius = np.hypot(x - at, y - size / 2)
    phases = random.uniform(0, 6, 6)
    speckle = sum(
        np.sin((x - at) * (0.2 + 0.1 * k) + y * 0.3 * k + p) for k, p in enumerate(phases)
    )
    disc = 0.3 + 0.06 * speckle
    share = np.clip(across + 0.5 - radius, 0, 1)
    grey = wall * (1 - share) + disc * share
    return np.stack([grey, grey * 0.9, grey * 0.8]).astype(np.float32)


def beside(at: float, size: int = 160, across: float = 30.0) -> np.ndarray:
    """Return where the wall lies around the disc, and is seen in both pictures."""
    y, x = np.mgrid[:size, : size + size // 4]
    ring = np.hypot(x - at, y - size / 2)
    hidden = np.hypot(x - at - MOVED, y - size / 2) < across + 2
    return (ring > across + 2) & (ring < across + 14) & ~hidden


def test_a_wall_behind_a_moving_thing_stands_still():
    """The network was learnt from other pictures: less than half as much may be wrong."""
    one, other = picture(70), picture(70 + MOVED)
    wall = beside(70)
    found = optical_flow.between(one, other, fine=True)
    off = [np.hypot(*flow)[wall] for flow in (found, refined_flow.both(one, other)[0])]
    smeared, kept = (float((each > 1).mean()) for each in off)
    assert smeared > 0.2, "else the flow has nothing to mend"
    assert kept < 0.5 * smeared


def test_the_thing_itself_goes_where_it_went():
    one, other = picture(70), picture(70 + MOVED)
    go, back = refined_flow.both(one, other)
    # To a quarter of a pixel in the middle, where the flow was right before.
    assert np.abs(go[0, 70:90, 60:80] - MOVED).mean() < refined_flow.FAR
    assert np.abs(back[0, 70:90, 67:87] + MOVED).mean() < refined_flow.FAR


def test_equal_pictures_do_not_move_at_all():
    """To the last bit: a drift of a hundredth of a pixel would soften the paint of long shots."""
    one = picture(70)
    for flow in refined_flow.both(one, one.copy()):
        np.testing.assert_array_equal(flow, 0)


def test_both_ways_are_those_of_the_turned_pair():
    one, other = picture(70), picture(74)
    go, back = refined_flow.both(one, other)
    turned_back, turned_go = refined_flow.both(other, one)
    np.testing.assert_array_equal(go, turned_go)
    np.testing.assert_array_equal(back, turned_back)


@pytest.mark.parametrize("size", [(33, 47), (64, 96), (17, 200), (5, 11)])
def test_any_size_is_taken(size):
    random = np.random.default_rng(1)
    one, other = random.random((2, 3, *size), np.float32)
    for flow in refined_flow.both(one, other):
        assert flow.shape == (2, *size)
        assert flow.dtype == np.float32
        assert np.isfinite(flow).all()


def test_a_large_picture_is_mended_at_half_its_size():
    size, across = 720, 120.0
    assert size * (size + size // 4) > optical_flow.LARGE
    one, other = picture(300, size, across), picture(300 + MOVED, size, across)
    found = optical_flow.between(one, other, fine=True)
    mended, _ = refined_flow.both(one, other)
    assert mended.shape == found.shape
    wall = beside(300, size, across)
    off = [float((np.hypot(*flow)[wall] > 1).mean()) for flow in (found, mended)]
    assert off[1] < off[0]
