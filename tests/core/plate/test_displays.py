"""Views of configs: found by name, and the way back from what they show."""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest

from velatura.errors import ColourError
from velatura.plate import colour, displays

ACES = "ACES 2.0 - SDR 100 nits (Rec.709)"
LIGHT = np.geomspace(0.01, 1, 48, dtype=np.float32).reshape(3, 4, 4)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (ACES, f"sRGB - Display/{ACES}"),
        (f"srgb - display/{ACES.lower()}", f"sRGB - Display/{ACES}"),
        ("P3-D65 - Display/Un-tone-mapped", "P3-D65 - Display/Un-tone-mapped"),
        ("sRGB/AgX", "None"),
        ("", "None"),
        ("Raw", "None"),  # shows data
    ],
)
def test_a_view_goes_by_its_name_with_or_without_its_display(name, found):
    assert str(displays.of(name)) == found


@pytest.mark.parametrize("name", [ACES, "Un-tone-mapped"])
@pytest.mark.parametrize("space", ["lin_rec709_scene", "ACEScg"])
def test_the_way_back_leads_to_the_light_that_was_shown(name, space):
    view = displays.of(name)
    assert view.invertible()
    codes = view.shown(0.5 * LIGHT, space)
    assert 0 <= codes.min() < codes.max() <= 1
    np.testing.assert_allclose(view.shown(view.light(codes, space), space), codes, atol=0.005)


def test_un_tone_mapped_is_the_srgb_curve():
    codes = displays.of("sRGB - Display/Un-tone-mapped").shown(LIGHT, colour.SCENE)
    np.testing.assert_allclose(codes, colour.convert(LIGHT, colour.SCENE, "sRGB"), atol=1e-4)


def own_config(tmp_path, transform) -> str:
    config = ocio.Config.CreateRaw()
    config.addColorSpace(ocio.ColorSpace(name="linear"))
    config.setRole("scene_linear", "linear")
    shown = ocio.ColorSpace(name="shown")
    shown.setTransform(transform, ocio.COLORSPACE_DIR_FROM_REFERENCE)
    config.addColorSpace(shown)
    config.addDisplayView("screen", "house", "shown")
    path = tmp_path / "own.ocio"
    path.write_text(config.serialize())
    return str(path)


def test_a_studios_own_view_comes_first(tmp_path, monkeypatch):
    halved = ocio.MatrixTransform.Scale([0.5, 0.5, 0.5, 1])
    monkeypatch.setenv("OCIO", own_config(tmp_path, halved))
    view = next(displays.known())
    assert str(view) == "screen/house"
    np.testing.assert_allclose(view.shown(LIGHT, "linear"), 0.5 * LIGHT, rtol=1e-6)
    np.testing.assert_allclose(view.light(0.5 * LIGHT, "linear"), LIGHT, rtol=1e-6)
    assert displays.of(ACES) is not None  # the built-in config's are there, too


def test_a_view_that_loses_colour_has_no_way_back(tmp_path, monkeypatch):
    grey = ocio.MatrixTransform([0.2, 0.7, 0.1, 0] * 3 + [0, 0, 0, 1])
    monkeypatch.setenv("OCIO", own_config(tmp_path, grey))
    assert not displays.of("house").invertible()


def test_a_view_whose_files_are_missing_is_refused_by_name(tmp_path, monkeypatch):
    file = ocio.FileTransform(src="gone.cube")
    monkeypatch.setenv("OCIO", own_config(tmp_path, file))
    with pytest.raises(ColourError, match="cannot show the view screen/house"):
        displays.of("house").shown(LIGHT, "linear")
