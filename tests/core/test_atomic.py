"""A file that another program holds for a moment is replaced all the same, on Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from velatura import atomic
from velatura.errors import StorageError


def held(monkeypatch: pytest.MonkeyPatch, times: int) -> list[Path]:
    """Let a file's replacing fail some times, as where Nuke shows it; return what was tried."""
    real, tried = Path.replace, list[Path]()

    def replace(beside: Path, path: Path) -> Path:
        tried.append(path)
        if len(tried) <= times:
            raise PermissionError(13, "Permission denied")
        return real(beside, path)

    monkeypatch.setattr(Path, "replace", replace)
    return tried


@pytest.mark.parametrize(("system", "tries"), [("nt", 4), ("posix", 1)])
def test_a_file_that_a_host_shows_is_replaced_once_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, tries: int
) -> None:
    path = tmp_path / "gain.exr"
    path.write_text("old")
    tried = held(monkeypatch, times=3)
    monkeypatch.setattr(atomic, "_SYSTEM", system)
    try:
        with atomic.replacing(path) as beside:
            beside.write_text("new")
    except StorageError:
        assert system == "posix"
    assert len(tried) == tries
    assert path.read_text() == ("new" if system == "nt" else "old")
    assert [file.name for file in tmp_path.iterdir()] == ["gain.exr"]


def test_one_that_it_never_lets_go_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gain.exr"
    tried = held(monkeypatch, times=10**6)
    monkeypatch.setattr(atomic, "_SYSTEM", "nt")
    monkeypatch.setattr(atomic, "_PATIENCE", 0.2)
    with pytest.raises(StorageError, match="Permission denied"), atomic.replacing(path) as beside:
        beside.write_text("new")
    assert len(tried) > 2
