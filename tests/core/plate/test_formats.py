"""docs/inputs.md, cell by cell: what is read, what its colour and alpha mean, what is written."""

from __future__ import annotations

import os
from pathlib import Path

import av
import footage
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import plates
import pytest
import saved
from glazing import law, run, stack

from velatura.apply import sequence
from velatura.errors import ColourError, ImageError, InputError
from velatura.image import exr, movie_file, movies
from velatura.image.planes import Image
from velatura.job import Job
from velatura.plate import flat, formats, primaries
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.system.progress import Progress

EIGHT, SIXTEEN = 8, 16
ALL = slice(None), slice(None)


def linear(path: Path, **reading: str) -> np.ndarray:
    """The light that a look is shown of a file, (H, W, 3), Rec.709."""
    plate = Plate.read(path, Reading(**reading))
    rows, columns = (slice(0, size) for size in plate.size)
    return np.moveaxis(plate.seen(rows, columns, "lin_rec709_scene"), 0, -1)


def picture(bits: int) -> np.ndarray:
    return footage.rounded(footage.codes(2), bits)


@pytest.mark.parametrize(
    ("name", "depth", "bits"),
    [
        ("a.png", "uint8", 8),
        ("a.png", "uint16", 16),
        ("a.tif", "uint8", 8),
        ("a.tif", "uint16", 16),
        ("a.tga", "uint8", 8),
        ("a.bmp", "uint8", 8),
    ],
)
def test_whole_numbers_are_srgb(tmp_path, name, depth, bits):
    path = footage.still(tmp_path / name, picture(bits), depth)
    np.testing.assert_allclose(linear(path), footage.light(picture(bits)), rtol=2e-5, atol=2e-6)


def test_a_jpeg_is_srgb(tmp_path):
    path = footage.still(tmp_path / "a.jpg", picture(8), CompressionQuality=100)
    assert np.abs(linear(path) - footage.light(picture(8))).mean() < 0.02


@pytest.mark.parametrize("name", ["a.hdr", "a.tif"])
def test_floats_are_scene_linear(tmp_path, name):
    light = picture(16) * 8
    path = footage.still(tmp_path / name, light, "float")
    np.testing.assert_allclose(linear(path), light, rtol=0.01, atol=0.03)  # HDR: 8 bits of mantissa


def test_a_movies_codes_are_srgb(tmp_path):
    clip = footage.movie(tmp_path / "clip.mov", 3)
    found = linear(movies.frame_path(str(clip), 2))
    assert np.abs(found - footage.light(footage.codes(2))).mean() < 0.004


def test_a_dpx_is_what_its_header_says(tmp_path):
    path = footage.still(tmp_path / "a.dpx", picture(10), "uint16", oiio__BitsPerSample=10)
    wanted = footage.light(picture(10))
    np.testing.assert_allclose(
        linear(path, space="srgb_rec709_scene"), wanted, rtol=2e-3, atol=1e-4
    )


@pytest.mark.parametrize("name", ["a.png", "a.dpx", "a.exr", "clip.mov"])
def test_a_log_space_that_is_named_is_linearised(tmp_path, name):
    """ACEScct by its own formula, Academy S-2016-001: whatever the file."""
    codes = picture(16) * 0.6
    path = tmp_path / name
    if name == "a.exr":
        planes = {
            n: np.ascontiguousarray(p) for n, p in zip("RGB", codes.transpose(2, 0, 1), strict=True)
        }
        exr.write(path, Image((plates.part(planes, attributes={"colorInteropID": "unknown"}),)))
    elif name == "clip.mov":
        movie_file.write(path, footage.kind(), [codes])
        path = movies.frame_path(str(path), 0)
    else:
        footage.still(path, codes, "uint16", oiio__BitsPerSample=10 if name == "a.dpx" else 16)
    plate = Plate.read(path, Reading(space="ACEScct"))
    assert (plate.space, plate.coded) == ("ACEScg", "ACEScct")
    cut = 0.155251141552511
    wanted = np.where(
        codes <= cut, (codes - 0.0729055341958355) / 10.5402377416545, 2 ** (codes * 17.52 - 9.72)
    )
    found = np.moveaxis(np.stack(plate.rgb), 0, -1)
    slack = 0.12 if name == "clip.mov" else 0.02  # ten bits, half the colour resolution
    assert np.median(np.abs(found / wanted - 1)) < slack


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("end", ["png", "tif"])
def test_straight_alpha_is_not_multiplied_in(tmp_path, look, depth, end):
    alpha = np.linspace(0, 1, footage.SIZE[0], dtype=np.float32)[None].repeat(footage.SIZE[1], 0)
    bits = 8 if depth == "uint8" else 16
    alpha = footage.rounded(alpha, bits)
    path = footage.still(tmp_path / f"a.{end}", np.dstack([picture(bits), alpha]), depth)
    np.testing.assert_allclose(linear(path), footage.light(picture(bits)), rtol=2e-5, atol=2e-6)
    found = finished(path, look, tmp_path / "out", strength=0.0)
    np.testing.assert_allclose(stack(found, "A")[0], alpha, atol=1e-3)
    wanted = footage.light(picture(bits)) * alpha[..., None]  # an EXR's alpha is multiplied in
    np.testing.assert_allclose(np.moveaxis(stack(found, *"RGB"), 0, -1), wanted, atol=1e-3)


