"""A job names frames as farms do; what it means on disk is found, and what is missing is named."""

from __future__ import annotations

from pathlib import Path

import footage
import pytest

from velatura.apply import targets
from velatura.apply.targets import Frame
from velatura.errors import FrameError
from velatura.image import gathering
from velatura.job import Job


def touched(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def frames(plate: Path, out: str = "out", **settings: object) -> list[Frame]:
    return targets.frames(Job(str(plate), "ink.onnx", out, **settings))


def plates_of(found: list[Frame]) -> list[str]:
    return [frame.plate.name for frame in found]


THREE = tuple(f"plate.000{frame}.exr" for frame in (1, 2, 3))


@pytest.mark.parametrize("pattern", ["plate.####.exr", "plate.%04d.exr", "plate.$F4.exr"])
def test_a_sequence_is_named_as_farms_name_it(tmp_path, pattern):
    folder = touched(tmp_path, *THREE)
    found = frames(folder / pattern, frames="1-3x2", write="both")
    assert plates_of(found) == ["plate.0001.exr", "plate.0003.exr"]
    assert [(f.gain.path, f.picture.path) for f in found] == [
        (Path("out/plate.gain.0001.exr"), Path("out/plate.0001.exr")),
        (Path("out/plate.gain.0003.exr"), Path("out/plate.0003.exr")),
    ]


@pytest.mark.parametrize(("write", "wanted"), [("gain", (1, 0)), ("picture", (0, 1))])
def test_only_what_is_asked_for_is_to_be_written(tmp_path, write, wanted):
    (found,) = frames(touched(tmp_path, "plate.0001.exr") / "plate.####.exr", write=write)
    assert (bool(found.gain), bool(found.picture)) == wanted


def test_without_a_range_all_frames_on_disk_are_taken_in_order(tmp_path):
    others = ("plate.01.exr", "plate.exr", "plate.0004.png", "gain.0005.exr")
    folder = touched(tmp_path, "plate.12345.exr", "plate.-001.exr", *THREE, *others)
    wanted = ["plate.-001.exr", *THREE, "plate.12345.exr"]
    assert plates_of(frames(folder / "plate.####.exr")) == wanted


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("plate.0002.exr", "plate.gain.0002.exr"),
        ("plate_v003.0002.exr", "plate_v003.gain.0002.exr"),
        ("plate_0002.exr", "plate_0002.gain.exr"),  # may as well be a year
        ("still [v2].exr", "still [v2].gain.exr"),
        ("still", "still.gain"),
    ],
)
def test_one_file_is_a_sequence_of_one(tmp_path, name, gain):
    (found,) = frames(touched(tmp_path, name) / name)
    assert (found.plate.name, found.gain.path.name) == (name, gain)


def test_a_file_and_its_sequence_write_the_same_names(tmp_path):
    folder = touched(tmp_path, "a.v2.0007.exr")
    assert frames(folder / "a.v2.0007.exr") == frames(folder / "a.v2.####.exr")


def test_missing_frames_are_all_named(tmp_path):
    folder = touched(tmp_path, "plate.0001.exr", "plate.0003.exr", "plate.0005.exr")
    with pytest.raises(
        FrameError, match=r"3 of 6 .* plate\.0002\.exr, plate\.0004\.exr, plate\.0006"
    ):
        frames(folder / "plate.####.exr", frames="1-6")


def test_holes_on_disk_are_named_in_one_warning_and_no_error(tmp_path, caplog):
    numbers = (-2, 1, 2, 4, 5, 100)
    folder = touched(tmp_path, *(f"plate.{number:04d}.exr" for number in numbers))
    found = frames(folder / "plate.####.exr")
    assert len(found) == 6
    (said,) = [record.getMessage() for record in caplog.records]
    assert "-2 and 100; they are skipped: -1-0, 3, 6-99. Render" in said


def test_of_very_many_holes_the_first_are_named(tmp_path, caplog):
    folder = touched(tmp_path, *(f"plate.{number:04d}.exr" for number in range(0, 60, 2)))
    frames(folder / "plate.####.exr")
    assert "37, 39 and 9 more." in caplog.text
    assert ", 41" not in caplog.text


def test_frames_without_holes_or_with_a_range_give_no_warning(tmp_path, caplog):
    folder = touched(tmp_path, *THREE, "plate.0005.exr")
    frames(folder / "plate.####.exr", frames="1-3")
    frames(folder / "plate.####.exr", frames="1-5x2")
    frames(folder / "plate.0005.exr")
    (folder / "plate.0005.exr").unlink()
    frames(folder / "plate.####.exr")
    assert not caplog.records


def test_of_very_many_missing_frames_the_first_are_named(tmp_path):
    with pytest.raises(FrameError, match=r"100 of 100 .*plate\.0020\.exr and 80 more"):
        frames(tmp_path / "plate.####.exr", frames="1-100")


def test_missing_frames_of_the_mask_are_named(tmp_path):
    plate = touched(tmp_path / "in", *THREE) / "plate.####.exr"
    mask = touched(tmp_path / "mask", *THREE[:2]) / "plate.####.exr"
    with pytest.raises(FrameError, match=r"1 of 3 mask .* plate\.0003\.exr"):
        frames(plate, write="picture", mask=str(mask))


