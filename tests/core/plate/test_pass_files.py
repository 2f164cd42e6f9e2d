"""A pass in files of its own, such as a roto matte, is read with the plate of the same number."""

from __future__ import annotations

from pathlib import Path

import looks
import numpy as np
import pytest

from velatura.apply import sequence
from velatura.errors import FrameError, PassError
from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.job import Job
from velatura.plate import pass_files
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.system.progress import Progress

SIZE = 8, 12


def write(path: Path, **planes: float) -> Path:
    """Write a picture whose planes are even."""
    path.parent.mkdir(exist_ok=True)
    whole = Window(0, 0, SIZE[1], SIZE[0])
    named = {
        name.replace("_", "."): np.full(SIZE, value, np.float32) for name, value in planes.items()
    }
    exr.write(path, Image((exr.new_part(named, whole, whole),)))
    return path


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """Two frames, with mattes of 1 and of 2."""
    for frame in (1, 2):
        write(tmp_path / f"plate.{frame:04d}.exr", R=0.5, G=0.4, B=0.3, Z=7.0)
        write(tmp_path / f"roto.{frame:02d}.exr", R=frame, G=0, B=0)
    return tmp_path


def plate(folder: Path, frame: int, passes: str) -> Plate:
    return Plate.of(exr.read(folder / f"plate.{frame:04d}.exr"), Reading(passes=passes))


@pytest.mark.parametrize("frame", [1, 2])
def test_each_plate_has_the_matte_of_its_number(shot, frame):
    seen = plate(shot, frame, f"id={shot}/roto.##.exr")
    assert (seen.guides.objects() == frame).all()
    assert (seen.guides.read(["depth"])["depth"] == 7).all(), "the plate's own passes stay"
    names = {name for _, name, _ in seen.image.planes()}
    assert names == set("RGBZ"), "what is written out is the plate alone"


def test_one_file_is_for_all_frames(shot):
    assert (plate(shot, 1, f"id={shot}/roto.02.exr").guides.objects() == 2).all()


def test_a_pass_is_found_by_its_name_among_others(shot):
    write(shot / "passes.0001.exr", N_X=0.0, N_Y=0.0, N_Z=1.0, P_X=3.0, P_Y=4.0, P_Z=5.0)
    found = plate(shot, 1, f"position={shot}/passes.####.exr").guides.read(["position"])
    assert found["position"][:, 0, 0].tolist() == [3, 4, 5]


def test_a_plate_without_its_matte_is_refused(shot):
    (shot / "roto.02.exr").unlink()
    with pytest.raises(FrameError, match=r"no file .*roto\.02\.exr with a pass of .*plate\.0002"):
        plate(shot, 2, f"id={shot}/roto.##.exr")


def test_a_matte_of_another_size_is_refused(shot):
    whole = Window(0, 0, 6, 4)
    part = exr.new_part({"R": np.ones((4, 6), np.float32)}, whole, whole)
    exr.write(shot / "roto.01.exr", Image((part,)))
    with pytest.raises(PassError, match=r"not of its plate's size.*6x4, not 12x8"):
        plate(shot, 1, f"id={shot}/roto.##.exr")


def test_a_file_without_the_pass_is_refused(shot):
    with pytest.raises(PassError, match=r"roto\.01\.exr has no vector channels"):
        plate(shot, 1, f"vector={shot}/roto.##.exr")


def test_a_new_matte_makes_a_gain_layer_anew(shot, tmp_path):
    look = looks.small(tmp_path / "small.onnx")
    passes = f"id={shot}/roto.##.exr"
    job = Job(f"{shot}/plate.####.exr", str(look), str(tmp_path / "out"), passes=passes)

    def made() -> list[int]:
        sequence.run(job, Progress("none"))
        return [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").glob("*.exr"))]

    first = made()
    assert made() == first
    write(shot / "roto.02.exr", R=5, G=0, B=0)
    again = made()
    assert again[0] == first[0]
    assert again[1] != first[1]


def test_the_files_of_a_plate_are_named(shot):
    files = pass_files.beside(shot / "plate.0002.exr", f"normal=N,id={shot}/roto.##.exr")
    assert files == [shot / "roto.02.exr"]
