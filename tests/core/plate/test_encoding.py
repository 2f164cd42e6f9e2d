"""The encoding and its inverse undo each other, and say what the networks say."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from velatura.half import HALF_MAX
from velatura.plate.encoding import SCALE, SLOPE, decoded, encoded

LIGHT = arrays(np.float32, (3, 4), elements=st.floats(0, HALF_MAX, width=32))


@given(LIGHT)
def test_decoded_light_is_the_light_that_was_encoded(light):
    """A code of 2.9 has steps of 2.4e-7, an eighth of a stop each: 1.3e-6 of the light."""
    np.testing.assert_allclose(decoded(encoded(light)), light, rtol=4e-6, atol=4e-9)


def test_the_encoding_counts_eighths_of_a_stop_from_black_on():
    light = np.array([0, 1 / SLOPE, 3 / SLOPE, 0.18, HALF_MAX], np.float32)
    wanted = [0, 1 / SCALE, 2 / SCALE, np.log2(1 + 128 * 0.18) / 8, np.log2(1 + 128 * 65504) / 8]
    np.testing.assert_allclose(encoded(light), wanted, rtol=1e-6)
    np.testing.assert_allclose(decoded(np.float32(wanted)), light, rtol=4e-6)


def test_what_is_no_light_of_a_half_float_is_the_nearest_that_is():
    odd = np.array([-1, -np.inf, 1e9, np.inf], np.float32)
    np.testing.assert_array_equal(encoded(odd), encoded(np.float32([0, 0, HALF_MAX, HALF_MAX])))
