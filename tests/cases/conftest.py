"""For all cases."""

from pathlib import Path

import looks
import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from the user's velatura folder, and nothing left there."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small look that reads no passes."""
    return looks.small(tmp_path_factory.mktemp("looks") / "small.onnx")