def finished(path: Path, look: Path, out: Path, **settings: object) -> Image:
    sequence.run(Job(str(path), str(look), str(out), write="both", **settings), Progress("none"))
    return exr.read(out / f"{path.stem}.exr")


@pytest.mark.parametrize(
    ("name", "depth", "half"),
    [
        ("a.png", "uint8", True),
        ("a.png", "uint16", False),
        ("a.tif", "float", False),
        ("a.jpg", "uint8", True),
    ],
)
def test_an_exr_of_light_is_written_and_its_gain_is_the_laws(tmp_path, look, name, depth, half):
    path = footage.still(tmp_path / name, picture(8), depth)
    found = finished(path, look, tmp_path / "out", strength=1.0)
    assert found.parts[0].attributes["colorInteropID"] == "lin_rec709_scene"
    assert found.find("R")[1].pixels.dtype == (np.float16 if half else np.float32)
    gains = exr.read(tmp_path / "out" / "a.gain.exr")
    light = np.moveaxis(linear(path), -1, 0).astype(np.float32)
    plane = dict(zip("RGB", light, strict=True))
    wanted = law(Image((plates.part(plane),)), gains, 1.0)
    np.testing.assert_allclose(stack(found, *"RGB"), wanted, rtol=1e-3, atol=1e-6)
    assert np.abs(stack(gains, *"RGB")).max() > 0.1


@pytest.mark.parametrize(
    ("name", "depth", "bits", "kind"),
    [
        ("a.png", "uint8", 8, "png"),
        ("a.png", "uint16", 16, "png"),
        ("a.tif", "uint8", 8, "tiff"),
        ("a.tif", "uint16", 16, "tiff"),
        ("a.dpx", "uint16", 10, "dpx"),
        ("a.png", "uint8", 8, "dpx"),
        ("a.jpg", "uint8", 8, "png"),
    ],
)
def test_the_plates_own_encoding_comes_back(tmp_path, look, name, depth, bits, kind):
    """At strength 0 each code is the plate's: by way of the EXR nothing is lost."""
    tags = {"oiio__BitsPerSample": bits} if name.endswith("dpx") else {}
    path = footage.still(tmp_path / name, picture(bits), depth, **tags)
    space = {"space": "srgb_rec709_scene"} if name.endswith("dpx") else {}
    finished(path, look, tmp_path / "out", strength=0.0, deliver=kind, **space)
    before, after = (oiio.ImageBuf(str(each)) for each in (path, tmp_path / "out" / f"a.{kind}"))
    if kind != "dpx" or name.endswith("dpx"):
        assert after.spec().format == before.spec().format
    shown = [np.asarray(each.get_pixels(oiio.FLOAT))[..., :3] for each in (before, after)]
    top = 2 ** (10 if kind == "dpx" else bits) - 1
    off = 1 if kind == "dpx" and bits < 10 else 0  # half a code of eight bits is two of ten
    assert np.abs(np.rint(shown[0] * top) - np.rint(shown[1] * top)).max() <= off


