"""Colour spaces are found in metadata, refused where unknown, and converted without loss."""

from __future__ import annotations

import logging
import os
import threading

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from velatura.errors import ColourError
from velatura.plate import colour, linear

LINEAR = ["lin_rec709_scene", "ACEScg", "ACES2065-1", "lin_rec2020_scene", "lin_p3d65_scene"]
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)


@pytest.mark.parametrize(
    ("attributes", "flag", "wanted"),
    [
        ({"colorInteropID": "lin_ap1_scene"}, "", "ACEScg"),
        ({"colorInteropID": "lin_ap1_scene"}, "lin_rec2020", "Linear Rec.2020"),
        ({"colorInteropID": "lin_ap1_scene", "chromaticities": (0.1,) * 8}, "", "ACEScg"),
        ({"colorInteropID": "unknown", "chromaticities": AP1}, "", "ACEScg"),
        ({"chromaticities": AP1, "oiio:ColorSpace": "lin_rec709_scene"}, "", "ACEScg"),
        ({"chromaticities": (0.1,) * 8}, "ACEScg", "ACEScg"),
        ({"oiio:ColorSpace": "sRGB"}, "", "sRGB Encoded Rec.709 (sRGB)"),
        ({"oiio:ColorSpace": "Linear"}, "", "Linear Rec.709 (sRGB)"),
        ({}, "Display P3", "sRGB Encoded P3-D65"),
        ({}, "Adobe RGB (1998)", "Gamma 2.2 Encoded AdobeRGB"),
        ({}, "ARRI LogC3 (EI800)", "ARRI LogC3 (EI800)"),  # which the usual config lacks
        ({}, "scene_linear", "ACEScg"),
        ({}, "", "Linear Rec.709 (sRGB)"),
    ],
)
def test_the_flag_wins_then_the_metadata_in_order(attributes, flag, wanted):
    assert colour.space_of(attributes, flag) == wanted


@pytest.mark.parametrize(
    ("primaries", "wanted"),
    [
        ((0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329), "Linear Rec.709 (sRGB)"),
        ((0.7347, 0.2653, 0, 1, 0.0001, -0.077, 0.32168, 0.33767), "ACES2065-1"),
        (AP1, "ACEScg"),
        ((0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329), "Linear P3-D65"),
        ((0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329), "Linear Rec.2020"),
    ],
)
def test_primaries_are_recognised_as_halves_and_rounded(primaries, wanted):
    for values in (primaries, np.float16(primaries), np.round(primaries, 3)):
        assert colour.space_of({"chromaticities": values}) == wanted


def test_a_plate_that_says_nothing_is_linear_rec709_and_that_is_said_once(caplog):
    colour._say_default.cache_clear()
    with caplog.at_level(logging.WARNING):
        colour.space_of({})
        colour.space_of({"colorInteropID": "data"})
    assert [record.message for record in caplog.records] == [
        "The plate names no colour space: taken as lin_rec709_scene; --space names another"
    ]


@pytest.mark.parametrize(
    ("primaries", "wanted"),
    [
        ((0.684, 0.313, 0.221, 0.848, 0.0861, -0.102, 0.3127, 0.329), "Linear ARRI Wide Gamut 3"),
        (
            (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, 0.3127, 0.329),
            "Linear ARRI Wide Gamut 4",
        ),
        ((0.766, 0.275, 0.225, 0.8, 0.089, -0.087, 0.3127, 0.329), "Linear S-Gamut3.Cine"),
        (
            (0.7803, 0.3043, 0.1216, 1.494, 0.0956, -0.0846, 0.3127, 0.329),
            "Linear REDWideGamutRGB",
        ),
        ((0.8, 0.313, 0.1682, 0.9877, 0.079, -0.1155, 0.3127, 0.329), "Linear DaVinci WideGamut"),
        ((0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329), "Linear AdobeRGB"),
        ((0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351), "lin_p3dci_scene"),
    ],
)
def test_cameras_gamuts_are_known_without_a_config_that_has_them(primaries, wanted):
    assert colour.space_of({"chromaticities": primaries}) == wanted
    rgb = np.float32([[0.3], [0.2], [0.1]])[..., None]
    back = colour.convert(colour.convert(rgb, wanted, "ACEScg"), "ACEScg", wanted)
    np.testing.assert_allclose(back, rgb, rtol=1e-4)
    # By the camera maker's own matrices, to what white they adapt apart.
    by_numbers = "lin_primaries " + " ".join(map(str, primaries))
    one, other = (colour.convert(rgb, space, "ACES2065-1") for space in (wanted, by_numbers))
    np.testing.assert_allclose(one, other, atol=0.002)


