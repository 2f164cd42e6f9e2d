"""What a painted key's pixels and its alpha mean is known, or said."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own idiom
import pytest
import torch
from PIL import Image as PILImage
from saved import curve, grey_profile, matrix_profile, table_profile, write_8_bit, write_cicp
from tiny import HEIGHT, WIDTH, plate, write_frame

from velatura.errors import ColourError, ImageError, PassError, TrainingError
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.plate import colour, displays
from velatura_training.data import lesson as lessons
from velatura_training.data import viewed_key
from velatura_training.data.key_reading import KeyReading

ACES = "sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)"
LIGHT = np.array([0.5, 0.25, 0.1], np.float32)
"""What every saved key holds, linear Rec.709."""
RECT = slice(10, 30), slice(20, 50)
WHOLE = Window(0, 0, WIDTH, HEIGHT)


def light_in(space: str) -> np.ndarray:
    return colour.convert(LIGHT[:, None, None], colour.SCENE, space).ravel()


@pytest.fixture
def over(tmp_path):
    """Return a function that reads a key of frame 1 over the tiny plate, or over another one."""
    write_frame(tmp_path / "plate.0001.exr", plate(1))

    def read(path, reading=None, space=""):
        pattern = str(tmp_path / "plate.####.exr"), str(path)
        return lessons.load(*pattern, space=space, reading_keys=reading or KeyReading()).keys[0]

    return read


def even(values) -> np.ndarray:
    return np.broadcast_to(np.asarray(values, np.float32), (HEIGHT, WIDTH, len(values)))


def mean(key) -> np.ndarray:
    return key.paint.mean((1, 2)).numpy()


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
@pytest.mark.parametrize(
    ("gamut", "gamma"), [("p3d65", 2.4), ("adobergb", 2.2), ("rec2020", 1.0), ("rec709", 1.8)]
)
def test_an_icc_profile_counts_in_every_format(over, tmp_path, suffix, gamut, gamma):
    codes = light_in(f"lin_{gamut}_scene") ** (1 / gamma)
    profile = matrix_profile(f"lin_{gamut}_scene", gamma)
    path = write_8_bit(tmp_path / f"paint.0001.{suffix}", even(codes), profile)
    np.testing.assert_allclose(mean(over(path)), LIGHT, atol=0.008)  # 8 bits, and JPEG's rounding


def test_a_grey_picture_with_a_profile_and_one_of_tables_are_read(over, tmp_path):
    path = write_8_bit(tmp_path / "paint.0001.png", even([0.5]), grey_profile(1.8))
    np.testing.assert_allclose(mean(over(path)), 0.5**1.8, atol=0.006)
    path = write_8_bit(tmp_path / "paint.0001.tif", even([1, 0, 0]), table_profile())
    np.testing.assert_allclose(mean(over(path)), [1, 0, 0], atol=0.03)  # the table holds 8 bits
    path = write_8_bit(tmp_path / "paint.0001.tif", even([1, 1, 1]), table_profile())
    np.testing.assert_allclose(mean(over(path)), 1, atol=0.02)


def test_a_damaged_profile_is_refused_and_the_hint_helps(over, tmp_path):
    broken = matrix_profile("lin_p3d65_scene", 2.2)[:150]
    path = write_8_bit(tmp_path / "paint.0001.tif", even(curve(LIGHT)), broken)
    with pytest.raises(ColourError, match=r"paint\.0001\.tif has an ICC.*--painted-space"):
        over(path)
    key = over(path, KeyReading("srgb_rec709_scene"))
    np.testing.assert_allclose(mean(key), LIGHT, atol=0.006)


@pytest.mark.parametrize(
    ("cicp", "gamut", "gamma"),
    [
        ((12, 13, 0, 1), "p3d65", 0),
        ((9, 8, 0, 1), "rec2020", 1),
        ((12, 4, 0, 1), "p3d65", 2.2),
        ((1, 1, 0, 1), "rec709", 0),  # of a movie's frame; movies are taken so as well
    ],
)
def test_a_cicp_chunk_counts(over, tmp_path, cicp, gamut, gamma):
    light = light_in(f"lin_{gamut}_scene")
    codes = light ** (1 / gamma) if gamma else curve(light)
    path = write_cicp(tmp_path / "paint.0001.png", even(codes), cicp)
    np.testing.assert_allclose(mean(over(path)), LIGHT, atol=0.006)


def test_a_cicp_chunk_that_is_not_read_is_refused_and_the_hint_helps(over, tmp_path):
    path = write_cicp(tmp_path / "paint.0001.png", even(curve(LIGHT)), (9, 18, 0, 1))
    with pytest.raises(ColourError, match=r"paint\.0001\.png.*transfer 18.*--painted-space"):
        over(path)
    np.testing.assert_allclose(mean(over(path, KeyReading("sRGB"))), LIGHT, atol=0.006)


@pytest.mark.parametrize("suffix", ["ppm", "gif", "dpx", "tga"])
def test_formats_that_say_little_are_srgb(over, tmp_path, suffix):
    path = write_8_bit(tmp_path / f"paint.0001.{suffix}", even(curve(LIGHT)))
    np.testing.assert_allclose(mean(over(path)), LIGHT, atol=0.02)  # a GIF has few colours


@pytest.mark.parametrize("suffix", ["tif", "pfm", "hdr"])
def test_floats_that_say_nothing_are_as_their_plate(over, tmp_path, suffix):
    path = tmp_path / f"paint.0001.{suffix}"
    assert oiio.ImageBuf(np.ascontiguousarray(even(LIGHT))).write(str(path))
    wanted = light_in("ACEScg") if suffix == "hdr" else LIGHT  # an HDR says that it is Rec.709
    np.testing.assert_allclose(mean(over(path, space="ACEScg")), wanted, rtol=0.02)


def test_a_dpx_that_says_it_is_film_is_kodaks_log(over, tmp_path):
    black = 10 ** ((95 - 685) / 300)
    codes = (685 + 300 * np.log10(LIGHT * (1 - black) + black)) / 1023
    path = write_8_bit(tmp_path / "paint.0001.dpx", even(codes), oiio_ColorSpace="KodakLog")
    np.testing.assert_allclose(mean(over(path)), LIGHT, rtol=0.03)


def test_a_key_in_a_space_that_nobody_knows_is_named_with_its_own_flag(over, tmp_path):
    write_frame(tmp_path / "paint.0001.exr", plate(1))
    image = exr.read(tmp_path / "paint.0001.exr")
    part = exr.new_part(
        {p.name: p.pixels for p in image.parts[0].planes},
        *(WHOLE, WHOLE),
        {"colorInteropID": "mine"},
    )
    exr.write(tmp_path / "paint.0001.exr", Image((part,)))
    with pytest.raises(ColourError, match=r"paint\.0001\.exr: .*mine.*--painted-space"):
        over(tmp_path / "paint.0001.exr")
    key = over(tmp_path / "paint.0001.exr", KeyReading("lin_rec709_scene"))
    np.testing.assert_array_equal(key.paint, key.plate)


def test_an_unknown_format_is_refused_with_the_usual_ones(over, tmp_path):
    (tmp_path / "paint.0001.kra").write_bytes(b"PK\3\4 a zip of a painting")
    with pytest.raises(ImageError, match="Save it as PNG, TIFF, PSD"):
        over(tmp_path / "paint.0001.kra")


@pytest.mark.parametrize("space", ["ACEScg", "Linear ARRI Wide Gamut 3"])
def test_an_untagged_exr_is_in_its_plates_space_and_a_tagged_one_in_its_own(over, tmp_path, space):
    planes = {c: np.full((HEIGHT, WIDTH), v, np.float32) for c, v in zip("RGB", LIGHT, strict=True)}
    path = tmp_path / "paint.0001.exr"
    write_frame(path, planes)
    np.testing.assert_allclose(mean(over(path, space=space)), LIGHT, rtol=1e-6)
    np.testing.assert_allclose(
        mean(over(path, KeyReading("lin_rec709"), space)), light_in(space), rtol=1e-4
    )
    part = exr.new_part(planes, WHOLE, WHOLE, {"colorInteropID": "lin_rec709_scene"})
    exr.write(path, Image((part,)))
    np.testing.assert_allclose(mean(over(path, space=space)), light_in(space), rtol=1e-4)


def test_an_untagged_key_does_not_speak_of_its_plate(over, tmp_path, caplog):
    write_frame(tmp_path / "paint.0001.exr", plate(1))
    over(tmp_path / "paint.0001.exr", space="ACEScg")
    assert "names no colour space" not in caplog.text


def layer(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return colour as it is stored, and alpha: opaque, half and clear."""
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[RECT], alpha[10:20, 20:30] = 1, 0.5
    colours = even(LIGHT if kind == "exr" else curve(LIGHT))
    return (colours if kind == "png" else colours * alpha[..., None]), alpha


