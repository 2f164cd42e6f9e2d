"""Painted keys travel inside a look; a look may come from anywhere, so theirs are not believed."""

from __future__ import annotations

import base64
import io
import pickle
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import stages
from hypothesis import given, settings
from hypothesis import strategies as st
from stages import Stage

from velatura.carry import packing
from velatura.carry.fields import Field
from velatura.carry.nearest import NearestFirst
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.reproject import RIM
from velatura.errors import LookError
from velatura.scene import tracks
from velatura.system.progress import Progress

SMALL = stages.Window(0, 0, 48, 36)
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def carry() -> Carry:
    """Two keys, one of them a layer, a frame without a camera, and a frame that is held."""
    stage = Stage(window=SMALL, size=(SMALL.height, SMALL.width), last=4)
    sights = {frame: stage.sight(frame) for frame in stage.frames}
    sights[3] = replace(sights[3], position=None)
    found = tracks.solve(stage.frames, list(sights.values()), Progress("none"))
    keys = tuple(Key.of(f, stage.paint(f) * 40, sights[f], found) for f in (1, 4))
    cover = np.linspace(0, 1, SMALL.height * SMALL.width, dtype=np.float32)
    keys = keys[0], replace(keys[1], cover=cover.reshape(SMALL.height, SMALL.width))
    fields = {(2, 1): field(0, 9, 12), (3, 4): field(1, 5, 12), (4, 4): field(2, 36, 48)}
    return Carry(keys, found, fields, {1: 1, 2: 2, 3: 2, 4: 4}, 0.3125)


def field(seed: int, height: int, width: int) -> Field:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 256, (2, height, width), np.uint8)
    return Field(random.uniform(-0.4, 1.4, (2, height, width)).astype(np.float32), *codes)


@pytest.fixture(scope="module")
def text(carry: Carry) -> str:
    return packing.pack(carry)


def arrays_of(text: str) -> Arrays:
    with np.load(io.BytesIO(base64.b64decode(text))) as found:
        return dict(found)


def packed(arrays: Mapping[str, Any], **options: Any) -> str:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, **options)
    return base64.b64encode(file.getvalue()).decode()


def test_a_carry_comes_out_as_it_went_in(carry, text):
    back = packing.unpack(text, "ink.onnx")
    assert back.tracks.frames == carry.tracks.frames
    for name in ("objects", "poses", "segments", "bends"):
        there, here = (getattr(c.tracks, name) for c in (carry, back))
        np.testing.assert_array_equal(here, there)
        assert here.dtype == there.dtype
    for there, here in zip(carry.tracks.cameras, back.tracks.cameras, strict=True):
        assert (there is None) == (here is None)
        if there is not None:
            np.testing.assert_array_equal(here.matrix, there.matrix)
            np.testing.assert_array_equal(here.axis, there.axis)
            assert here.error == there.error
    assert carry.tracks.cameras[2] is None
    assert back.fields.keys() == carry.fields.keys()
    assert type(back) is Carry
    assert back.same == carry.same
    assert back.agreement == carry.agreement
    for way, there in carry.fields.items():
        # Codes are 1 / 32767 of a width apart.
        here = back.fields[way]
        np.testing.assert_allclose(here.places, there.places, atol=0.51 / 32767)
        np.testing.assert_array_equal(here.worth, there.worth, strict=True)
        np.testing.assert_array_equal(here.choice, there.choice, strict=True)
    for there, here in zip(carry.keys, back.keys, strict=True):
        assert here.frame == there.frame
        np.testing.assert_array_equal(here.index, there.index)
        np.testing.assert_array_equal(here.rim, there.rim)
        np.testing.assert_array_equal(here.depth, there.depth)
        # Codes are 3 / 65535 apart; a unit is eight stops.
        np.testing.assert_allclose(here.paint, there.paint, atol=0.51 * 3 / 65535)
        assert here.paint.dtype == np.float32
    assert back.keys[0].cover is None
    np.testing.assert_allclose(back.keys[1].cover, carry.keys[1].cover, atol=0.51 / 255)
    assert back.keys[1].cover[0, 0] == 0, "what was left transparent"


def test_what_came_out_goes_in_again_without_a_change(text):
    """Rounded once, and never again: a look can be exported from what was read of a look."""
    assert packing.pack(packing.unpack(text, "ink.onnx")) == text


def test_keys_without_cameras_have_no_depth(carry):
    flat = tuple(replace(key, depth=None) for key in carry.keys)
    assert packing.unpack(packing.pack(replace(carry, keys=flat)), "x").keys[0].depth is None


def test_a_survey_has_no_keys(carry):
    assert packing.unpack(packing.pack(replace(carry, keys=())), "x").keys == ()


