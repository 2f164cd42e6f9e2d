"""Every kind of EXR file comes back as it was: OpenImageIO and the header bytes bear witness."""

from __future__ import annotations

import struct
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import pytest
from exrbytes import attribute, headers, insert
from images import assert_images_match

from velatura.image import exr
from velatura.image.planes import Image, Part, Window

SHOT = Path(exr.__file__).parents[1] / "courtyard/plate/frame.0001.exr"
OVERSCAN = Window(-10, -5, 61, 43)
FORMAT = Window(0, 0, 40, 30)
LOSSLESS = [
    OpenEXR.NO_COMPRESSION,
    OpenEXR.RLE_COMPRESSION,
    OpenEXR.ZIPS_COMPRESSION,
    OpenEXR.ZIP_COMPRESSION,
    OpenEXR.PIZ_COMPRESSION,
]
WRITER = ("lineOrder", "pixelAspectRatio", "screenWindow*")
"""What OpenEXR adds to a header that has never been in a file."""

MANIFEST = '{"Suzanne":"cb432898","Ball":"74d3ebe9"}'


def planes(window: Window = OVERSCAN, seed: int = 0) -> dict[str, np.ndarray]:
    """Half, float and uint planes with every kind of number that is easily lost."""
    rng = np.random.default_rng(seed)
    shape = (window.height, window.width)
    made = {name: rng.normal(0.2, 1, shape).astype(np.float16) for name in "RGBA"}
    odd = 0x7E33, 0xFE01, 0x7C00, 0xFC00, 0x8000, 0x0001  # two NaNs, Inf, -Inf, -0, a denormal
    made["R"].view(np.uint16)[0, :6] = odd
    made["depth.Z"] = rng.random(shape, np.float32) * 1e10
    made["depth.Z"].view(np.uint32)[0, :3] = 0x7FC12345, 0xFF800000, 0x80000000
    made["id"] = rng.integers(0, 2**32, shape, np.uint32)
    return made


def shot(**attributes: object) -> Image:
    return Image((exr.new_part(planes(), OVERSCAN, FORMAT, attributes),))


def tiled(mode: OpenEXR.LevelMode = OpenEXR.ONE_LEVEL) -> dict[str, object]:
    tiles = OpenEXR.TileDescription()
    tiles.xSize, tiles.ySize, tiles.mode = 32, 16, mode
    return {"type": OpenEXR.tiledimage, "tiles": tiles}


@pytest.mark.parametrize("compression", LOSSLESS, ids=str)
def test_mixed_types_windows_and_odd_numbers_come_back_bit_for_bit(tmp_path, compression):
    image = shot(compression=compression)
    exr.write(tmp_path / "a.exr", image)
    again = exr.read(tmp_path / "a.exr")
    assert_images_match(again, image, ignore_metadata=WRITER)
    assert again.parts[0].attributes["compression"] == compression


def test_a_file_read_and_written_is_the_same_file(tmp_path):
    exr.write(tmp_path / "a.exr", shot(lineOrder=OpenEXR.DECREASING_Y, owner="compositing"))
    exr.write(tmp_path / "b.exr", exr.read(tmp_path / "a.exr"))
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()


def test_openimageio_reads_what_we_write(tmp_path):
    exr.write(tmp_path / "a.exr", shot(**{"velatura/look": "ink"}))
    source = oiio.ImageInput.open(str(tmp_path / "a.exr"))
    spec = source.spec()
    assert (spec.x, spec.y, spec.width, spec.height) == (-10, -5, 61, 43)
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, 40, 30)
    assert spec["velatura/look"] == "ink"
    assert spec["compression"] == "zip"
    for index, name in enumerate(spec.channelnames):
        wanted = planes()[name]
        kind = spec.channelformats[index]
        assert (
            str(kind)
            == {"float16": "half", "float32": "float", "uint32": "uint"}[str(wanted.dtype)]
        )
        if wanted.dtype != np.uint32:  # OpenImageIO scales uint to 0..1 on its way to Python
            got = source.read_image(0, 0, index, index + 1, kind)[..., 0]
            np.testing.assert_array_equal(got, wanted, err_msg=name)


@pytest.mark.parametrize("compression", ["none", "zip", "piz", "dwaa"])
def test_we_read_what_openimageio_writes(tmp_path, compression):
    spec = oiio.ImageSpec(61, 43, 4, oiio.HALF)
    spec.x, spec.y, spec.full_width, spec.full_height = -10, -5, 40, 30
    spec.tile_width = spec.tile_height = 32
    spec.attribute("compression", compression)
    pixels = np.stack([planes()[name] for name in "RGBA"], -1)
    pixels[~np.isfinite(pixels)] = 0
    output = oiio.ImageOutput.create("exr")
    assert output.open(str(tmp_path / "a.exr"), spec)
    assert output.write_image(pixels)
    assert output.close()
    image = exr.read(tmp_path / "a.exr")
    assert (image.parts[0].data, image.parts[0].display) == (OVERSCAN, Window(0, 0, 40, 30))
    seen = oiio.ImageInput.open(str(tmp_path / "a.exr")).read_image(0, 0, 0, 4, oiio.HALF)
    for index, name in enumerate("RGBA"):
        np.testing.assert_array_equal(image.find(name)[1].pixels, seen[..., index])


