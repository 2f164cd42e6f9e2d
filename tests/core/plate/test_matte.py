"""A mask says where the look goes: a channel of the plate, or a file."""

from __future__ import annotations

import looks
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import plates
import pytest
from glazing import law, run, stack
from images import assert_images_match

from velatura.errors import ImageError, PassError
from velatura.image import exr
from velatura.image.planes import Image


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
