"""Cases from public reports: what a painted key's pixels mean, and which configs are understood.

They lie beside the checkout, in shared/cases; without that folder nothing here runs.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import footage
import looks
import numpy as np
import pytest
from commands import velatura
from PIL import Image as Pillow
from shared import CASES

from velatura.errors import TrainingError
from velatura.plate import flat
from velatura_training.data import paintings
from velatura_training.data.frame import Frame
from velatura_training.data.key_reading import KeyReading
from velatura_training.data.watched_keys import WatchedKeys

ACES = "sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no shared/cases beside the checkout")


@dataclass(frozen=True)
class Tried:
    key: Frame
    space: str
    said: list[str]


@pytest.fixture
def tried(tmp_path, caplog):
    """Return a function that reads a case's key over its plate, as a training would."""

    def read(plate: str, key: str, space: str = "", reading: KeyReading | None = None) -> Tried:
        caplog.clear()
        paint = tmp_path / f"paint.0006{Path(key).suffix}"
        shutil.copy(CASES / plate, tmp_path / "plate.0006.exr")
        shutil.copy(CASES / key, paint)
        shot = str(tmp_path / "plate.####.exr"), str(paint)
        watched = WatchedKeys([shot], space=space, reading_keys=reading or KeyReading())
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        return Tried(watched.lesson.keys[0], watched.lesson.space, said)

    return read


def differs(key: Frame) -> np.ndarray:
    return (key.paint - key.plate).abs().amax(0).numpy() > 0


@pytest.mark.parametrize(
    "layer", ["01-layer-exr/paint.0006.exr", "02-layer-tiff-premultiplied/paint.0006.tif"]
)
def test_01_02_what_a_premultiplied_layer_leaves_transparent_is_the_plate(tried, layer):
    png = tried("01-layer-exr/plate.0006.exr", "01-layer-exr/paint.0006.png").key
    key = tried("01-layer-exr/plate.0006.exr", layer).key
    bare = png.cover.numpy() == 0
    assert bare.mean() > 0.5
    assert not differs(key)[bare].any()
    np.testing.assert_allclose(key.cover, png.cover, atol=1 / 255)
    assert differs(key)[~bare].mean() > 0.9


def test_03_an_untagged_exr_key_is_in_its_plates_space(tried):
    untagged, tagged = "03-untagged-exr-key", "03-untagged-exr-key/tagged"
    for folder, space in ((untagged, "ACEScg"), (tagged, "")):
        found = tried(f"{folder}/plate.0006.exr", f"{folder}/paint.0006.exr", space)
        stored = flat.read_rgb(CASES / folder / "paint.0006.exr").rgb.transpose(2, 0, 1)
        assert found.space == "ACEScg"
        np.testing.assert_array_equal(found.key.paint, stored)
        assert found.said == []


def test_04_the_icc_profile_counts(tried):
    plate = "04-icc-profiles/plate.0006.exr"
    p3, ref = (tried(plate, f"04-icc-profiles/{name}.png").key for name in ("p3", "ref"))
    # 8 bits of a wider gamut: a step of P3 is more than one of sRGB in saturated colours.
    off = np.abs(codes(p3) - codes(ref))
    assert np.percentile(off, 90) < 1
    assert off.max() < 5


def codes(key: Frame) -> np.ndarray:
    light = np.clip(key.paint.numpy(), 0, 1)
    return 255 * np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def test_05_a_key_through_a_view_is_doubted_and_undone_by_its_name(tried):
    case = "05-key-through-a-view/plate.0006.exr", "05-key-through-a-view/key.png"
    (said,) = tried(*case).said
    assert f"its plate as {ACES} shows it" in said
    assert f"--painted-view '{ACES}'" in said
    key = tried(*case, reading=KeyReading(view=ACES)).key
    assert differs(key).mean() < 0.06  # nothing but what was painted


def test_05_a_view_that_no_config_has_is_fitted(tried):
    case = "05-key-through-a-view/plate.0006.exr", "05-key-through-a-view/key.png"
    found = tried(*case, reading=KeyReading(view="sRGB/AgX"))
    assert "a curve is fitted" in found.said[0]
    assert differs(found.key).mean() < 0.06
    stops = ((found.key.paint + 0.01) / (found.key.plate + 0.01)).log2().abs().amax(0)
    assert stops.quantile(0.99) < 0.25


@pytest.mark.parametrize(
    ("file", "doubt"),
    [
        ("white.psd", "is white: was it saved right? Photoshop: save with Maximize"),
        ("transparent.png", "is wholly transparent"),
        ("same.png", "is its plate, and nothing is painted on it"),
    ],
)
def test_14_keys_that_show_no_paint_are_doubted(tried, file, doubt):
    (said,) = tried("14-degenerate-keys/plate.0006.exr", f"14-degenerate-keys/{file}").said
    assert doubt in said


def test_15_a_gif_is_read_as_key_and_as_painting(tried):
    assert differs(tried("15-gif/plate.0006.exr", "15-gif/paint.0006.gif").key).mean() > 0.5
    with pytest.raises(TrainingError, match="too small to show strokes"):  # but read
        paintings.read([CASES / "15-gif/paint.0006.gif"], "lin_rec709_scene")


@pytest.mark.parametrize("space", ["", "Linear ARRI Wide Gamut 3"])
def test_16_a_cameras_gamut_is_known_by_its_primaries_and_by_name(tried, space):
    found = tried("16-camera-gamut/plate.0006.exr", "04-icc-profiles/ref.png", space)
    assert found.space == "Linear ARRI Wide Gamut 3"


@pytest.mark.parametrize("space", ["linear", ""])
def test_12_a_legacy_config_goes_with_looks_of_today(tmp_path, space):
    look, plate = looks.small(tmp_path / "look.onnx"), CASES / "01-layer-exr/plate.0006.exr"
    asked = ["apply", plate, "--look", look, "--write", "both"]
    plain = velatura(*asked, "--out", tmp_path / "plain")
    flag = ["--space", space] if space else []
    config = str(CASES / "12-legacy-ocio/old.ocio")
    done = velatura(*asked, *flag, "--out", tmp_path / "old", env={"OCIO": config})
    assert (plain.returncode, done.returncode) == (0, 0), done.stderr
    one, other = (flat.read_rgb(tmp_path / d / "plate.0006.exr").rgb for d in ("plain", "old"))
    np.testing.assert_array_equal(one, other)
    assert "Found:" not in done.stderr


def test_20_what_led_to_a_dead_end_is_read(tried, tmp_path):
    """A PPM is sRGB, as a PNG is, and a DPX of film's log is light; no hint is needed."""
    plate, ref = "04-icc-profiles/plate.0006.exr", CASES / "04-icc-profiles/ref.png"
    codes = flat.read_rgb(ref).rgb
    Pillow.fromarray(np.rint(codes * 255).astype(np.uint8)).save(tmp_path / "made.ppm")
    png, ppm = (tried(plate, str(path)).key for path in (ref, tmp_path / "made.ppm"))
    np.testing.assert_allclose(ppm.paint, png.paint, atol=0.01)
    tags = {"oiio__BitsPerSample": 10, "oiio__ColorSpace": "KodakLog"}
    footage.still(tmp_path / "made.dpx", codes * 0.6, "uint16", **tags)
    assert flat.read_rgb(tmp_path / "made.dpx").space == "KodakLog"
    assert tried(plate, str(tmp_path / "made.dpx")).key.paint.isfinite().all()