def test_places_outside_of_a_key_by_more_than_half_are_at_half(carry):
    """There is always paint: it is worth nothing so far outside."""
    far = field(3, 4, 5)
    far.places[:] = 0.5
    far.places[0, 0], far.places[0, 1] = -0.6, 1.61
    back = packing.unpack(packing.pack(replace(carry, fields={(2, 1): far})), "x").fields[2, 1]
    np.testing.assert_allclose(back.places[0, 0], -0.5, atol=1e-4)
    np.testing.assert_allclose(back.places[0, 1], 1.5, atol=1e-4)
    np.testing.assert_allclose(back.places[:, 2:], 0.5, atol=1e-4)


def old(carry: Carry) -> str:
    """Return the text of a look of velatura 0.1: nearest key first, fields of places with holes."""
    found = arrays_of(packing.pack(carry))
    for name in ("same", "agreement", *(n for n in found if n[:5] in ("worth", "choic", "cover"))):
        del found[name]
    codes = np.cumsum(join(found["field0"]), axis=-1, dtype=np.uint16)
    codes[:, 3:5] = 65535
    found["field0"] = apart(np.diff(codes, axis=-1, prepend=np.uint16(0)))
    return packed(found)


def join(planes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(np.uint16)[..., 0]


def apart(codes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(codes.view(np.uint8).reshape(*codes.shape, 2), -1, 0))


def test_looks_of_velatura_0_1_carry_the_nearest_key_first(carry):
    back = packing.unpack(old(carry), "ink.onnx")
    assert type(back) is NearestFirst
    there, here = carry.fields[2, 1].places, back.fields[2, 1].places
    assert np.isnan(here[:, 3:5]).all(), "holes stay holes"
    np.testing.assert_allclose(here[:, :3], there[:, :3], atol=0.51 / 32767)
    assert not back.layered
    for frame in STAGE.frames:
        sight = STAGE.sight(frame)
        paint = back.paint(frame, sight)
        wanted = NearestFirst(back.keys, back.tracks, back.fields).paint(frame, sight)
        np.testing.assert_array_equal(paint.planes, wanted.planes)
        assert set(np.unique(paint.planes[[3, 7]])) <= {0, RIM, 1}
        assert paint.cover is None


def test_the_brightest_paint_survives(carry):
    bright = carry.keys[0].paint * 0 + np.float32(np.log2(1 + 128 * 65504) / 8)
    key = replace(carry.keys[0], paint=bright)
    back = packing.unpack(packing.pack(replace(carry, keys=(key,))), "x").keys[0]
    np.testing.assert_allclose(back.paint, bright, atol=3e-5)


def test_too_many_keys_are_refused_when_they_are_packed(carry, monkeypatch):
    monkeypatch.setattr(packing, "LONGEST", 5000)
    with pytest.raises(LookError, match=r"too much for one look.*2 keys.*proxy"):
        packing.pack(carry)


def refused(text: str) -> str:
    with pytest.raises(LookError, match=r"painted keys inside ink\.onnx cannot be read") as caught:
        packing.unpack(text, "ink.onnx")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "no base64 at all!",
        "\N{LATIN SMALL LETTER A WITH DIAERESIS}",
        base64.b64encode(b"not a zip").decode(),
        base64.b64encode(pickle.dumps([1])).decode(),
        base64.b64encode(zlib.compress(b"x")).decode(),
        packed({}),
        packed({"frames": np.array([1])}),
        "A" * 4000,
    ],
)
def test_what_is_no_cargo_is_refused(text):
    refused(text)


def test_half_a_cargo_is_refused(text):
    for part in np.linspace(0, len(text) - 4, 40).astype(int):
        refused(text[: part - part % 4])


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_harmless(place, bit):
    """Every byte of a ZIP counts for its checksum, or is of no account."""
    data = bytearray(base64.b64decode(TEXT))
    data[int(place * len(data))] ^= 1 << bit
    try:
        back = packing.unpack(base64.b64encode(bytes(data)).decode(), "x")
    except LookError:
        return
    assert packing.pack(back) == TEXT


