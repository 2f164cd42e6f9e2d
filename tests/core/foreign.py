"""The stage's motion as other programs would write it, by `benchmarks/foreign_motion.py`."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from stages import Stage

from velatura.image.planes import FloatArray
from velatura.scene import vectors


def _benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks/foreign_motion.py"
    spec = importlib.util.spec_from_file_location("foreign_motion", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["foreign_motion"] = module  # its dataclasses look it up there
    spec.loader.exec_module(module)
    return module


formats = _benchmark()

STAGE = Stage(last=6)
KEYS = (1, 6)
WAYS = formats.Ways(
    {f: vectors.to_before(STAGE.sight(f).vector) for f in STAGE.frames},
    {f: vectors.to_after(STAGE.sight(f).vector) for f in STAGE.frames},
)


def plates(folder: Path, but: str = "position vector id") -> dict[int, Path]:
    """Write the stage's plates without passes; return the files by frame."""
    STAGE.write(folder, painted=(), but=but)
    return {f: folder / f"plate.{f:04d}.exr" for f in STAGE.frames}


def written(
    folder: Path,
    make: Callable[..., dict[str, FloatArray]],
    *more: int,
    but: tuple[int, ...] = (),
) -> str:
    """Write a sequence of motion, without some frames; return its pattern."""
    for frame in STAGE.frames:
        if frame not in but:
            formats.write(folder, frame, make(WAYS, frame, *more))
    return f"{folder}/frame.####.exr"