@pytest.mark.parametrize("kind", ["exr", "tif", "png"])
def test_alpha_means_coverage_in_every_format(over, tmp_path, kind):
    path = tmp_path / f"paint.0001.{kind}"
    rgb, alpha = layer(kind)
    planes = dict(zip("RGBA", np.moveaxis(np.dstack([rgb, alpha]), -1, 0), strict=True))
    if kind == "exr":
        write_frame(path, planes)
    elif kind == "tif":  # associated, as After Effects and Nuke write it
        codes = np.rint(np.dstack([rgb, alpha]) * 65535).astype(np.uint16)
        spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "uint16")
        out = oiio.ImageOutput.create(str(path))
        assert out.open(str(path), spec)
        assert out.write_image(codes)
        out.close()
    else:
        write_8_bit(path, np.dstack([rgb, alpha]))
    key = over(path)
    np.testing.assert_allclose(key.cover, alpha, atol=0.003)
    wanted = key.plate + key.cover * (torch.from_numpy(LIGHT)[:, None, None] - key.plate)
    np.testing.assert_allclose(key.paint, wanted, atol=0.01)
    clear = alpha == 0
    np.testing.assert_array_equal(key.paint[:, clear], key.plate[:, clear])


@pytest.mark.parametrize("suffix", ["gif", "bmp", "jp2", "jxl"])
def test_what_a_painting_program_leaves_under_clear_alpha_is_no_paint(over, tmp_path, suffix):
    path = tmp_path / f"paint.0001.{suffix}"
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[RECT] = 1
    codes = np.where(alpha[..., None] > 0, even(curve(LIGHT)), np.float32(1))  # white paper
    if suffix == "gif":
        picture = PILImage.fromarray(alpha.astype(np.uint8)).convert("P")
        picture.putpalette([255, 255, 255, *np.rint(curve(LIGHT) * 255).astype(int).tolist()])
        picture.save(path, transparency=0)
    else:
        write_8_bit(path, np.dstack([codes, alpha]))
    key = over(path)
    np.testing.assert_allclose(key.cover, alpha, atol=0.01)
    clear = alpha == 0
    np.testing.assert_array_equal(key.paint[:, clear], key.plate[:, clear])


