"""A plate is read as it says, or as a reading says it."""

import numpy as np
import plates
import pytest
from glazing import run, stack

from velatura.errors import PassError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

EVERYWHERE = slice(0, 3), slice(0, 4)


def image() -> Image:
    """A plate with a second layer, and a depth pass."""
    values = {"R": 1, "G": 2, "B": 3, "Z": 9}
    planes = {name: np.full((3, 4), value, np.float32) for name, value in values.items()}
    planes |= {f"key.{name}": np.full((3, 4), 0.5, np.float32) for name in "RGB"}
    return Image((plates.part(planes),), "a.exr")


def test_an_empty_reading_goes_by_the_usual_names():
    plate = Plate.of(image(), Reading())
    assert plate.names == ("R", "G", "B")
    assert plate.guides.found["depth"] == ("Z",)
    assert plate.guides.lacking(("depth", "normal")) == ("normal",)
    np.testing.assert_array_equal(plate.seen(*EVERYWHERE, plate.space)[:, 0, 0], [1, 2, 3])


def test_a_reading_names_the_layer_the_passes_and_the_space():
    plate = Plate.of(image(), Reading("key", "normal=key", "ACEScg"))
    assert plate.names == ("key.R", "key.G", "key.B")
    assert plate.space == Plate.of(image(), Reading(space="lin_ap1_scene")).space
    assert plate.guides.addresses("normal") == ("key.R", "key.G", "key.B")


@pytest.mark.parametrize("wrong", ["normal=dents", "normal=Z"])
def test_a_wrong_pass_is_refused_by_a_look_that_reads_it_and_by_no_other(wrong):
    """A node keeps its overrides when its look is changed."""
    plate = Plate.of(image(), Reading(passes=wrong))
    assert plate.guides.lacking(("depth",)) == ()
    with pytest.raises(PassError, match=r"a\.exr"):
        plate.guides.read(("normal",))


def lit(alpha: np.ndarray, rgb: float | np.ndarray) -> Image:
    colours = np.broadcast_to(np.float32(rgb), (3, *alpha.shape))
    planes = {name: colour.copy() for name, colour in zip("RGB", colours, strict=True)}
    return Image((plates.part({**planes, "A": alpha.astype(np.float32)}),), "a.exr")


RAMP = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(48, 0)


@pytest.mark.parametrize(
    ("picture", "doubted"),
    [
        (lit(RAMP, 0.5), True),  # a roto over live action
        (lit(np.zeros_like(RAMP), 0.5), True),
        (lit(RAMP, RAMP * 0.5), False),  # multiplied
        (lit(RAMP, RAMP), False),  # white, multiplied
        (lit(np.ones_like(RAMP), 9.0), False),  # opaque
        (lit(RAMP, RAMP * np.where(np.arange(64) % 16 == 0, 20, 0.4)), False),  # highlights
        (lit(np.where(RAMP > 0.97, 0.5, 1), 0.4), False),  # a thin edge only
    ],
    ids=["roto", "none", "multiplied", "white", "opaque", "highlights", "thin"],
)
def test_colour_beyond_alpha_in_many_pixels_is_doubted(picture, doubted):
    assert Plate.of(picture, Reading()).brighter() == doubted
    for said in ("yes", "no"):
        assert not Plate.of(picture, Reading(premultiplied=said)).brighter()


def test_an_alpha_that_is_not_the_plates_divides_nothing():
    picture = lit(RAMP, 0.5)
    everywhere = slice(0, 48), slice(0, 64)
    straight = Plate.of(picture, Reading(premultiplied="no"))
    np.testing.assert_array_equal(straight.seen(*everywhere, straight.space), 0.5)
    usual = Plate.of(picture, Reading())
    assert usual.seen(*everywhere, usual.space)[0, 0, 1] == pytest.approx(0.5 * 63)


def test_a_look_on_a_plate_with_another_alpha_is_that_on_the_plate_without(tmp_path, look, caplog):
    exr.write(tmp_path / "a.exr", lit(RAMP, 4 * plates.light(48, 64)))
    bare = dict(zip("RGB", 4 * plates.light(48, 64), strict=True))
    exr.write(tmp_path / "b.exr", Image((plates.part(bare),)))
    found = run(tmp_path / "a.exr", look, tmp_path / "out", write="picture", premultiplied="no")
    wanted = run(tmp_path / "b.exr", look, tmp_path / "out", write="picture")
    np.testing.assert_array_equal(stack(found, *"RGB"), stack(wanted, *"RGB"))
    np.testing.assert_array_equal(found.find("A")[1].pixels, RAMP)
    assert "alpha" not in caplog.text
    run(tmp_path / "a.exr", look, tmp_path / "auto", write="picture")
    assert "--premultiplied no" in caplog.text


@pytest.mark.parametrize(
    "layer", ["Image", "main", "RenderLayer", "default", "ViewLayer.001.Combined", "V.1.2.combined"]
)
def test_a_lone_layer_is_the_picture_whatever_it_is_called(layer):
    planes = {f"{layer}.{name}": np.ones((3, 4), np.float32) for name in "RGBA"}
    planes |= {f"V.Normal.{name}": np.ones((3, 4), np.float32) for name in "XYZ"}
    planes |= {f"V.CryptoObject00.{name}": np.ones((3, 4), np.float32) for name in "rgb"}
    planes |= {f"V.Diffuse Color.{name}": np.ones((3, 4), np.float32) for name in "RGB"}
    found = Plate.of(Image((plates.part(planes),)), Reading())
    assert found.names == tuple(f"{layer}.{name}" for name in "RGB")
    assert found.alpha is not None


def test_of_two_pictures_with_names_of_their_own_none_is_guessed():
    planes = {f"{layer}.{n}": np.ones((3, 4), np.float32) for layer in ("a", "b") for n in "RGB"}
    with pytest.raises(PassError, match=r"several pictures.*a \(R G B\), b \(R G B\).*--layer"):
        Plate.of(Image((plates.part(planes),)), Reading())


def test_another_view_layer_is_said_to_stay_as_it_is(tmp_path, look, caplog):
    layers = ("Background", "ViewLayer")
    both = {
        f"{layer}.Combined.{name}": plane
        for layer in layers
        for name, plane in plates.rgba(40, 56).items()
    }
    exr.write(tmp_path / "a.exr", Image((plates.part(both),)))
    run(tmp_path / "a.exr", look, tmp_path / "out", write="both")
    assert "left as they are: ViewLayer.Combined. --layer (of stereo --views) takes" in caplog.text
    caplog.clear()
    run(tmp_path / "a.exr", look, tmp_path / "out", write="both", layer="ViewLayer.Combined")
    assert "left as they are: Background.Combined" in caplog.text
