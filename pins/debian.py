"""Debian's packages, unpacked into a folder: nothing is installed, and nobody need be root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def unpack(packages: Sequence[str], folder: Path) -> bool:
    """Unpack packages and what they need into ``folder/root``; return whether that went well.

    Lists of packages are fetched into the folder as well: the machine's own may be old, or none.
    """
    if shutil.which("apt-get") is None:
        return False
    lists, cache = folder / "lists", folder / "cache"
    for place in (lists / "partial", cache / "archives" / "partial"):
        place.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", f"--option=Dir::State::lists={lists}", f"--option=Dir::Cache={cache}"]
    apt += ["--no-install-recommends"]

    def asked(*words: str) -> str:
        command = [*apt, *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout  # noqa: PLW1510

    asked("update")
    wanted = asked("--simulate", "install", *packages).splitlines()
    names = [line.split()[1] for line in wanted if line.startswith("Inst ")]
    asked("download", *names)
    files = sorted(folder.glob("*.deb"))
    for file in files:
        subprocess.run(["dpkg", "-x", file.name, "root"], cwd=folder, check=True)  # noqa: S607
    return 0 < len(names) <= len(files)