def test_a_picture_that_kept_its_renders_alpha_is_no_layer(tmp_path):
    alpha = np.full((HEIGHT, WIDTH), 0.25, np.float32)
    alpha[:, :10] = 0
    render = {c: 0.1 * np.ceil(alpha) for c in "RGB"} | {"A": alpha}
    write_frame(tmp_path / "plate.0001.exr", render)
    painted = {c: 0.2 * np.ceil(alpha) for c in "RGB"} | {"A": alpha}
    write_frame(tmp_path / "paint.0001.exr", painted)
    pattern = [str(tmp_path / f"{name}.####.exr") for name in ("plate", "paint")]
    (key,) = lessons.load(*pattern).keys
    assert key.cover is None
    np.testing.assert_allclose(key.paint[:, :, 10:], 0.8, rtol=1e-6)


def test_light_without_alpha_is_paint_and_nothing_at_all_is_not(over, tmp_path):
    alpha, glow = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    glow[RECT] = 3
    write_frame(tmp_path / "paint.0001.exr", dict.fromkeys("RGB", glow) | {"A": alpha})
    key = over(tmp_path / "paint.0001.exr")
    assert (key.paint[:, *RECT] == 3).all()
    np.testing.assert_array_equal(key.paint[:, 40:], key.plate[:, 40:])


