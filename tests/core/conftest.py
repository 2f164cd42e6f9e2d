import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside: looks, plates, commands

# The same examples on every run, and no time limit: the machine may be busy.
settings.register_profile("calm", deadline=None, derandomize=True)
settings.load_profile("calm")


@pytest.fixture(scope="session")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small look that reads no passes."""
    import looks

    return looks.small(tmp_path_factory.mktemp("looks") / "small.onnx")


@pytest.fixture(scope="session")
def slow_look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look that takes a while, so that there is time to interrupt it."""
    import looks

    return looks.realistic(tmp_path_factory.mktemp("looks") / "slow.onnx", blocks=10, width=64)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's runtime: an executable that runs the velatura under test."""
    import commands

    path = commands.executable(tmp_path / "velatura")
    monkeypatch.setenv("VELATURA_RUNTIME", str(path))
    return path
