"""A pan over a painted wall, with a disc that goes the other way, and exact motion vectors.

The wall is a sum of waves, so a frame at any sub-pixel place is exact. It moves 1.4 px to the left
from frame to frame, the disc 3 px to the right. The paint on the wall is of a kind that cannot be
told from its plate: what a small look learns of it flickers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny import write_frame

from velatura.image.planes import FloatArray

HEIGHT, WIDTH = 56, 80
FRAMES, PAINTED = range(1, 7), (1, 6)
WALL, DISC = 1.4, -3.0
"""How far left things move from frame to frame, px."""


def disc(frame: int) -> FloatArray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return ((x - 20 + DISC * (frame - 1)) ** 2 + (y - 28) ** 2 < 11**2).astype(np.float32)


def wall(frame: int, waves: int, seed: int) -> FloatArray:
    """Return ``(3, H, W)`` light: waves of 5 to 20 px in world places."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    x = x + WALL * frame
    random, light = np.random.default_rng(seed), np.zeros((3, HEIGHT, WIDTH))
    for _ in range(waves):
        turn, length = random.uniform(0, 2 * np.pi), random.uniform(5, 20)
        wave = np.sin((x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / length)
        light += random.uniform(0.3, 1, (3, 1, 1)) * wave
    return (0.3 * np.exp(0.7 * light / np.sqrt(waves))).astype(np.float32)


def plate(frame: int, light: float = 1.0, moving: bool = True) -> dict[str, FloatArray]:
    inside = disc(frame)
    rgb = np.where(inside > 0, 0.2, wall(frame, 8, seed=1)) * light
    planes = {name: plane.astype(np.float32) for name, plane in zip("RGB", rgb, strict=True)}
    if moving:
        across = np.where(inside > 0, DISC, WALL).astype(np.float32)
        zero = np.zeros_like(across)
        planes |= {f"Vector.{c}": v for c, v in zip("XYZW", (across, zero) * 2, strict=True)}
        planes["Object Index.X"] = 1 + inside
    return planes


def paint(frame: int) -> dict[str, FloatArray]:
    rgb = np.where(disc(frame) > 0, np.float32(0.8), wall(frame, 5, seed=2))
    return dict(zip("RGB", rgb, strict=True))


def write(folder: Path, lights: tuple[float, ...] = (1.0,), moving: bool = True) -> tuple[str, str]:
    """Write a shot, frame after frame under these lights; return plate and keys as patterns."""
    for frame in FRAMES:
        light = lights[(frame - 1) % len(lights)]
        write_frame(folder / f"plate.{frame:04d}.exr", plate(frame, light, moving))
    for frame in PAINTED:
        write_frame(folder / f"paint.{frame:04d}.exr", paint(frame))
    return str(folder / "plate.####.exr"), str(folder / "paint.####.exr")
