"""A mask says where the look goes: a channel of the plate, or a file."""

from __future__ import annotations

import footage
import looks
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import plates
import pytest
import saved
from glazing import law, run, stack
from images import assert_images_match

from velatura.errors import ImageError, PassError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.plate import matte


def test_a_channel_of_the_plate_is_a_mask(tmp_path, look):
    planes = plates.rgba(40, 56)
    matte = np.random.default_rng(1).random((40, 56)).astype(np.float16)
    exr.write(tmp_path / "plate.exr", Image((plates.part({**planes, "matte.R": matte}),)))
    picture = run(
        tmp_path / "plate.exr", look, tmp_path / "out", write="both", mask="matte.R", strength=0.7
    )
    before, layer = (
        exr.read(tmp_path / "plate.exr"),
        exr.read(tmp_path / "out" / "plate.gain.exr"),
    )
    amount = np.float32(0.7) * matte.astype(np.float32)
    wanted = law(before, layer, amount).astype(np.float16)
    np.testing.assert_array_equal(stack(picture, *"RGB"), wanted.astype(np.float32))


def test_a_matte_below_0_or_not_finite_leaves_the_plate_alone(tmp_path, look):
    planes = plates.rgba(40, 56)
    odd = np.array([-0.5, -60000, np.nan, np.inf, -np.inf, -1e-4, 0], np.float16)
    planes["matte.R"] = np.resize(odd, (40, 56))
    exr.write(tmp_path / "plate.exr", Image((plates.part(planes),)))
    picture = run(tmp_path / "plate.exr", look, tmp_path / "out", write="picture", mask="matte.R")
    assert_images_match(picture, exr.read(tmp_path / "plate.exr"), ignore_metadata=("velatura/*",))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_in_a_sequence_no_strength_or_matte_makes_finite_light_infinite(tmp_path, dtype):
    strong = looks.small(tmp_path / "strong.onnx", strength=20)
    for frame in (1, 2):
        colours = plates.with_specials(plates.light(40, 56, frame)).astype(dtype)
        planes = dict(zip("RGB", colours, strict=True))
        planes["A"] = plates.rgba(40, 56)["A"].astype(dtype)
        planes["matte.R"] = np.resize(np.array([65504, 1, 0, -3], np.float16), (40, 56))
        path = tmp_path / f"plate.{frame}.exr"
        exr.write(path, Image((plates.part(planes),)))
        before = stack(exr.read(path), *"RGB")
        finite = np.isfinite(before).all(axis=0)
        for mask in ("", "matte.R"):
            out = tmp_path / f"out{mask}"
            after = run(path, strong, out, write="picture", strength=4.0, mask=mask)
            assert np.isfinite(stack(after, *"RGB")[:, finite]).all()
            assert (stack(after, *"RGB")[:, finite & (before >= 0).all(axis=0)] >= 0).all()


@pytest.mark.parametrize("end", ["png", "exr"])
def test_a_file_is_a_mask(tmp_path, look, end):
    plate = plates.plain(tmp_path / "plate.exr")
    values = np.random.default_rng(1).integers(0, 2, (40, 56)).astype(np.float32)
    buffer = oiio.ImageBuf(values[..., None])
    buffer.specmod().channelnames = ("Y",)
    buffer.write(str(tmp_path / f"matte.{end}"), "uint8" if end == "png" else "half")
    picture = run(plate, look, tmp_path / "out", write="both", mask=str(tmp_path / f"matte.{end}"))
    layer = exr.read(tmp_path / "out" / "plate.gain.exr")
    wanted = law(exr.read(plate), layer, values).astype(np.float16)
    np.testing.assert_array_equal(stack(picture, *"RGB"), wanted.astype(np.float32))


def test_a_mask_lies_where_its_window_is(tmp_path, look):
    plate = plates.rich(tmp_path / "rich.exr")
    picture = run(plate, look, tmp_path / "out", write="picture", mask="matte.R")
    before = exr.read(plate)
    names = ("V.Combined.R", "V.Combined.G", "V.Combined.B")
    changed = stack(before, *names).view(np.uint32) != stack(picture, *names).view(np.uint32)
    rows, columns = np.nonzero(changed.any(axis=0))
    # matte at (4, 9), beauty at (-3, 5): 7 px in, 4 px down, 11 x 9 px large
    assert rows.min() >= 4
    assert rows.max() < 13
    assert columns.min() >= 7
    assert columns.max() < 18


