"""The gain law: strength 0 is the plate to the bit, and a styled picture gives its gain back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from velatura.gain import law

# NaNs with payloads (one signalling), Inf, -Inf, -0, a denormal, -1, 0, 1, 65504, the largest
ODD = np.array(
    [
        *(0x7FC12345, 0xFFC00001, 0x7FA00000, 0x7F800000, 0xFF800000, 0x80000000),
        *(0x00000001, 0xBF800000, 0x00000000, 0x3F800000, 0x477FE000, 0x7F7FFFFF),
    ],
    np.uint32,
).view(np.float32)


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, width=32, allow_subnormal=False)


def frame(low: float, high: float) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(np.float32, (3, 2, 4), elements=finite(low, high))


def bits(values: np.ndarray) -> np.ndarray:
    return values.view(np.uint32)


@pytest.mark.parametrize("stops", [-8.0, -0.5, 0.0, 0.5, 8.0])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_at_strength_0_the_plate_comes_out_bit_for_bit(stops, alpha):
    plate = np.tile(ODD, (3, 2, 1))
    r = np.full_like(plate, stops)
    np.testing.assert_array_equal(bits(law.apply(plate, r, 0.0, alpha)), bits(plate))
    np.testing.assert_array_equal(bits(law.apply(plate, r, -0.0, alpha)), bits(plate))


def test_where_the_mask_is_0_or_the_look_does_nothing_the_plate_comes_out_bit_for_bit():
    plate = np.tile(ODD, (3, 2, 1))
    stops = np.ones_like(plate)
    stops[:, 0] = 0
    mask = np.ones((2, len(ODD)), np.float32)
    mask[1] = 0
    np.testing.assert_array_equal(bits(law.apply(plate, stops, 0.7 * mask)), bits(plate))


def test_the_plate_is_not_changed_in_place():
    plate = np.tile(ODD, (3, 2, 1))
    before = plate.copy()
    law.apply(plate, np.ones_like(plate))
    law.derive(plate, before[:, :, ::-1])
    np.testing.assert_array_equal(bits(plate), bits(before))


def test_the_law_in_numbers():
    # y = x + (clamp(x, 0, 65504) + k a [r > 0]) (2^(g r) - 1), k = 1/128, by hand
    cases = [  # x, r, g, a -> y
        (0.18, 0.0, 1.0, 1.0, 0.18),
        (0.18, -1.0, 1.0, 1.0, 0.09),
        (0.18, 1.0, 1.0, 1.0, 0.18 + (0.18 + 1 / 128)),
        (0.0, 1.0, 1.0, 1.0, 1 / 128),
        (0.0, 1.0, 1.0, 0.25, 1 / 512),
        (0.0, -8.0, 1.0, 1.0, 0.0),
        (0.5, 2.0, 0.5, 1.0, 0.5 + (0.5 + 1 / 128)),
        (100.0, 3.0, 1.0, 1.0, 100 + (100 + 1 / 128) * 7),
        (-0.5, 1.0, 1.0, 1.0, -0.5 + 1 / 128),
        (-0.5, -1.0, 1.0, 1.0, -0.5),
        (1e6, 1.0, 1.0, 1.0, 1e6 + (65504 + 1 / 128)),
    ]
    for x, r, g, a, y in cases:
        plate, stops = np.full((3, 1, 1), x, np.float32), np.full((3, 1, 1), r, np.float32)
        assert law.apply(plate, stops, g, a) == pytest.approx(y, rel=1e-6), (x, r, g, a)


@given(frame(-10, 1e5), frame(-8, 8), finite(0, 1), finite(0, 1))
def test_nothing_goes_negative_that_was_not(plate, stops, strength, alpha):
    glazed = law.apply(plate, stops, strength, alpha)
    assert (glazed[plate >= 0] >= 0).all()


@given(frame(-8, 8), finite(0, 1))
def test_transparent_pixels_stay_transparent(stops, strength):
    plate = np.zeros_like(stops)
    assert not law.apply(plate, stops, strength, np.zeros(stops.shape[1:], np.float32)).any()


@given(frame(0, 1e4), frame(-8, 8))
def test_more_strength_never_turns_the_look_around(plate, stops):
    half, full = law.apply(plate, stops, 0.5), law.apply(plate, stops, 1.0)
    # 1e-6 relative: one rounding of each of the two results.
    slack = 1e-6 * np.maximum(np.abs(full), np.abs(half))
    assert ((full - half) * np.sign(stops) >= -slack).all()


@given(frame(-1, 6e4), frame(-8, 8), finite(1 / 64, 1))
def test_deriving_the_gain_and_applying_it_gives_the_styled_picture_back(plate, stops, alpha):
    glazed = law.apply(plate, stops, 1.0, alpha)
    again = law.apply(plate, law.derive(plate, glazed, alpha), 1.0, alpha)
    # y - x is known to half an ulp of the larger of the two, and 2^r to |r| ulps: 8 of them at
    # the bound, relative to what the gain multiplies. 2^-23 is one ulp relative.
    scale = np.maximum(np.abs(plate), np.abs(glazed)) + law.FLOOR
    assert (np.abs(again - glazed) <= 16 * 2.0**-23 * scale).all()


@given(frame(2.0**-6, 6e4), frame(-8, 8))
def test_the_gain_itself_comes_back_where_the_plate_has_light(plate, stops):
    again = law.derive(plate, law.apply(plate, stops))
    # Near r = 0 the styled picture differs from the plate by |r| ln 2 of it, known to 2^-24
    # relative; far down, y = x 2^-8 comes from a subtraction that leaves 2^8 ulps: 256 * 2^-23.
    np.testing.assert_allclose(again, stops, atol=1e-4)


def test_the_gain_is_bounded():
    plate = np.full((3, 1, 2), 0.18, np.float32)
    glazed = plate * np.array([1e6, 0], np.float32)
    np.testing.assert_array_equal(law.derive(plate, glazed)[0, 0], [8, -8])


def test_the_gain_is_0_where_either_picture_is_not_finite_or_nothing_could_be_gained():
    plate = np.tile(ODD[:5], (3, 1, 1))
    assert not law.derive(plate, np.ones_like(plate)).any()
    assert not law.derive(np.ones_like(plate), plate).any()
    nothing = np.zeros((3, 1, 1), np.float32)
    assert not law.derive(nothing, nothing + 1, alpha=0.0).any()


@given(frame(0, 6e4), frame(-8, 8))
def test_exposure_in_is_exposure_out_for_darkening(plate, stops):
    # Two stops up before or after: a pure gain does not care. Powers of two are exact.
    dark = -np.abs(stops)
    before, after = law.apply(plate / 4, dark) * 4, law.apply(plate, dark)
    # But for denormals, and for the subtraction's rounding at another scale: none, scale is 2^n.
    np.testing.assert_allclose(before, after, rtol=1e-6, atol=1e-37)


@given(
    below=st.floats(-0.25, -(2**-16), width=32),
    stops=st.floats(0.0, 6.0, width=32),
    alpha=st.sampled_from([1.0, 0.5]),
)
def test_what_is_painted_over_light_below_black_comes_out_as_over_black(below, stops, alpha):
    plate = np.full((3, 1, 1), below, np.float32)
    gains = np.full_like(plate, stops)
    raised = law.raised(plate, gains, alpha)
    wanted = law.apply(np.zeros_like(plate), gains, 1.0, alpha)
    found = law.apply(plate, raised, 1.0, alpha)
    if stops >= 0.05:  # fainter gains are raised in part
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    assert (found <= wanted + 1e-6).all()
    assert (found >= plate).all()


def test_light_below_black_stays_where_nothing_is_painted():
    plate = np.array([-0.1, -0.1, 0.2], np.float32)[:, None, None]
    stops = np.array([0.0, -2.0, 1.0], np.float32)[:, None, None]
    assert np.array_equal(law.raised(plate, stops), stops)