def all_spoilt(arrays: Arrays) -> Mapping[str, Callable[[], Arrays]]:
    """Return ways to spoil a cargo that a checksum does not tell."""
    a = arrays

    def but(**changed: Any) -> Callable[[], Arrays]:
        return lambda: {**a, **changed}

    camera = a["cameras"].copy()
    flat = camera.copy()
    flat[0, :12] = 0
    thin, odd, huge = camera.copy(), camera.copy(), camera.copy()
    thin[0, 4:7] = thin[0, 0:3]  # down is across
    odd[0, 12:16] += 1  # the axis is not the third row
    huge[0, 3] = 1e300
    half = camera.copy()
    half[0, 3] = np.nan
    poses = a["poses"].copy()
    poses[1, 0, 0, 0] = np.inf
    nan = np.full((4, 36, 48), 255, np.uint8)
    return {
        "frames that fall": but(frames=a["frames"][::-1].copy()),
        "a frame twice": but(frames=np.array([1, 2, 2, 4])),
        "frames of floats": but(frames=a["frames"].astype(float)),
        "no frames": but(
            frames=np.zeros(0, np.int64),
            cameras=np.zeros((0, 17)),
            poses=a["poses"][:0],
            segments=a["segments"][:0],
        ),
        "a single frame as a scalar": but(frames=np.int64(1)),
        "frames of another kind": but(frames=np.array(["1", "2", "3", "4"])),
        "objects that fall": but(objects=a["objects"][::-1].copy()),
        "more objects than indices": but(
            objects=np.arange(70_000, dtype=np.uint32),
            poses=np.zeros((4, 70_000, 3, 4), np.float64),
            segments=np.zeros((4, 70_000), np.int16),
            bends=np.zeros(70_000, bool),
        ),
        "one camera less": but(cameras=camera[1:]),
        "cameras of zeros": but(cameras=flat),
        "a camera without height": but(cameras=thin),
        "a camera that looks past itself": but(cameras=odd),
        "a camera beyond all numbers": but(cameras=huge),
        "half a camera": but(cameras=half),
        "poses beyond all numbers": but(poses=poses),
        "poses of half the size": but(poses=a["poses"].astype(np.float32)),
        "no segments": {k: v for k, v in a.items() if k != "segments"}.copy,
        "a key of no frame": but(painted=np.array([1, 7])),
        "a key twice": but(painted=np.array([1, 1])),
        "a third key that is not there": but(painted=np.array([1, 2, 4])),
        "a negative key": but(painted=np.array([-4, 1])),
        "paint of another size": but(paint0=a["paint0"][:, :, 1:]),
        "paint in one plane": but(paint0=a["paint0"][0]),
        "paint as a number": but(paint0=np.uint8(3)),
        "paint in floats": but(paint0=a["paint0"].astype(np.float32)),
        "an index in a row": but(index0=a["index0"].reshape(-1)),
        "an index of another kind": but(index0=a["index0"].astype(np.int32)),
        "a key of one row": but(index0=a["index0"][:1], paint0=a["paint0"][:, :, :1]),
        "a rim of another size": but(rim0=a["rim0"][:, :9]),
        "a rim of numbers": but(rim0=a["rim0"].astype(np.uint8)),
        "a depth of another size": but(depth0=a["depth0"][:, :9]),
        "depths that are NaN": but(depth0=nan),
        "a way into no frame": but(ways=np.array([[2, 1], [9, 4]])),
        "a way from no frame": but(ways=np.array([[2, 1], [3, 9]])),
        "a way twice": but(ways=np.array([[2, 1], [2, 1]])),
        "ways with three ends": but(ways=np.array([[2, 1, 3], [3, 4, 1]])),
        "ways in a row": but(ways=np.array([2, 1])),
        "more ways than fields": but(ways=np.array([[1, 4], [2, 1], [3, 4]])),
        "frames that are the same of floats": but(same=a["same"].astype(float)),
        "frames that are the same in a row": but(same=a["same"].reshape(-1)),
        "frames that are the same by threes": but(same=np.array([[1, 1, 1]])),
        "a frame that is the same as none": but(same=np.array([[1, 9]])),
        "a frame of no shot that is the same": but(same=np.array([[9, 1]])),
        "an agreement of two": but(agreement=np.array([0.5, 0.5])),
        "an agreement as a scalar": but(agreement=np.float64(0.5)),
        "an agreement that is NaN": but(agreement=np.array([np.nan])),
        "an agreement in words": but(agreement=np.array(["0.5"])),
        "no agreement": {k: v for k, v in a.items() if k != "agreement"}.copy,
        "a worth of another size": but(worth0=a["worth0"][:, 1:]),
        "a worth in one row": but(worth0=a["worth0"].reshape(1, -1)),
        "a worth of numbers": but(worth0=a["worth0"].astype(np.float32)),
        "a worth of two bytes": but(worth0=np.concatenate([a["worth0"], a["worth0"]])),
        "no worth": {k: v for k, v in a.items() if k != "worth0"}.copy,
        "no choice": {k: v for k, v in a.items() if k != "choice0"}.copy,
        "a choice of another size": but(choice0=a["choice0"][:, :, 1:]),
        "a choice as a number": but(choice0=np.uint8(1)),
        "a cover of another size": but(cover0=np.zeros((36, 47), np.uint8)),
        "a cover of numbers": but(cover0=np.zeros((36, 48), np.float32)),
        "a cover in a row": but(cover0=np.zeros(36 * 48, np.uint8)),
        "a field of one plane": but(field0=a["field0"][:, :1]),
        "a field of one row": but(field0=a["field0"][:, :, :1]),
        "a field of floats": but(field0=a["field0"].astype(np.float64)),
    }


