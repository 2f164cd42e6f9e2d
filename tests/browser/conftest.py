"""A Chromium to show pages in; these tests run only where they are asked for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("driver.py")


@pytest.fixture
def browse():
    """Return what drives a page: ``browse(path, *steps)`` answers what its ``run`` steps gave."""
    python = os.environ.get("VELATURA_PLAYWRIGHT")
    assert python, "run with `nox -s browser`"

    def drive(path: Path, *steps: dict[str, object], said: tuple[str, ...] = ()) -> list:
        order = {"url": path.resolve().as_uri(), "steps": steps}
        done = subprocess.run(
            [python, str(DRIVER)],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["said"] == list(said)
        assert set(found["schemes"]) <= {"file", "data"}  # nothing goes over the network
        return found["answers"]

    return drive
