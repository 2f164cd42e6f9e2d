"""The Blenders under test: Pythons that have the bpy module, each run in a process of its own.

$VELATURA_BPY names them; `nox -s host_blender` makes them and sets it. A Blender gets folders of
its own for preferences, extensions and data, so that nobody's real ones are read or written.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from velatura.pipe import environment

ROOT = Path(__file__).parents[3]
SOURCES = {"PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT / "plugin/blender")])}
"""The environment in which `import velatura_blender` finds the add-on's sources."""

_ASK = "from importlib.metadata import version; print(version('bpy'))"


def _version(python: str) -> str:
    asked = subprocess.run([python, "-I", "-c", _ASK], capture_output=True, text=True, check=True)
    return asked.stdout.strip()


PYTHONS: dict[str, Path] = {
    _version(python): Path(python)
    for python in os.environ.get("VELATURA_BPY", "").split(os.pathsep)
    if python
}
"""The Python of each version of bpy, like "5.0.1"."""


def run(
    python: Path,
    script: str | Path,
    *arguments: object,
    home: Path | None = None,
    env: dict[str, str] | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a script under one of the Blenders, and return how it ended.

    Args:
        python: of `PYTHONS`, or from the fixture of the same name.
        script: a file, or the text itself.
        arguments: are its `sys.argv[1:]`.
        home: a folder that holds the user's folders, kept for the next run; none is a new user.
        env: variables besides those of this process, such as `SOURCES`.
        timeout: in seconds; bpy 4.5 hangs at exit where classes stay registered.

    Raises:
        TimeoutExpired: it did not end in that time.
    """
    if home is None:
        with TemporaryDirectory() as folder:
            return run(python, script, *arguments, home=Path(folder), env=env, timeout=timeout)
    what = [script] if isinstance(script, Path) else ["-c", script]
    return subprocess.run(
        [python, *what, *map(str, arguments)],
        env=environment() | user(home) | (env or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def user(home: Path) -> dict[str, str]:
    """Return the environment of a user whose every folder lies in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "BLENDER_USER_RESOURCES": str(home / "blender"),
    }
