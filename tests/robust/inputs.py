"""What the fuzzer begins with: small good files of every kind that velatura reads."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import looks
import numpy as np
import plates
from stages import Stage, Window

from velatura.carry import packing
from velatura.carry.fields import Field
from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.cli.main import main
from velatura.scene import tracks
from velatura.system.progress import Progress

SMALL = Window(0, 0, 32, 24)


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
        shot: a look with painted keys on board.
        run: the folder of a training; not there where there is no torch.
    """

    folder: Path
    plate: Path
    rich: Path
    look: Path
    guided: Path
    gain: Path
    shot: Path
    run: Path

    @classmethod
    def read(cls, folder: Path) -> Inputs:
        """Return what `write` has written."""
        names = ("good.0001.exr", "rich.0001.exr", "good.onnx", "guided.onnx", "good.gain.0001.exr")
        names = (*names, "shot.onnx", "run")
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
        looks.faithful(good.shot, packing.pack(_carry()))
        _write_run(good.run)
        return good


def _carry() -> Carry:
    stage = Stage(window=SMALL, size=(SMALL.height, SMALL.width), last=3)
    sights = {frame: stage.sight(frame) for frame in stage.frames}
    found = tracks.solve(stage.frames, list(sights.values()), Progress("none"))
    keys = tuple(Key.of(f, stage.paint(f) * 40, sights[f], found) for f in (1, 3))
    codes = np.full((2, 9, 12), 128, np.uint8)
    way = Field(np.full((2, 9, 12), 0.5, np.float32), *codes)
    return Carry(keys, found, {(2, 1): way}, {1: 1, 2: 2, 3: 3}, 0.25)


def _write_run(run: Path) -> None:
    """Write what a training would leave, without any."""
    try:
        from velatura_training import run_folder
    except ImportError:
        return
    from velatura_training.data.lesson_record import LessonRecord
    from velatura_training.network import build
    from velatura_training.network.generator import Shape
    from velatura_training.recipe import Recipe

    run.mkdir()
    recipe, lesson = Recipe(tier="draft"), LessonRecord((), "lin_rec709_scene", 5.0, 8.0, 1 / 128)
    painter = build.build(recipe.generator, recipe.tier, Shape())
    run_folder.write_text(run / run_folder.RECIPE, recipe.dumps())
    run_folder.write_text(run / run_folder.LESSON, lesson.dumps())
    best = {"painter": painter.state_dict(), "steps": 3, "score": 0.5}
    run_folder.save(run / run_folder.BEST, best)


if __name__ == "__main__":
    Inputs.write(Path(sys.argv[1]))
