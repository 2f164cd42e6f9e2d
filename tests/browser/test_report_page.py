"""The report in a real Chromium: its slider is the gain law, and a keyboard is enough."""

from __future__ import annotations

from pathlib import Path

import looks
import numpy as np
import plates
import pytest
from commands import velatura

from velatura import strength
from velatura.gain import law

pytestmark = pytest.mark.browser

KNOTS = [round((at / 16) ** 1.5, 5) for at in range(17)]

SEEN = {"until": "() => window.viewer && viewer.seen()"}


@pytest.fixture
def page(tmp_path) -> Path:
    plate = plates.shot(tmp_path / "in", 4)
    look = looks.small(tmp_path / "look.onnx", strength_lut=tuple(KNOTS))
    done = velatura("apply", plate, "--look", look, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    truth = tmp_path / "out" / "plate.gain.0002.exr"  # any picture of that size
    out = tmp_path / "page.html"
    done = velatura(
        *("report", tmp_path / "out", "--plate", plate, "--look", look, "--out", out),
        *("--truth", truth),
    )
    assert done.returncode == 0, done.stderr
    return out


def light(code):
    """Return the light of codes, as `velatura.report.viewer` defines them."""
    code = np.asarray(code, float)
    shown = code / 223
    dark = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return np.where(code > 223, 2 ** ((code - 223) / 4), dark)


def display(linear):
    """Return 8-bit sRGB."""
    x = np.clip(linear, 0, 1)
    return 255 * np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)


def test_the_slider_is_the_gain_law_from_the_plate_to_the_result_and_beyond(page, browse):
    codes = "name => [...viewer.pixels.get(viewer.frames[viewer.at].id)[name].data]"
    shown = """() => { const sheet = viewer.displayed('result');
      return [...sheet.getContext('2d').getImageData(0, 0, sheet.width, sheet.height).data]; }"""
    sliders = (0, 0.3, 1, 1.5)
    steps = [SEEN, {"run": f"() => ({codes})('plate')"}, {"run": f"() => ({codes})('result')"}]
    for slider in sliders:
        steps += [{"fill": ["[data-name=strength]", str(slider)]}, {"run": shown}]
    plate, result, *mixed = (np.array(a).reshape(-1, 4)[:, :3] for a in browse(page, *steps))
    assert np.abs(plate.astype(int) - result).max() > 20  # the look does something
    x, y = (light(codes).astype(np.float32) for codes in (plate, result))
    stops = law.derive(x, y)
    for slider, seen in zip(sliders, mixed, strict=True):
        wanted = law.apply(x, stops, strength.even(KNOTS, slider))
        assert np.abs(display(wanted) - seen).max() <= 1.5, slider
    assert np.abs(display(x) - mixed[0]).max() <= 0.51
    assert np.abs(display(y) - mixed[2]).max() <= 0.51


def test_a_keyboard_and_a_screen_reader_are_enough(page, browse):
    label = "() => document.querySelector('canvas').getAttribute('aria-label')"
    unnamed = """() => [...document.querySelectorAll('input, select, button, canvas, svg')].filter(
      node => !(node.getAttribute('aria-label') || node.closest('label') || node.textContent))
      .length"""
    answers = browse(
        page,
        SEEN,
        {"run": label},
        {"focus": "canvas"},
        {"press": "ArrowRight"},
        {"run": label},
        {"press": "4"},
        {"run": "() => viewer.zoom"},
        {"press": "0"},
        {"focus": "[data-name=strength]"},
        {"press": "Home"},
        {"run": label},
        {"run": unnamed},
        {"run": "() => document.querySelectorAll('.flicker svg, .coverage svg').length"},
        {"run": "() => document.querySelector('.where').textContent"},
        {"run": "() => [...document.querySelectorAll('.coverage tr')].map(r => r.cells.length)"},
    )
    assert answers[0] == "frame 1, glazed; left plate, right result at strength 1.00"
    assert answers[1].startswith("frame 2, truth known")
    assert answers[2] == 4
    assert answers[3].endswith("right result at strength 0.00")
    assert answers[4:6] == [0, 2]
    assert answers[6].startswith("frame 2, truth known")
    assert answers[7] == [2] * 5  # a head, and the numbers of four frames