def viewed(tmp_path, view: displays.View, noise: float = 0.0) -> np.ndarray:
    """Save the tiny plate as a view shows it, a red rectangle painted; return what is unpainted."""
    light = np.stack([plate(1)[c] for c in "RGB"]).astype(np.float32)
    codes = view.shown(light, colour.SCENE).transpose(1, 2, 0)
    codes += np.random.default_rng(0).uniform(-noise, noise, codes.shape) / 255
    codes[RECT] = (0.8, 0.1, 0.1)
    write_8_bit(tmp_path / "paint.0001.png", codes)
    bare = np.ones((HEIGHT, WIDTH), bool)
    bare[RECT] = False
    return bare


@pytest.mark.parametrize("noise", [0.0, 1.0])  # Blender dithers
@pytest.mark.parametrize("name", [ACES, "Un-tone-mapped"])
def test_through_a_view_what_is_unpainted_is_the_plate_exactly(over, tmp_path, name, noise):
    view = displays.of(name)
    bare = viewed(tmp_path, view, noise)
    key = over(tmp_path / "paint.0001.png", KeyReading(view=name))
    np.testing.assert_array_equal(key.paint[:, bare], key.plate[:, bare])
    again = view.shown(key.paint.numpy(), colour.SCENE)[:, *RECT]
    np.testing.assert_allclose(again.mean((1, 2)), (0.8, 0.1, 0.1), atol=0.02)


def test_through_a_view_noise_is_no_paint(over, tmp_path):
    viewed(tmp_path, displays.of(ACES), noise=3.0)  # as JPEG's
    key = over(tmp_path / "paint.0001.png", KeyReading(view=ACES))
    bare = np.ones((HEIGHT, WIDTH), bool)
    bare[8:32, 18:52] = False  # two px beside the paint it cannot be told from it
    same = (key.paint == key.plate).all(0).numpy()
    assert same[bare].mean() > 0.98
    assert not same[RECT].any()


def test_a_view_without_a_way_back_is_met_by_a_fitted_one(over, tmp_path, monkeypatch):
    bare = viewed(tmp_path, displays.of(ACES))
    monkeypatch.setattr(displays.View, "invertible", lambda _: False)
    key = over(tmp_path / "paint.0001.png", KeyReading(view=ACES))
    np.testing.assert_array_equal(key.paint[:, bare], key.plate[:, bare])
    red, green, blue = key.paint[:, *RECT].mean((1, 2)).tolist()
    assert 0.5 < red < 2.5
    assert max(green, blue) < 0.1


def test_a_view_that_nobody_knows_is_fitted_to_the_key_or_refused(over, tmp_path, caplog):
    bare = viewed(tmp_path, displays.of(ACES))
    key = over(tmp_path / "paint.0001.png", KeyReading(view="sRGB/AgX"))
    assert "No config at hand has the view sRGB/AgX: a curve is fitted" in caplog.text
    off = (key.paint - key.plate).abs().amax(0).numpy()[bare]
    assert (off == 0).mean() > 0.95
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH, 3))
    write_8_bit(tmp_path / "paint.0001.png", noise)
    with pytest.raises(TrainingError, match=r"does not show.*ACES 2\.0 - SDR.*--painted-view"):
        over(tmp_path / "paint.0001.png", KeyReading(view="sRGB/AgX"))


