"""What each part of a recipe buys: trainings with one thing changed, in the same CPU time.

    python benchmarks/recipes.py OUT.jsonl [--shot courtyard | --shot FOLDER] [--paint NAME]
        [--keys 1 6 12] [--motion FOLDER] [--every 1] [--seconds 60] [--seeds 0 1 2]
        [--only shot raw ...] [--squeezenet FILE --vgg19 FILE] [--keep FOLDER]
    python benchmarks/recipes.py OUT.jsonl --table

Each variant learns from the keys of a shot for the same CPU-seconds of one thread, and is measured
on the other frames, in the terms of `velatura evaluate` and of `judge`. The raw ones learn nothing:
they show the paint that was carried there. A line of JSON is added to OUT for every training, so
several may run side by side and the table may be had at any time. FOLDER holds plate/ with
frame.0001.exr and so on, and for each painter NAME a folder with the paint of every frame, as
benchmarks/harbour, benchmarks/street.py and benchmarks/free_painter.py make them. A shot without
vectors is as calm as optical flow says, or --motion, a folder of the same plates with vectors. With
--every 3 one unpainted frame in three is compared with its truth. With
weights files of SqueezeNet and VGG19 the figures are those of the tables in docs/learning.md, else
they are seen with EfficientNet-Lite0.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from judge import judge
from shotfolder import FRAME, Shot
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.carry.paint import CHANNELS, shown
from velatura.gain import law
from velatura.image import exr
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
from velatura_training.metrics.eyes import Eyes
from velatura_training.recipe import FREE, SHOT, Recipe

NO_CRITIC = {"adversarial": 0.0, "grid": 0.0}
CRITIC = {"adversarial": 0.25}
FIGURES = ("l1log", "psnr", "lpips", "gram", "flip", "sharp", "ewR")
FIGURES += ("l1logK", "sharpL", "ewP", "ewPW", "bare", "held")


@dataclass(frozen=True)
class Variant:
    """One way to make a look.

    Attributes:
        recipe: how it is trained.
        carried: whether keys are carried: a shot look.
        guides: whether the plate's usual passes are read.
        shows: the look, or without any training the first or the second plane of carried paint.
    """

    recipe: Recipe
    carried: bool = True
    guides: bool = True
    shows: Literal["look", "paint", "other paint"] = "look"


VARIANTS = {
    "raw": Variant(SHOT, shows="paint"),
    "raw, other paint": Variant(SHOT, shows="other paint"),
    "shot": Variant(SHOT),
    "shot, critic": Variant(SHOT.but(weights=CRITIC)),
    "shot, no grid loss": Variant(SHOT.but(weights={"grid": 0.0})),
    "shot, no guides": Variant(SHOT, guides=False),
    "shot, consistency": Variant(SHOT.but(weights={"consistency": 0.25})),
    "shot, squeezenet": Variant(SHOT.but(perceptual="squeezenet")),
    "free, guides": Variant(FREE, carried=False),
    "free": Variant(FREE, carried=False, guides=False),
    "free, no critic": Variant(FREE.but(weights=NO_CRITIC), carried=False, guides=False),
    "free, L1 only": Variant(
        FREE.but(weights={**NO_CRITIC, "content": 0.0}), carried=False, guides=False
    ),
    "free, consistency": Variant(
        FREE.but(weights={"consistency": 0.25}), carried=False, guides=False
    ),
    "free, squeezenet": Variant(FREE.but(perceptual="squeezenet"), carried=False, guides=False),
}
for tier in ("draft", "fine"):
    VARIANTS[f"shot, {tier}"] = Variant(SHOT.but(tier=tier))
    VARIANTS[f"free, {tier}"] = Variant(FREE.but(tier=tier), carried=False, guides=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--shot", default="courtyard")
    parser.add_argument("--paint", default="painted")
    parser.add_argument("--keys", type=int, nargs="+", default=[1, 6, 12])
    parser.add_argument("--motion", default="")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--squeezenet", type=Path)
    parser.add_argument("--vgg19", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if not given.table:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as scratch:
            measure(given, Path(scratch))
    table(given.out)


def measure(given: argparse.Namespace, scratch: Path) -> None:
    """Train and judge what was asked for, line by line; ``scratch`` is an empty folder."""
    painted, truth = scratch / "painted", scratch / "truth"
    painted.mkdir()
    truth.mkdir()
    shot = Shot.of(given.shot, given.paint, given.keys, given.motion)
    keys, whole = shot.lay_out(painted, truth)
    lesson = functools.cache(functools.partial(prepare, shot, keys))
    for seed, name in itertools.product(given.seeds, given.only):
        results = (given.keep or scratch) / name
        results.mkdir(exist_ok=True, parents=True)
        variant = VARIANTS[name]
        prepared = lesson(variant.carried, variant.guides)
        told = make(variant, prepared, seed, given, results)
        scores = judge(shot, whole, results, eyes(given), given.every)
        named = {"shot": shot.name, "paint": given.paint, "keys": shot.keys}
        line = {**named, "variant": name, "seed": seed, **told, **scores}
        with given.out.open("a") as out:
            out.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


@dataclass(frozen=True)
class Prepared:
    """What a look learns from.

    Attributes:
        footage: the shot.
        frames: all its frames, without carried paint.
        lesson: the lesson, with it where the keys are carried.
        seconds: CPU-seconds that it took.
    """

    footage: Footage
    frames: tuple[Frame, ...]
    lesson: Lesson
    seconds: float


def prepare(shot: Shot, keys: str, carried: bool, guides: bool) -> Prepared:
    """Return what is learnt from a shot's keys, which lie at the pattern ``keys``."""
    started = time.process_time()
    pattern = str(shot.plates[min(shot.plates)].parent / FRAME)
    footage = Footage(shot.plates, Reading())
    wanted = None if guides else ()
    lesson = lessons.load(pattern, keys, wanted, others=len(shot.plates))
    frames = (*lesson.keys, *lesson.others)
    if carried:
        with Progress("none") as report:
            lesson = carried_keys.attach(lesson, footage, report)
    return Prepared(footage, frames, lesson, time.process_time() - started)


