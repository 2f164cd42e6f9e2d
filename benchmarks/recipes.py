"""What each part of a recipe buys: trainings with one thing changed, in the same CPU time.

    python benchmarks/recipes.py OUT.jsonl [--shot courtyard | --shot FOLDER] [--seconds 60]
        [--seeds 0 1 2] [--only shot free ...] [--squeezenet FILE --vgg19 FILE]
    python benchmarks/recipes.py OUT.jsonl --table

Each variant learns from frames 1, 6 and 12 of a shot for the same CPU-seconds of one thread, and
is measured on the nine frames in between, in the terms of `velatura evaluate`. A line of JSON is
added to OUT for every training, so several may run side by side and the table may be had at any
time. FOLDER holds plate/ and painted/ with frame.0001.exr to frame.0012.exr, as
benchmarks/harbour.py renders them. With weights files of SqueezeNet and VGG19 the figures are those
of the tables in docs/learning.md, else they are seen with EfficientNet-Lite0.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.gain import law
from velatura.image import exr, numbered
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.system.progress import Progress
from velatura_training.data import carried_keys
from velatura_training.data import lesson as lessons
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson
from velatura_training.learn.paired import Paired
from velatura_training.losses import backbones
from velatura_training.metrics import evaluate
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.frames import Frames
from velatura_training.recipe import FREE, SHOT, Recipe

PAINTED = (1, 6, 12)
COURTYARD = Path(str(files("velatura"))) / "courtyard"
FRAME = "frame.####.exr"
NO_CRITIC = {"adversarial": 0.0, "grid": 0.0}
CRITIC = {"adversarial": 0.25}

VARIANTS: dict[str, tuple[Recipe, bool, bool]] = {  # recipe, carried, guides
    "shot": (SHOT, True, True),
    "shot, critic": (SHOT.but(weights=CRITIC), True, True),
    "shot, no grid loss": (SHOT.but(weights={"grid": 0.0}), True, True),
    "shot, no guides": (SHOT, True, False),
    "shot, consistency": (SHOT.but(weights={"consistency": 0.25}), True, True),
    "shot, squeezenet": (SHOT.but(perceptual="squeezenet"), True, True),
    "free, guides": (FREE, False, True),
    "free": (FREE, False, False),
    "free, no critic": (FREE.but(weights=NO_CRITIC), False, False),
    "free, L1 only": (FREE.but(weights={**NO_CRITIC, "content": 0.0}), False, False),
    "free, consistency": (FREE.but(weights={"consistency": 0.25}), False, False),
    "free, squeezenet": (FREE.but(perceptual="squeezenet"), False, False),
}
for tier in ("draft", "fine"):
    VARIANTS[f"shot, {tier}"] = (SHOT.but(tier=tier), True, True)
    VARIANTS[f"free, {tier}"] = (FREE.but(tier=tier), False, False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--shot", default="courtyard")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--squeezenet", type=Path)
    parser.add_argument("--vgg19", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if not given.table:
        torch.set_num_threads(1)
        for seed in given.seeds:
            for name in given.only:
                line = measure(name, seed, given)
                with given.out.open("a") as out:
                    out.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
    table(given.out)


def measure(name: str, seed: int, given: argparse.Namespace) -> dict[str, object]:
    """Return what one training has come to."""
    recipe, carry, guided = VARIANTS[name]
    recipe = recipe.but(seed=seed)
    if recipe.perceptual == "squeezenet":
        if given.squeezenet is None:
            sys.exit("This variant wants --squeezenet FILE")
        recipe = recipe.but(perceptual_weights=str(given.squeezenet))
    folder = COURTYARD if given.shot == "courtyard" else Path(given.shot)
    truth = folder / ("truth" if given.shot == "courtyard" else "painted")
    with tempfile.TemporaryDirectory() as scratch:
        painted = Path(scratch, "painted")
        painted.mkdir()
        for frame in PAINTED:
            source = folder / "painted" / f"frame.{frame:04d}.exr"
            (painted / source.name).symlink_to(source.absolute())
        shot = Footage(numbered.find(str(folder / "plate" / FRAME)), Reading())
        guides = None if guided else ()
        lesson = lessons.load(
            str(folder / "plate" / FRAME), str(painted / FRAME), guides, others=99
        )
        plain = lesson
        if carry:
            with Progress("none") as report:
                lesson = carried_keys.attach(lesson, shot, report)
        course = Paired(lesson, recipe, torch.device("cpu"))
        steps = learn(course, given.seconds, seed)
        results = given.keep or Path(scratch, "results")
        results.mkdir(exist_ok=True)
        for key in (*plain.keys, *plain.others):
            write(course, with_paint(key, lesson, shot), shot, results)
        scores = evaluate.evaluate(
            Frames.of(str(results / FRAME)),
            eyes(given),
            truths=replace(
                Frames.of(str(truth / FRAME)),
                files={
                    frame: path
                    for frame, path in numbered.find(str(truth / FRAME)).items()
                    if frame not in PAINTED
                },
            ),
            plates=Frames.of(str(folder / "plate" / FRAME)),
        ).mean
    told = {"variant": name, "seed": seed, "seconds": given.seconds, "steps": steps}
    return {"shot": Path(given.shot).name, **told, **scores}


def learn(course: Paired, seconds: float, seed: int) -> int:
    """Train for CPU-seconds of this process; return the steps that were done."""
    rng = torch.Generator().manual_seed(seed)
    started, steps = time.process_time(), 0
    while (used := (time.process_time() - started) / seconds) < 1:
        course.step(used, 1.0, rng)
        steps += 1
    return steps


def with_paint(key: Frame, lesson: Lesson, shot: Footage) -> Frame:
    """Return a frame as the runtime sees it: with all keys' paint carried into it."""
    if lesson.carry is None:
        return key
    paint = lesson.carry.paint(key.frame, shot.sight(key.frame, key.window))
    return replace(key, guides=torch.cat([key.guides, torch.from_numpy(paint.planes)]))


