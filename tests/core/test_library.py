"""Published looks are found where artists and studios put them, and never half copied."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import looks
import pytest
from commands import velatura

from velatura import library
from velatura.errors import LookError, StorageError
from velatura.look import read


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """The user's own folder of looks; nothing else is named."""
    for name in ("XDG_DATA_HOME", "APPDATA", "HOME"):  # each system has its own
        monkeypatch.setenv(name, str(tmp_path / "data"))
    monkeypatch.delenv("VELATURA_LOOKS", raising=False)
    return library.home() / "looks"


def named(monkeypatch, *folders: Path) -> None:
    monkeypatch.setenv("VELATURA_LOOKS", os.pathsep.join(map(str, folders)))


def put(folder: Path, file: str, name: str = "small") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return looks.small(folder / file, name=name)


@pytest.mark.parametrize(
    ("system", "where"),
    [("linux", "data/velatura"), ("darwin", "home/Library/Application Support/velatura")],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has a folder of its own")
def test_the_users_folder_is_where_the_system_keeps_such(tmp_path, monkeypatch, system, where):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", system)
    assert library.home() == tmp_path / where
    monkeypatch.delenv("XDG_DATA_HOME")
    if system == "linux":
        assert library.home() == tmp_path / "home/.local/share/velatura"


def test_folders_come_in_order_and_once(tmp_path, own, monkeypatch):
    show, studio = tmp_path / "show", tmp_path / "studio"
    named(monkeypatch, show, studio)
    assert library.folders() == [show, studio, own]
    assert library.folders([studio]) == [studio, show, own]
    monkeypatch.setenv("VELATURA_LOOKS", os.pathsep)
    assert library.folders() == [own]


def test_the_shelf_is_sorted_by_name_and_the_first_folder_wins(tmp_path, own, monkeypatch):
    show, studio = tmp_path / "show", tmp_path / "studio"
    named(monkeypatch, show, tmp_path / "gone", studio)
    wanted = [
        put(studio, "chalk.onnx", "Chalk"),
        put(own, "b.onnx", "gouache"),
        put(show, "ink.onnx", "Ink"),
    ]
    put(studio, "ink.onnx", "Old ink")
    shelf = library.shelf()
    assert [entry.path for entry in shelf] == wanted
    assert [entry.card.name for entry in shelf] == ["Chalk", "gouache", "Ink"]
    assert shelf[2].digest == read(wanted[2]).digest
    assert library.shelf([studio])[2].card.name == "Old ink"


def test_files_that_are_no_looks_are_left_out_and_it_can_be_asked_why(own):
    put(own, "ink.onnx")
    (own / "broken.onnx").write_bytes(b"garbage")
    (own / "._ink.onnx").write_bytes(b"what macOS leaves on a share")
    (own / "notes.txt").write_text("not called like a look")
    assert [entry.path.name for entry in library.shelf()] == ["ink.onnx"]
    (why,) = library.refused()
    assert "broken.onnx is not an ONNX file" in str(why)


def test_the_shelf_notices_what_changes_and_reads_nothing_twice(own, monkeypatch):
    put(own, "ink.onnx", "Ink")
    assert [entry.card.name for entry in library.shelf()] == ["Ink"]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read again"))
        assert [entry.card.name for entry in library.shelf()] == ["Ink"]
    put(own, "ink.onnx", "Better ink")
    assert [entry.card.name for entry in library.shelf()] == ["Better ink"]


def test_a_look_is_published_in_the_first_folder_that_can_be_written(tmp_path, own, monkeypatch):
    ink = put(tmp_path, "ink.onnx")
    assert library.publish(ink) == own / "ink.onnx"  # which is made
    assert (own / "ink.onnx").read_bytes() == ink.read_bytes()
    assert [path.name for path in own.iterdir()] == ["ink.onnx"]
    no_folder = tmp_path / "file"
    no_folder.write_text("")
    named(monkeypatch, tmp_path / "not mounted" / "looks", no_folder, tmp_path / "show")
    assert library.publish(ink) == tmp_path / "show" / "ink.onnx"
    assert library.publish(ink, tmp_path / "extra") == tmp_path / "extra" / "ink.onnx"
    with pytest.raises(StorageError, match=r"No folder for looks.*Found: .*file\. Name one"):
        library.publish(ink, no_folder)


@pytest.mark.usefixtures("own")
def test_another_look_of_the_same_name_is_replaced_only_on_request(tmp_path):
    ink, better = put(tmp_path, "ink.onnx"), put(tmp_path / "b", "ink.onnx", "Better ink")
    at = library.publish(ink)
    assert library.publish(ink) == at  # the same look again is no trouble
    with pytest.raises(LookError, match=r"ink\.onnx is another look.*--replace") as refusal:
        library.publish(better)
    assert refusal.value.exit_code == 3
    assert at.read_bytes() == ink.read_bytes()
    assert library.publish(better, replace=True) == at
    assert at.read_bytes() == better.read_bytes()


def test_a_look_that_an_earlier_folder_would_hide_is_not_published(tmp_path, own, monkeypatch):
    ink, better = put(tmp_path / "show", "ink.onnx"), put(tmp_path, "ink.onnx", "Better ink")
    named(monkeypatch, ink.parent)
    read_only = [ink.parent]
    monkeypatch.setattr(os, "access", lambda path, _: path not in read_only)
    with pytest.raises(LookError, match=r"ink\.onnx is another look, found before"):
        library.publish(better, replace=True)
    assert list(own.iterdir()) == []


def test_only_a_look_is_published(tmp_path, own):
    (tmp_path / "x.onnx").write_bytes(b"garbage")
    with pytest.raises(LookError, match=r"x\.onnx is not an ONNX file"):
        library.publish(tmp_path / "x.onnx")
    assert not own.exists()


def test_looks_are_published_and_listed_from_the_command_line(tmp_path, own):
    ink = put(tmp_path, "ink.onnx", "Ink")
    assert "velatura looks --starter" in velatura("looks").stdout
    done = velatura("publish", ink)
    assert (done.returncode, done.stdout) == (0, f"wrote {own / 'ink.onnx'}\n"), done.stderr
    (own / "broken.onnx").write_bytes(b"garbage")
    listed = velatura("looks")
    assert "Ink" in listed.stdout
    assert "WARNING" in listed.stderr
    assert "broken.onnx" in listed.stderr
    (card,) = json.loads(velatura("looks", "--json").stdout)
    assert card["path"] == str(own / "ink.onnx")
    assert card["digest"] == read(ink).digest
    assert card["name"] == "Ink"
    put(tmp_path, "ink.onnx", "Better ink")
    assert velatura("publish", ink).returncode == 3
    assert velatura("publish", ink, "--replace").returncode == 0


def test_hosts_list_looks_without_any_package():
    code = (
        "import sys; import velatura.library;"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in"
        " {'numpy', 'onnxruntime', 'rich', 'cyclopts', 'av', 'OpenEXR'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_look_is_found_by_its_names_and_what_is_none_is_said(tmp_path, own):
    path = put(own, "wash.onnx", "Ink and Wash")
    assert library.find("ink and wash") == library.find("wash") == path
    assert library.find(tmp_path / "gone.onnx") == tmp_path / "gone.onnx"  # its reader says it
    with pytest.raises(LookError, match=r"No look is called ink.*Ink and Wash.*velatura looks"):
        library.find("ink")