def test_a_mistyped_view_is_not_fitted_to_a_key_that_needs_none(over, tmp_path):
    key = over(write_8_bit(tmp_path / "paint.0001.png", even((0.2, 0.2, 0.2))))
    shown = viewed_key.codes_of(key.plate.numpy(), colour.SCENE).transpose(1, 2, 0)
    write_8_bit(tmp_path / "paint.0001.png", shown)
    with pytest.raises(TrainingError, match=r"view AgXX, and .* shows its plate as sRGB does"):
        over(tmp_path / "paint.0001.png", KeyReading(view="AgXX"))
    write_8_bit(tmp_path / "paint.0001.png", even((0.2, 0.2, 0.2)))
    with pytest.raises(TrainingError, match="is of one colour"):
        over(tmp_path / "paint.0001.png", KeyReading(view="AgXX"))


def test_a_layer_through_a_view_is_undone_where_it_covers(over, tmp_path):
    alpha = layer("png")[1]
    write_8_bit(tmp_path / "paint.0001.png", np.dstack([even((0.8, 0.1, 0.1)), alpha]))
    key = over(tmp_path / "paint.0001.png", KeyReading(view=ACES))
    again = displays.of(ACES).shown(key.paint.numpy(), colour.SCENE)[:, 22:28, 32:48]
    np.testing.assert_allclose(again.mean((1, 2)), (0.8, 0.1, 0.1), atol=0.02)
    assert (key.paint == key.plate)[:, alpha == 0].all()
    with pytest.raises(TrainingError, match="a layer, does not show it"):
        over(tmp_path / "paint.0001.png", KeyReading(view="sRGB/AgX"))


def test_a_space_and_a_view_are_not_both_taken():
    with pytest.raises(TrainingError, match="Give one of the two"):
        KeyReading("sRGB", ACES)


