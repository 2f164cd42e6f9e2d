"""Files that are not whole EXR pictures are refused by name; files that cannot be written leave
nothing behind.
"""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import pytest
from exrbytes import attribute, headers, insert, patch

from velatura.errors import ImageError, StorageError
from velatura.image import exr
from velatura.image.planes import Image, Part, Window

WINDOW = Window(0, 0, 64, 48)
SHOT = Path(exr.__file__).parents[1] / "courtyard/plate/frame.0001.exr"


def part(name: str = "", **attributes: object) -> Part:
    rng = np.random.default_rng(0)
    pixels = {c: rng.random((48, 64), np.float32).astype(np.float16) for c in "RGB"}
    made = exr.new_part(pixels, WINDOW, WINDOW, attributes)
    return Part(name, made.planes, WINDOW, WINDOW, made.attributes)


def tiled() -> Part:
    tiles = OpenEXR.TileDescription()
    tiles.xSize = tiles.ySize = 16
    return part(type=OpenEXR.tiledimage, tiles=tiles)


KINDS = {
    "scanline": (part(),),
    "uncompressed": (part(compression=OpenEXR.NO_COMPRESSION),),
    "tiled": (tiled(),),
    "multipart": (part("beauty"), part("diffuse"), part("crypto")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.02, 0.2, 0.5, 0.75, 0.95, 0.999, -1])
def test_a_truncated_file_is_refused_wherever_it_is_cut(tmp_path, capsys, kind, kept):
    path = tmp_path / "beauty.0007.exr"
    exr.write(path, Image(KINDS[kind]))
    data = path.read_bytes()
    path.write_bytes(data[: kept if kept < 0 else int(len(data) * kept)])
    with pytest.raises(ImageError, match=r"beauty\.0007\.exr"):
        exr.read(path)
    assert capsys.readouterr().out == ""  # there a protocol runs; OpenEXR prints its warnings


def test_damaged_pixels_in_one_part_are_refused(tmp_path, capsys):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["multipart"]))
    data = bytearray(path.read_bytes())
    data[-400:-200] = bytes(200)
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"damaged.* cannot be decoded in crypto"):
        exr.read(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("finished", [1.0, 0.7])
def test_a_file_whose_writer_died_is_read_only_if_all_its_pixels_are_there(tmp_path, finished):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["scanline"]))
    data = bytearray(path.read_bytes())
    start, chunks = _chunk_table(path), 3  # of 16 lines each
    data[start : start + 8 * chunks] = bytes(8 * chunks)  # it is written last
    path.write_bytes(data[: int(len(data) * finished)])
    if finished == 1:
        exr.read(path)
    else:
        with pytest.raises(ImageError, match="truncated"):
            exr.read(path)


def _chunk_table(path: Path) -> int:
    ends = [len(attribute(name, *value)) for name, value in headers(path)[0].items()]
    return 8 + sum(ends) + 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "a JPEG picture"),
        (b"II*\0" + bytes(100), "a TIFF picture"),
        (bytes(4096), "zeros"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"hello", "hell"),
    ],
)
def test_another_kind_of_file_is_named_for_what_it_is(tmp_path, content, found):
    path = tmp_path / "a.exr"
    path.write_bytes(content)
    for ask in (exr.read, exr.attributes):
        with pytest.raises(ImageError, match=f"a.exr is not an EXR file. Found: .*{found}"):
            ask(path)


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.exr", tmp_path):
        with pytest.raises(ImageError, match="cannot be read"):
            exr.read(path)


def run_alone(program: str, *wrapper: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a process of its own."""
    argv = [*wrapper, sys.executable, "-c", program]
    return subprocess.run(argv, check=False, capture_output=True, text=True)


ABSURD = {
    "huge": (0, 0, 2**20, 2**20),
    "wide": (0, 0, 2**30 - 2, 100),
    "everything": (-(2**31), -(2**31), 2**31 - 1, 2**31 - 1),
    "inside out": (10, 10, 0, 0),
}


@pytest.mark.parametrize("box", ABSURD.values(), ids=ABSURD)
def test_an_absurd_data_window_is_refused_before_anything_is_allocated(tmp_path, box):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["scanline"]))
    patch(path, "dataWindow", struct.pack("<4i", *box))
    # In a process of its own, so that its peak memory is this file's doing.
    program = f"""
import resource
from pathlib import Path
from velatura import errors
from velatura.image import exr
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    exr.read(Path({str(path)!r}))
except errors.ImageError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""
    done = run_alone(program)
    grown, message = done.stdout.split(" ", 1)
    assert "a.exr" in message
    assert f"{box[2] - box[0] + 1}x{box[3] - box[1] + 1} at ({box[0]}, {box[1]})" in message
    assert int(grown) < 8 * 1024  # kB


def test_the_largest_data_window_is_the_callers_to_say(tmp_path):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["scanline"]))
    exr.read(path, max_pixels=64 * 48)
    with pytest.raises(ImageError, match=r"Found: 64x48 at \(0, 0\)"):
        exr.read(path, max_pixels=64 * 48 - 1)


def test_too_little_memory_is_not_taken_for_a_damaged_file(tmp_path):
    window = Window(0, 0, 4096, 4096)
    part = exr.new_part({c: np.zeros((4096, 4096), np.float32) for c in "RGB"}, window, window)
    exr.write(tmp_path / "a.exr", Image((part,)))
    program = f"""
import resource
from pathlib import Path
from velatura import errors
from velatura.image import exr
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100 * 2**20,) * 2)
try:
    exr.read(Path({str(tmp_path)!r}, "a.exr"))
except errors.MachineError as error:
    print(error)
"""
    assert "Not enough memory to read" in run_alone(program).stdout


