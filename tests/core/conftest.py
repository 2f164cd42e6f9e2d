from pathlib import Path

import commands
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


@pytest.fixture(scope="session")
def slow_look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look that takes a while, so that there is time to interrupt it."""
    return looks.realistic(tmp_path_factory.mktemp("looks") / "slow.onnx", blocks=10, width=64)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's runtime: an executable that runs the velatura under test."""
    path = commands.executable(tmp_path / "velatura")
    monkeypatch.setenv("VELATURA_RUNTIME", str(path))
    return path