@torch.no_grad()
def write(course: Paired, key: Frame, shot: Footage, out: Path) -> None:
    """Write a frame with the look on it, as `velatura apply` does."""
    painter, (height, width) = course.exported, key.plate.shape[1:]
    step = painter.alignment
    border = (0, -width % step, 0, -height % step)

    def fed(planes: Tensor) -> Tensor:
        return F.pad(planes[None], border, mode="replicate")

    guides = fed(key.guides) if len(key.guides) else None
    stops = painter(fed(key.plate), guides)[0, :, :height, :width].numpy()
    path = shot.plates[key.frame]
    plate = Plate.of(exr.read(path), shot.reading)
    glazed = law.apply(np.stack(plate.rgb).astype(np.float32), stops)
    planes = dict(zip(plate.names, glazed, strict=True))
    exr.write(out / path.name, plate.image.replace(planes))


def eyes(given: argparse.Namespace) -> Eyes:
    """Return what the figures see with."""
    if given.squeezenet is None or given.vgg19 is None:
        return Eyes(backbones.load())
    return Eyes(
        backbones.load("squeezenet", given.squeezenet), backbones.load("vgg19", given.vgg19)
    )


def table(out: Path) -> None:
    """Print the mean and the spread of every variant over its seeds."""
    names = ("l1log", "psnr", "lpips", "gram", "flip", "sharp", "ewR")
    rows = defaultdict(list)
    for line in map(json.loads, out.read_text().splitlines()):
        rows[line["shot"], line["variant"], line["seconds"]].append(line)
    print("| shot | variant | CPU-s | seeds | " + " | ".join(names) + " |")
    print("|" + "---|" * (4 + len(names)))
    for (shot, variant, seconds), lines in sorted(rows.items()):
        cells = []
        for name in names:
            values = [line[name] for line in lines]
            spread = f" ±{(max(values) - min(values)) / 2:.4f}" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.4f}{spread}")
        print(f"| {shot} | {variant} | {seconds:g} | {len(lines)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