def test_a_mask_goes_frame_by_frame_or_holds_for_all(tmp_path):
    plate = touched(tmp_path / "in", *THREE) / "plate.####.exr"
    folder = touched(tmp_path / "mask", "m.1.exr", "m.2.exr", "m.3.exr")
    for name, wanted in (
        ("m.#.exr", ["m.1.exr", "m.2.exr", "m.3.exr"]),
        ("m.2.exr", ["m.2.exr"] * 3),
    ):
        found = frames(plate, write="picture", mask=str(folder / name))
        assert [frame.mask.name for frame in found] == wanted


def test_a_mask_that_is_no_file_is_a_channel_of_the_plate(tmp_path):
    plate = touched(tmp_path, *THREE) / "plate.####.exr"
    assert [f.mask for f in frames(plate, write="picture", mask="matte.R")] == [None] * 3


@pytest.mark.parametrize("text", ["x", "1-", "1-1000000000", "1..5"])
def test_a_range_that_is_none_is_refused(tmp_path, text):
    folder = touched(tmp_path, *THREE)
    with pytest.raises(FrameError, match="is not a range"):
        frames(folder / "plate.####.exr", frames=text)


def test_a_pattern_without_frames_is_refused(tmp_path):
    with pytest.raises(FrameError, match="There are no frames"):
        frames(tmp_path / "none.####.exr")


def test_a_file_without_a_number_has_no_range(tmp_path):
    with pytest.raises(FrameError, match=r"still\.exr is one file"):
        frames(touched(tmp_path, "still.exr") / "still.exr", frames="1-3")


@pytest.mark.parametrize("plate", ["", ".", "/"])
def test_a_plate_that_is_no_file_is_refused(plate):
    with pytest.raises(FrameError):
        frames(Path(plate))


def test_one_file_that_is_not_there_is_refused_with_what_there_is(tmp_path):
    touched(tmp_path / "shot", *THREE)
    for name in ("plate.0001-0003.exr", "plate.{1..3}.exr", "plate.0009.exr", "still.exr"):
        with pytest.raises(FrameError, match=r"no file .*there are plate\.####\.exr"):
            frames(tmp_path / "shot" / name)
    assert len(frames(tmp_path / "shot" / "plate.####.exr")) == 3
    with pytest.raises(FrameError, match=r"Check the path: there is no folder .*nowhere"):
        frames(tmp_path / "nowhere" / "still.exr")


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("c.mp4 2-3",), [2, 3]),
        (("c.mp4", "2-3"), [2, 3]),
        (("c.mp4", "2-3", "5"), [2, 3, 5]),
        (("c.mp4:1001 1002,1004",), [1002, 1004]),
        (("shot.%04d.exr", "2-3"), [2, 3]),
        (("shot.####.exr 1 3",), [1, 3]),
        ((". 2-3",), [2, 3]),
    ],
)
def test_a_range_may_stand_behind_the_plate_or_beside_it(tmp_path, monkeypatch, texts, numbers):
    monkeypatch.chdir(tmp_path)
    touched(tmp_path, *(f"shot.000{frame}.exr" for frame in (1, 2, 3, 4)))
    if "c.mp4" in texts[0]:
        footage.movie(tmp_path / "c.mp4", 6)
    assert [frame.number for frame in frames(gathering.only(texts))] == numbers


def test_a_movies_range_counts_from_its_start(tmp_path):
    clip = footage.movie(tmp_path / "c.mp4", 4)
    found = frames(f"{clip} 1002-1003", start=1001)
    assert [frame.number for frame in found] == [1002, 1003]
    with pytest.raises(FrameError, match=r"has no frame 2, 3.*frames 1001 to 1004"):
        frames(f"{clip} 2-3", start=1001)


def test_a_folder_called_like_a_frame_is_none(tmp_path, caplog):
    folder = touched(tmp_path, "plate.0001.exr", "plate.0003.exr")
    (folder / "plate.0002.exr").mkdir()
    assert plates_of(frames(folder / "plate.####.exr")) == ["plate.0001.exr", "plate.0003.exr"]
    assert "skipped: 2" in caplog.text
    asked = frames(folder / "plate.####.exr", frames="1-3")  # a bad frame: the others are done
    assert plates_of(asked) == list(THREE)


@pytest.mark.parametrize("mask", ["roto", "roto/*.png", "roto/*", "roto:A"])
def test_a_mask_may_be_a_folder_or_a_wildcard(tmp_path, monkeypatch, mask):
    monkeypatch.chdir(tmp_path)
    touched(tmp_path, *THREE)
    touched(tmp_path / "roto", *(f"r_000{frame}.png" for frame in (1, 2, 3)))
    found = frames("plate.####.exr", mask=mask, write="picture")
    assert [frame.mask.name for frame in found] == ["r_0001.png", "r_0002.png", "r_0003.png"]
    assert {frame.channel for frame in found} == {"A" if ":" in mask else ""}
