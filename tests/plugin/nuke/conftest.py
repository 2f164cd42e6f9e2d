from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import commands
import looks
import pytest
from nuke.session import SESSION
from shots import Studio

from velatura.resident import close

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without looks, an environment without OCIO, and a Nuke that has just started."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("OCIO", "VELATURA_LOOKS"):
        monkeypatch.delenv(name, raising=False)
    SESSION.begin()


@pytest.fixture(scope="session")
def ink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look that reads no passes, and is calibrated."""
    lut = tuple((knot / 16) ** 1.5 for knot in range(17))
    return looks.small(tmp_path_factory.mktemp("looks") / "ink.onnx", name="ink", strength_lut=lut)


@pytest.fixture(scope="session")
def resident(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The runtime, whose worker stays warm from test to test."""
    folder = tmp_path_factory.mktemp("runtime")
    yield commands.executable(folder / "velatura")
    close()


@pytest.fixture
def studio(tmp_path: Path, ink: Path, resident: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A project folder with a shot and a look, in a Nuke without a window."""
    monkeypatch.setenv("VELATURA_RUNTIME", str(resident))
    return Studio(tmp_path, ink)
