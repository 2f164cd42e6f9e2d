"""Painted keys are counted as what they are: the largest thing that a shot look holds in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import footage
import looks
import numpy as np
import onnx
import pytest
from stages import Stage

from velatura import look, onnx_metadata
from velatura.apply import sequence
from velatura.apply.session import open_session
from velatura.carry import packing
from velatura.carry.fields import Field
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.errors import LookError, MachineError
from velatura.image import exr, movies
from velatura.job import Job
from velatura.scene import tracks
from velatura.system import resources
from velatura.system.progress import Progress

STAGE = Stage(last=2)
SIDE = 2048
BYTES = 3 * 4 + 4 + 2 + 1  # a px: paint, depth, index, rim


@pytest.fixture(scope="module")
def heavy() -> str:
    """Two keys of 2048 x 2048 in which there is little to see, so that they are packed soon."""
    sights = [STAGE.sight(frame) for frame in STAGE.frames]
    found = tracks.solve(STAGE.frames, sights, Progress("none"))
    size = SIDE, SIDE
    planes = np.full((3, *size), 0.4, np.float32), np.ones(size, np.uint16)
    depth, rim = np.full(size, 5, np.float32), np.zeros(size, bool)
    return packing.pack(Carry(tuple(Key(f, *planes, depth, rim) for f in (1, 2)), found, {}))


def test_the_size_of_a_cargo_is_that_of_its_planes(heavy):
    carry = packing.unpack(heavy, "x")
    held = [(k.paint, k.index, k.depth, k.rim) for k in carry.keys]
    planes = sum(plane.nbytes for key in held for plane in key)
    assert planes == 2 * BYTES * SIDE**2
    # A few kilobytes more: what the arrays are, cameras and motions.
    assert planes <= packing.size(heavy, "x") < planes + 10_000


def test_fields_are_counted():
    sights = [STAGE.sight(frame) for frame in STAGE.frames]
    found = tracks.solve(STAGE.frames, sights, Progress("none"))
    codes = np.full((2, 300, 400), 128, np.uint8)
    field = Field(np.full((2, 300, 400), 0.5, np.float32), *codes)
    held = field.places.nbytes + field.worth.nbytes + field.choice.nbytes
    sizes = [packing.size(packing.pack(Carry((), found, f)), "x") for f in ({}, {(1, 2): field})]
    assert held <= sizes[1] - sizes[0] < held + 1500


def test_the_size_of_broken_keys_is_refused():
    with pytest.raises(LookError, match=r"painted keys inside ink\.onnx cannot be read"):
        packing.size("QUJD", "ink.onnx")


def test_covers_are_counted_as_numbers():
    sights = [STAGE.sight(frame) for frame in STAGE.frames]
    found = tracks.solve(STAGE.frames, sights, Progress("none"))
    key = Key.of(1, STAGE.paint(1), sights[0], found)
    cover = np.full(key.index.shape, 0.5, np.float32)
    layer = Key.of(1, STAGE.paint(1), sights[0], found, cover)
    sizes = [packing.size(packing.pack(Carry((k,), found, {})), "x") for k in (key, layer)]
    assert sizes[1] - sizes[0] >= cover.nbytes


def test_memory_that_holds_the_frame_but_not_the_keys_is_refused(heavy, tmp_path):
    """What the error says is enough is enough, and without the keys it was."""
    exr.write(tmp_path / "plate.0001.exr", STAGE.plate(1))
    by = {"carried_by": ("position", "id")}
    shot = looks.small(tmp_path / "shot.onnx", cargo=heavy, **by)
    free = looks.small(tmp_path / "free.onnx")
    megabytes = 2 * BYTES * SIDE**2 // 2**20

    def apply(made: Path, memory: int) -> None:
        plate = tmp_path / "plate.0001.exr"
        job = Job(str(plate), str(made), str(tmp_path / made.stem), memory_mb=memory)
        sequence.run(job, Progress("none"))

    apply(free, 300)
    with pytest.raises(
        MachineError, match=rf"and {megabytes} MiB of painted keys.*Allow (\d+)"
    ) as no:
        apply(shot, 300)
    assert not (tmp_path / "shot").exists()
    (enough,) = [int(word) for word in str(no.value.do).split() if word.isdigit()]
    assert 300 < enough < 300 + megabytes
    apply(shot, enough)
    assert (tmp_path / "shot" / "plate.gain.0001.exr").is_file()


def test_what_keys_take_is_not_shared_out_to_frames(heavy, tmp_path, caplog):
    """Two frames fit beside each other, but not with the keys."""
    for frame in STAGE.frames:
        exr.write(tmp_path / f"plate.{frame:04d}.exr", STAGE.plate(frame))
    caplog.set_level("INFO")
    for name, text in (("free", ""), ("shot", heavy)):
        made = looks.small(tmp_path / f"{name}.onnx", cargo=text)
        plate = str(tmp_path / "plate.####.exr")
        job = Job(plate, str(made), str(tmp_path / name), memory_mb=192 + 2 * 330)
        sequence.run(job, Progress("none"))
    said = [r.getMessage() for r in caplog.records if "frames at a time" in r.getMessage()]
    workers = min(2, resources.processors())
    assert [text.split(",")[0] for text in said] == [f"frames at a time: {n}" for n in (workers, 1)]


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS and its accounting")
def test_a_machine_that_cannot_hold_the_keys_is_told_so(heavy, tmp_path):
    (tmp_path / "keys").write_text(heavy)
    program = f"""