def test_primaries_of_nobody_are_taken_as_they_are():
    space = colour.space_of({"chromaticities": (0.6, 0.3, 0.2, 0.7, 0.1, 0.1, 0.3, 0.3)})
    assert space == "lin_primaries 0.6 0.3 0.2 0.7 0.1 0.1 0.3 0.3"
    assert colour.canonical(space) == space
    white = colour.convert(np.ones((3, 1, 1), np.float32), space, colour.SCENE)
    np.testing.assert_allclose(white, 1, atol=1e-5)
    other = "lin_primaries 0.62 0.3 0.2 0.7 0.1 0.1 0.3 0.3"
    assert colour.convert(np.ones((3, 1, 1), np.float32), space, other).max() < 1.00001


@pytest.mark.parametrize("values", [(0.0,) * 8, 0.5, "none", (0.3,) * 6, (np.nan,) * 8, None])
def test_primaries_that_say_nothing_are_passed_over(values):
    assert colour.space_of({"chromaticities": values}) == "Linear Rec.709 (sRGB)"


def test_primaries_that_no_colour_space_can_have_are_refused_and_the_hint_helps():
    flat = {"chromaticities": (0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3)}
    with pytest.raises(ColourError, match=r"no colour space can have.*--space"):
        colour.space_of(flat)
    assert colour.space_of(flat, "ACEScg") == "ACEScg"


def test_an_unknown_space_is_refused_with_those_that_are_near():
    with pytest.raises(ColourError, match=r"no colour space ACES CG\. Found: ACEScg") as refusal:
        colour.space_of({}, "ACES CG")
    assert refusal.value.exit_code == 3


def test_equal_spaces_convert_to_the_same_object():
    rgb = np.zeros((3, 2, 2), np.float32)
    assert colour.convert(rgb, "lin_rec709", "Linear Rec.709 (sRGB)") is rgb
    assert colour.convert(rgb, "ACEScg", "lin_ap1_scene") is rgb


def test_white_stays_white_between_linear_spaces_and_the_input_is_left_alone():
    rgb = np.ones((3, 2, 3), np.float32)
    for target in LINEAR[1:]:
        converted = colour.convert(rgb, LINEAR[0], target)
        np.testing.assert_allclose(converted, 1, atol=1e-5)  # the matrices have 6 to 7 digits
        assert (rgb == 1).all()


def test_rec709_red_in_acescg_is_what_the_matrix_says():
    rgb = np.array([1, 0, 0], np.float32).reshape(3, 1, 1)
    # First column of the sRGB to AP1 matrix (Bradford), as in ACES' own published one.
    wanted = [0.613097, 0.070194, 0.020616]
    got = colour.convert(rgb, "lin_rec709_scene", "ACEScg").ravel()
    np.testing.assert_allclose(got, wanted, atol=2e-5)


@given(
    arrays.arrays(np.float32, (3, 2, 3), elements=st.floats(-1, 1000, width=32)),
    st.sampled_from(LINEAR),
    st.sampled_from(LINEAR),
)
def test_there_and_back_is_where_we_were(rgb, source, target):
    again = colour.convert(colour.convert(rgb, source, target), target, source)
    # Two float32 matrices of small numbers: a few ulps of the largest channel of the pixel.
    scale = np.abs(rgb).max(axis=0, keepdims=True)
    assert (np.abs(again - rgb) <= 1e-5 * scale + 1e-30).all()


def test_planes_that_are_not_contiguous_convert_alike():
    rgb = np.random.default_rng(0).random((5, 7, 3), np.float32)
    planar = rgb.transpose(2, 0, 1)
    strided = colour.convert(planar, "lin_rec709", "ACEScg")
    packed = colour.convert(np.ascontiguousarray(planar), "lin_rec709", "ACEScg")
    np.testing.assert_array_equal(strided, packed)


