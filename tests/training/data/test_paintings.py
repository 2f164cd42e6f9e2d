"""Paintings as people have them: framed, hung on a wall, tagged, printed, and unlike each other."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from saved import curve, grey_profile, ink_profile, matrix_profile, write_8_bit

from velatura.errors import MachineError, TrainingError
from velatura.system import resources
from velatura_training.data import paintings
from velatura_training.data.paintings import parse_crop

SPACE = "lin_rec709_scene"
HEIGHT, WIDTH = 160, 200


def daubs(seed: int = 0, tint=(0.2, 0.3, 0.6)) -> np.ndarray:
    """Return short strokes of many directions, ``(H, W, 3)`` codes 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.empty((HEIGHT, WIDTH, 3))
    picture[:] = tint
    for _ in range(600):
        angle, (row, column) = rng.uniform(0, np.pi), rng.uniform(0, (HEIGHT, WIDTH))
        along = (x - column) * np.cos(angle) + (y - row) * np.sin(angle)
        across = (y - row) * np.cos(angle) - (x - column) * np.sin(angle)
        stroke = (np.abs(along) < 14) & (np.abs(across) < 3)
        picture[stroke] = np.clip(tint + rng.normal(0, 0.15, 3), 0, 1)
    return picture


def read(path, crop=""):
    (painting,) = paintings.read([path], SPACE, HEIGHT / paintings.SIZE, parse_crop(crop))
    return painting.shown[0].permute(1, 2, 0).numpy()


def hung(picture: np.ndarray) -> np.ndarray:
    """Return a picture in a moulding of 20 px, on a wall that gets darker to the right."""
    inside = (slice(50, 50 + HEIGHT), slice(50, 50 + WIDTH))
    wall = np.empty((HEIGHT + 100, WIDTH + 100, 3))
    wall[:] = (0.7 - 0.2 * np.linspace(0, 1, WIDTH + 100))[:, None]
    wall += np.random.default_rng(1).normal(0, 0.02, wall.shape)
    for depth, level in zip(range(20, 0, -4), (0.3, 0.5, 0.2, 0.4, 0.25), strict=True):
        grown = (slice(50 - depth, 50 + HEIGHT + depth), slice(50 - depth, 50 + WIDTH + depth))
        wall[grown] = np.array([1, 0.8, 0.4]) * level
    wall[inside] = picture
    return wall


def test_a_frame_on_a_wall_is_doubted_and_the_crop_that_is_named_leaves_it_out(tmp_path, caplog):
    path = write_8_bit(tmp_path / "museum.png", hung(daubs()))
    read(path)
    assert "left, top, right, bottom" in caplog.text
    crop = caplog.text.partition("--crop ")[2].split()[0]
    left, top, right, bottom = map(int, crop.split(","))
    across, down = 100 * 50 / (WIDTH + 100), 100 * 50 / (HEIGHT + 100)
    for found, wanted in ((left, across), (right, across), (top, down), (bottom, down)):
        assert wanted <= found <= wanted + 3  # whole percents, and a pixel that the scaling blurs
    caplog.clear()
    kept = read(path, crop)
    assert not caplog.text
    assert abs(kept.mean((0, 1)) - daubs().mean((0, 1))).max() < 0.02


def test_bare_paper_is_measured(tmp_path, caplog):
    sheet = np.pad(daubs(), ((32, 0), (0, 0), (0, 0)), constant_values=0.95)
    read(write_8_bit(tmp_path / "print.png", sheet))
    crop = caplog.text.partition("--crop ")[2].split()[0]
    left, top, right, bottom = map(int, crop.split(","))
    assert (left, right, bottom) == (0, 0, 0)
    assert 32 / 192 <= top / 100 <= 32 / 192 + 0.04  # in steps of 2 %


def test_a_horizon_and_a_post_are_no_frame(tmp_path, caplog):
    picture = daubs()
    picture[-30:] = 0.5 * picture[-30:]
    picture[:, 20:40] = 0.4 * picture[:, 20:40]
    read(write_8_bit(tmp_path / "sea.png", picture))
    assert "--crop" not in caplog.text


