"""Painted keys of any format are read as stored; contact sheets are written whole."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from velatura.errors import ImageError, PassError, StorageError
from velatura.image import drawing, exr, png
from velatura.image.planes import Image, Window
from velatura.plate import flat as picture

SRGB = "sRGB Encoded Rec.709 (sRGB)"
LINEAR = "Linear Rec.709 (sRGB)"


def painting(channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 256, (12, 17, channels))
    return (values * (np.iinfo(dtype).max // 255)).astype(dtype)


def save(path: Path, pixels: np.ndarray, **attributes: int) -> Path:
    buffer = oiio.ImageBuf(pixels)
    for name, value in attributes.items():
        buffer.specmod().attribute(name, value)
    assert buffer.write(str(path)), buffer.geterror()
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "tga"])
def test_eight_bit_pictures_come_as_stored_between_0_and_1(tmp_path, suffix):
    pixels = painting()
    read = picture.read_rgb(save(tmp_path / f"key.{suffix}", pixels))
    np.testing.assert_allclose(read.rgb, pixels / np.float32(255), atol=1e-7)
    assert read.rgb.dtype == np.float32
    assert read.alpha is None
    assert read.space == SRGB
    assert read.data == read.display == Window(0, 0, 17, 12)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_pictures_keep_their_steps(tmp_path, suffix):
    pixels = painting(dtype=np.uint16)
    read = picture.read_rgb(save(tmp_path / f"key.{suffix}", pixels))
    np.testing.assert_allclose(read.rgb, pixels / np.float32(65535), atol=1e-7)
    assert read.space == SRGB


def test_a_float_tiff_is_linear_and_keeps_its_highlights(tmp_path):
    pixels = painting().astype(np.float32) - 3
    read = picture.read_rgb(save(tmp_path / "key.tif", pixels))
    np.testing.assert_array_equal(read.rgb, pixels)
    assert read.space == LINEAR


def test_jpegs_come_near(tmp_path):
    ramp = np.linspace(0, 255, 17 * 12).reshape(12, 17, 1).repeat(3, 2).astype(np.uint8)
    read = picture.read_rgb(save(tmp_path / "key.jpg", ramp, CompressionQuality=95))
    np.testing.assert_allclose(read.rgb, ramp / 255, atol=0.1)
    assert read.space == SRGB


def test_a_png_with_alpha_is_not_multiplied_by_it(tmp_path):
    pixels = painting(4)
    pixels[..., 3] = 128
    # Written with the same wish: OpenImageIO would divide by alpha.
    spec = oiio.ImageSpec(17, 12, 4, oiio.UINT8)
    spec.attribute("oiio:UnassociatedAlpha", 1)
    output = oiio.ImageOutput.create("png")
    assert output.open(str(tmp_path / "key.png"), spec)
    assert output.write_image(pixels)
    assert output.close()
    read = picture.read_rgb(tmp_path / "key.png")
    np.testing.assert_allclose(read.rgb, pixels[..., :3] / np.float32(255), atol=1e-7)
    np.testing.assert_allclose(read.alpha, 128 / 255, atol=1e-7)
    assert not read.premultiplied


@pytest.mark.parametrize("channels", [1, 2])
def test_grey_pictures_come_as_three_equal_channels(tmp_path, channels):
    pixels = painting(channels)
    if channels == 2:
        pixels[..., 1] = 255
    read = picture.read_rgb(save(tmp_path / "matte.png", pixels))
    for channel in range(3):
        np.testing.assert_allclose(read.rgb[..., channel], pixels[..., 0] / 255, atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_comes_upright(tmp_path, orientation):
    path = save(tmp_path / "photo.tif", painting(), Orientation=orientation)
    wanted = oiio.ImageBufAlgo.reorient(oiio.ImageBuf(str(path))).get_pixels(oiio.FLOAT)
    np.testing.assert_array_equal(picture.read_rgb(path).rgb, wanted)


def test_an_exr_gives_its_beauty_its_alpha_and_its_windows(tmp_path):
    data, display = Window(-2, 3, 17, 12), Window(0, 0, 13, 20)
    planes = {name: painting(1)[..., 0].astype(np.float16) + i for i, name in enumerate("ABGR")}
    image = Image((exr.new_part(planes, data, display, {"colorInteropID": "lin_ap1_scene"}),))
    exr.write(tmp_path / "key.EXR", image)
    read = picture.read_rgb(tmp_path / "key.EXR")
    for index, name in enumerate("RGB"):
        np.testing.assert_array_equal(read.rgb[..., index], planes[name])
    np.testing.assert_array_equal(read.alpha, planes["A"])
    assert (read.space, read.premultiplied) == ("ACEScg", True)
    assert (read.data, read.display) == (data, display)
    with pytest.raises(PassError, match="no layer diffuse"):
        picture.read_rgb(tmp_path / "key.EXR", layer="diffuse")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "exr"])
def test_cut_empty_and_missing_pictures_are_refused_by_name(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    path = save(tmp_path / f"key.0006.{suffix}", noise)
    data = path.read_bytes()
    for kept in (0.3, 0.6, 0.9):
        path.write_bytes(data[: int(kept * len(data))])
        with pytest.raises(ImageError, match=rf"key\.0006\.{suffix}"):
            picture.read_rgb(path)
    path.write_bytes(b"")
    with pytest.raises(ImageError, match="an empty file"):
        picture.read_rgb(path)
    path.unlink()
    with pytest.raises(ImageError, match=rf"key\.0006\.{suffix} cannot be read"):
        picture.read_rgb(path)


def test_a_picture_that_is_too_large_is_refused(tmp_path):
    path = save(tmp_path / "key.png", painting())
    picture.read_rgb(path, max_pixels=12 * 17)
    with pytest.raises(ImageError, match="17x12"):
        picture.read_rgb(path, max_pixels=12 * 17 - 1)


def test_resizing_keeps_flat_colours_and_the_range_of_the_picture():
    flat = np.full((9, 14, 3), 0.18, np.float32)
    np.testing.assert_allclose(drawing.resize(flat, 31, 20), 0.18, rtol=1e-6)
    highlight = np.zeros((40, 40, 2), np.float32)
    highlight[18:22, 18:22] = 100
    for size in (13, 97):
        small = drawing.resize(highlight, size, size)
        assert small.shape == (size, size, 2)
        assert small.min() == 0
        assert small.max() <= 100


def test_resizing_keeps_what_is_left_on_the_left():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None, :, None].repeat(8, 0)
    small = drawing.resize(ramp, 16, 4)[0, :, 0]
    np.testing.assert_allclose(small, (np.arange(16) * 4 + 1.5) / 63, atol=0.01)


def test_the_same_size_is_the_same_object():
    pixels = np.zeros((4, 5, 3), np.float32)
    assert drawing.resize(pixels, 5, 4) is pixels


def test_a_png_comes_back_as_written(tmp_path):
    pixels = painting()
    png.write_png(tmp_path / "sheet.png", pixels)
    read = picture.read_rgb(tmp_path / "sheet.png").rgb
    np.testing.assert_array_equal(np.rint(read * 255).astype(np.uint8), pixels)
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize("kept", [0.0, 0.5, -1])
def test_when_the_disk_fills_up_the_old_sheet_stays(tmp_path, kept):
    path, noise = tmp_path / "sheet.png", np.random.default_rng(0).bytes(300 * 200 * 3)
    pixels = np.frombuffer(noise, np.uint8).reshape(200, 300, 3)
    png.write_png(path, pixels)
    old = path.read_bytes()
    limit = len(old) - 1 if kept < 0 else int(kept * len(old))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(StorageError, match=r"sheet\.png cannot be written"):
            png.write_png(path, pixels)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]
