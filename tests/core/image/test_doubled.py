"""Doubled pictures are read nearly as a cubic reads them, and each place by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from velatura.image import doubled
from velatura.image.sampling import cubic

HEIGHT, WIDTH = 40, 56


def smooth() -> np.ndarray:
    """Waves 12 px long and more, codes of 16 bits."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin(x / (2 + c)) * np.cos(y / (3 + c)) for c in range(3)]
    return np.rint(30000 + 20000 * np.stack(waves)).astype(np.uint16)


def places(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.uniform(0, WIDTH - 1, count).astype(np.float32)
    return x, random.uniform(0, HEIGHT - 1, count).astype(np.float32)


def test_pixels_stay_as_they_are_also_the_last_ones():
    codes = smooth()
    twice = doubled.doubled(codes)
    np.testing.assert_array_equal(twice[::2, ::2, :3], codes.transpose(1, 2, 0))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32).reshape(2, -1)
    np.testing.assert_array_equal(doubled.read(twice, 3, x, y), codes.reshape(3, -1))


def test_a_smooth_picture_is_read_as_by_the_cubic():
    codes, (x, y) = smooth(), places(4000)
    off = doubled.read(doubled.doubled(codes), 3, x, y) - cubic(codes.astype(np.float32), x, y)
    assert np.sqrt(np.square(off).mean()) < 0.01 * 40000  # of its whole range
    assert np.abs(off).max() < 0.05 * 40000


def test_an_edge_has_no_ghost_beside_it_and_does_not_wrap_around():
    """Beyond two pixels from it, what is even stays even; nearer, it may dip by a tenth."""
    codes = np.zeros((1, 8, 12), np.uint16)
    codes[:, :, 6:] = 65535
    light = doubled.doubled(codes)[:, :, 0].astype(int)
    assert (light[:, :8] == 0).all()
    assert (light[:, :11] < 6554).all()
    assert (light[:, 12:] > 65535 - 6554).all()
    assert (light[:, 15:] == 65535).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.integers(1, 300))
def test_each_place_is_read_by_itself(start, count):
    twice, (x, y) = doubled.doubled(smooth()), places(600)
    whole, some = doubled.read(twice, 3, x, y), slice(start, start + count)
    part = doubled.read(twice, 3, x[some], y[some])
    assert part.tobytes() == np.ascontiguousarray(whole[:, some]).tobytes()
