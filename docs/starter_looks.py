"""Make the starter looks: four free looks, learnt from paint that `starter_paint` applies.

    python docs/starter_looks.py [FOLDER] [--only ink]

Writes FOLDER/starter_NAME.onnx, by default where velatura keeps them (core/velatura/starter), in
two to four minutes of one core a look. What is painted: the courtyard's twelve frames, and tables
of balls and boxes in lights of their own, drawn below; some of each from nearer. Each is painted on
two canvases. A look reads no passes, so that it goes on any render and any footage. With one thread
and a number of steps, a training repeats bit for bit on the same machine. Plates, paint and looks
are own work, CC0 1.0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from starter_paint import LOOKS, Picture, blur

from velatura.apply import canvas
from velatura.gain.law import BOUND, FLOOR
from velatura.image import exr
from velatura.image.planes import Window
from velatura.plate.layers import group
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson
from velatura_training.learn.gan import Gan
from velatura_training.learn.paired import Paired
from velatura_training.learn.paired_step import PairedStep
from velatura_training.learn.run import Run, follow
from velatura_training.network.generator import Shape
from velatura_training.recipe import FREE, Budget, Recipe

CORE = Path(__file__).parents[1] / "core/velatura"
SIZE = 180, 320
CANVASES = 2
"""How many canvases each plate is painted on: no place may learn its ripples."""
RECIPE = FREE.but(
    {"l1": 6.0}, generator="brush", tier="draft", paint_dropout=0.0, grain=0.03, patch=96, batch=4
)
"""What it reads after the light is a canvas, not paint: nothing of it is ever left out."""
_GAMMA = 2.2


def main() -> None:
    """Paint, train and export each look."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=CORE / "starter")
    parser.add_argument("--only", choices=LOOKS, action="append")
    parser.add_argument("--steps", type=int, help="fewer than a look needs, to try the script out")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        for name in options.only or LOOKS:
            look = options.folder / f"starter_{name}.onnx"
            learn(name, Path(scratch, name), look, options.steps)


class OnCanvas(Paired):
    """Learns from painted keys, with a painter that sees the canvas that they were painted on."""

    def __init__(self, lesson: Lesson, recipe: Recipe, device: torch.device) -> None:
        super().__init__(lesson, recipe, device)
        self.shape = Shape((), BOUND, lesson.depth_scale, canvas=True)
        self.gan = Gan(recipe, self.shape, device)
        self.learning = PairedStep(self.gan, FLOOR, self.backbone)


def learn(name: str, run: Path, look: Path, steps: int | None = None) -> None:
    """Paint all plates in one manner, and write the look that is learnt from them."""
    title, _, enough = LOOKS[name]
    cpu, space = torch.device("cpu"), Plate.read(_frame(1), Reading()).space
    lesson = Lesson(keys(name), (), (), space, 1.0)
    follow(
        lambda recipe, _: OnCanvas(lesson, recipe, cpu),
        Run(run, RECIPE, Budget(None, steps or enough), cpu, threads=1),
    )
    described = ("--name", title, "--author", "velatura", "--licence", "CC0-1.0")
    command = [sys.executable, "-m", "velatura", "export", run, "--out", look, *described]
    subprocess.run(command, check=True)  # noqa: S603


def keys(name: str) -> tuple[Frame, ...]:
    """Return all plates with their paint, each on canvases of its own."""
    _, paint, _ = LOOKS[name]
    rng, painted = np.random.default_rng(7), []
    for number, plate in enumerate(plates(), 1):
        for _ in range(CANVASES):
            left, top = (int(place) for place in rng.integers(0, canvas.PERIOD, 2))
            window = Window(left, top, plate.shape[1], plate.shape[0])
            weave = canvas.patch(window)
            key = light(paint(codes(plate), weave))
            guides = torch.from_numpy(weave)
            painted.append(Frame(number, _planes(plate), guides, window, _planes(key), {}))
    return tuple(painted)


