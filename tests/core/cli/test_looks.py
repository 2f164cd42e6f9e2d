"""The looks that come with velatura."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from velatura import library
from velatura.cli.main import main


def test_the_starter_looks_are_published_once_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VELATURA_LOOKS", str(tmp_path))
    for _ in range(2):
        assert main(["looks", "--starter", "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        names = {each["name"] for each in listed}
        assert {"Gouache", "Hatching", "Ink and Wash", "Oil"} <= names
    assert all(not entry.card.passes for entry in library.shelf() if entry.path.parent == tmp_path)
    assert all(path.stat().st_size < 1e6 for path in tmp_path.iterdir())


def test_a_starter_look_is_not_laid_over_another_look_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VELATURA_LOOKS", str(tmp_path))
    assert main(["looks", "--starter", "--json"]) == 0
    one, other = sorted(tmp_path.glob("*.onnx"))[:2]
    own = other.read_bytes()
    one.write_bytes(own)  # somebody's own, by the name of a starter look
    assert main(["looks", "--starter"]) == 3
    assert f"{one} is another look" in caplog.text
    assert one.read_bytes() == own
    one.rename(tmp_path / "mine.onnx")  # the hint
    assert main(["looks", "--starter"]) == 0
    assert one.read_bytes() != own


def test_a_published_look_is_found_by_its_name_or_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VELATURA_LOOKS", str(tmp_path))
    monkeypatch.chdir(tmp_path.parent)
    assert main(["looks", "--starter", "--json"]) == 0
    capsys.readouterr()
    (file,) = (e.path for e in library.shelf() if e.card.name == "Gouache")
    for name in ("gouache", "Gouache", file.stem):
        assert main(["info", name, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["name"] == "Gouache"
    assert main(["info", "nothing of that name"]) == 3
    (tmp_path / "twin.onnx").write_bytes(file.read_bytes())
    assert main(["info", "Gouache"]) == 3
