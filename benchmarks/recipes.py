"""What each part of the recipe buys: the demo's training, with parts left out, side by side.

    python benchmarks/recipes.py [--seconds 150] [--only l1 default ...]
        [--perceptual squeezenet --perceptual-weights FILE]

Each variant learns the courtyard from the same three keys for the same wall time, one after the
other, and is measured on the nine frames that were not painted. The figures are those of `velatura
evaluate`, seen with the eyes named by --perceptual. One seed: differences under psnr .9 or lpips
.015 are ties.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from velatura_training import perceptual
from velatura_training.evaluate import evaluate
from velatura_training.eyes import Eyes
from velatura_training.footage import Footage

COURTYARD = Path(str(files("velatura"))) / "courtyard"
FRAMES = "frame.####.exr"

VARIANTS = {
    "default": [],
    "l1": ["--weight.content=0", "--weight.adversarial=0", "--weight.grid=0"],
    "no-critic": ["--weight.adversarial=0"],
    "no-content": ["--weight.content=0"],
    "no-grid": ["--weight.grid=0"],
    "no-guides": ["--guides=none"],
    "resnet": ["--generator=resnet"],
    "multiscale": ["--discriminator=multiscale"],
}


def velatura(*arguments: object) -> None:
    command = [sys.executable, "-m", "velatura", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--perceptual", choices=perceptual.BACKBONES, default="efficientnet")
    parser.add_argument("--perceptual-weights", type=Path)
    parser.add_argument("--learn-with", choices=perceptual.BACKBONES, default="efficientnet")
    given = parser.parse_args()
    eyes = Eyes(perceptual.load(given.perceptual, given.perceptual_weights))
    plate, painted, truth = (COURTYARD / kind / FRAMES for kind in ("plate", "painted", "truth"))
    learning = [f"--perceptual={given.learn_with}", f"--minutes={given.seconds / 60}"]
    if given.learn_with == given.perceptual and given.perceptual_weights:
        learning.append(f"--perceptual-weights={given.perceptual_weights}")
    truths, plates = Footage.of(str(truth)), Footage.of(str(plate))
    rows = {"plate": evaluate(plates, eyes, truths).mean}
    print(f"{given.seconds:g} s each, learnt with {given.learn_with}, seen with {eyes.label}")
    print(f"{'':12}" + "".join(f"{name:>9}" for name in rows["plate"]))
    show("plate", rows["plate"])
    for name in given.only:
        with tempfile.TemporaryDirectory() as folder:
            run, look, shot = (Path(folder) / n for n in ("run", "look.onnx", "shot"))
            velatura("train", plate, "--painted", painted, "--out", run, *learning, *VARIANTS[name])
            velatura("export", run, "--out", look)
            velatura("apply", plate, "--look", look, "--out", shot, "--write", "picture")
            show(name, evaluate(Footage.of(str(shot / FRAMES)), eyes, truths).mean)


def show(name: str, scores: dict[str, float]) -> None:
    print(f"{name:12}" + "".join(f"{value:9.4f}" for value in scores.values()), flush=True)


if __name__ == "__main__":
    main()
