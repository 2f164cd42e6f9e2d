"""Make the starter looks: three free looks, learnt from paint that this file itself applies.

    python docs/starter_looks.py [FOLDER] [--only ink]

Writes FOLDER/starter_NAME.onnx, by default where velatura keeps them (core/velatura/starter), in
one to three minutes of one core a look. What is painted: the courtyard's twelve frames, and twelve
tables of balls and boxes in lights of their own, drawn below. A look reads no passes, so that it
goes on any render and any footage. With one thread and a number of steps, a training repeats bit
for bit on the same machine. Plates, paint and looks are own work, CC0 1.0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from velatura.image import exr
from velatura.image.planes import Image, Window
from velatura.plate.layers import group

Picture = npt.NDArray[np.float32]
"""``(H, W, 3)``: scene-linear light, or codes 0..1 of the same (`codes`)."""

CORE = Path(__file__).parents[1] / "core/velatura"
FRAMES = "frame.####.exr"
TABLES = 12
SIZE = 180, 320
_GAMMA = 2.2
_GREY = (0.25, 0.6, 0.15)  # how bright a painter sees red, green and blue


def main() -> None:
    """Paint, train and export each look."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=CORE / "starter")
    parser.add_argument("--only", choices=LOOKS, action="append")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        for name in options.only or LOOKS:
            learn(name, Path(scratch), options.folder / f"starter_{name}.onnx")


def learn(name: str, scratch: Path, look: Path) -> None:
    """Paint all plates in one manner, and write the look that is learnt from them."""
    title, paint, steps = LOOKS[name]
    plates, keys, run = scratch / "tables", scratch / name, scratch / f"run-{name}"
    for frame in range(1, 13):
        seen = courtyard(frame)
        write(keys / f"courtyard/frame.{frame:04d}.exr", light(paint(codes(seen))))
    for frame in range(1, TABLES + 1):
        seen = table(frame)
        write(plates / f"frame.{frame:04d}.exr", seen)
        write(keys / f"tables/frame.{frame:04d}.exr", light(paint(codes(seen))))
    shots = [str(CORE / "courtyard/plate" / FRAMES), str(plates / FRAMES)]
    painted = [str(keys / shot / FRAMES) for shot in ("courtyard", "tables")]
    velatura(
        *("train", *shots, "--painted", *painted, "--out", str(run), "--free"),
        *("--guides", "none", "--tier", "draft", "--threads", "1", "--steps", str(steps)),
    )
    velatura(
        *("export", str(run), "--out", str(look), "--name", title),
        *("--author", "velatura", "--licence", "CC0-1.0"),
    )


def velatura(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "velatura", *arguments], check=True)  # noqa: S603


def ink(seen: Picture) -> Picture:
    """Ink and wash: four washes of blue-black on paper, lines where the light changes."""
    grey = blur(seen @ np.float32(_GREY), 0.7)
    tone = steps_of(grey, (0.16, 0.36, 0.6), 0.05) ** 0.8
    line = rise(0.985 * blur(grey, 2.0) - grey, 0.012, 0.012)
    wash = mixed((0.07, 0.09, 0.17), (0.96, 0.94, 0.88), tone * (1 - 0.9 * line))
    hue = seen - (seen @ np.float32(_GREY))[..., None]
    return clipped(wash + 0.3 * hue)


def gouache(seen: Picture) -> Picture:
    """Gouache: flat patches, warm where it is light, violet where it is dark."""
    flat = patches(seen, 3)
    grey = (flat @ np.float32(_GREY))[..., None]
    vivid = grey + 1.5 * (flat - grey)
    dark = (1 - np.clip(grey, 0, 1)) ** 2
    shaded = vivid * (1 - 0.55 * dark) + 0.55 * dark * np.float32([0.30, 0.17, 0.44])
    return clipped(shaded * (1 + 0.14 * (1 - dark) * np.float32([1.0, 0.45, -0.7])))


