"""The hosts on this machine, Blender and Nuke, and whether velatura is in them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from velatura import installation
from velatura.cli.finding import Finding

ADD_ON = "velatura_blender"  # the extension's id, in its manifest
_BLOCK = "# >>> velatura >>>"  # begins what `install.py nuke` writes into ~/.nuke/init.py
_BLENDERS = {  # where installers and studios put it, from the root of the disk
    "darwin": ["Applications/Blender*.app/Contents/MacOS/Blender"],
    "win32": ["Program Files/Blender Foundation/Blender */blender.exe"],
    "linux": ["opt/blender*/blender", "usr/local/blender*/blender", "snap/bin/blender"],
}
_NUKES = {
    "darwin": ["Applications/Nuke*/Nuke*.app/Contents/MacOS/Nuke*"],
    "win32": ["Program Files/Nuke*/Nuke*.exe"],
    "linux": ["usr/local/Nuke*/Nuke[0-9]*", "opt/Nuke*/Nuke[0-9]*"],
}


def examine() -> Iterator[Finding]:
    """Yield what is known of Blender and of Nuke; no host is started."""
    programs = _programs("blender", _BLENDERS)
    folders = [path.parent.name for path in _add_ons()]
    yield _host("Blender", "add-on", programs, [f"Blender {name}" for name in folders])
    script = Path.home() / ".nuke" / "init.py"
    there = script.is_file() and _BLOCK in script.read_text("utf-8", errors="replace")
    yield _host("Nuke", "plug-in", _programs("Nuke", _NUKES), [str(script)] if there else [])


def _host(name: str, adapter: str, programs: list[str], inside: list[str]) -> Finding:
    found = ", ".join(programs) or "none on the PATH or where it is usually installed"
    if inside:
        return Finding(name, f"{found}; the {adapter} is in {', '.join(inside)}")
    if installation.source() is None:
        return Finding(name, f"{found}; no {adapter}: it comes in velatura's source folder")
    add = f"{installation.adding()} {name.lower()}"
    add += " --blender PROGRAM" if name == "Blender" and not shutil.which("blender") else ""
    return Finding(name, f"{found}; no {adapter}", add=add)


def _programs(name: str, places: dict[str, list[str]]) -> list[str]:
    onpath = shutil.which(name)
    usual = [
        str(path)
        for pattern in places.get(sys.platform, [])
        for path in sorted(Path(Path.cwd().anchor).glob(pattern))
        if path.is_file()
    ]
    return list(dict.fromkeys([*([onpath] if onpath else []), *usual]))


def _add_ons() -> list[Path]:
    """Return where the add-on lies: VERSION/extensions/REPOSITORY/velatura_blender."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA", ""), "Blender Foundation", "Blender")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Application Support/Blender"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "blender")
    return sorted(path.parents[1] for path in base.glob(f"*/extensions/*/{ADD_ON}"))