def test_a_float_tiff_comes_back_as_floats(tmp_path, look):
    path = footage.still(tmp_path / "a.tif", picture(16) * 4, "float")
    finished(path, look, tmp_path / "out", strength=0.0, deliver="tiff")
    before, after = (
        np.asarray(oiio.ImageBuf(str(each)).get_pixels(oiio.FLOAT))
        for each in (path, tmp_path / "out" / "a.tiff")
    )
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("kind", ["png", "tiff", "dpx"])
def test_of_a_linear_exr_come_pictures_for_looking(tmp_path, look, kind):
    plate = plates.plain(tmp_path / "a.exr")
    finished(plate, look, tmp_path / "out", strength=0.0, deliver=kind)
    rgb, alpha = stack(exr.read(plate), *"RGB"), stack(exr.read(plate), "A")[0]
    made = flat.read_rgb(tmp_path / "out" / f"a.{kind}")
    straight = np.divide(rgb, alpha, out=rgb.copy(), where=alpha > 0) if kind != "dpx" else rgb
    found = made.rgb
    assert (made.alpha is None) == (kind == "dpx")
    wanted = np.clip(straight, 0, 1).transpose(1, 2, 0)
    np.testing.assert_allclose(footage.light(found[..., :3]), wanted, atol=0.01)


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_a_movie_comes_of_a_movie(tmp_path, look, kind):
    clip = footage.movie(tmp_path / "clip.mp4", 5)
    job = Job(str(clip), str(look), str(tmp_path / "out"), write="picture", strength=0.0)
    job = Job(**{**vars(job), "deliver": kind, "start": 1001})
    sequence.run(job, Progress("none"))
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == [*(f"clip.{n}.exr" for n in range(1001, 1006)), f"clip.{kind}"]
    film = tmp_path / "out" / f"clip.{kind}"
    assert list(movies.numbers(str(film))) == list(range(5))
    assert movies.format_of(film).rate == 24
    for frame in range(5):
        before, after = (
            movies.read(movies.frame_path(str(path), frame))[0] for path in (clip, film)
        )
        assert np.abs(before - after).mean() < 2 / 255


def test_a_movie_comes_of_pictures(tmp_path, look):
    for frame in (1, 2, 3):
        footage.still(tmp_path / f"s.{frame:04d}.png", footage.codes(frame))
    job = Job(str(tmp_path / "s.####.png"), str(look), str(tmp_path / "out"), write="picture")
    sequence.run(Job(**{**vars(job), "deliver": "mp4", "strength": 0.0}), Progress("none"))
    film = tmp_path / "out" / "s.mp4"
    assert list(movies.numbers(str(film))) == [0, 1, 2]
    shown = movies.read(movies.frame_path(str(film), 1))[0]
    assert np.abs(shown - footage.codes(2)).mean() < 2 / 255


def test_a_movie_of_frames_of_two_sizes_is_refused_and_the_hint_helps(tmp_path, look):
    for frame, size in ((1, (64, 48)), (2, (80, 48))):
        footage.still(tmp_path / f"s.{frame:04d}.png", footage.codes(frame, size))
    job = Job(str(tmp_path / "s.####.png"), str(look), str(tmp_path / "out"), write="picture")
    with pytest.raises(ImageError, match=r"64x48 of s.0001.exr, and 80x48 of s.0002.exr.*--frames"):
        sequence.run(Job(**{**vars(job), "deliver": "mp4"}), Progress("none"))
    assert not (tmp_path / "out" / "s.mp4").exists()
    sequence.run(Job(**{**vars(job), "deliver": "mp4", "frames": "1"}), Progress("none"))
    assert (tmp_path / "out" / "s.mp4").exists()


def test_what_is_there_already_is_kept_and_what_was_taken_away_comes_again(tmp_path, look):
    clip = footage.movie(tmp_path / "clip.mp4", 3)
    job = Job(str(clip), str(look), str(tmp_path / "out"), write="picture", deliver="mp4")
    sequence.run(job, Progress("none"))
    out = tmp_path / "out"
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    sequence.run(job, Progress("none"))
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    (out / "clip.mp4").unlink()
    (out / "clip.0001.exr").unlink()
    sequence.run(job, Progress("none"))
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert set(after) == set(before)
    assert after["clip.0000.exr"] == before["clip.0000.exr"]


