"""What both hosts agree on: how gain layers are called, and which of them are right."""

from __future__ import annotations

from pathlib import Path

import plates
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velatura import bakes
from velatura.apply import sequence
from velatura.bakes import BAKED, MISSING, STALE
from velatura.errors import StorageError
from velatura.fingerprint import DIGEST_KEY, look_digest, stored
from velatura.job import Job
from velatura.look import read
from velatura.system.progress import Progress


def test_a_gain_layer_is_called_as_the_runtime_calls_it(tmp_path: Path, look: Path) -> None:
    plate = plates.shot(tmp_path / "in", 2, 40, 56)
    sequence.run(Job(str(plate), str(look), str(tmp_path / "out")), Progress("none"))
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == [bakes.gain_name("plate", f"{frame:04d}") for frame in (1, 2)]
    assert written == ["plate.gain.0001.exr", "plate.gain.0002.exr"]


def test_a_single_file_has_no_number_and_a_pattern_keeps_its_own() -> None:
    assert bakes.gain_name("plate", "") == "plate.gain.exr"
    assert bakes.gain_name("ink", "%04d") == "ink.gain.%04d.exr"


@given(st.text("abc_.", min_size=1), st.integers(0, 99999))
def test_what_a_gain_layer_begins_with_is_read_from_its_name(stem: str, frame: int) -> None:
    name = bakes.gain_name(stem, f"{frame:04d}")
    assert bakes.is_gain(name)
    assert bakes.gain_stem(name) == stem


def test_a_plate_is_not_a_gain_layer() -> None:
    assert not bakes.is_gain("again.0001.exr")
    assert bakes.gain_stem("plate.0001.exr") == ""


@pytest.mark.parametrize(
    ("name", "slug"), [("Ink", "Ink"), ("Ink & wash!", "Ink_wash"), ("墨", "look"), ("", "look")]
)
def test_a_folder_is_called_after_the_look_and_its_node(name: str, slug: str) -> None:
    assert bakes.slug(name) == slug
    assert bakes.folder_name(name, "3f2a91c0") == f"{slug}-3f2a91c0"


def test_marks_are_recalled_as_they_were_noted(tmp_path: Path) -> None:
    assert bakes.recall(tmp_path) == {}
    bakes.remember(tmp_path, [1, 2], "before")
    bakes.remember(tmp_path, [2, 3], "after")
    assert bakes.recall(tmp_path) == {1: "before", 2: "after", 3: "after"}
    noted = (tmp_path / "wiring.json").stat()
    bakes.remember(tmp_path, [3], "after")
    assert (tmp_path / "wiring.json").stat().st_ino == noted.st_ino  # nothing new, nothing written


@pytest.mark.parametrize("text", ["", "[]", "{", '{"one": "mark"}'])
def test_a_damaged_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / "wiring.json").write_text(text)
    assert bakes.recall(tmp_path) == {}


def test_a_note_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        bakes.remember(tmp_path / "nowhere", [1], "mark")


def test_a_frame_is_baked_stale_or_missing(tmp_path: Path, look: Path) -> None:
    plate, out = plates.shot(tmp_path / "in", 2, 40, 56), tmp_path / "out"
    sequence.run(Job(str(plate), str(look), str(out)), Progress("none"))
    gains = {frame: [out / bakes.gain_name("plate", f"{frame:04d}")] for frame in (1, 2, 3)}
    digest = read(look).digest
    assert stored(gains[1][0], DIGEST_KEY) == look_digest(look) == digest
    assert bakes.states(out, gains, digest) == {1: BAKED, 2: BAKED, 3: MISSING}
    assert bakes.states(out, gains, "another") == {1: STALE, 2: STALE, 3: MISSING}
    bakes.remember(out, [1], "graph")
    assert bakes.states(out, gains, digest, "graph") == {1: BAKED, 2: BAKED, 3: MISSING}
    assert bakes.states(out, gains, digest, "changed") == {1: STALE, 2: BAKED, 3: MISSING}
    assert bakes.states(out, gains, digest) == {1: BAKED, 2: BAKED, 3: MISSING}


def test_of_several_views_the_worst_counts(tmp_path: Path, look: Path) -> None:
    plate, out = plates.shot(tmp_path / "in", 1, 40, 56), tmp_path / "out"
    sequence.run(Job(str(plate), str(look), str(out)), Progress("none"))
    left, right = out / "plate.gain.0001.exr", out / "right.exr"
    assert bakes.states(out, {1: [left, right]}, read(look).digest) == {1: MISSING}
    right.write_bytes(left.read_bytes())
    assert bakes.states(out, {1: [left, right]}, read(look).digest) == {1: BAKED}
