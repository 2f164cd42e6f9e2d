"""What files of pictures say of their colour in places that OpenImageIO does not look at."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import footage
import numpy as np
import plates
import pytest
import saved
from PIL import Image as Pillow

from velatura.errors import ColourError, ImageError, PassError
from velatura.image import exr
from velatura.image.planes import Image
from velatura.plate import flat, primaries
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

GREY = 0.4
LIGHT = np.stack([np.full((24, 32), value) for value in (0.5, GREY, 0.2)], -1)


def within(gamut: str) -> np.ndarray:
    """LIGHT, which is in Rec.709, in another gamut."""
    there, here = (
        np.reshape(primaries.to_ap0(primaries.KNOWN[name]), (4, 4))[:3, :3]
        for name in (gamut, "lin_rec709_scene")
    )
    return LIGHT @ (np.linalg.inv(there) @ here).T


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path: Path, codes: np.ndarray, *chunks: tuple[bytes, bytes]) -> Path:
    """A PNG of 8 bits with these chunks before its pixels, and no others."""
    pixels = np.rint(np.clip(codes, 0, 1) * 255).astype(np.uint8)
    head = struct.pack(">2I5B", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    every = (b"IHDR", head), *chunks, (b"IDAT", rows), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in every))
    return path


def chrm(gamut: str) -> tuple[bytes, bytes]:
    xy = primaries.KNOWN[gamut]
    return b"cHRM", struct.pack(">8I", *(round(v * 100_000) for v in (*xy[6:], *xy[:6])))


GAMMA = b"gAMA", struct.pack(">I", 45455)


def is_the_light(path: Path, atol: float = 0.006) -> None:
    """As a key and as a plate."""
    key = flat.read_rgb(path).light("lin_rec709_scene")
    np.testing.assert_allclose(key.transpose(1, 2, 0), LIGHT, atol=atol)
    plate = Plate.read(path, Reading())
    seen = plate.seen(*(slice(0, size) for size in plate.size), "lin_rec709_scene")
    np.testing.assert_allclose(seen.transpose(1, 2, 0), LIGHT, atol=atol)


@pytest.mark.parametrize("gamut", ["adobergb", "p3d65", "rec2020", "rec709"])
@pytest.mark.parametrize("gamma", [True, False])
def test_a_pngs_own_primaries_count(tmp_path, gamut, gamma):
    light = within(f"lin_{gamut}_scene")
    codes = light ** (1 / 2.2) if gamma else saved.curve(light)
    is_the_light(
        png(tmp_path / "a.png", codes, *([GAMMA] if gamma else []), chrm(f"lin_{gamut}_scene"))
    )


def test_a_pngs_srgb_chunk_wins_over_its_primaries(tmp_path):
    chunks = (b"sRGB", b"\0"), GAMMA, chrm("lin_adobergb_scene")
    is_the_light(png(tmp_path / "a.png", saved.curve(LIGHT), *chunks))


def test_primaries_that_have_no_name_are_refused_and_the_hint_helps(tmp_path):
    odd = b"cHRM", struct.pack(">8I", 31270, 32900, 60000, 30000, 20000, 70000, 15000, 9000)
    path = png(tmp_path / "a.png", saved.curve(LIGHT), odd)
    with pytest.raises(ColourError, match=r"cHRM chunk names primaries.*--painted-space"):
        flat.read_rgb(path)
    with pytest.raises(ColourError, match=r"--space"):
        Plate.read(path, Reading())
    assert flat.read_rgb(path, space="sRGB").told
    assert Plate.read(path, Reading(space="sRGB")).space


def test_a_cameras_adobe_rgb_is_known_by_its_exif(tmp_path):
    exif = Pillow.Exif()
    there = exif.get_ifd(0x8769)
    there[0xA001], there[0xA005] = 65535, {1: "R03"}
    codes = np.rint(within("lin_adobergb_scene") ** (1 / 2.2) * 255).astype(np.uint8)
    Pillow.fromarray(codes).save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)
    is_the_light(tmp_path / "a.jpg", 0.015)


def dpx(path: Path, transfer: int) -> Path:
    """A DPX whose header names a transfer characteristic (SMPTE 268M, table 5A)."""
    footage.still(path, footage.codes(0), "uint16", oiio__BitsPerSample=10)
    data = bytearray(path.read_bytes())
    data[801] = transfer
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("transfer", "space"), [(1, "KodakLog"), (3, "KodakLog"), (6, "sRGB")])
def test_a_dpx_of_printing_density_is_log(tmp_path, transfer, space, caplog):
    found = flat.read_rgb(dpx(tmp_path / "a.dpx", transfer))
    assert found.space.startswith(space)
    assert not caplog.records


@pytest.mark.parametrize("transfer", [0, 4])
def test_a_dpx_that_does_not_say_its_curve_is_told(tmp_path, transfer, caplog):
    assert flat.read_rgb(dpx(tmp_path / "a.dpx", transfer)).space.startswith("sRGB")
    assert "do not say which curve they have" in caplog.text
    assert "--space" in caplog.text


def radiance(path: Path, light: np.ndarray, *lines: str) -> Path:
    """A Radiance picture without runs, by its author's description of the format."""
    most = light.max(-1)
    part, exponent = np.frexp(most)
    pixels = np.floor(light * (part * 256 / most)[..., None])
    whole = np.concatenate([pixels, (exponent + 128)[..., None]], -1).astype(np.uint8)
    header = "\n".join(("#?RADIANCE", "FORMAT=32-bit_rle_rgbe", *lines, "", "-Y 24 +X 32\n"))
    path.write_bytes(header.encode() + whole.tobytes())
    return path


def test_a_radiance_pictures_primaries_count(tmp_path):
    line = "PRIMARIES= " + " ".join(map(str, primaries.KNOWN["lin_p3d65_scene"]))
    is_the_light(radiance(tmp_path / "a.hdr", within("lin_p3d65_scene"), line))
    is_the_light(radiance(tmp_path / "b.hdr", LIGHT))


def test_a_radiance_pictures_exposure_is_said(tmp_path, caplog):
    is_the_light(radiance(tmp_path / "a.hdr", LIGHT, "EXPOSURE=2.0"))
    assert "EXPOSURE=2" in caplog.text


def test_a_lab_tiff_is_refused(tmp_path):
    Pillow.fromarray(np.zeros((24, 32, 3), np.uint8), "LAB").save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match=r"no RGB picture.*CIE Lab.*Convert it to RGB"):
        flat.read_rgb(tmp_path / "a.tif")


def test_whole_numbers_in_an_exr_are_no_light_of_a_key(tmp_path):
    planes = {name: np.full((24, 32), 90, np.uint32) for name in "RGB"}
    exr.write(tmp_path / "a.exr", Image((plates.part(planes),)))
    with pytest.raises(PassError, match="hold whole numbers"):
        flat.read_rgb(tmp_path / "a.exr")


def test_an_aces_container_is_ap0(tmp_path):
    light = within("lin_ap0_scene").astype(np.float32)
    planes = dict(zip("RGB", np.ascontiguousarray(np.moveaxis(light, -1, 0)), strict=True))
    header = {"colorInteropID": "unknown", "acesImageContainerFlag": 1}
    exr.write(tmp_path / "a.exr", Image((plates.part(planes, attributes=header),)))
    is_the_light(tmp_path / "a.exr", 1e-4)