import resource, sys
from pathlib import Path
from velatura.carry import packing
from velatura.errors import MachineError
text = Path({str(tmp_path / "keys")!r}).read_text()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {BYTES * SIDE**2},) * 2)
try:
    packing.unpack(text, "ink.onnx")
except MachineError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "not enough memory for the painted keys inside ink.onnx" in done.stdout, done.stderr
    assert "learn the look from a proxy" in done.stdout


def test_a_session_holds_the_keys_once(heavy, tmp_path):
    """Not as text and as a file beside them, nor in what ONNX Runtime is given."""
    path = looks.small(tmp_path / "shot.onnx", cargo=heavy)
    found = look.read(path)
    session = open_session(found, "cpu")
    assert session.digest == found.digest
    assert not [name for name, held in vars(session).items() if isinstance(held, look.Look)]
    assert found.keys not in vars(session).values()
    assert found.data not in vars(session).values()
    bare = onnx.load_from_string(onnx_metadata.without(found.data, look.CARGO_KEY))
    whole = onnx.load(path)
    (mark,) = [entry for entry in whole.metadata_props if entry.key == look.CARGO_KEY]
    whole.metadata_props.remove(mark)
    assert bare == whole


def test_a_containers_memory_is_what_it_can_give(tmp_path):
    """Files that were read once count as taken there, and are given up for the asking."""
    for name, text in (("max", "1000\n"), ("current", "600\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    for text, free in (("anon 5\n", 400), ("anon 5\ninactive_file 300\nactive_file 9\n", 700)):
        (tmp_path / "memory.stat").write_text(text)
        assert resources.free_memory(tmp_path) == free
    (tmp_path / "memory.max").write_text("max\n")
    assert resources.free_memory(tmp_path) > 1000


def test_what_a_movies_decoder_keeps_is_counted(tmp_path, look):
    """Enough for the frame and not for the decoder is refused, and what is named is enough."""
    clip = footage.movie(tmp_path / "c.mp4", 2, size=(1920, 1080))
    held = movies.memory(movies.frame_path(str(clip), 0)) // 2**20
    assert held > 50

    def apply(memory: int) -> None:
        job = Job(str(clip), str(look), str(tmp_path / "out"), frames="0", memory_mb=memory)
        sequence.run(job, Progress("none"))

    with pytest.raises(
        MachineError, match=rf"and {held} MiB of the decoded frames of its movie.*Allow (\d+)"
    ) as no:
        apply(192 + held)
    (enough,) = [int(word) for word in str(no.value.do).split() if word.isdigit()]
    apply(enough)
    assert (tmp_path / "out/c.gain.0000.exr").is_file()
