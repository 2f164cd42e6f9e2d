"""The street: a live-action-like shot without passes, to measure looks on.

    python benchmarks/street.py OUT [--frames 24] [--size 640 360] [--there-and-back]

Writes OUT/plate/frame.####.exr, half RGB, scene-linear Rec.709: a hand-held camera travels along a
wet street at dusk. A van and a walker pass in different directions, leaves hang before the lens.
There is parallax of six layers, a receding ground, motion blur, defocus, and grain that is fresh in
every frame, but for frames 12 and 13, which are held: bit for bit the same. OUT/matte has the van's
mattes, for a layer that is painted on it alone (`benchmarks/free_painter.py`).

With --there-and-back everything has come twice as far at the middle of the shot and is back at its
end: the van and the walker pass behind the post and each other, and return. It is for 96 frames.

Own work, CC0 1.0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import shotfolder
from street_things import VAN, Float, Layer, moved, things

HELD = {13: 12}
"""Frames that repeat another one."""

SHUTTER = 0.5
"""Part of a frame's time in which light falls in: 180 degrees."""

TIMES = 6
"""Moments of that time that are looked at."""

GRAIN = 0.012
"""Standard deviation of the grain, square root of light."""

FAR = 48.0
"""How far things come in a shot there and back, frames of their way."""


def camera(way: float, t: float, near: float) -> Float:
    """Return what travel and shaking hands do to a layer."""
    x = -2.6 * near * way + 1.9 * np.sin(0.83 * t) + 1.1 * np.sin(2.1 * t + 1)
    y = 1.6 * np.sin(1.07 * t + 0.4) + 0.9 * np.sin(2.6 * t)
    turn = 0.004 * np.sin(0.7 * t)
    matrix = moved(320, 180, 1 + 0.0015 * near * way, turn) @ moved(x - 320, y - 180)
    return matrix.astype(np.float32)


def frame(
    layers: tuple[Layer, ...], number: int, size: tuple[int, int], way: Callable[[float], float]
) -> tuple[Float, Float]:
    """Return a frame's scene-linear light ``(H, W, 3)`` with its grain, and the van's matte.

    Args:
        layers: the things, farthest first.
        number: of the frame; from 1.
        size: width and height, px.
        way: time to how far everything has come, both in frames.
    """
    number = HELD.get(number, number)
    width, height = size
    total, matte = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    zoom = np.diag([width / 640, height / 360, 1]).astype(np.float32)
    for i in range(TIMES):
        t = number - 1 + SHUTTER * (i + 0.5) / TIMES
        seen, mine = np.zeros_like(total), np.zeros_like(matte)
        for place, layer in enumerate(layers):
            matrix = zoom @ camera(way(t), t, layer.near) @ layer.place(way(t), t)
            flags = cv2.INTER_AREA | cv2.INTER_LINEAR
            drawn = cv2.warpPerspective(layer.light, matrix, size, flags=flags)
            seen = seen * (1 - drawn[..., 3:]) + drawn[..., :3]
            mine = mine * (1 - drawn[..., 3]) + drawn[..., 3] * (place == VAN)
        total += seen / TIMES
        matte += mine / TIMES
    rng = np.random.default_rng(1000 + number)
    shown = np.sqrt(np.maximum(total, 0))
    speck = cv2.GaussianBlur(rng.standard_normal(total.shape).astype(np.float32), (0, 0), 0.6) * 2.0
    return np.maximum(shown + GRAIN * speck, 0) ** 2, matte


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--size", type=int, nargs=2, default=(640, 360))
    parser.add_argument("--there-and-back", action="store_true")
    given = parser.parse_args()

    def way(t: float) -> float:
        if not given.there_and_back:
            return t
        return FAR * (0.5 - 0.5 * float(np.cos(2 * np.pi * t / given.frames)))

    layers = things()
    for number in range(1, given.frames + 1):
        light, matte = frame(layers, number, tuple(given.size), way)
        shotfolder.write(given.out / "plate" / shotfolder.name(number), light)
        shotfolder.write(given.out / "matte" / shotfolder.name(number), np.dstack([matte] * 3))


if __name__ == "__main__":
    main()