def test_deliveries_want_a_finished_picture():
    with pytest.raises(InputError, match="--write"):
        Job("a", "b", "c", deliver="mp4").checked()


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_log_exr_stays_a_log_exr(tmp_path, look, strength):
    """Nothing but red, green and blue change, and they are codes again."""
    planes = plates.rgba(40, 56)
    planes = {name: (0.2 + 0.4 * np.asarray(p, np.float32)) for name, p in planes.items()}
    planes |= {"A": np.ones((40, 56), np.float32), "extra.R": planes["R"]}
    exr.write(tmp_path / "a.exr", Image((plates.part(planes, attributes={"owner": "we"}),)))
    out = tmp_path / "out"
    settings = {"space": "ACEScct", "write": "both", "strength": strength}
    run(tmp_path / "a.exr", look, out, **settings)
    before, after = exr.read(tmp_path / "a.exr"), exr.read(out / "a.exr")
    assert after.parts[0].attributes["owner"] == "we"
    np.testing.assert_array_equal(stack(after, "A", "extra.R"), stack(before, "A", "extra.R"))
    plate = Plate.read(tmp_path / "a.exr", Reading(space="ACEScct"))
    light = Image((plates.part(dict(zip("RGB", plate.rgb, strict=True))),))
    wanted = law(light, exr.read(out / "a.gain.exr"), strength)
    again = Plate.read(out / "a.exr", Reading(space="ACEScct"))
    np.testing.assert_allclose(np.stack(again.rgb), wanted, rtol=1e-4, atol=1e-6)
    if not strength:
        np.testing.assert_array_equal(stack(after, *"RGB"), stack(before, *"RGB"))


def test_a_movie_in_an_unknown_space_is_refused_until_one_is_named(tmp_path):
    kind = footage.kind(primaries=9, transfer=18, matrix=9)  # HLG
    movie_file.write(tmp_path / "hlg.mp4", kind, [footage.codes(0)])
    path = movies.frame_path(str(tmp_path / "hlg.mp4"), 0)
    with pytest.raises(ColourError, match=r"primaries 9 and transfer 18.*--space"):
        Plate.read(path, Reading())
    assert Plate.read(path, Reading(space="ACEScct")).coded == "ACEScct"


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.dpx", "a.jpg"])
def test_a_truncated_picture_is_refused(tmp_path, name):
    path = footage.still(tmp_path / name, picture(8))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ImageError, match=rf"{name}"):
        Plate.read(path, Reading())


def test_an_exr_may_have_any_name(tmp_path):
    path = plates.plain(tmp_path / "a.exr").rename(tmp_path / "a.tif")
    assert formats.is_exr(path)
    assert Plate.read(path, Reading()).alpha is not None


def test_the_digest_of_a_movies_frame_is_its_own(tmp_path):
    clip = footage.movie(tmp_path / "clip.mp4", 3)
    found = {formats.digest(movies.frame_path(str(clip), frame)) for frame in range(3)}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("primaries", "transfer", "space"),
    [
        (1, 1, "Linear Rec.709 (sRGB)"),
        (2, 2, "Linear Rec.709 (sRGB)"),
        (1, 13, "Linear Rec.709 (sRGB)"),
        (1, 4, "Linear Rec.709 (sRGB)"),
        (12, 13, "Linear P3-D65"),
        (9, 16, "Linear Rec.2020"),
    ],
)
def test_a_movies_tags_are_its_colour_space(tmp_path, primaries, transfer, space):
    kind = footage.kind(primaries=primaries, transfer=transfer)
    movie_file.write(tmp_path / "a.mp4", kind, [footage.codes(0)])
    plate = Plate.read(movies.frame_path(str(tmp_path / "a.mp4"), 0), Reading())
    assert plate.space == space


@pytest.mark.parametrize("end", ["dpx", "cin"])
def test_film_scans_are_in_kodaks_log(tmp_path, look, end):
    """Black 95, white 685, 0.002 of density a code, 0.6 of density a tenfold of light."""
    codes = picture(10) * 0.6
    codes[..., :] = footage.rounded(codes, 10)
    path = tmp_path / f"a.{end}"
    if end == "cin":
        footage.cineon(path, codes)
    else:
        tags = {"oiio__BitsPerSample": 10, "oiio__ColorSpace": "KodakLog"}
        footage.still(path, codes, "uint16", **tags)
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    wanted = (10 ** ((codes.astype(np.float64) * 1023 - 685) * 0.002 / 0.6) - black) / (1 - black)
    np.testing.assert_allclose(linear(path), wanted, rtol=2e-3, atol=1e-4)
    finished(path, look, tmp_path / "out", strength=0.0, deliver="dpx")
    again = flat.read_rgb(tmp_path / "out" / "a.dpx")
    assert again.space == "KodakLog"
    np.testing.assert_array_equal(np.rint(again.rgb * 1023), np.rint(codes * 1023))


