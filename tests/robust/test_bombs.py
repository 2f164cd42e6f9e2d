"""Small files that decode to gigabytes: refused by their headers, before anything is decoded."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import looks
import numpy as np
import OpenEXR
import plates
import pytest

from velatura.apply import sequence
from velatura.errors import ImageError, MachineError, TrainingError
from velatura.image import exr
from velatura.job import Job
from velatura.plate import flat, formats
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.report import compared
from velatura.system.progress import Progress

SIDE = 8192


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looks.small(tmp_path_factory.mktemp("looks") / "small.onnx")


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bombs")
    made = [grey_png(folder / "plate.0001.png", SIDE), grey_exr(folder / "plate.0001.exr", SIDE)]
    assert all(path.stat().st_size < 200_000 for path in made)
    return made


@pytest.fixture
def nothing_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let decoding such a file be an error of its own."""
    opened = exr._open

    def header(path: Path, *, header_only: bool) -> OpenEXR.File:
        found = opened(path, header_only=True)
        side = found.parts[0].header["dataWindow"][1][0]
        assert header_only or side < SIDE - 1, f"{path} was decoded"
        return opened(path, header_only=header_only)

    monkeypatch.setattr(exr, "_open", header)
    monkeypatch.setattr(flat, "_upright", lambda *_: pytest.fail("a picture was decoded"))


def run(plate: Path, look: Path, out: Path, **more: object) -> None:
    sequence.run(Job(str(plate), str(look), str(out), **more), Progress("none"))


def grey_png(path: Path, side: int) -> Path:
    """Write a square of zeros, which takes next to nothing."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def grey_exr(path: Path, side: int) -> Path:
    """Likewise, of one channel."""
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"Y": np.zeros((side, side), np.float16)}).write(str(path))
    return path


@pytest.mark.usefixtures("nothing_decoded")
@pytest.mark.parametrize("place", [0, 1])
def test_a_mask_is_refused(tmp_path, look, bombs, place):
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    with pytest.raises(ImageError, match=f"far larger than the plate.*{SIDE}x{SIDE}"):
        run(plate, look, tmp_path / "o", write="picture", mask=str(bombs[place]))


@pytest.mark.usefixtures("nothing_decoded")
@pytest.mark.parametrize("place", [0, 1])
def test_a_plate_is_refused_under_the_memory_that_was_asked_for(tmp_path, look, bombs, place):
    with pytest.raises(MachineError, match=r"300 MiB are not enough for .*Allow \d{4} MiB"):
        run(bombs[place], look, tmp_path / "o", memory_mb=300)
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("nothing_decoded")
def test_a_plate_is_refused_where_the_machine_has_no_room(tmp_path, look, bombs, monkeypatch):
    monkeypatch.setattr("velatura.system.resources.free_memory", lambda: 500 * 2**20)
    with pytest.raises(MachineError, match="500 MiB are not enough for"):
        run(bombs[0], look, tmp_path / "o")


def test_the_memory_that_is_named_is_enough(tmp_path, look):
    """What a picture takes is what its header says: a hint that is followed works."""
    plate = grey_png(tmp_path / "plate.0001.png", 1200)
    with pytest.raises(MachineError, match="Allow") as refused:
        sequence.run(
            Job(str(plate), str(look), str(tmp_path / "o"), memory_mb=20), Progress("none")
        )
    (least,) = map(int, re.findall(r"Allow (\d+) MiB", str(refused.value)))
    run(plate, look, tmp_path / "o", memory_mb=least)
    assert (tmp_path / "o" / "plate.gain.0001.exr").is_file()


@pytest.mark.usefixtures("nothing_decoded")
@pytest.mark.parametrize("place", [0, 1])
def test_a_painted_key_is_refused(tmp_path, bombs, place):
    paint_file = pytest.importorskip("velatura_training.data.paint_file")
    plate = Plate.read(plates.plain(tmp_path / "plate.0001.exr", 40, 56), Reading())
    light = plate.seen(slice(0, 40), slice(0, 56), plate.space)
    reading = paint_file.KeyReading()
    with pytest.raises(TrainingError, match=f"{SIDE}x{SIDE}, the plate .* is 56x40"):
        paint_file.read(bombs[place], plate, light, plate.space, reading)


@pytest.mark.usefixtures("nothing_decoded")
def test_a_truth_in_a_report_is_refused(tmp_path, look, bombs):
    plate = plates.plain(tmp_path / "plate.0001.exr", 24, 32)
    run(plate, look, tmp_path / "o")
    gain = next((tmp_path / "o").glob("*.exr"))
    with pytest.raises(ImageError, match="is larger than"):
        compared._read(compared.Source(1, gain, plate, bombs[0]), Reading())


def test_extents_are_those_of_the_pictures(tmp_path, bombs):
    found = [formats.extent(path) for path in bombs]
    assert [(one.width, one.height) for one in found] == [(SIDE, SIDE)] * 2
    for plate in (plates.plain(tmp_path / "a.exr", 24, 32), grey_png(tmp_path / "b.png", 20)):
        image, claimed = formats.read(plate), formats.extent(plate)
        taken = sum(plane.pixels.nbytes for _, _, plane in image.planes())
        assert claimed.least <= taken <= claimed.most
        assert (claimed.width, claimed.height) == (
            image.parts[0].data.width,
            image.parts[0].data.height,
        )