def make(
    variant: Variant, prepared: Prepared, seed: int, given: argparse.Namespace, results: Path
) -> dict[str, float]:
    """Train, and write all frames of the shot; return what it took."""
    lesson, footage = prepared.lesson, prepared.footage
    course = Paired(lesson, recipe(variant, seed, given), torch.device("cpu"))
    seconds, steps = 0.0, 0
    if variant.shows == "look":
        seconds, steps = given.seconds, learn(course, given.seconds, seed)
        course.settle()  # as `velatura train` does after its last step
    else:
        course.exported.say.zero_()
    for frame in prepared.frames:
        key = with_paint(frame, lesson, footage)
        if variant.shows == "other paint":
            key = replace(key, guides=exchanged(key.guides))
        write(course, key, footage, results)
    return {"seconds": seconds, "steps": steps, "prepared": prepared.seconds}


def recipe(variant: Variant, seed: int, given: argparse.Namespace) -> Recipe:
    """Return how a variant is trained, its eyes at hand."""
    seeded = variant.recipe.but(seed=seed)
    if seeded.perceptual != "squeezenet":
        return seeded
    if given.squeezenet is None:
        sys.exit("This variant wants --squeezenet FILE")
    return seeded.but(perceptual_weights=str(given.squeezenet))


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
    cover = None if paint.cover is None else torch.from_numpy(paint.cover)
    guides = torch.cat([key.guides, torch.from_numpy(paint.planes)])
    return replace(key, guides=guides, cover=cover)


def exchanged(guides: Tensor) -> Tensor:
    """Return guides whose first and second plane of carried paint have changed places."""
    half = CHANNELS // 2
    first, second = guides[-CHANNELS:-half], guides[-half:]
    return torch.cat([guides[:-CHANNELS], second, first])


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
    if course.lesson.carry is not None and key.cover is not None:
        stops = stops * shown(key.cover.numpy())
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
    rows: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in map(json.loads, out.read_text().splitlines()):
        keys = ",".join(map(str, line.get("keys", ())))
        rows[line["shot"], line.get("paint", ""), keys, line["variant"], line["seconds"]] += [line]
    print("| shot | paint | keys | variant | CPU-s | seeds | " + " | ".join(FIGURES) + " |")
    print("|" + "---|" * (6 + len(FIGURES)))
    for named, lines in sorted(rows.items()):
        cells = [cell([line[name] for line in lines if name in line]) for name in FIGURES]
        told = (*named[:-1], f"{named[-1]:g}", len(lines), *cells)
        print("| " + " | ".join(map(str, told)) + " |")


def cell(values: list[float]) -> str:
    """Return the mean of some seeds' values, with half their range."""
    if not values:
        return ""
    spread = f" ±{(max(values) - min(values)) / 2:.4f}" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{spread}"


if __name__ == "__main__":
    main()
