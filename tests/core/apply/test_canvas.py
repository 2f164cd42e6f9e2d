"""The canvas: the same at each place of the format, whatever is asked for, and even all over."""

import numpy as np
import pytest

from velatura.apply import canvas
from velatura.image.planes import Window

FIRST = [[-20, -63, 40, 34], [-11, -7, 18, 43], [62, 63, 63, 60], [44, 59, 61, 44]]


def test_a_tile_of_the_canvas_is_a_part_of_the_whole():
    whole = canvas.patch(Window(-40, -8, 700, 90))
    tile = canvas.patch(Window(500, 10, 64, 32))
    np.testing.assert_array_equal(tile, whole[:, 18:50, 540:604])


def test_it_is_the_same_on_every_machine():
    # Rounded to steps of 1/64, so these hold whatever the processor's Fourier transform rounds to.
    steps = (canvas.patch(Window(0, 0, 4, 1)) * 64).astype(int)[:, 0]
    assert steps.tolist() == FIRST


@pytest.mark.parametrize("plane", range(canvas.CHANNELS))
def test_each_plane_ripples_at_its_own_wavelength(plane):
    ripples = canvas.patch(Window(0, 0, canvas.PERIOD, canvas.PERIOD))[plane]
    power = np.abs(np.fft.rfft(ripples, axis=1)).mean(0)
    wavelength = canvas.PERIOD / (1 + power[1:].argmax())
    # Seen along one axis, waves that run aslant look up to twice as long.
    assert 0.7 * canvas.WAVES[plane] < wavelength < 2.2 * canvas.WAVES[plane]


def test_no_place_stands_out():
    ripples = canvas.patch(Window(0, 0, canvas.PERIOD, canvas.PERIOD))
    blocks = ripples.reshape(canvas.CHANNELS, 8, 64, 8, 64).std((2, 4))
    assert np.abs(ripples).max() <= 1
    # The broadest ripples fit three times into a block of 64 px: their share varies by some 10 %.
    assert blocks.min() > 0.55
    assert blocks.max() < 0.85