@pytest.mark.parametrize("factor", [2, 0.5])
def test_half_and_twice_the_size_are_scaled_if_asked(over, tmp_path, factor):
    height, width = round(HEIGHT * factor), round(WIDTH * factor)
    codes = np.full((height, width, 3), curve(LIGHT))
    codes[:, : width // 2] = 0.2
    path = write_8_bit(tmp_path / "paint.0001.png", codes)
    with pytest.raises(TrainingError, match=r"--painted-resize scales a key of (half|twice)"):
        over(path)
    paint = over(path, KeyReading(resized=True)).paint
    np.testing.assert_allclose(paint[:, :, 40:].mean((1, 2)), LIGHT, atol=0.006)
    assert paint.shape == (3, HEIGHT, WIDTH)


def test_another_size_is_refused_even_if_scaling_is_asked_for(over, tmp_path):
    path = write_8_bit(tmp_path / "paint.0001.png", np.zeros((HEIGHT * 3, WIDTH * 3, 3)))
    with pytest.raises(TrainingError, match=r"192x144.*without cropping or scaling\.$"):
        over(path, KeyReading(resized=True))


def alphas(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return colour ``(H, W, 3)`` and alpha of an EXR layer."""
    alpha = np.clip((np.arange(WIDTH) - 10) / 20, 0, 1)[None].repeat(HEIGHT, 0).astype(np.float32)
    colour = np.full((HEIGHT, WIDTH, 3), 0.8, np.float32)
    if kind == "edges":  # not multiplied, and nothing where there is no alpha
        colour[alpha == 0] = 0
    if kind == "multiplied":
        colour *= alpha[..., None]
    return colour, alpha


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("straight", "has colour in 17 % of it where its alpha is 0"),
        ("edges", "is brighter than its alpha allows in much of its soft edges"),
        ("multiplied", ""),
    ],
)
def test_an_exr_layer_whose_colour_is_not_multiplied_is_doubted(
    over, tmp_path, caplog, kind, words
):
    rgb, alpha = alphas(kind)
    planes = {name: rgb[..., index] for index, name in enumerate("RGB")}
    write_frame(tmp_path / "paint.0001.exr", {**planes, "A": alpha})
    over(tmp_path / "paint.0001.exr")
    said = [r.getMessage() for r in caplog.records if r.name == "velatura.training"]
    said = [text for text in said if "alpha" in text]
    assert len(said) == bool(words)
    assert words in "".join(said)


@pytest.mark.parametrize(
    ("meant", "covered"), [(0, False), (1, False), (2, False), (3, True), (4, True)]
)
def test_a_tgas_alpha_counts_where_its_extension_says_so(over, tmp_path, meant, covered):
    """Truevision's TGA 2.0: attributes type 3 is a useful alpha, 4 one that is multiplied in."""
    codes = np.full((HEIGHT, WIDTH, 4), 0.5)
    codes[..., 3] = np.linspace(0, 1, WIDTH)
    path = write_8_bit(tmp_path / "paint.0001.tga", codes)
    data = bytearray(path.read_bytes())
    data[int.from_bytes(data[-26:-22], "little") + 494] = meant
    path.write_bytes(data)
    key = over(path)
    assert (key.cover is not None) == covered
    if meant == 3:
        opaque = key.paint[:, :, -1].mean(1).numpy()
        np.testing.assert_allclose(opaque, ((0.5 + 0.055) / 1.055) ** 2.4, rtol=0.01)


def test_a_fourth_channel_that_is_no_alpha_is_said_to_be_left(over, tmp_path, caplog):
    """Photoshop's saved selections: TIFF's extra samples of kind 0."""
    pixels = np.full((HEIGHT, WIDTH, 4), 128, np.uint8)
    pixels[..., 3] = 0
    PILImage.fromarray(pixels).save(tmp_path / "paint.0001.tif")
    data = bytearray((tmp_path / "paint.0001.tif").read_bytes())
    at = data.index(bytes((0x52, 1, 3, 0, 1, 0, 0, 0)))
    data[at + 8] = 0
    (tmp_path / "paint.0001.tif").write_bytes(data)
    assert over(tmp_path / "paint.0001.tif").cover is None
    assert "hold 4 channels, and none is said to be alpha" in caplog.text


def test_a_key_of_several_layers_is_refused_and_the_hint_helps(over, tmp_path):
    """As Krita writes a painting that was not flattened."""
    planes = {n: np.full((HEIGHT, WIDTH), 0.5, np.float32) for n in "RGB"}
    layers = {f"{layer}.{n}": p for layer in ("Ground", "Ink") for n, p in planes.items()}
    write_frame(tmp_path / "paint.0001.exr", layers)
    with pytest.raises(PassError, match=r"several pictures.*Save the key as one picture"):
        over(tmp_path / "paint.0001.exr")
    write_frame(tmp_path / "paint.0001.exr", planes)
    over(tmp_path / "paint.0001.exr")


def test_what_else_is_in_a_keys_file_is_said(over, tmp_path, caplog):
    page = PILImage.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    page.save(tmp_path / "paint.0001.tif", save_all=True, append_images=[page])
    over(tmp_path / "paint.0001.tif")
    assert "holds more pictures than one: the first is read" in caplog.text
    planes = {n: np.full((HEIGHT, WIDTH), 0.5, np.float32) for n in "RGB"}
    views = {f"{view}.Combined.{n}": p for view in ("Fg", "Bg") for n, p in planes.items()}
    write_frame(tmp_path / "paint.0001.exr", views)
    over(tmp_path / "paint.0001.exr")
    assert "holds other pictures, which are not read: " in caplog.text
