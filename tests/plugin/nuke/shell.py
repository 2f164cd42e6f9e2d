"""The command line of the Nuke to test against, as a farm starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from velatura.process import environment

HERE = Path(__file__).parent
PLUGIN = HERE.parents[2] / "plugin/nuke"


def nuke(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it, with the plug-in on $NUKE_PATH unless that is said to be empty."""
    env = environment() | {"NUKE_PATH": str(PLUGIN), "OMP_NUM_THREADS": "1"} | variables
    env.pop("OCIO", None)
    return subprocess.run(
        [sys.executable, HERE / "terminal.py", *map(str, arguments)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