def test_painted_pictures_become_linear_by_the_srgb_curve_of_iec_61966_2_1():
    coded = np.array([0, 0.1, 0.5, 1], np.float32).reshape(1, 1, 4).repeat(3, 0)
    wanted = [0, *(((value + 0.055) / 1.055) ** 2.4 for value in (0.1, 0.5)), 1]
    for name in (colour.PAINTED, "sRGB"):
        got = colour.convert(coded, name, colour.SCENE)
        np.testing.assert_allclose(got[0, 0], wanted, rtol=2e-6)  # a power in float32
    # Below .04 OCIO's line has slope 12.9232, to join the curve smoothly; IEC rounds it to 12.92.
    toe = np.full((3, 1, 1), 0.03, np.float32)
    toe = colour.convert(toe, colour.PAINTED, colour.SCENE)
    np.testing.assert_allclose(toe, 0.03 / 12.92, rtol=3e-4)


def test_threads_convert_at_once_and_agree():
    rgb = np.random.default_rng(0).random((3, 50, 60), np.float32)
    wanted, got = colour.convert(rgb, "lin_p3d65", "ACEScg"), []

    def work() -> None:
        got.extend(colour.convert(rgb, "lin_p3d65", "ACEScg") for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20
    assert all((one == wanted).all() for one in got)


def studio_config(tmp_path, *names: str) -> str:
    config = ocio.Config.CreateRaw()
    for name in names:
        config.addColorSpace(ocio.ColorSpace(name=name))
    path = tmp_path / "studio.ocio"
    path.write_text(config.serialize())
    return str(path)


def test_a_studios_config_wins_over_the_built_in_one(tmp_path, monkeypatch):
    path = studio_config(tmp_path, "plate", "Utility - Linear - sRGB")
    assert colour.canonical("plate", path) == "plate"
    monkeypatch.setenv("OCIO", path)
    assert colour.canonical("plate") == "plate"
    # It does not know lin_rec709_scene, but another name of the same space.
    assert colour.space_of({}) == "Utility - Linear - sRGB"
    # What it does not know at all is reached through that space.
    assert colour.canonical("lin_ap0_scene") == "ACES2065-1"
    rgb = np.float32([[0.3], [0.2], [0.1]])[..., None]
    got = colour.convert(rgb, "Utility - Linear - sRGB", "lin_ap0_scene")
    monkeypatch.delenv("OCIO")
    np.testing.assert_allclose(got, colour.convert(rgb, colour.SCENE, "ACES2065-1"), rtol=1e-5)


def test_a_config_that_shares_nothing_with_any_is_left_alone(tmp_path):
    path = studio_config(tmp_path, "plate", "scan")
    with pytest.raises(
        ColourError, match=r"no colour space lin_ap0_scene\. Found: raw, plate, scan"
    ):
        colour.canonical("lin_ap0_scene", path)


LEGACY = """ocio_profile_version: 1
roles: {default: raw, scene_linear: linear, reference: linear}
displays: {default: [!<View> {name: sRGB, colorspace: sRGB}]}
colorspaces:
  - !<ColorSpace> {name: linear}
  - !<ColorSpace>
    name: sRGB
    to_reference: !<ExponentTransform> {value: [2.2, 2.2, 2.2, 1]}
  - !<ColorSpace> {name: raw, isdata: true}
"""


def test_a_legacy_configs_own_names_come_first_and_its_linear_is_rec709(tmp_path, caplog):
    path = tmp_path / "legacy.ocio"
    path.write_text(LEGACY)
    for name in ("linear", "Linear", "scene_linear", "lin_rec709_scene", "lin_srgb"):
        assert colour.canonical(name, str(path)) == "linear"
    assert colour.canonical("sRGB", str(path)) == "sRGB"
    rgb = np.float32([[0.3], [0.2], [0.1]])[..., None]
    assert colour.convert(rgb, "linear", colour.SCENE, str(path)) is rgb
    wide = colour.convert(rgb, "linear", "ACEScg", str(path))
    np.testing.assert_allclose(wide, colour.convert(rgb, colour.SCENE, "ACEScg"), rtol=1e-5)
    coded = colour.convert(rgb, "linear", "ARRI LogC3 (EI800)", str(path))
    back = colour.convert(coded, "ARRI LogC3 (EI800)", "linear", str(path))
    np.testing.assert_allclose(back, rgb, rtol=1e-3)
    said = [record.message for record in caplog.records]
    assert said == [
        f"The OCIO config {path} does not say which primaries linear has: they are taken as Rec.709"
    ]
    with pytest.raises(ColourError, match=r"legacy\.ocio has no colour space liner\..*linear"):
        colour.canonical("liner", str(path))


def test_a_config_that_lacks_a_lut_serves_all_other_spaces(tmp_path):
    path = tmp_path / "lacking.ocio"
    lacking = "  - !<ColorSpace> {name: film, to_reference: !<FileTransform> {src: no.lut}}\n"
    path.write_text(LEGACY.replace("colorspaces:\n", "colorspaces:\n" + lacking))
    for space in ("sRGB", "ARRI LogC3 (EI800)"):
        behind = linear.linear_of(colour.canonical(space, str(path)), str(path))
        assert linear.linear_of(behind, str(path)) == behind
    with pytest.raises(ColourError, match=r"no\.lut"):
        linear.linear_of("film", str(path))


def test_a_lean_config_is_entered_by_its_interchange_role(tmp_path):
    config = ocio.Config.CreateRaw()
    config.addColorSpace(ocio.ColorSpace(name="house"))
    config.setRole("aces_interchange", "house")
    path = tmp_path / "lean.ocio"
    path.write_text(config.serialize())
    rgb = np.float32([[0.3], [0.2], [0.1]])[..., None]
    got = colour.convert(rgb, "house", "ACEScg", str(path))
    np.testing.assert_allclose(got, colour.convert(rgb, "ACES2065-1", "ACEScg"), rtol=1e-5)
    assert colour.canonical("ACES2065-1", str(path)) == "house"


def test_a_config_that_is_preferred_counts_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OCIO", "")
    colour.prefer("")
    assert colour.preferred() == colour.CONFIG
    colour.prefer(studio_config(tmp_path, "plate"))
    assert colour.canonical("plate") == "plate"
    with pytest.raises(ColourError, match="cannot be loaded"):
        colour.prefer("nothing.ocio")


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
def test_names_that_are_no_text_are_refused_like_others(name):
    with pytest.raises(ColourError, match="no colour space"):
        colour.canonical(name)


def test_a_config_that_has_changed_is_loaded_again(tmp_path):
    path = studio_config(tmp_path, "plate")
    assert colour.canonical("plate", path) == "plate"
    studio_config(tmp_path, "scan")
    os.utime(path, ns=(1, 1))
    assert colour.canonical("scan", path) == "scan"
    with pytest.raises(ColourError, match="no colour space plate"):
        colour.canonical("plate", path)


@pytest.mark.parametrize("config", ["none.ocio", "ocio://nobody-config"])
def test_a_config_that_cannot_be_loaded_is_refused(config):
    with pytest.raises(ColourError, match=f"{config} cannot be loaded"):
        colour.canonical("ACEScg", config)


def test_built_in_configs_go_by_name_and_by_url():
    for config in (colour.CONFIG, f"ocio://{colour.CONFIG}", "ocio://default"):
        assert colour.canonical("lin_ap1", config) == "ACEScg"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("V-Log", "V-Log V-Gamut"),
        ("slog3", "S-Log3 S-Gamut3.Cine"),
        ("LogC", "ARRI LogC4"),
        ("DaVinci Intermediate", "DaVinci Intermediate WideGamut"),
    ],
)
def test_a_name_in_part_leads_to_the_few_that_hold_it(asked, near):
    with pytest.raises(ColourError) as refused:
        colour.canonical(asked)
    names = str(refused.value.found).split(", ")
    assert near in names
    assert len(names) <= 4
    assert colour.canonical(near)


def test_a_name_that_is_like_none_gets_a_short_list():
    with pytest.raises(ColourError, match=r"ACES2065-1, .* and \d+ more\."):
        colour.canonical("nonsense")
