"""Images are values: planes are found by name, and replacing one touches nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.errors import PassError
from velatura.image.planes import Image, Part, Plane, Window, cast

WINDOW = Window(0, 0, 3, 2)


def part(name: str, planes: str, dtype: type = np.float16) -> Part:
    made = tuple(Plane(plane, np.ones((2, 3), dtype)) for plane in planes.split())
    return Part(name, made, WINDOW, WINDOW, {"owner": "us"})


def test_planes_are_addressed_by_part_only_where_their_names_clash():
    image = Image((part("left", "R Z"), part("right", "R N.X")))
    assert image.names == ["left.R", "Z", "right.R", "N.X"]
    assert image.find("right.R")[0].name == "right"


def test_a_missing_plane_is_refused_with_the_names_there_are():
    with pytest.raises(PassError, match=r"plate\.exr has no channel B\. Found: R, Z"):
        Image((part("", "R Z"),), "plate.exr").find("B")


def test_replacing_a_plane_keeps_all_else_as_the_same_objects():
    image = Image((part("left", "R Z"), part("right", "R")))
    changed = image.replace({"left.R": np.zeros((2, 3), np.float32)})
    assert (changed.find("left.R")[1].pixels == 0).all()
    assert (image.find("left.R")[1].pixels == 1).all()
    assert changed.find("Z")[1] is image.find("Z")[1]
    assert changed.find("right.R")[1] is image.find("right.R")[1]
    assert changed.parts[0].attributes is image.parts[0].attributes


def test_replacing_a_plane_that_is_not_there_is_refused():
    with pytest.raises(PassError, match="no channel G"):
        Image((part("", "R"),)).replace({"G": np.zeros((2, 3))})


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint32])
def test_a_replaced_plane_keeps_its_type(dtype):
    image = Image((part("", "R", dtype),))
    changed = image.replace({"R": np.full((2, 3), 7, np.float32)})
    assert changed.find("R")[1].pixels.dtype == dtype


def test_highlights_saturate_at_the_largest_half_and_infinity_stays():
    values = np.array([65504, 65519, 1e5, 3e38, -1e6, np.inf, -np.inf, 1e-9, -0.0], np.float32)
    wanted = [65504, 65504, 65504, 65504, -65504, np.inf, -np.inf, 0, -0.0]
    half = cast(values, np.float16)
    np.testing.assert_array_equal(half, np.array(wanted, np.float16))
    assert np.signbit(half[-1])
    assert np.isnan(cast(np.array([np.nan], np.float32), np.float16)[0])


def test_every_half_comes_back_from_float_bit_for_bit_as_long_as_it_is_quiet():
    bits = np.arange(2**16, dtype=np.uint16)
    half = bits.view(np.float16)
    quiet = ~np.isnan(half) | (bits & 0x0200 != 0)  # a signalling NaN becomes quiet in the FPU
    again = cast(half.astype(np.float32), np.float16).view(np.uint16)
    np.testing.assert_array_equal(again[quiet], bits[quiet])


def test_a_plane_from_a_rounding_codec_is_kept_if_it_is_put_back_unchanged():
    plane = Plane("R", np.full((2, 3), 0.18, np.float16), lossy=True)
    image = Image((Part("", (plane,), WINDOW, WINDOW, {}),))
    same, other = plane.pixels.astype(np.float32), np.ones((2, 3), np.float32)
    assert image.replace({"R": same}).find("R")[1] is plane
    assert not image.replace({"R": other}).find("R")[1].lossy


def test_a_window_says_its_size_and_place():
    assert str(Window(-3, 4, 10, 20)) == "10x20 at (-3, 4)"