def test_deep_pixels_are_refused(tmp_path):
    depth = np.empty((2, 3), object)
    for at in np.ndindex(depth.shape):
        depth[at] = np.ones(2, np.float32)
    header = {"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    OpenEXR.File(header, {"Z": depth}).write(str(tmp_path / "a.exr"))
    with pytest.raises(ImageError, match="deep"):
        exr.read(tmp_path / "a.exr")


def test_subsampled_channels_are_refused(tmp_path):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["scanline"]))
    channels = headers(path)[0]["channels"][1]
    patch(path, "channels", channels[:-9] + struct.pack("<2i", 2, 2) + b"\0")  # R, the last
    with pytest.raises(ImageError, match="subsampled"):
        exr.read(path)


def test_a_header_that_is_not_utf8_is_refused(tmp_path):
    exr.write(tmp_path / "a.exr", Image(KINDS["scanline"]))
    insert(tmp_path / "a.exr", attribute("owner", "string", "größer".encode("latin-1")))
    with pytest.raises(ImageError, match="UTF-8"):
        exr.read(tmp_path / "a.exr")


def test_while_a_damaged_file_is_read_other_threads_still_reach_stdout(tmp_path, capsys):
    path = tmp_path / "a.exr"
    exr.write(path, Image(KINDS["multipart"]))
    path.write_bytes(path.read_bytes()[:-100])
    lines = 300

    def speak() -> None:
        for line in range(lines):
            print(f"wrote {line}")  # noqa: T201

    def refuse() -> None:
        for _ in range(30):
            with pytest.raises(ImageError):
                exr.read(path)

    threads = [threading.Thread(target=work) for work in (speak, refuse, refuse)]
    before = sys.stdout
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is before
    wanted = [f"wrote {line}" for line in range(lines)]
    assert capsys.readouterr().out.splitlines() == wanted


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size`` bytes, as a full disk would; works for any user."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, -1])
def test_when_the_disk_fills_up_the_old_file_stays_and_no_other(tmp_path, kept):
    path = tmp_path / "a.exr"
    path.write_bytes(b"the old frame")
    image = Image(KINDS["multipart"])
    exr.write(tmp_path / "size.exr", image)
    size = (tmp_path / "size.exr").stat().st_size
    limit = size - 1 if kept < 0 else int(size * kept)
    with file_size_limit(limit), pytest.raises(StorageError, match=r"a\.exr cannot be written"):
        exr.write(path, image)
    assert path.read_bytes() == b"the old frame"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.exr", "size.exr"]


def test_a_full_disk_is_reported_as_such(tmp_path):
    # A disk of 16 kB, in a mount namespace of its own: it is gone with the process.
    small = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mounted = f'mount -t tmpfs -o size=16k none "{tmp_path}" && exec "$@"'
    program = f"""
from pathlib import Path
import numpy as np
from velatura import errors
from velatura.image import exr, planes
window = planes.Window(0, 0, 200, 200)
noise = np.random.default_rng(0).random((200, 200), np.float32)
try:
    part = exr.new_part(dict(R=noise), window, window)
    exr.write(Path({str(tmp_path)!r}, "a.exr"), planes.Image((part,)))
except errors.StorageError as error:
    print(error, list(Path({str(tmp_path)!r}).iterdir()))
"""
    try:
        done = run_alone(program, *small, mounted, "sh")
    except FileNotFoundError:
        pytest.skip("no unshare here; the file size limit above stands in")
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no namespaces here; the file size limit above stands in")
    assert "a.exr cannot be written. Found: No space left on device." in done.stdout
    assert done.stdout.endswith("[]\n")


@contextmanager
def not_root() -> Iterator[None]:
    """Give up root's leave to write anywhere."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_is_reported():
    # Not tmp_path, which another user could not even enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with not_root(), pytest.raises(StorageError, match=r"a\.exr .*Permission denied"):
            exr.write(Path(folder) / "a.exr", Image(KINDS["scanline"]))
        Path(folder).chmod(0o755)
        assert list(Path(folder).iterdir()) == []


def test_a_missing_folder_and_a_folder_in_place_of_the_file_are_reported(tmp_path):
    (tmp_path / "a.exr").mkdir()
    for path in (tmp_path / "none/a.exr", tmp_path / "a.exr"):
        with pytest.raises(StorageError, match="cannot be written"):
            exr.write(path, Image(KINDS["scanline"]))
    assert [file.name for file in tmp_path.iterdir()] == ["a.exr"]


def test_a_cut_file_of_another_library_is_refused(tmp_path):
    path = tmp_path / "a.exr"
    assert oiio.ImageBuf(np.random.default_rng(0).random((70, 90, 4), np.float32)).write(str(path))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ImageError, match="truncated"):
        exr.read(path)


@pytest.mark.parametrize("kept", [0.002, 0.3, 0.6, 0.9999])
def test_a_real_multipart_shot_that_is_cut_is_refused(tmp_path, kept):
    data = SHOT.read_bytes()
    (tmp_path / "a.exr").write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ImageError, match=r"a\.exr"):
        exr.read(tmp_path / "a.exr")
