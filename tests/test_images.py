"""The image assert finds each kind of difference, and says which it is."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import images
import numpy as np
import pytest
from images import assert_images_match

from velatura.image.planes import Image, Part, Plane, Window

DATA, DISPLAY = Window(-2, 3, 4, 3), Window(0, 0, 8, 6)


def picture(**planes: np.ndarray) -> Image:
    """Return two parts: R, G and depth.Z (or the planes named), and a matte."""
    ramp = np.arange(12, dtype=np.float16).reshape(3, 4)
    chosen = planes or {"R": ramp, "G": ramp / 2, "depth.Z": ramp.astype(np.float32)}
    beauty = Part(
        *("beauty", tuple(Plane(name, pixels.copy()) for name, pixels in chosen.items())),
        *(DATA, DISPLAY, {"owner": "the studio", "compression": 3}),
    )
    matte = Part("matte", (Plane("A", np.ones((3, 4), np.uint32)),), DATA, DISPLAY, {})
    return Image((beauty, matte))


def changed(image: Image, **changes: object) -> Image:
    return Image((replace(image.parts[0], **changes), *image.parts[1:]))


def touched(channel: str, y: int, x: int, value: float) -> Image:
    image = picture()
    image.find(channel)[1].pixels[y, x] = value
    return image


def test_equal_pictures_match_whatever_the_order_of_their_channels():
    one = picture()
    other = changed(one, planes=one.parts[0].planes[::-1])
    assert_images_match(one, other)


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (Image(picture().parts[:1]), r"parts: \['beauty'\], expected \['beauty', 'matte'\]"),
        (changed(picture(), name="other"), r"parts: \['other', 'matte'\], expected \['beauty'"),
        (
            changed(picture(), display=Window(0, 0, 8, 7)),
            r"part beauty: display window \(format\): 8x7 at \(0, 0\), expected 8x6 at",
        ),
        (
            changed(picture(), data=Window(0, 3, 4, 3)),
            r"part beauty: data window: 4x3 at \(0, 3\), expected 4x3 at \(-2, 3\)",
        ),
        (
            changed(picture(), attributes={"owner": "the studio"}),
            "part beauty: metadata compression is missing",
        ),
        (
            changed(picture(), attributes={"owner": "us", "compression": 3}),
            "part beauty: metadata owner: 'us', expected 'the studio'",
        ),
        (
            changed(picture(), attributes={"owner": "the studio", "compression": 3, "x": 1}),
            "part beauty: metadata x was not expected: 1",
        ),
        (
            changed(picture(), planes=picture().parts[0].planes[:2]),
            r"part beauty: channels: \['G', 'R'\], expected \['G', 'R', 'depth.Z'\]",
        ),
        (
            changed(
                picture(),
                planes=tuple(
                    Plane(p.name, p.pixels.astype(np.float32)) for p in picture().parts[0].planes
                ),
            ),
            "part beauty: channel R: type: float32, expected float16",
        ),
        (
            changed(
                picture(),
                planes=tuple(Plane(p.name, p.pixels[:2]) for p in picture().parts[0].planes),
            ),
            r"part beauty: channel R: height and width: \(2, 4\), expected \(3, 4\)",
        ),
        (
            touched("depth.Z", 1, 2, 7.5),
            r"beauty: channel depth.Z differs in 1 of 12 pixels, worst at x 0, y 4: 7.5 \(0x40f0",
        ),
        (touched("A", 0, 0, 2), r"part matte: channel A .* 2 \(0x00000002\), expected 1 \("),
    ],
)
def test_each_kind_of_difference_fails_with_its_name(actual, words):
    with pytest.raises(AssertionError, match=words):
        assert_images_match(actual, picture())


def test_the_worst_pixel_is_named_and_not_the_first():
    actual = touched("R", 0, 0, 0.25)
    actual.find("R")[1].pixels[2, 3] = 40
    with pytest.raises(AssertionError, match=r"R differs in 2 of 12 .* x 1, y 5: 40.0 .* 11.0 "):
        assert_images_match(actual, picture())
    actual.find("R")[1].pixels[1, 0] = np.nan  # no number is further off
    with pytest.raises(AssertionError, match=r"worst at x -2, y 4: nan \(0x7e00\), expected 4.0 "):
        assert_images_match(actual, picture())


def test_ignored_channels_and_metadata_must_still_be_there():
    marked = {**picture().parts[0].attributes, "velatura/job": "a", "velatura/look": "ink"}
    actual = changed(touched("R", 0, 0, 9), attributes=marked)
    assert_images_match(actual, picture(), ignore_channels=["R"], ignore_metadata=["velatura/*"])
    assert_images_match(actual, picture(), ignore_channels=["beauty.R"], ignore_metadata=["*"])
    with pytest.raises(AssertionError, match="metadata velatura/job was not expected"):
        assert_images_match(actual, picture(), ignore_channels=["R"])
    less = changed(picture(), planes=picture().parts[0].planes[1:])
    with pytest.raises(AssertionError, match="channels"):
        assert_images_match(less, picture(), ignore_channels=["R"])


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (np.float32(1), np.nextafter(np.float32(1), np.float32(2)))],
)
def test_bits_count_unless_a_tolerance_is_given(one, other):
    found, wanted = np.full((3, 2, 2), one, np.float32), np.full((3, 2, 2), other, np.float32)
    assert_images_match(found, found.copy())
    with pytest.raises(AssertionError, match="channel R differs in 4 of 4"):
        assert_images_match(found, wanted)
    assert_images_match(found, wanted, tolerance=1e-6)


def test_two_nans_are_two_nans_and_one_with_a_tolerance():
    found, wanted = (
        np.array([[bits]], np.uint32).view(np.float32) for bits in (0x7FC00001, 0x7FC00002)
    )
    with pytest.raises(AssertionError, match=r"nan \(0x7fc00001\), expected nan \(0x7fc00002\)"):
        assert_images_match(found, wanted)
    assert_images_match(found, wanted, tolerance=0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("right", [np.nan, np.inf, -np.inf, 0.5])
def test_no_tolerance_makes_nan_or_inf_a_number(wrong, right):
    found, wanted = (np.full((1, 1), value, np.float32) for value in (wrong, right))
    if str(wrong) == str(right):
        assert_images_match(found, wanted, tolerance=1e6)
    else:
        with pytest.raises(AssertionError, match="channel R differs in 1 of 1"):
            assert_images_match(found, wanted, tolerance=1e6)


def test_a_tolerance_may_be_a_picture():
    wanted = np.zeros((3, 2, 2), np.float32)
    slack = np.zeros_like(wanted)
    slack[1, 0, 1] = 0.5
    found = slack.copy()
    assert_images_match(found, wanted, tolerance=slack)
    found[2, 0, 1] = 0.5
    with pytest.raises(AssertionError, match=r"channel B differs .* x 1, y 0: 0.5"):
        assert_images_match(found, wanted, tolerance=slack)


def test_zeros_may_lose_their_sign_and_nothing_else():
    found, wanted = np.zeros((3, 1, 2), np.float32), np.full((3, 1, 2), -0.0, np.float32)
    assert_images_match(found, wanted, signed_zeros=False)
    found[0, 0, 1] = 1e-45
    with pytest.raises(AssertionError, match="worst at x 1, y 0"):
        assert_images_match(found, wanted, signed_zeros=False)


def test_a_host_can_import_it_with_numpy_alone():
    numpy = str(Path(np.__file__).parents[1])
    code = (
        f"import sys; sys.path[:0] = [{str(Path(images.__file__).parent)!r}, {numpy!r}]\n"
        "import images\n"
        "print([m for m in sys.modules if m.startswith(('velatura', 'OpenEXR', 'pytest'))])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr
