"""The free painter: paints every frame anew, whatever it painted in the frame before.

    python benchmarks/free_painter.py PLATE OUT [--seed 0] [--matte FOLDER]

PLATE is a folder with frame.####.exr, OUT gets the painting of each, half RGB. Strokes are put down
in fresh places for every frame, along the edges of the picture, large ones first and small ones
where there is detail (Haeberli 1990, Hertzmann 1998); bristles catch the light, ink follows the
outlines with an unsteady hand, the paper shows through. So no stroke lies twice in the same place:
painters do not bind their daubs to objects. With --matte, a folder of grey frames, only what is
white there is painted, and the rest is transparent (RGBA). Own work, CC0 1.0.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import shotfolder

Float = npt.NDArray[np.float32]

BRUSHES = ((9.0, 5.0, 0.0), (5.0, 4.0, 0.012), (2.6, 3.0, 0.03))
"""Width, length in widths, and least detail (gradient of display values per px) of the strokes."""

SEEDS = 7919
"""How far the seeds of two painters are apart: further than a shot has frames."""

LINEAR_TOE, DISPLAY_TOE = 0.0031308, 0.04045
"""Where the sRGB curve turns from a line into a root (IEC 61966-2-1)."""

INK = np.array([0.10, 0.07, 0.16], np.float32)
PAPER = np.array([0.95, 0.91, 0.82], np.float32)


def shown(light: Float) -> Float:
    """Return scene-linear Rec.709 as a screen shows it: sRGB."""
    x = np.clip(light, 0, 1)
    root = 1.055 * np.maximum(x, LINEAR_TOE) ** (1 / 2.4) - 0.055
    return np.where(x <= LINEAR_TOE, 12.92 * x, root).astype(np.float32)


def lit(display: Float) -> Float:
    """Return the light of what a screen shows: the inverse of `shown` on 0..1."""
    x = np.clip(display, 0, 1)
    power = ((x + 0.055) / 1.055) ** 2.4
    return np.where(x <= DISPLAY_TOE, x / 12.92, power).astype(np.float32)


def graded(display: Float) -> Float:
    """Return the painter's colours: violet shadows, golden lights, more saturated."""
    luma = display @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    tone = (luma * luma * (3 - 2 * luma) * 0.5 + 0.5 * luma)[..., None]
    shadow, lights = (
        np.array([0.20, 0.12, 0.36], np.float32),
        np.array([1.0, 0.86, 0.55], np.float32),
    )
    duotone = shadow + (lights - shadow) * tone
    vivid = luma[..., None] + (display - luma[..., None]) * 1.7
    return np.clip(0.45 * duotone + 0.55 * np.clip(vivid, 0, 1) + 0.03, 0, 1).astype(np.float32)


def blurred(planes: Float, sigma: float) -> Float:
    """Return planes under a Gaussian, ``sigma`` in px."""
    return np.asarray(cv2.GaussianBlur(planes, (0, 0), sigma))


def flowing(luma: Float) -> tuple[Float, Float]:
    """Return along which direction edges run, ``(H, W)`` cosine and sine."""
    gx, gy = (cv2.Sobel(blurred(luma, 1.5), cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    xx, yy, xy = (blurred(p, 5) for p in (gx * gx, gy * gy, gx * gy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def paint(light: Float, seed: int) -> Float:
    """Return ``(H, W, 3)`` scene-linear paint of a frame, drawn anew for each seed."""
    rng = np.random.default_rng(seed)
    plate = shown(light)
    height, width = plate.shape[:2]
    luma = blurred(plate.mean(-1), 1.0)
    colours = graded(plate)
    detail = np.hypot(*(cv2.Sobel(luma, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1))))
    detail = blurred(detail, 3)
    along = flowing(luma)
    canvas = np.ones_like(plate) * PAPER
    relief = np.zeros((height, width), np.float32)
    for size, length, least in BRUSHES:
        strokes(
            canvas, relief, blurred(colours, size * 0.45), detail, along, (size, length, least), rng
        )
    slope = cv2.Sobel(relief, cv2.CV_32F, 1, 0) - 0.8 * cv2.Sobel(relief, cv2.CV_32F, 0, 1)
    canvas *= (1 + 0.10 * np.clip(slope, -1.5, 1.5))[..., None]
    fibre = blurred(rng.standard_normal((height, width)).astype(np.float32), 0.8)
    canvas *= (1 + 0.09 * fibre)[..., None]
    return lit(inked(canvas, luma, rng))


def strokes(
    canvas: Float,
    relief: Float,
    colours: Float,
    detail: Float,
    along: tuple[Float, Float],
    brush: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """Cover a canvas with strokes of one brush, in random order."""
    size, length, least = brush
    height, width = relief.shape
    step = size * 0.8
    y, x = np.mgrid[0:height:step, 0:width:step].reshape(2, -1)
    x, y = x + rng.uniform(-step, step, x.size), y + rng.uniform(-step, step, y.size)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    wanted = detail[y.astype(int), x.astype(int)] >= least
    for i in rng.permutation(np.flatnonzero(wanted)):
        at = np.array([x[i], y[i]])
        colour = colours[int(at[1]), int(at[0])] + rng.normal(0, 0.045) + rng.normal(0, 0.03, 3)
        points = [at]
        wobble = rng.normal(0, 0.2)
        half = size * length * rng.uniform(0.6, 1.2) / 4
        for _ in range(4):
            px, py = min(width - 1, max(0, int(at[0]))), min(height - 1, max(0, int(at[1])))
            way = np.array([along[0][py, px], along[1][py, px]])
            if len(points) > 1 and way @ (points[-1] - points[-2]) < 0:
                way = -way
            at = at + half * (way + wobble * np.array([-way[1], way[0]]))
            points.append(at)
        bristles(canvas, relief, np.array(points), size, colour, rng)


def bristles(
    canvas: Float,
    relief: Float,
    points: Float,
    size: float,
    colour: Float,
    rng: np.random.Generator,
) -> None:
    """Draw a stroke: its body, and a few hairs that are darker or lighter, higher or lower."""
    body = [np.rint(points * 8).astype(np.int32)]
    cv2.polylines(canvas, body, False, colour.tolist(), max(1, round(size)), cv2.LINE_AA, 3)
    cv2.polylines(
        relief, body, False, float(rng.uniform(0.2, 1)), max(1, round(size)), cv2.LINE_AA, 3
    )
    side = points[-1] - points[0]
    side = np.array([-side[1], side[0]]) / (np.hypot(*side) + 1e-6)
    for offset in rng.uniform(-0.45, 0.45, max(1, int(size / 2.5))):
        hair = [np.rint((points + side * offset * size) * 8).astype(np.int32)]
        tone = rng.normal(0, 0.07)
        cv2.polylines(canvas, hair, False, (colour + tone).tolist(), 1, cv2.LINE_AA, 3)
        cv2.polylines(relief, hair, False, float(rng.uniform(0, 1.4)), 1, cv2.LINE_AA, 3)


def inked(canvas: Float, luma: Float, rng: np.random.Generator) -> Float:
    """Return a canvas with outlines, not quite in place.

    They are differences of Gaussians (Winnemöller et al. 2012).
    """
    height, width = luma.shape
    shake = [
        blurred(rng.standard_normal((height, width)).astype(np.float32), 8) * 28 for _ in range(2)
    ]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    fine = blurred(luma, 1.0) - 0.98 * blurred(luma, 1.8)
    line = np.clip((0.0035 - fine) * 90, 0, 1)
    strong = np.clip(blurred(np.abs(fine - 0.02 * luma), 2) * 130 - 0.6, 0, 1)
    line = cv2.remap(
        line * strong, x + shake[0], y + shake[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    press = np.clip(
        0.75 + 0.5 * blurred(rng.standard_normal((height, width)).astype(np.float32), 4) * 8,
        0.15,
        1,
    )
    amount = (line * press)[..., None]
    return canvas * (1 - amount) + INK * amount


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("plate", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--matte", type=Path)
    given = parser.parse_args()
    for number, path in shotfolder.found(given.plate).items():
        painted, alpha = paint(shotfolder.read(path)[0], SEEDS * given.seed + number), None
        if given.matte:
            alpha = shotfolder.read(given.matte / path.name)[0][..., 0]
            painted = painted * alpha[..., None]
        shotfolder.write(given.out / path.name, painted, alpha)


if __name__ == "__main__":
    main()
