"""Every object gets a colour of its own, whatever kind of number its renderer stores."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.plate import ids


def test_ids_are_colours_by_murmurs_finaliser():
    # fmix32(1) = 0x514e28b7, fmix32(0xffffffff) = 0x81f16f39: MurmurHash3's reference values.
    colours = ids.coloured(np.array([[0, 1, 0xFFFFFFFF]], np.uint32))
    wanted = [[0, 0, 0], [0xB7, 0x28, 0x4E], [0x39, 0x6F, 0xF1]]
    expected = np.array(wanted, np.float32) / 255 - 0.5
    expected[0] = 0
    np.testing.assert_allclose(colours[:, 0].T, expected, atol=1e-7)


@pytest.mark.parametrize("address", ["V.IndexOB.X", "V.Object Index.X", "id.R", "id"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint32])
def test_object_numbers_are_taken_as_they_are(address, dtype):
    numbers = np.array([[0, 1, 2, 300]])
    np.testing.assert_array_equal(ids.numbers(numbers.astype(dtype), address), numbers)


def test_a_cryptomatte_holds_the_bits_of_its_ids():
    bits = np.array([[0, 0x3F1E2D4C, 0xC2B2AE35]], np.uint32)
    found = ids.numbers(bits.view(np.float32), "V.CryptoObject00.r")
    np.testing.assert_array_equal(found, bits)


def test_broken_object_numbers_are_no_object():
    numbers = np.array([[np.nan, -3, 0]], np.float32)
    assert not ids.numbers(numbers, "id.X").any()
