"""What one frame promises, seen in the files that a job writes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import looks
import numpy as np
import OpenEXR
import plates
import PyOpenColorIO as ocio  # noqa: N813
import pytest
from glazing import law, run, stack
from images import assert_images_match

from velatura.apply import frame, targets
from velatura.apply.session import open_session
from velatura.errors import ColourError, LookError, PassError
from velatura.image import exr
from velatura.image.planes import Image, Part, Window
from velatura.job import Job
from velatura.look import read
from velatura.plate import colour

MIB = 2**20
MARKS = ("velatura/*",)
"""What a frame adds to the metadata of its plate."""

COURTYARD = Path(exr.__file__).parents[1] / "courtyard/plate/frame.0001.exr"


@pytest.mark.parametrize("settings", [{"strength": 0.0}, {"mask": "black.exr"}])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_without_strength_or_mask_the_picture_is_the_plate_bit_for_bit(
    tmp_path, look, monkeypatch, settings, dtype
):
    monkeypatch.chdir(tmp_path)
    colours = plates.with_specials(plates.light(33, 47))
    planes = dict(zip("RGB", colours.astype(dtype), strict=True))
    kind, nans = (np.uint16, 0x7D01) if dtype == np.float16 else (np.uint32, 0x7FA00001)
    planes["G"].view(kind)[5, 5:8] = nans  # signalling NaNs: any arithmetic would quiet them
    planes["A"] = np.ones((33, 47), dtype)
    exr.write(tmp_path / "plate.exr", Image((plates.part(planes),)))
    black = {"R": np.zeros((33, 47), np.float16)}
    exr.write(tmp_path / "black.exr", Image((plates.part(black),)))

    after = run(tmp_path / "plate.exr", look, tmp_path / "out", write="picture", **settings)

    assert_images_match(after, exr.read(tmp_path / "plate.exr"), ignore_metadata=MARKS)


def test_everything_but_the_beauty_comes_out_as_it_went_in(tmp_path, look):
    plate = plates.rich(tmp_path / "rich.exr")
    after = run(plate, look, tmp_path / "out", write="picture")
    before = exr.read(plate)
    beauty = ("V.Combined.R", "V.Combined.G", "V.Combined.B")

    assert_images_match(after, before, ignore_channels=beauty, ignore_metadata=MARKS)
    assert not np.array_equal(stack(before, *beauty), stack(after, *beauty), equal_nan=True)


def test_a_courtyard_frame_keeps_its_passes(tmp_path):
    plate = COURTYARD
    look = looks.small(tmp_path / "guided.onnx", ("normal", "depth", "albedo", "id"))
    after = run(plate, look, tmp_path / "out", write="picture")
    before = exr.read(plate)
    touched = [n for n in before.names if n.endswith(("Combined.R", "Combined.G", "Combined.B"))]
    assert_images_match(after, before, ignore_channels=touched, ignore_metadata=MARKS)


def test_nan_and_inf_come_out_as_they_went_in_and_do_not_spread(tmp_path, look):
    colours = plates.light(48, 64)
    odd = plates.with_specials(colours)
    broken = ~np.isfinite(odd).all(axis=0)
    for name, pixels in (("odd", odd), ("black", np.where(broken, 0, odd))):
        planes = dict(zip("RGB", pixels.astype(np.float32), strict=True))
        exr.write(tmp_path / f"{name}.exr", Image((plates.part(planes),)))

    layer = run(tmp_path / "odd.exr", look, tmp_path / "o1")
    reference = run(tmp_path / "black.exr", look, tmp_path / "o2")
    stops, clean = stack(layer, *"RGB"), stack(reference, *"RGB")

    assert np.isfinite(stops).all()
    assert (stops[:, broken] == 0).all()
    np.testing.assert_array_equal(stops[:, ~broken], clean[:, ~broken])
    picture = stack(run(tmp_path / "odd.exr", look, tmp_path / "o3", write="picture"), *"RGB")
    np.testing.assert_array_equal(picture[:, broken], odd[:, broken])


@pytest.mark.parametrize("strength", [1.0, 0.35, 0.0, 2.0, 4.0])
def test_strength_follows_the_law(tmp_path, look, strength):
    plate = plates.plain(tmp_path / "plate.exr")
    picture = run(plate, look, tmp_path / "out", write="both", strength=strength)
    before, layer = exr.read(plate), exr.read(tmp_path / "out" / "plate.gain.exr")
    wanted = law(before, layer, np.float32(strength)).astype(np.float16)
    np.testing.assert_array_equal(stack(picture, *"RGB"), wanted.astype(np.float32))


SQUARE = tuple((k / 16) ** 2 for k in range(17))


@pytest.mark.parametrize(
    ("strength", "raw", "gain"), [(0.5, False, 0.25), (0.5, True, 0.5), (1.0, False, 1.0)]
)
def test_a_calibrated_look_is_even_unless_raw_stops_are_asked_for(tmp_path, strength, raw, gain):
    calibrated = looks.small(tmp_path / "even.onnx", strength_lut=SQUARE)
    plate = plates.plain(tmp_path / "plate.exr")
    settings = {"write": "both", "strength": strength, "raw_strength": raw}
    picture = run(plate, calibrated, tmp_path / "out", **settings)
    before, layer = exr.read(plate), exr.read(tmp_path / "out" / "plate.gain.exr")
    wanted = law(before, layer, np.float32(gain)).astype(np.float16)
    np.testing.assert_array_equal(stack(picture, *"RGB"), wanted.astype(np.float32))


def test_a_calibration_does_not_touch_strength_0_nor_the_gain_layer(tmp_path, look):
    calibrated = looks.small(tmp_path / "even.onnx", strength_lut=SQUARE)
    plate = plates.plain(tmp_path / "plate.exr")
    unstyled = run(plate, calibrated, tmp_path / "out", write="picture", strength=0.0)
    assert_images_match(unstyled, exr.read(plate), ignore_metadata=MARKS)
    with_lut, without = (run(plate, each, tmp_path / each.stem) for each in (calibrated, look))
    assert_images_match(with_lut, without, ignore_metadata=MARKS)


def test_twice_as_strong_is_finite_and_makes_no_negatives(tmp_path):
    strong = looks.small(tmp_path / "strong.onnx", strength=8, strength_lut=SQUARE)
    plate = plates.plain(tmp_path / "plate.exr")
    before = stack(exr.read(plate), *"RGB")
    after = stack(run(plate, strong, tmp_path / "out", write="picture", strength=2.0), *"RGB")
    assert np.isfinite(after[np.isfinite(before)]).all()
    assert not ((after < 0) & (before >= 0)).any()


@pytest.mark.parametrize("space", ["lin_rec709_scene", "lin_ap1_scene"])
@pytest.mark.parametrize("memory", [1, 2])
def test_memory_does_not_change_a_bit(tmp_path, space, memory):
    guided = looks.small(tmp_path / "guided.onnx", ("normal", "depth"))
    random = np.random.default_rng(3)
    planes = plates.rgba(150, 220)
    planes |= {f"N.{axis}": random.normal(size=(150, 220)).astype(np.float16) for axis in "XYZ"}
    planes["Z"] = random.random((150, 220)).astype(np.float32)
    exr.write(tmp_path / "plate.exr", Image((plates.part(planes, offset=(-2, 3)),)))
    whole = run(tmp_path / "plate.exr", guided, tmp_path / "whole", space=space)
    session = open_session(read(guided), "cpu")
    job = Job(str(tmp_path / "plate.exr"), str(guided), "", space=space)
    target = targets.Target(tmp_path / "tiled.exr", "")
    files = targets.Frame(tmp_path / "plate.exr", None, target, None)
    loaded = frame.load(files, job, session.card)
    frame.glaze(files, loaded, job, session, memory * MIB)
    assert_images_match(exr.read(tmp_path / "tiled.exr"), whole, ignore_metadata=MARKS)


def test_a_plate_in_another_space_gets_the_gain_of_its_own_space(tmp_path, look):
    light = plates.light(40, 56)
    acescg = colour.convert(light, "lin_rec709_scene", "lin_ap1_scene")
    for name, pixels, space in (("a", light, "lin_rec709_scene"), ("b", acescg, "lin_ap1_scene")):
        planes = dict(zip("RGB", pixels.astype(np.float32), strict=True))
        attributes = {"colorInteropID": space}
        exr.write(tmp_path / f"{name}.exr", Image((plates.part(planes, "", attributes),)))
    native = stack(run(tmp_path / "a.exr", look, tmp_path / "o", write="picture"), *"RGB")
    foreign = stack(run(tmp_path / "b.exr", look, tmp_path / "o", write="picture"), *"RGB")
    back = colour.convert(foreign, "lin_ap1_scene", "lin_rec709_scene")
    # Half-float stops differ by up to 2^-9 stop in either space: 0.14 %, of mixed primaries.
    np.testing.assert_allclose(back, native, rtol=0.01, atol=2e-3)


def test_transparent_pixels_stay_transparent(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    picture = run(plate, look, tmp_path / "out", write="picture")
    clear = stack(exr.read(plate), "A")[0] == 0
    assert clear.any()
    assert (stack(picture, *"RGB")[:, clear] == 0).all()


def test_where_alpha_rings_below_0_no_light_is_taken_or_lent(tmp_path):
    planes = plates.rgba(40, 56, dtype=np.float32)
    ring = planes["A"] < 0.2
    planes["A"][ring] -= 0.3
    negative = planes["A"] < 0
    for name in "RGB":
        planes[name][ring] = 0
    exr.write(tmp_path / "plate.exr", Image((plates.part(planes),)))
    strong = looks.small(tmp_path / "strong.onnx", strength=8)
    picture = run(tmp_path / "plate.exr", strong, tmp_path / "out", write="both")
    assert (stack(exr.read(tmp_path / "out" / "plate.gain.exr"), *"RGB")[:, negative] > 0).any()
    assert (stack(picture, *"RGB")[:, negative] == 0).all()


def test_the_gain_layer_has_the_plates_windows_and_names_its_look(tmp_path, look):
    planes = dict(zip("RGB", plates.light(40, 56).astype(np.float16), strict=True))
    made = plates.part(planes, attributes={"pixelAspectRatio": 2.0})
    overscan = Part("", made.planes, Window(-8, -4, 56, 40), Window(0, 0, 40, 32), made.attributes)
    exr.write(tmp_path / "plate.exr", Image((overscan,)))
    (layer,) = run(tmp_path / "plate.exr", look, tmp_path / "out").parts
    assert (layer.data, layer.display) == (overscan.data, overscan.display)
    assert {plane.name: plane.pixels.dtype for plane in layer.planes} == dict.fromkeys(
        "RGB", np.float16
    )
    assert layer.attributes["compression"] == OpenEXR.ZIP_COMPRESSION
    assert layer.attributes["pixelAspectRatio"] == 2.0
    assert layer.attributes["velatura/look"] == "small"
    assert layer.attributes["velatura/digest"] == read(look).digest


def test_missing_passes_are_zero(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("normal", "id"))
    plate = plates.plain(tmp_path / "plate.exr")
    planes = {name: plane.pixels for name, plane in plates.planes(exr.read(plate)).items()}
    planes |= {f"N.{axis}": np.zeros((40, 56), np.float16) for axis in "XYZ"}
    exr.write(tmp_path / "zeros.exr", Image((plates.part(planes),)))
    without = run(plate, guided, tmp_path / "out")
    zeros = run(tmp_path / "zeros.exr", guided, tmp_path / "out")
    assert_images_match(without, zeros, ignore_metadata=MARKS)


def test_passes_are_read_from_the_layers_that_are_named(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("normal", "depth"))
    random = np.random.default_rng(3)
    values = random.normal(size=(4, 40, 56)).astype(np.float32)
    for names in ("N.X N.Y N.Z Z", "bump.X bump.Y bump.Z far"):
        planes = plates.rgba(40, 56) | dict(zip(names.split(), values, strict=True))
        exr.write(tmp_path / f"{names[0]}.exr", Image((plates.part(planes),)))
    usual = run(tmp_path / "N.exr", guided, tmp_path / "out")
    named = run(tmp_path / "b.exr", guided, tmp_path / "out", passes="normal=bump, depth=far")
    assert_images_match(named, usual, ignore_metadata=MARKS)


@pytest.mark.parametrize(("normal", "why"), [(-1.0, "NaN or Inf"), (25.0, "5 stops; wanted 4")])
def test_a_look_that_fails_on_a_frames_passes_is_refused_by_that_frame(tmp_path, normal, why):
    graph = looks.Graph(0)
    sight = graph.node("Add", "guides", graph.node("Mul", "rgb", graph.weight(np.float32(0))))
    steep = graph.node("Pow", sight, graph.weight(np.float32(0.5)))
    looks.bounded(graph, steep, 1e9)
    card = dataclasses.replace(looks.SMALL, guides=("normal",), bound=4.0)
    look = looks.pack(graph, card, tmp_path / "x.onnx")
    planes = plates.rgba(40, 56) | {f"N.{n}": np.zeros((40, 56), np.float16) for n in "XYZ"}
    planes["N.Y"][20, 20] = normal
    exr.write(tmp_path / "plate.exr", Image((plates.part(planes),)))
    with pytest.raises(LookError, match=rf"plate\.exr: .*x\.onnx answer.*{why}") as refusal:
        run(tmp_path / "plate.exr", look, tmp_path / "out")
    assert refusal.value.exit_code == 3


def test_a_named_pass_that_is_not_there_is_refused(tmp_path):
    guided = looks.small(tmp_path / "guided.onnx", ("normal",))
    plate = plates.plain(tmp_path / "plate.exr")
    with pytest.raises(PassError, match=r"plate\.exr has no layer bump\. Found: \(A B G R\)"):
        run(plate, guided, tmp_path / "out", passes="normal=bump")


def test_an_unknown_colour_space_is_refused(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    with pytest.raises(ColourError, match=r"plate\.exr: .* lin_rec710\. Found: Linear Rec\.709"):
        run(plate, look, tmp_path / "out", space="lin_rec710")


def test_a_look_in_an_unknown_colour_space_is_refused_as_such(tmp_path):
    plate = plates.plain(tmp_path / "plate.exr")
    martian = looks.small(tmp_path / "x.onnx", colour_space="martian")
    with pytest.raises(ColourError, match=r"The look small: .* martian.*Give a config like"):
        run(plate, martian, tmp_path / "out")


def studio_config(path: Path) -> Path:
    """A config whose space `swapped` holds blue first; it knows linear Rec.709 by an old name."""
    config = ocio.Config.CreateRaw()
    config.addColorSpace(ocio.ColorSpace(name="Utility - Linear - sRGB"))
    swap = ocio.MatrixTransform([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1])
    swapped = ocio.ColorSpace(name="swapped")
    swapped.setTransform(swap, ocio.COLORSPACE_DIR_TO_REFERENCE)
    config.addColorSpace(swapped)
    config.setRole(ocio.ROLE_SCENE_LINEAR, "Utility - Linear - sRGB")
    path.write_text(config.serialize())
    return path


@pytest.mark.parametrize("space", ["", "scene_linear"])
def test_a_hosts_own_config_may_call_the_looks_space_as_it_likes(tmp_path, look, space):
    plate, config = plates.plain(tmp_path / "plate.exr"), studio_config(tmp_path / "studio.ocio")
    usual = run(plate, look, tmp_path / "usual")
    hosts = run(plate, look, tmp_path / "hosts", config=str(config), space=space)
    assert_images_match(hosts, usual, ignore_metadata=MARKS)


def test_a_plate_in_a_space_of_the_hosts_config_gets_the_same_light(tmp_path, look):
    planes = plates.rgba(40, 56, dtype=np.float32)
    for name, order in (("plate", "RGBA"), ("other", "BGRA")):
        swapped = dict(zip("RGBA", (planes[channel] for channel in order), strict=True))
        exr.write(tmp_path / f"{name}.exr", Image((plates.part(swapped),)))
    config = studio_config(tmp_path / "studio.ocio")
    usual = run(tmp_path / "plate.exr", look, tmp_path / "out", write="both")
    settings = {"write": "both", "config": str(config), "space": "swapped"}
    hosts = run(tmp_path / "other.exr", look, tmp_path / "out", **settings)
    # Half a step of the half that the stops are baked in (2**-9 from 4 on), as light: 0.14 %.
    np.testing.assert_allclose(stack(hosts, *"BGR"), stack(usual, *"RGB"), rtol=3e-3, atol=1e-5)


def test_a_config_that_cannot_be_loaded_is_refused_by_its_name(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    with pytest.raises(
        ColourError, match=r"config none\.ocio cannot be loaded.*--config or \$OCIO"
    ):
        run(plate, look, tmp_path / "out", config="none.ocio")


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (33, 2)])
def test_small_plates_work(tmp_path, look, size):
    plate = plates.plain(tmp_path / "plate.exr", *size)
    picture = run(plate, look, tmp_path / "out", write="picture")
    assert dataclasses.astuple(picture.parts[0].data)[2:] == size[::-1]
