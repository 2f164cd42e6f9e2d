from collections.abc import Iterator
from pathlib import Path

import hosts
import pytest
from projects import Project


@pytest.fixture(scope="session", params=list(hosts.PYTHONS) or ["none"])
def python(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The Python of each Blender in turn."""
    if not hosts.PYTHONS:
        pytest.skip("$VELATURA_BPY names no Python that has bpy: run `nox -s host_blender`")
    yield hosts.PYTHONS[request.param]
    hosts.close(hosts.PYTHONS[request.param])


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Project:
    """A project folder with two looks and a runtime, for each Blender."""
    return Project(tmp_path, python)