def plates() -> list[Picture]:
    """Return what is painted: the courtyard and tables, from where they are seen and from nearer.

    A frame of 1080p is smoother than one of 320 px: what is near teaches a look about that.
    """
    near = [nearer(courtyard(frame), 2) for frame in (1, 4, 8, 11)]
    near += [nearer(table(frame), 1.5 + frame % 3) for frame in range(15, 27)]
    far = [courtyard(frame) for frame in range(1, 13)] + [table(frame) for frame in range(1, 15)]
    return [np.clip(plate, 0, None) for plate in (*far, *near)]


def nearer(picture: Picture, times: float) -> Picture:
    """Return the middle of a picture, so many times as large."""
    height, width = picture.shape[:2]
    tall, wide = int(height / times), int(width / times)
    top, left = (height - tall) // 2, (width - wide) // 2
    middle = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
    return np.asarray(cv2.resize(middle, (width, height), interpolation=cv2.INTER_CUBIC))


def _frame(number: int) -> Path:
    return CORE / f"courtyard/plate/frame.{number:04d}.exr"


def _planes(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))


def courtyard(frame: int) -> Picture:
    """Return a frame of the shot that comes with velatura."""
    image = exr.read(_frame(frame))
    names = next(layer for name, layer in group(image).items() if "Combined" in name)
    planes = [image.find(names[key])[1].pixels for key in "RGB"]
    return np.stack(planes, -1).astype(np.float32)


def table(frame: int) -> Picture:
    """Draw balls and boxes on a table, in a light that differs from frame to frame."""
    rng = np.random.default_rng(frame)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32) / SIZE[0]
    weave = noise(rng, 5)[..., None]
    wall, top = rng.uniform(0.05, 0.7, (2, 3)).astype(np.float32)
    edge = rng.uniform(0.45, 0.7)
    picture = np.where(
        (y > edge)[..., None], top * (0.6 + y[..., None]), wall * (1.2 - x[..., None] / 3)
    )
    picture = picture * (0.8 + 0.4 * weave)
    for _ in range(7):
        across, down, size = rng.uniform((0.1, 0.25, 0.07), (1.7, 0.85, 0.24))
        colour = (rng.uniform(0.02, 0.95, 3) ** 1.4).astype(np.float32)
        if rng.random() < 0.6:  # noqa: PLR2004
            left, up = (x - across) / size, (y - down) / size
            inside = left**2 + up**2 < 1
            depth = np.sqrt(np.clip(1 - left**2 - up**2, 0, 1))
            lit = np.clip(-0.5 * left - 0.6 * up + 0.6 * depth, 0.04, None)
            shine = 6 * np.clip(lit, 0, 1)[..., None] ** 40
        else:
            inside = (np.abs(x - across) < size) & (np.abs(y - down) < 0.7 * size)
            lit, shine = np.where(x - across < 0.3 * size, 0.9, 0.35), np.float32(0)
        shadow = ((x - across - 0.3 * size) ** 2 + 6 * (y - down - size) ** 2 < size**2) & (
            y > edge
        )
        picture = np.where(shadow[..., None], picture * 0.45, picture)
        body = colour * lit[..., None] * (0.85 + 0.3 * noise(rng, 3)[..., None]) + shine
        picture = np.where(inside[..., None], body, picture)
    return np.asarray(blur(picture, 0.5) * 2 ** rng.uniform(-1.5, 1.5), np.float32)


def noise(rng: np.random.Generator, size: int) -> Picture:
    """Return soft noise, ``(H, W)`` 0..1, whose spots are about ``size`` px wide."""
    soft = blur(rng.random(SIZE, np.float32), size)
    low, high = soft.min(), soft.max()
    return np.asarray((soft - low) / (high - low), np.float32)


def codes(seen: Picture) -> Picture:
    """Return light as codes 0..1: above 0.8 ever less, so that bright lights keep their shape."""
    bright = np.clip(seen, 0, None) ** (1 / _GAMMA)
    over = np.clip(bright - 0.8, 0, None)
    return np.asarray(np.minimum(bright, 0.8) + 0.2 * over / (over + 0.4), np.float32)


def light(coded: Picture) -> Picture:
    """Return what was painted as light."""
    return np.asarray(coded**_GAMMA, np.float32)


if __name__ == "__main__":
    main()
