"""The real `velatura` process, as a farm would start it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from velatura.process import environment

COMMAND = [sys.executable, "-m", "velatura"]


def velatura(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment() | {"OMP_NUM_THREADS": "1"} | options.pop("env", {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=options.pop("timeout", 120),
        **options,
    )


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def executable(path: Path) -> Path:
    """Write a `velatura` executable, as an installed environment has one."""
    text = f"#!{sys.executable}\nimport sys\nfrom velatura.cli.main import main\nsys.exit(main())\n"
    path.write_text(text)
    path.chmod(0o700)
    return path