def linocut(seen: Picture) -> Picture:
    """Linocut: three inks, night blue, vermilion and cream, with cut lines around things."""
    grey = blur(seen @ np.float32(_GREY), 1.2)
    blue, red, cream = (0.09, 0.08, 0.24), (0.82, 0.27, 0.17), (0.97, 0.92, 0.80)
    low = mixed(blue, red, rise(grey, 0.30, 0.03))
    high = rise(grey, 0.56, 0.03)[..., None]
    cut = rise(np.abs(blur(grey, 2.2) - grey), 0.045, 0.012)[..., None]
    printed = low * (1 - high) + np.float32(cream) * high
    return clipped(printed * (1 - 0.85 * cut) + 0.85 * cut * np.float32(cream))


LOOKS: dict[str, tuple[str, Callable[[Picture], Picture], int]] = {
    "ink": ("Ink and Wash", ink, 600),
    "gouache": ("Gouache", gouache, 600),
    "linocut": ("Linocut", linocut, 250),
}
"""Each look's title, how it is painted, and for how many steps it is learnt."""


def courtyard(frame: int) -> Picture:
    """Return a frame of the shot that comes with velatura."""
    image = exr.read(CORE / f"courtyard/plate/frame.{frame:04d}.exr")
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
    return np.asarray(blur3(picture, 0.5) * 2 ** rng.uniform(-1.5, 1.5), np.float32)


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


def blur(plane: Picture, sigma: float) -> Picture:
    """Blur ``(H, W)`` by a Gaussian of ``sigma`` px."""
    reach = int(3 * sigma + 1)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    bell /= bell.sum()
    for axis in (0, 1):
        around = np.pad(plane, [(reach, reach) if axis == n else (0, 0) for n in (0, 1)], "edge")
        plane = sum(
            weight * np.take(around, range(n, n + plane.shape[axis]), axis)
            for n, weight in enumerate(bell)
        )
    return np.asarray(plane, np.float32)


def blur3(picture: Picture, sigma: float) -> Picture:
    return np.stack([blur(picture[..., channel], sigma) for channel in range(3)], -1)


def patches(seen: Picture, reach: int) -> Picture:
    """Flatten a picture: each pixel takes the mean of the calmest of four squares that touch it."""
    means, spreads = [], []
    side = 2 * reach + 1
    pad = np.pad(seen, ((reach,) * 2, (reach,) * 2, (0, 0)), "edge")
    views = np.lib.stride_tricks.sliding_window_view(pad, (reach + 1, reach + 1), (0, 1))
    for down in (0, side - reach - 1):
        for across in (0, side - reach - 1):
            view = views[down : down + seen.shape[0], across : across + seen.shape[1]]
            means.append(view.mean((-2, -1)))
            spreads.append(view.var((-2, -1)).sum(-1))
    weight = np.exp(-np.stack(spreads) / 4e-4) + 1e-9
    return np.asarray(
        (np.stack(means) * weight[..., None]).sum(0) / weight.sum(0)[..., None], np.float32
    )


def rise(value: Picture, at: float, soft: float) -> Picture:
    """Return 0 below ``at`` and 1 above it; what is close to it lies between, for calm edges."""
    return np.asarray(1 / (1 + np.exp(-(value - at) / soft)), np.float32)


def steps_of(value: Picture, edges: tuple[float, ...], soft: float) -> Picture:
    """Return a value in even steps 0..1, one up at each edge."""
    return np.asarray(sum(rise(value, edge, soft) for edge in edges) / len(edges), np.float32)


def mixed(low: tuple[float, ...], high: tuple[float, ...], amount: Picture) -> Picture:
    part = amount[..., None]
    return np.asarray(np.float32(low) * (1 - part) + np.float32(high) * part, np.float32)


def clipped(coded: Picture) -> Picture:
    return np.asarray(np.clip(coded, 0.01, 1), np.float32)


def write(path: Path, picture: Picture) -> None:
    """Write scene-linear light, Rec.709, as an EXR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    window = Window(0, 0, picture.shape[1], picture.shape[0])
    planes = {name: np.ascontiguousarray(picture[..., n]) for n, name in enumerate("RGB")}
    exr.write(path, Image((exr.new_part(planes, window, window, {}),)))


if __name__ == "__main__":
    main()
