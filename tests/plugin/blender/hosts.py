"""The Blenders under test: Pythons that have the bpy module, each run in a process of its own.

$VELATURA_BPY names them; `nox -s host_blender` makes them and sets it. A Blender gets folders of
its own for preferences, extensions and data, so that nobody's real ones are read or written.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from velatura.process import environment

ROOT, HERE = Path(__file__).parents[3], Path(__file__).parent
_FOLDERS = [ROOT / "core", ROOT / "plugin/blender", HERE]
SOURCES = {"PYTHONPATH": os.pathsep.join(map(str, _FOLDERS))}
"""The environment in which scripts find the add-on's sources, and `stage`."""

DONE = "DONE "
"""Begins the line with which `resident.py` tells how a script ended."""

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


class Resident:
    """A Blender that stays open: to start one takes longer than most scripts do.

    What a script leaves behind is undone, see `resident.py`; one that ends the process costs the
    next one a start. What is about the process itself, its end, its memory or its user's folders
    belongs into `run`.
    """

    def __init__(self, python: Path) -> None:
        self._home = TemporaryDirectory()
        self._errors = TemporaryFile("w+")  # noqa: SIM115  # closed in `close`
        self._process = subprocess.Popen(
            [python, HERE / "resident.py"],
            env=environment() | user(Path(self._home.name)) | SOURCES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(
        self, script: str, env: dict[str, str], timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, with variables of its own; return how it ended, as `run` does."""
        assert self._process.stdin
        assert self._process.stdout
        begun, said, code = self._errors.seek(0, os.SEEK_END), "", None
        guard = threading.Timer(timeout, self._process.kill)
        guard.start()
        self._process.stdin.write(json.dumps({"script": script, "env": env}) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(DONE):
                code = int(line.removeprefix(DONE))
                break
            said += line
        guard.cancel()
        if code is None:
            code = self._process.wait(timeout)
        self._errors.seek(begun)
        return subprocess.CompletedProcess(script, code, said, self._errors.read())

    def close(self) -> None:
        with self._process, self._home, self._errors:
            self._process.communicate(timeout=60)  # the end of its input is its own


_residents: dict[Path, Resident] = {}


def resident(python: Path) -> Resident:
    """Return the Blender of this Python that stays open; a new one if the last has ended."""
    if python in _residents and not _residents[python].alive:
        close(python)
    if python not in _residents:
        _residents[python] = Resident(python)
    return _residents[python]


def close(python: Path) -> None:
    """End the Blender that stays open, if there is one."""
    if python in _residents:
        _residents.pop(python).close()


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