@pytest.mark.parametrize("gamut", ["adobergb", "p3d65"])
def test_a_paintings_icc_profile_counts(tmp_path, gamut):
    from velatura.plate import colour

    codes = daubs()
    light = colour.convert(
        np.ascontiguousarray(codes.transpose(2, 0, 1), np.float32), colour.PAINTED, SPACE
    )
    own = colour.convert(light, SPACE, f"lin_{gamut}_scene").transpose(1, 2, 0)
    profile = matrix_profile(f"lin_{gamut}_scene", 2.2)
    path = write_8_bit(tmp_path / "tagged.tif", np.maximum(own, 0) ** (1 / 2.2), profile)
    # Two roundings to 8 bits; taken as sRGB, the saturated daubs are off by .05 and more.
    np.testing.assert_allclose(read(path), np.clip(codes, 0, 1), atol=0.02)


def test_a_grey_painting_is_grey_by_its_own_curve(tmp_path):
    light = np.clip(daubs().mean(-1, keepdims=True), 0, 1)
    path = write_8_bit(tmp_path / "ink.png", light ** (1 / 1.8), grey_profile(1.8))
    shown = read(path)
    np.testing.assert_allclose(shown, np.repeat(curve(light), 3, -1), atol=0.012)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_inks_look_as_their_profile_says_and_without_one_it_is_told(tmp_path, suffix, caplog):
    cyan = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    cyan[:, ::2, 0] = 255
    cyan[:, 1::2, 0] = 240
    picture = Image.fromarray(cyan, mode="CMYK").resize((WIDTH, HEIGHT))
    picture.save(tmp_path / f"press.{suffix}", icc_profile=ink_profile())
    shown = read(tmp_path / f"press.{suffix}")
    assert shown[..., 0].min() > 0.9  # that profile's first ink is red
    assert shown[..., 1:].max() < 0.5
    assert "CMYK" not in caplog.text
    picture.save(tmp_path / f"bare.{suffix}")
    shown = read(tmp_path / f"bare.{suffix}")
    assert shown[..., 0].max() < 0.2
    assert "is CMYK" in caplog.text


def test_the_first_picture_of_an_animation_is_taken_and_said_so(tmp_path, caplog):
    first, second = (Image.fromarray((255 * daubs(n)).astype(np.uint8)) for n in (0, 1))
    path = tmp_path / "loop.gif"
    first.quantize(256).save(path, save_all=True, append_images=[second.quantize(256)])
    shown = read(path)
    assert abs(shown - daubs(0)).mean() < 0.03 < abs(shown - daubs(1)).mean()
    assert "the first is read" in caplog.text


@pytest.mark.parametrize("side", [1, 8])
def test_a_speck_is_refused(tmp_path, side):
    path = write_8_bit(tmp_path / "speck.png", daubs()[:side, :side])
    with pytest.raises(TrainingError, match=f"too small.*{side}x{side} px"):
        read(path)


def test_a_header_of_20000_pixels_a_side_is_refused_before_anything_is_decoded(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        tagged = kind + data
        return struct.pack(">I", len(data)) + tagged + struct.pack(">I", zlib.crc32(tagged))

    head = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b""))
    with pytest.raises(TrainingError, match="cannot be learnt from"):
        read(path)


def test_a_damaged_profile_is_refused_with_advice_that_paintings_can_follow(tmp_path):
    broken = matrix_profile("lin_p3d65_scene", 2.2)[:150]
    path = write_8_bit(tmp_path / "torn.tif", daubs(), broken)
    with pytest.raises(TrainingError, match=r"torn\.tif has an ICC profile.*Save it as sRGB"):
        read(path)


def test_a_large_painting_is_thinned_and_looks_the_same(tmp_path):
    codes = daubs()
    large = np.kron(codes, np.ones((9, 9, 1)))
    path = write_8_bit(tmp_path / "large.png", large)
    # Squares of one colour are rounded by Lanczos at their edges.
    assert abs(read(path) - np.clip(codes, 0, 1)).mean() < 0.03


def test_without_memory_a_size_is_named_that_fits(tmp_path, monkeypatch):
    path = write_8_bit(tmp_path / "night.png", daubs())
    monkeypatch.setattr(resources, "free_memory", lambda: paintings.READING * HEIGHT * WIDTH // 4)
    with pytest.raises(MachineError, match=rf"Scale it to {WIDTH // 2}x{HEIGHT // 2} px"):
        read(path)


def test_paintings_that_disagree_are_named(tmp_path, caplog):
    night = write_8_bit(tmp_path / "night.png", daubs(0))
    other = write_8_bit(tmp_path / "other_night.png", daubs(1))
    desert = write_8_bit(tmp_path / "desert.png", daubs(2, (0.8, 0.6, 0.3)))
    paintings.read([night, other], SPACE)
    assert "agree" not in caplog.text
    paintings.read([night, other, desert], SPACE)
    assert "desert.png does not agree with night.png" in caplog.text
