"""Names and ranges as farms, painters and file browsers write them: as they are meant, or not."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura.errors import FrameError, InputError
from velatura.image import gathering
from velatura.image.gathering import find
from velatura.image.numbered import Pattern
from velatura.image.ranges import frame_numbers


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1-12", list(range(1, 13))),
        ("1-10x4", [1, 5, 9]),
        ("10-1x4", [2, 6, 10]),
        ("1-6:2", [1, 3, 5]),  # Open Job Description, OpenCue, Tractor
        ("1 3 4 8", [1, 3, 4, 8]),  # Nuke
        ("1,5,9-12", [1, 5, 9, 10, 11, 12]),
        ("1, 3-4", [1, 3, 4]),
        ("-2-0", [-2, -1, 0]),
        ("-5--3", [-5, -4, -3]),
        ("12-10", [10, 11, 12]),
        ("007", [7]),
    ],
)
def test_ranges_are_read_as_they_are_meant(text, frames):
    assert frame_numbers(text) == frames


@pytest.mark.parametrize("text", ["6.5", "", " ", "1-", "a", "1-10x0", "1--", "1-2-3", "9" * 400])
def test_what_is_no_range_is_refused_with_how_to_write_one(text):
    with pytest.raises(FrameError, match='Write it like "1-12"'):
        frame_numbers(text)


@pytest.mark.parametrize(
    ("files", "pattern", "numbers"),
    [
        (["shot@2x.0001.exr"], "shot@2x.####.exr", ["0001"]),
        (["50%d.0001.exr"], "50%d.####.exr", ["0001"]),
        (["a#1.0001.exr"], "a#1.%04d.exr", ["0001"]),
        (["s.0998.exr", "s.0999.exr"], "s.%04d.exr 998-999", ["0998", "0999"]),
        (["s.0998.exr", "s.0999.exr"], "s.998-999####.exr", ["0998", "0999"]),
        (["s.0998.exr", "s.0999.exr"], "s.998-999#.exr", ["0998", "0999"]),
        (["s.0001.exr", "s.0002.exr"], "s.@@@@.exr", ["0001", "0002"]),
        (["s.1.exr", "s.12.exr"], "s.%d.exr", ["1", "12"]),
        (["s.0001.exr"], "s.$F4.exr", ["0001"]),
        (["s.-0002.exr", "s.-0001.exr", "s.0000.exr"], "s.####.exr", ["-0002", "-0001", "0000"]),
        (["s.-002.exr", "s.0000.exr"], "s.####.exr", ["-002", "0000"]),
        (["s_0001_beauty.exr"], "s_####_beauty.exr", ["0001"]),
    ],
)
def test_patterns_find_what_they_mean(tmp_path, files, pattern, numbers):
    parsed = Pattern.parse(str(touched(tmp_path, *files) / pattern))
    assert parsed.numbers() == numbers
    assert sorted(parsed.path(number).name for number in numbers) == sorted(files)


@pytest.mark.parametrize(
    "name",
    [
        "shot.0001 copy.exr",  # macOS
        "frame.gain.0001 - Copy.exr",  # Windows
        "frame.gain.0001 (1).exr",
        "frame.gain.0001~.exr",
        "50%d.0001.exr",
        "shot@2x.exr",
        "<script>.gain.0001.exr",
        "a b 1-3.exr",
        "#1.exr",
        "take.%04d.exr",
    ],
)
def test_a_file_that_is_there_is_taken_by_its_name(tmp_path, name):
    folder = touched(tmp_path, name)
    assert list(find(str(folder / name)).values()) == [folder / name]


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_accents_may_be_spelt_either_way(tmp_path, stored, asked):
    folder = tmp_path / unicodedata.normalize(stored, "Füße")
    folder.mkdir()
    touched(folder, unicodedata.normalize(stored, "Küche.0001.exr"))
    text = unicodedata.normalize(asked, f"{tmp_path}/Füße/Küche.####.exr")
    (path,) = find(text).values()
    assert path.is_file()
    single = unicodedata.normalize(asked, f"{tmp_path}/Füße/Küche.0001.exr")
    assert find(single) == {1: path}


def test_blenders_negative_frames_are_asked_for_by_number(tmp_path):
    parsed = Pattern.parse(str(touched(tmp_path, "s.-0002.exr", "t.-002.exr") / "s.####.exr"))
    assert parsed.written(-2) == "-0002"
    assert Pattern.parse(str(tmp_path / "t.####.exr")).written(-2) == "-002"


def test_numbers_with_other_digits_are_known_as_left_out(tmp_path):
    folder = touched(tmp_path, "s.0001.exr", "s.0002.exr", "s.3.exr", "s.00004.exr", "t.5.exr")
    parsed = Pattern.parse(str(folder / "s.####.exr"))
    assert parsed.on_disk() == ["0001", "0002"]
    assert parsed.overlooked() == ["s.3.exr", "s.00004.exr"]


@given(st.text(max_size=40), st.text(max_size=12))
def test_no_text_ends_in_a_traceback(name, frames):
    for ask in (lambda: find(f"nowhere/{name}"), lambda: frame_numbers(frames)):
        with suppress(InputError):
            ask()


@pytest.mark.parametrize("name", ["", "a" * 300, "\ud800.exr", "a\0b.exr"])
def test_what_no_file_can_be_called_is_refused(name):
    with pytest.raises(FrameError, match=r"not the name of a file.*shot\.####\.exr"):
        find(name)


def test_files_that_a_shell_lists_are_their_pattern(tmp_path):
    folder = touched(tmp_path, "a.0001.exr", "a.0002.exr", "a.0003.exr", "b.0001.png")
    every = [str(folder / f"a.{number:04d}.exr") for number in (1, 2, 3)]
    assert gathering.only(every) == str(folder / "a.####.exr")
    assert gathering.only(every[::2]) == f"{folder / 'a.####.exr'} 1,3"
    assert list(gathering.find(gathering.only(every[::2]))) == [1, 3]
    assert gathering.only(every[:1]) == every[0]
    with pytest.raises(FrameError, match=r"more than one.*a\.####\.exr.*b\.0001\.png"):
        gathering.only([*every, str(folder / "b.0001.png")])


def test_a_folder_and_a_wildcard_are_the_sequence_in_them(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    touched(one, "a.0001.exr", "a.0002.exr", "notes.txt", "._a.0001.exr")
    touched(two, "a.0001.exr", "b.0001.exr", "b.0002.exr")
    assert gathering.pattern(str(one)) == str(one / "a.####.exr")
    assert gathering.pattern(str(one / "*.exr")) == str(one / "a.####.exr")
    assert gathering.pattern(str(two / "b*.exr")) == str(two / "b.####.exr")
    with pytest.raises(FrameError, match=r"more than one sequence.*b\.####\.exr"):
        gathering.pattern(str(two))
    (tmp_path / "none").mkdir()
    with pytest.raises(FrameError, match="no pictures"):
        gathering.pattern(str(tmp_path / "none"))


def test_keys_that_a_shell_lists_are_one_shots(tmp_path):
    folder = touched(tmp_path, "k.0001.png", "k.0012.png")
    given_ = [str(folder / "k.0001.png"), str(folder / "k.0012.png")]
    assert gathering.gathered(given_) == [str(folder / "k.####.png")]
    assert gathering.gathered(["a.####.exr", "b.####.exr"]) == ["a.####.exr", "b.####.exr"]


def test_keys_of_several_kinds_of_file_are_one_shots(tmp_path):
    folder = touched(tmp_path, "k.0001.png", "k.0012.exr", "k.0020.TIF", "k.0003.txt")
    whole = str(folder / "k.####.*")
    for given_ in ([str(folder)], [str(folder / "k.*")], [str(folder / "k*.*")], [whole]):
        assert gathering.keys(given_) == [whole]
    assert gathering.keys([str(folder / "k.0001.png"), str(folder / "k.0012.exr")]) == [
        f"{whole} 1,12"
    ]
    assert {n: path.name for n, path in gathering.find(whole).items()} == {
        1: "k.0001.png",
        12: "k.0012.exr",
        20: "k.0020.TIF",
    }
    assert list(gathering.find(f"{whole} 1,12")) == [1, 12]
    with pytest.raises(FrameError, match="more than one sequence"):
        gathering.pattern(str(folder))  # plates are of one kind
    assert gathering.keys(["a.####.exr", "b.####.png"]) == ["a.####.exr", "b.####.png"]


def test_a_key_that_was_saved_twice_is_refused(tmp_path):
    folder = touched(tmp_path, "k.0001.png", "k.0012.exr", "k.0012.png")
    with pytest.raises(FrameError, match=r"more than one file.*k\.0012\.exr, k\.0012\.png"):
        gathering.find(str(folder / "k.####.*"))
    with pytest.raises(FrameError, match="more than one sequence"):
        gathering.keys([str(folder)])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("pant.####.png", r"No file matches .*pant\.####\.png\. .*: there are .*paint\.####\.png"),
        ("frst/paint.####.png", "The folder .*frst cannot be read"),
        ("clp.mp4", "There is no movie .*clp.mp4.* there is clip.mp4"),
        ("frst/clip.mp4", "there is no folder .*frst"),
    ],
)
def test_what_lies_beside_a_slip_of_the_hand_is_named(tmp_path, asked, said):
    touched(tmp_path, "paint.0001.png", "paint.0012.png", "clip.mp4")
    with pytest.raises(FrameError, match=said):
        find(str(tmp_path / asked))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("c_00001.png", "c_00002.png"), "c_#####.png"),
        (("f1_beauty.exr", "f2_beauty.exr", "f10_beauty.exr"), "f#_beauty.exr"),
        (("0001.png", "0002.png"), "####.png"),
        (("take2_0007.png", "take2_0008.png"), "take2_####.png"),
    ],
)
def test_numbers_without_dots_are_a_sequence_where_there_are_several(tmp_path, names, wanted):
    touched(tmp_path, *names)
    listed = [str(tmp_path / name) for name in names]
    assert gathering.merged(listed) == [str(tmp_path / wanted)]
    assert gathering.pattern(str(tmp_path)) == str(tmp_path / wanted)
    assert gathering.merged(listed[:1]) == [str(tmp_path / names[0])]


def test_versions_are_no_frames(tmp_path):
    touched(tmp_path, "look_v1.exr", "look_v2.exr")
    with pytest.raises(FrameError, match=r"more than one sequence.*look_v1.exr"):
        gathering.pattern(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".exr", "x\0.exr", "\ud800.exr", "y/" * 2500 + "a.exr"]
)
def test_a_text_that_no_path_can_be_is_refused_wherever_it_is_given(name):
    assert gathering.gathered([name]) == [name]
    with pytest.raises(FrameError, match="is not the name of a file"):
        gathering.find(name)


def test_a_long_list_of_a_shell_s_files_is_one_shot(tmp_path):
    every = [tmp_path / f"shot.{frame}.exr" for frame in range(1001, 1301)]
    for path in every:
        path.touch()
    odd = gathering.only(map(str, every[::2]))
    assert len(odd) > 255  # bytes: longer than a file's name
    assert sorted(gathering.find(odd)) == list(range(1001, 1301, 2))
    assert gathering.only(map(str, every[:9] + every[10:])).endswith(" 1001-1009,1011-1300")
