"""What the fuzzer begins with: small good files of every kind that velatura reads."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "core"), str(Path(__file__).parents[1] / "training")]

import looks
import plates

from velatura.cli.main import main


@dataclass(frozen=True)
class Inputs:
    """Good files.

    Attributes:
        folder: where they lie.
        plate: a small plate.
        rich: an EXR of several parts.
        look: a look without guides.
        guided: one with guides.
        gain: a gain layer that it made.
    """

    folder: Path
    plate: Path
    rich: Path
    look: Path
    guided: Path
    gain: Path

    @classmethod
    def read(cls, folder: Path) -> Inputs:
        """Return what `write` has written."""
        names = ("good.0001.exr", "rich.0001.exr", "good.onnx", "guided.onnx", "good.gain.0001.exr")
        return cls(folder, *(folder / name for name in names))

    @classmethod
    def write(cls, folder: Path) -> Inputs:
        """Write them all."""
        good = cls.read(folder)
        plates.plain(good.plate, 24, 32)
        plates.rich(good.rich, 21, 27)
        looks.small(good.look)
        looks.small(good.guided, ("normal", "depth"))
        code = main(["apply", str(good.plate), f"--look={good.look}", f"--out={folder}"])
        assert code == 0
        return good


if __name__ == "__main__":
    Inputs.write(Path(sys.argv[1]))
