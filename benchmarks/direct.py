"""Looks from a painting for any shot, with keys that teach and without: a picture, figures.

    python benchmarks/direct.py OUT.jpg PAINTING SHOT --seen FRAME ... --unseen PICTURE ...
        --keys KEYS [--spent 16] [--vgg19 FILE] [--judge FILE] [--seconds 120 300]

SHOT is a pattern, FRAMEs of it are measured, and PICTUREs that nobody has learnt from. Seconds are
of one processor thread. KEYS are painted already (`velatura paint`); the --spent seconds that they
took come off the learning. Each row is a picture: the plate, then without and with keys for each
number of seconds. gram and swd see with VGG19 where its file is given, gram2 with --judge's eyes; a
look learns with others. ewP is that of four pairs of frames by optical flow, in times of the
plate's own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import torch
from torch import Tensor

from velatura.apply import canvas
from velatura.gain.law import FLOOR
from velatura.image.gathering import find
from velatura.image.planes import Window
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura.report import contact_sheet
from velatura_training.data import paintings, plates
from velatura_training.data.dataset import Dataset
from velatura_training.encoding import glaze
from velatura_training.learn.stroke_step import shown
from velatura_training.learn.unpaired import Unpaired
from velatura_training.losses import backbones
from velatura_training.metrics import brushmarks, motion, structure, texture
from velatura_training.metrics.eyes import Eyes
from velatura_training.network.generator import Generator
from velatura_training.recipe import PAINTING, TAUGHT

SPACE = "lin_rec709_scene"
PAIRS = 4
"""Pairs of frames that ewP is the mean of."""


def main() -> None:
    args = _arguments()
    torch.set_num_threads(1)
    (painting,) = paintings.read([args.painting], SPACE)
    judges = {"gram": Eyes(backbones.load("vgg19", args.vgg19) if args.vgg19 else backbones.load())}
    if args.judge:
        judges["gram2"] = Eyes(backbones.load("squeezenet", args.judge))
    with torch.no_grad():
        wanted = {name: eyes.see(painting.shown)[1] for name, eyes in judges.items()}
    files = find(args.shot)
    pictures = {f"frame {n}": files[n] for n in args.seen}
    pictures |= {Path(p).stem: Path(p) for p in args.unseen}
    rows = {name: [_seen(_light(path))] for name, path in pictures.items()}
    for seconds in args.seconds:
        for keys in ("", args.keys):
            course = Unpaired(
                Dataset.of(plates.load([args.shot], painted=[keys] if keys else []), [painting]),
                TAUGHT if keys else PAINTING,
                torch.device("cpu"),
            )
            steps = _learn(course, seconds - args.spent * bool(keys))
            label = f"{seconds:g} s {'with' if keys else 'without'} keys"
            calm = _calm(course.exported, list(files.values()))
            print(f"{label}: {steps} steps, ewP {calm:.2f}", flush=True)
            for name, path in pictures.items():
                result, plate = _painted(course.exported, _light(path))
                rows[name].append(_seen(result))
                with torch.no_grad():
                    maps = {eyes: judges[eyes].see(_seen(result))[1] for eyes in judges}
                figures = {n: texture.gram_distance(maps[n], wanted[n]) for n in judges}
                figures["swd"] = texture.sliced_wasserstein(maps["gram"], wanted["gram"])
                figures["emboss"] = brushmarks.emboss(_seen(result), _seen(plate))
                figures["edge"] = structure.edge_f1(_seen(result), _seen(plate))
                words = "   ".join(f"{key} {value:.3f}" for key, value in figures.items())
                print(f"    {name:12s} {words}", flush=True)
    laid = contact_sheet.lay_out([list(_fitted(row)) for row in rows.values()])
    page = oiio.ImageBuf(np.ascontiguousarray(laid))
    page.specmod().attribute("compression", "jpeg:85")
    page.write(str(args.out))


def _learn(course: Unpaired, seconds: float) -> int:
    """Learn for so many seconds of processor time; return how many steps that were."""
    rng, begun, steps = torch.Generator().manual_seed(0), time.process_time(), 0
    while (used := (time.process_time() - begun) / seconds) < 1:
        course.step(used, 1.0, rng)
        steps += 1
    return steps


def _light(path: Path) -> Tensor:
    plate = Plate.read(path, Reading())
    light = plate.seen(*(slice(0, size) for size in plate.size), SPACE)
    return torch.from_numpy(np.ascontiguousarray(light))[None]


@torch.no_grad()
def _painted(look: Generator, light: Tensor) -> tuple[Tensor, Tensor]:
    """Return result and plate, cut to multiples of the network's alignment."""
    height, width = (size // look.alignment * look.alignment for size in light.shape[2:])
    cut = light[..., :height, :width]
    weave = torch.from_numpy(canvas.patch(Window(0, 0, width, height)))[None]
    return glaze(cut, look(cut, weave).float(), FLOOR), cut


def _seen(light: Tensor) -> Tensor:
    return shown(light)


def _calm(look: Generator, files: list[Path]) -> float:
    ratios = []
    for first in np.linspace(0, len(files) - 2, PAIRS).round().astype(int):
        (was, before), (result, now) = (
            _painted(look, _light(files[n])) for n in (first, first + 1)
        )
        moved = motion.of_flow(_seen(before), _seen(now))
        own, plates_own = (
            motion.warp_error(*pair, moved) for pair in ((was, result), (before, now))
        )
        ratios.append((own or 0) / (plates_own or 1))
    return float(np.mean(ratios))


def _fitted(row: list[Tensor]) -> Iterator[np.ndarray]:
    """Yield pictures of one size: that of results."""
    height, width = row[-1].shape[2:]
    for picture in row:
        yield np.ascontiguousarray(picture[0, :, :height, :width].permute(1, 2, 0).numpy())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("shot")
    parser.add_argument("--keys", required=True, help="painted keys of the shot, a pattern")
    parser.add_argument("--spent", type=float, default=0, help="seconds that the keys took")
    parser.add_argument("--seen", nargs="+", type=int, default=[])
    parser.add_argument("--unseen", nargs="+", default=[])
    parser.add_argument("--seconds", nargs="+", type=float, default=[120.0])
    parser.add_argument("--vgg19", type=Path)
    parser.add_argument("--judge", type=Path, help="SqueezeNet 1.1")
    return parser.parse_args()


if __name__ == "__main__":
    main()