def test_tiles_stay_tiles(tmp_path):
    exr.write(tmp_path / "a.exr", shot(**tiled()))
    exr.write(tmp_path / "b.exr", exr.read(tmp_path / "a.exr"))
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()
    spec = oiio.ImageInput.open(str(tmp_path / "b.exr")).spec()
    assert (spec.tile_width, spec.tile_height) == (32, 16)


def test_of_a_mip_map_the_picture_is_kept_and_the_smaller_levels_are_not(tmp_path):
    source = oiio.ImageBuf(np.random.default_rng(0).random((70, 100, 3), np.float32))
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, source, str(tmp_path / "a.exr"))
    image = exr.read(tmp_path / "a.exr")
    exr.write(tmp_path / "b.exr", image)
    assert_images_match(exr.read(tmp_path / "b.exr"), image, ignore_metadata=["tiles"])
    again = oiio.ImageInput.open(str(tmp_path / "b.exr"))
    assert again.spec().tile_width == 64
    assert not again.seek_subimage(0, 1)


def test_parts_keep_their_names_windows_kinds_and_equal_channel_names(tmp_path):
    small = Window(5, 5, 20, 10)
    named = [
        ("beauty", planes(OVERSCAN, 1), OVERSCAN, {"compression": OpenEXR.PIZ_COMPRESSION}),
        ("albedo", planes(small, 2), small, tiled()),
        ("crypto", {"r": planes(OVERSCAN, 3)["depth.Z"]}, OVERSCAN, {"view": "left"}),
    ]
    parts = (
        Part(name, part.planes, part.data, part.display, part.attributes)
        for name, pixels, window, attributes in named
        for part in [exr.new_part(pixels, window, FORMAT, attributes)]
    )
    image = Image(tuple(parts))
    exr.write(tmp_path / "a.exr", image)
    exr.write(tmp_path / "b.exr", exr.read(tmp_path / "a.exr"))
    assert_images_match(exr.read(tmp_path / "b.exr"), image, ignore_metadata=WRITER)
    assert headers(tmp_path / "a.exr") == headers(tmp_path / "b.exr")
    assert exr.read(tmp_path / "b.exr").names[:2] == ["beauty.A", "beauty.B"]
    assert oiio.ImageInput.open(str(tmp_path / "b.exr")).seek_subimage(2, 0)


def test_header_attributes_of_every_type_survive_byte_for_byte(tmp_path):
    exr.write(tmp_path / "a.exr", shot())
    rare = {
        ("chromaticities", "chromaticities"): struct.pack("<8f", *np.linspace(0.1, 0.8, 8)),
        ("cryptomatte/542cafa/manifest", "string"): MANIFEST.encode(),
        ("framesPerSecond", "rational"): struct.pack("<iI", 24000, 1001),
        ("timeCode", "timecode"): struct.pack("<II", 0x12345678, 0x9ABCDEF0),
        ("keyCode", "keycode"): struct.pack("<7i", 1, 2, 3, 4, 5, 6, 80),
        ("preview", "preview"): struct.pack("<II", 3, 2) + bytes(range(24)),
        ("worldToCamera", "m44f"): struct.pack("<16f", *range(16)),
        ("exposure", "double"): struct.pack("<d", 1.25),
        ("crop", "box2i"): struct.pack("<4i", -1, -2, 3, 4),
        ("at", "v3f"): struct.pack("<3f", 1, 2, 3),
        ("notes", "stringvector"): struct.pack("<i", 2) + "é".encode(),
        ("multiView", "stringvector"): b"",
        ("studio/blob", "studioType"): b"\1\2\3\0",
        ("comments", "string"): "größer\n".encode(),
    }
    insert(tmp_path / "a.exr", b"".join(attribute(*key, value) for key, value in rare.items()))
    exr.write(tmp_path / "b.exr", exr.read(tmp_path / "a.exr"))
    (before,), (after,) = headers(tmp_path / "a.exr"), headers(tmp_path / "b.exr")
    assert {name: after[name] for name, _ in rare} == {n: (t, v) for (n, t), v in rare.items()}
    assert after == before


def test_replacing_the_beauty_leaves_all_other_channels_and_the_header_alone(tmp_path):
    exr.write(tmp_path / "a.exr", shot(manifest=MANIFEST))
    plate = exr.read(tmp_path / "a.exr")
    grey = np.full((OVERSCAN.height, OVERSCAN.width), 0.18, np.float32)
    exr.write(tmp_path / "b.exr", plate.replace(dict.fromkeys("RGB", grey)))
    picture = exr.read(tmp_path / "b.exr")
    assert headers(tmp_path / "a.exr") == headers(tmp_path / "b.exr")
    assert_images_match(picture, plate, ignore_channels="RGB")
    assert (picture.find("R")[1].pixels == np.float16(0.18)).all()


