"""The extension: what it is made of, and its way into Blender and out again."""

from __future__ import annotations

from pathlib import Path

import hosts
import pytest

pytestmark = pytest.mark.host_blender


def test_the_add_on_is_imported_from_its_sources(python: Path) -> None:
    done = hosts.run(python, "import bpy, velatura_blender", env=hosts.SOURCES)
    assert (done.returncode, done.stderr) == (0, "")
