"""Bundled wheels: what the extension's zips bring for each platform and Python.

For noxfile.py alone, which has pip fetch them, and `extension.py`, which packs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

PYTHONS = ("3.11", "3.13")
"""Of Blender 4.5 and 5.0, and of 5.1 and later."""

_PLATFORMS = (
    ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"),
    ("win_amd64",),
    ("macosx_14_0_arm64", "macosx_11_0_arm64"),  # ONNX Runtime has no other for Macs
)
"""pip's names for each platform, the newest first."""

_PACKAGES = (
    *("onnxruntime", "flatbuffers", "packaging", "protobuf"),
    *("opencolorio", "openexr", "openimageio"),
    *("cyclopts", "attrs", "docstring-parser", "rich-rst"),
    *("rich", "markdown-it-py", "mdurl", "pygments"),
)
"""The runtime without movies and Pillow: Blender hands over EXRs. numpy comes with Blender."""


def downloads(folder: Path, pythons: Sequence[str] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the arguments of each run of pip that is needed to fetch all wheels.

    Args:
        folder: where to.
        pythons: versions besides `PYTHONS`, such as "3.14" of Debian's Blender.
    """
    wanted = ("--quiet", "--no-deps", "--only-binary=:all:", "--constraint", "constraints.txt")
    for python in (*PYTHONS, *pythons):
        for tags in _PLATFORMS:
            platforms = (f"--platform={tag}" for tag in tags)
            where = (f"--python-version={python}", *platforms, "--dest", str(folder))
            yield ("download", *wanted, *where, *_PACKAGES)