def dwa(tmp_path: Path, *names: str) -> Image:
    pixels = {name: np.abs(planes(seed=i)["G"]) for i, name in enumerate(names)}
    path = tmp_path / "plate.exr"
    attributes = {"compression": OpenEXR.DWAA_COMPRESSION}
    exr.write(path, Image((exr.new_part(pixels, OVERSCAN, FORMAT, attributes),)))
    return exr.read(path)


def test_a_dwa_plate_with_only_a_beauty_stays_dwa_and_keeps_its_alpha(tmp_path):
    plate = dwa(tmp_path, *"RGBA", "crypto00.r", "mask")
    grey = np.full((OVERSCAN.height, OVERSCAN.width), 0.18, np.float32)
    image = plate.replace({**dict.fromkeys("RGB", grey), "crypto00.r": grey})
    exr.write(tmp_path / "a.exr", image)
    again = exr.read(tmp_path / "a.exr")
    assert again.parts[0].attributes["compression"] == OpenEXR.DWAA_COMPRESSION
    for name in ("A", "mask"):
        np.testing.assert_array_equal(again.find(name)[1].pixels, plate.find(name)[1].pixels)


def test_layers_that_dwa_would_round_again_are_kept_exactly_by_going_to_zip(tmp_path):
    plate = dwa(tmp_path, *"RGBA", "diffuse.R", "normal.y")
    grey = np.full((OVERSCAN.height, OVERSCAN.width), 0.18, np.float32)
    exr.write(tmp_path / "a.exr", plate.replace(dict.fromkeys("RGB", grey)))
    again = exr.read(tmp_path / "a.exr")
    assert again.parts[0].attributes["compression"] == OpenEXR.ZIP_COMPRESSION
    for name in ("A", "diffuse.R", "normal.y"):
        np.testing.assert_array_equal(again.find(name)[1].pixels, plate.find(name)[1].pixels)


def test_a_dwa_plate_put_back_as_it_was_is_bit_exact(tmp_path):
    plate = dwa(tmp_path, *"RGBA")
    same = {name: plate.find(name)[1].pixels.astype(np.float32) for name in "RGB"}
    exr.write(tmp_path / "a.exr", plate.replace(same))
    # As ZIP: DWA would round what it has rounded already.
    assert_images_match(exr.read(tmp_path / "a.exr"), plate, ignore_metadata=["compression"])


def test_strided_planes_are_written_right(tmp_path):
    wide = np.arange(8 * 12, dtype=np.float32).reshape(8, 12)
    window = Window(0, 0, 6, 8)
    exr.write(tmp_path / "a.exr", Image((exr.new_part({"Y": wide[:, ::2]}, window, window),)))
    np.testing.assert_array_equal(exr.read(tmp_path / "a.exr").find("Y")[1].pixels, wide[:, ::2])


def test_one_pixel_is_a_picture(tmp_path):
    window = Window(-(2**20), 2**20, 1, 1)
    image = Image((exr.new_part({"R": np.ones((1, 1), np.float16)}, window, window),))
    exr.write(tmp_path / "a.exr", image)
    assert_images_match(exr.read(tmp_path / "a.exr"), image, ignore_metadata=WRITER)


def test_the_header_is_read_without_pixels(tmp_path):
    exr.write(tmp_path / "a.exr", shot(**{"velatura/job": "fingerprint"}))
    cut = (tmp_path / "a.exr").read_bytes()[:2000]
    (tmp_path / "b.exr").write_bytes(cut)
    assert exr.attributes(tmp_path / "b.exr")["velatura/job"] == "fingerprint"


def test_a_frame_is_held_once_when_read_and_not_copied_when_written(tmp_path):
    window = Window(0, 0, 1000, 500)
    pixels = {name: np.zeros((500, 1000), np.float16) for name in "RGBA"}
    size = sum(plane.nbytes for plane in pixels.values())
    image = Image((exr.new_part(pixels, window, window),))
    exr.write(tmp_path / "a.exr", image)  # first, so that one-time allocations are over
    tracemalloc.start()
    exr.write(tmp_path / "a.exr", image)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    exr.read(tmp_path / "a.exr")
    read = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written < 2**20 + size / 8  # the write buffer
    assert size <= read < 1.1 * size


@pytest.mark.parametrize("work", ["read", "write"])
def test_other_threads_run_meanwhile(tmp_path, work):
    window = Window(0, 0, 1920, 1080)
    noise = np.random.default_rng(0).random((1080, 1920), np.float32)
    image = Image((exr.new_part(dict.fromkeys("RGB", noise), window, window),))
    exr.write(tmp_path / "a.exr", image)
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    exr.read(tmp_path / "a.exr") if work == "read" else exr.write(tmp_path / "b.exr", image)
    stop = time.perf_counter()
    done.set()
    thread.join()
    during = sum(start < at < stop for at in ticks)
    assert during > 0.1 * 1000 * (stop - start)  # .9 of a tick per ms measured on a quiet machine


def test_a_real_blender_shot_comes_back_bit_for_bit(tmp_path):
    plate = exr.read(SHOT)
    exr.write(tmp_path / "a.exr", plate)
    assert_images_match(exr.read(tmp_path / "a.exr"), plate)
    assert headers(tmp_path / "a.exr") == headers(SHOT)