def test_of_a_radiance_picture_comes_one_for_looking(tmp_path, look):
    light = picture(16) * 0.9
    path = footage.still(tmp_path / "a.hdr", light, "float")
    found = finished(path, look, tmp_path / "out", strength=0.0, deliver="png")
    assert found.find("R")[1].pixels.dtype == np.float32
    shown = flat.read_rgb(tmp_path / "out" / "a.png").rgb
    assert np.abs(footage.light(shown) - light).mean() < 0.01


def test_an_icc_profile_is_of_the_colour_before_alpha_is_multiplied_in(tmp_path):
    codes = np.full((24, 32, 4), 0.5, np.float32)
    profile = saved.matrix_profile("lin_rec709_scene", 2.2)
    tag = np.frombuffer(profile, np.uint8)
    spec = oiio.ImageSpec(32, 24, 4, "uint16")
    spec.attribute("ICCProfile", f"uint8[{len(profile)}]", tag)
    codes[..., :3] *= 0.5
    path = tmp_path / "associated.tif"
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    assert out.write_image(codes)
    out.close()
    np.testing.assert_allclose(linear(path), 0.5**2.2, rtol=2e-3)


def test_an_mkv_is_read_and_its_result_is_a_movie_of_the_same_rate(tmp_path, look):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height = footage.SIZE
        stream.pix_fmt = "yuv444p"
        stream.codec_context.colorspace = 1
        for frame in range(3):
            pixels = np.rint(footage.codes(frame) * 255).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            out.mux(stream.encode(picture.reformat(format="yuv444p", dst_colorspace=1)))
        out.mux(stream.encode())
    found = linear(movies.frame_path(str(path), 2))
    assert np.abs(found - footage.light(footage.codes(2))).mean() < 0.01
    job = Job(str(path), str(look), str(tmp_path / "out"), write="picture", deliver="mov")
    sequence.run(Job(**{**vars(job), "strength": 0.0}), Progress("none"))
    film = tmp_path / "out/clip.mov"
    assert (movies.format_of(film).rate, len(movies.numbers(str(film)))) == (25, 3)
    assert exr.read(tmp_path / "out/clip.0002.exr").find("R")[1].pixels.dtype == np.float16


def deep(path: Path, codes: np.ndarray, primaries: int, transfer: int) -> Path:
    """A movie's frame of 10 bits without a loss of colour resolution that matters: even colours."""
    kind = footage.kind(primaries=primaries, transfer=transfer, matrix=9, bits=10)
    movie_file.write(path, kind, [codes])
    return movies.frame_path(str(path), 0)


def even(values: tuple[float, ...]) -> np.ndarray:
    return np.full((footage.SIZE[1], footage.SIZE[0], 3), values, np.float32)


def gamut(light: np.ndarray, name: str) -> np.ndarray:
    """Rec.709 light in other primaries, by the matrices of both."""
    there, here = (
        np.reshape(primaries.to_ap0(primaries.KNOWN[n]), (4, 4))[:3, :3]
        for n in (name, "lin_rec709_scene")
    )
    return light @ (np.linalg.inv(there) @ here).T


def test_a_movie_in_display_p3_is_that_light(tmp_path):
    light = even((0.5, 0.2, 0.1))
    codes = saved.curve(gamut(light, "lin_p3d65_scene")).astype(np.float32)
    found = linear(deep(tmp_path / "a.mov", codes, 12, 13))
    np.testing.assert_allclose(found, light, rtol=0.03, atol=0.003)


def test_a_movie_in_pq_is_that_light(tmp_path):
    """SMPTE ST 2084; 1.0 is 100 nits, as in OpenColorIO's own displays."""
    light = even((3.0, 1.0, 0.2))
    nits = (gamut(light, "lin_rec2020_scene") / 100) ** (2610 / 16384)
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    codes = (((c1 + c2 * nits) / (1 + c3 * nits)) ** (2523 / 32)).astype(np.float32)
    found = linear(deep(tmp_path / "a.mov", codes, 9, 16))
    np.testing.assert_allclose(found, light, rtol=0.04)


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
@pytest.mark.parametrize("read", [formats.read, flat.read_rgb])
def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(tmp_path, read):
    pipe = tmp_path / "plate.0001.png"
    os.mkfifo(pipe)
    with pytest.raises(ImageError, match="a pipe, not a file"):
        read(pipe)