STAGE = Stage(window=SMALL, size=(SMALL.height, SMALL.width), last=4)
FOUND = tracks.solve(STAGE.frames, [STAGE.sight(f) for f in STAGE.frames], Progress("none"))
PLACES = field(0, 9, 12)
TEXT = packing.pack(
    Carry(
        tuple(Key.of(f, STAGE.paint(f), STAGE.sight(f), FOUND) for f in (1, 4)),
        FOUND,
        {(2, 1): PLACES, (3, 4): PLACES},
        {2: 2, 3: 2},
    )
)
SPOILT = all_spoilt(arrays_of(TEXT))


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_fit_together_is_refused(how):
    refused(packed(SPOILT[how]()))


def test_nothing_is_unpickled():
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("it was unpickled",))

    arrays = {**arrays_of(TEXT), "frames": np.array([Trap(), Trap()], object)}
    refused(packed(arrays, allow_pickle=True))


def zipped(name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> str:
    """Return a cargo with one more member, or another one."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(base64.b64decode(TEXT))) as old,
        zipfile.ZipFile(file, "w", method) as new,
    ):
        for item in old.infolist():
            if item.filename != name:
                new.writestr(item.filename, old.read(item))
        new.writestr(name, data)
    return base64.b64encode(file.getvalue()).decode()


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "head",
    [
        header("(1000000, 1000000, 4)"),  # 32 TB that are not there
        header("(-1, -8)"),
        header("(4, 'x')"),
        header("(4,", "<f8"),
        header("(4, 17)", "|O"),
        header("(4, 17)", "no such type"),
        header("(4, 17)").replace(b"\x01\x00", b"\x09\x00", 1),
        b"\x93NUMPY\x01\x00\xff\xff{" + b"(" * 60_000,
        b"",
    ],
)
def test_a_header_is_not_believed(head):
    """What it claims is not reserved before the bytes are there."""
    refused(zipped("cameras.npy", head))


def test_a_zip_bomb_is_refused_before_it_unpacks():
    """Three members that say they are a gigabyte each."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb:
        zeros = bytes(2**20)
        for number in range(3):
            bomb.writestr(f"paint{number}.npy", zeros)
    data = bytearray(file.getvalue())
    for item in range(3):  # the size is told in the central directory
        at = data.rindex(b"PK\x01\x02") if item == 2 else find(data, b"PK\x01\x02", item)
        data[at + 24 : at + 28] = (2**30).to_bytes(4, "little")
    said = refused(base64.b64encode(bytes(data)).decode())
    assert "3072 MiB" in said


def find(data: bytes, mark: bytes, number: int) -> int:
    at = -1
    for _ in range(number + 1):
        at = data.index(mark, at + 1)
    return at


def test_a_member_that_says_it_is_encrypted_is_refused():
    data = bytearray(base64.b64decode(TEXT))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[find(data, mark, 0) + flags] |= 1
    refused(base64.b64encode(bytes(data)).decode())


def test_whatever_is_accepted_can_be_painted_with():
    """Poses without a turn, fields that lead anywhere, indices of things that never were."""
    arrays, random = arrays_of(TEXT), np.random.default_rng(1)
    arrays["poses"] = random.normal(0, 1e6, arrays["poses"].shape)
    arrays["poses"][2] = np.nan
    arrays["segments"] = random.integers(-3, 3, arrays["segments"].shape, np.int16)
    arrays["bends"] = np.array([True, False, True, False])
    arrays["index0"] = random.integers(0, 65536, arrays["index0"].shape, np.uint16)
    for name in ("field0", "worth0", "choice0"):
        arrays[name] = random.integers(0, 256, arrays[name].shape, np.uint8)
    arrays["cover1"] = random.integers(0, 256, (36, 48), np.uint8)
    arrays["same"] = np.array([[1, 2], [2, 1], [3, 3], [4, 3]])
    arrays["agreement"] = np.array([-7.0])
    arrays["cameras"][1] = np.nan
    wild = packing.unpack(packed(arrays), "x")
    for frame in STAGE.frames:
        paint = wild.paint(frame, STAGE.sight(frame))
        assert np.isfinite(paint.planes).all()
        assert paint.planes[[3, 7]].min() >= 0
        assert paint.planes[[3, 7]].max() <= 1
        assert 0 <= paint.cover.min() <= paint.cover.max() <= 1
        wild.misfit(frame, [STAGE.sight(frame)])
