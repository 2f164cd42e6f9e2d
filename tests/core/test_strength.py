"""The slider keeps its ends, never jumps, and every gain has its place on it."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura.strength import KNOTS, even, is_calibration, slider

inner = st.lists(
    st.floats(0.001, 0.999).map(lambda g: round(g, 6)), min_size=15, max_size=15, unique=True
)
luts = inner.map(lambda gains: (0.0, *sorted(gains), 1.0)) | st.just(())
SQUARE = tuple((k / 16) ** 2 for k in range(KNOTS))


@given(luts)
def test_a_calibration_leaves_the_plate_and_the_paint_alone(lut):
    assert even(lut, 0.0) == 0
    assert even(lut, 1.0) == 1
    assert even(lut, 2.0) == 2


@given(luts, st.floats(0, 4), st.floats(0, 4))
def test_more_slider_is_more_look(lut, one, other):
    low, high = sorted((one, other))
    assert even(lut, low) <= even(lut, high)


@given(luts, st.floats(0, 4))
def test_every_gain_has_its_place_on_the_slider(lut, strength):
    # Where a calibration is nearly flat, a rounding of g is many roundings of s: 1e-6 a knot.
    assert slider(lut, even(lut, strength)) == pytest.approx(strength, abs=1e-6)


@given(luts, st.integers(0, 16))
def test_at_the_knots_it_is_the_card_that_speaks(lut, knot):
    assert even(lut, knot / 16) == (lut[knot] if lut else knot / 16)


def test_between_the_knots_it_is_a_straight_line():
    assert even(SQUARE, 4.5 / 16) == pytest.approx((SQUARE[4] + SQUARE[5]) / 2)


@given(luts, st.floats(0, 3))
def test_sixteen_clipped_ramps_are_the_same(lut, strength):
    """As a host's nodes compute it."""
    steps = [high - low for low, high in pairwise(lut)] or [1 / 16] * 16
    ramps = (step * min(max(16 * strength - k, 0), 1) for k, step in enumerate(steps))
    assert sum(ramps) + max(strength - 1, 0) == pytest.approx(even(lut, strength), abs=1e-9)


@pytest.mark.parametrize(
    "lut",
    [
        (0.0, 1.0),
        (*SQUARE, 2.0),
        (0.1, *SQUARE[1:]),
        (*SQUARE[:-1], 0.99),
        (*SQUARE[:5], SQUARE[4], *SQUARE[6:]),
        (*SQUARE[:5], float("nan"), *SQUARE[6:]),
    ],
)
def test_what_is_no_calibration_is_told(lut):
    assert not is_calibration(lut)
    assert is_calibration(SQUARE)
    assert is_calibration(())


def test_hosts_import_it_without_any_package():
    code = "import sys, velatura.strength; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
