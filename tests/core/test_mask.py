"""A mask says where the look goes: a channel of the plate, or a file."""

from __future__ import annotations

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import plates
import pytest
from glazing import law, run, stack

from velatura import exr
from velatura.errors import ImageError, PassError
from velatura.image import Image


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