def test_a_mask_of_another_size_is_refused(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    other = plates.plain(tmp_path / "other.exr", 20, 30)
    with pytest.raises(ImageError, match="30x20, the plate is 56x40"):
        run(plate, look, tmp_path / "out", write="picture", mask=str(other))


def test_an_unknown_mask_channel_names_those_there_are(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    with pytest.raises(PassError, match=r"matte\.R.*A, B, G, R"):
        run(plate, look, tmp_path / "out", write="picture", mask="matte.R")


def test_a_matte_above_1_counts_as_1(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    for name, value in (("over", 3.0), ("one", 1.0)):
        part = plates.part({"A": np.full((40, 56), value, np.float16)})
        exr.write(tmp_path / f"{name}.exr", Image((part,)))
    found = [
        run(plate, look, tmp_path / name, write="picture", mask=str(tmp_path / f"{name}.exr"))
        for name in ("over", "one")
    ]
    np.testing.assert_array_equal(*(stack(each, *"RGB") for each in found))


def halves(path, colour: float, form: str = "uint8"):
    """RGB of one colour, and a matte in alpha: 0 left, 1 right."""
    pixels = np.full((40, 56, 4), colour, np.float32)
    pixels[..., 3] = np.arange(56) >= 28
    return footage.still(path, pixels, form)


@pytest.mark.parametrize("colour", [0.0, 1.0])
@pytest.mark.parametrize("end", ["png", "exr", "tif"])
def test_a_matte_that_lies_in_alpha_alone_is_found(tmp_path, look, colour, end, caplog):
    plate = plates.plain(tmp_path / "plate.exr")
    mask = halves(tmp_path / f"roto.{end}", colour, "float" if end == "exr" else "uint8")
    found = run(plate, look, tmp_path / "out", write="picture", mask=str(mask))
    changed = (stack(found, *"RGB") != stack(exr.read(plate), *"RGB")).any(axis=0)
    assert not changed[:, :28].any()
    assert changed[:, 28:].mean() > 0.5
    assert caplog.text.count("alpha is taken") <= 1  # once a folder and process


def test_a_masks_channel_can_be_named(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    left = np.float32(np.arange(56) < 28)[None].repeat(40, 0)
    planes = {"R": np.ones((40, 56), np.float32), "roto.A": left, "B": 1 - left}
    exr.write(tmp_path / "m.0001.exr", Image((plates.part(planes),)))
    plate = plate.rename(tmp_path / "plate.0001.exr")
    for channel, side in (
        ("roto.A", slice(28, None)),
        ("roto.alpha", slice(28, None)),
        ("b", slice(0, 28)),
    ):
        mask = f"{tmp_path}/m.####.exr:{channel}"
        out = tmp_path / channel
        found = run(plate, look, out, write="picture", mask=mask)
        same = (stack(found, *"RGB") == stack(exr.read(plate), *"RGB")).all(axis=0)
        assert same[:, side].all()
        assert not same.all()
    with pytest.raises(PassError, match=r"no channel G.*R.*as in matte\.exr:A"):
        run(plate, look, tmp_path / "out", write="picture", mask=f"{tmp_path}/m.####.exr:G")


def test_the_files_and_the_channel_of_a_mask():
    assert matte.file_channel("roto.####.exr:A") == ("roto.####.exr", "A")
    assert matte.file_channel("matte.R") == ("matte.R", "")
    assert matte.file_channel("clip.mp4:1001") == ("clip.mp4:1001", "")
    assert matte.file_channel("C:\\shots\\roto.png") == ("C:\\shots\\roto.png", "")
    assert matte.file_channel("C:\\shots\\roto.png:A") == ("C:\\shots\\roto.png", "A")


def test_a_mask_of_the_same_shape_is_scaled(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.exr")
    for name, size in (("small", (20, 28)), ("same", (40, 56)), ("large", (80, 112))):
        ramp = np.linspace(0, 1, size[1] + 2, dtype=np.float32)[None, 1:-1].repeat(size[0], 0)
        footage.still(tmp_path / f"{name}.tif", ramp[..., None], "float")
    small, same, large = (
        stack(run(plate, look, tmp_path / n, write="picture", mask=f"{tmp_path}/{n}.tif"), *"RGB")
        for n in ("small", "same", "large")
    )
    assert np.abs(small - same).mean() < 0.03 * np.abs(same).mean()
    assert np.abs(large - same).mean() < 0.03 * np.abs(same).mean()


def test_a_mask_may_be_a_movie(tmp_path, look):
    plate = plates.plain(tmp_path / "plate.0002.exr", 48, 64)
    clip = footage.movie(tmp_path / "roto.mp4", 4)
    found = run(plate, look, tmp_path / "out", write="picture", mask=str(clip))
    assert not np.array_equal(stack(found, *"RGB"), stack(exr.read(plate), *"RGB"))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("profile", ["colour", "broken", "cICP"])
def test_what_a_mattes_file_says_of_colour_bends_no_coverage(tmp_path, channels, profile):
    part, path = plates.part(plates.rgba(24, 32)), tmp_path / "matte.png"
    half = np.full((24, 32, channels), 0.5)
    if profile == "cICP":
        saved.write_cicp(path, half[..., :1].repeat(3, -1), (9, 16, 0, 1))  # PQ
    else:
        own = saved.matrix_profile("lin_p3d65_scene", 2.2)
        known = saved.grey_profile(2.2) if channels == 1 else own
        path = path.with_suffix(".tif")
        saved.write_8_bit(path, half, known if profile == "colour" else known[:150])
    np.testing.assert_allclose(matte.of_file(path, "", part), 128 / 255, rtol=1e-6)


def test_of_several_layers_in_a_matte_the_one_that_is_taken_is_said(tmp_path, caplog):
    part = plates.part(plates.rgba(40, 56))
    ramps = {n: np.full((40, 56), v, np.float16) for n, v in (("a.R", 0.25), ("b.R", 0.75))}
    exr.write(tmp_path / "two.exr", Image((plates.part(ramps),)))
    assert (matte.of_file(tmp_path / "two.exr", "", part) == 0.25).all()
    assert "holds several layers, a, b: a.R is taken" in caplog.text
    assert (matte.of_file(tmp_path / "two.exr", "b.R", part) == 0.75).all()
    caplog.clear()
    bare = {**ramps, "R": np.full((40, 56), 0.5, np.float16)}
    exr.write(tmp_path / "bare.exr", Image((plates.part(bare),)))
    assert (matte.of_file(tmp_path / "bare.exr", "", part) == 0.5).all()
    assert not caplog.records
