"""Make a clip and two painted frames of it: what the README's command for footage is run on.

    python docs/clip.py [FOLDER] [--frames 24] [--size 480 270]

Writes FOLDER/clip.mp4, a ball that bounces over hills under a moving camera, and the painted frames
paint.0004.png and paint.0018.png (or nearer to the ends of a shorter clip): flat colours, ink.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from velatura.image import movie_file
from velatura.image.png import write_png
from velatura.image.yuv import Format

Picture = npt.NDArray[np.float32]

INK = 0.06  # change of grey from pixel to pixel that is an edge


def main() -> None:
    """Write the clip and the keys."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path())
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--size", type=int, nargs=2, default=(480, 270))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    width, height = options.size
    kind = Format(width, height, Fraction(24), Fraction(1), 8, False, 1, 1, 1, False, True)
    pictures = [picture(frame, width, height) for frame in range(options.frames)]
    movie_file.write(options.folder / "clip.mp4", kind, pictures)
    for frame in (options.frames // 6, options.frames * 3 // 4):
        codes = np.rint(255 * painted(pictures[frame])).astype(np.uint8)
        write_png(options.folder / f"paint.{frame:04d}.png", codes)
    made = ", ".join(sorted(path.name for path in options.folder.iterdir()))
    sys.stdout.write(f"{options.folder} holds {made}\n")


def picture(frame: int, width: int, height: int) -> Picture:
    """Return a frame of the clip, ``(H, W, 3)`` sRGB codes."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * np.float32(180 / height)
    far = x + 3 * frame
    sky = np.stack([0.3 + y / 600, 0.4 + y / 600, 0.7 - y / 1800], -1)
    grass = 0.4 + 0.1 * np.sin(far / 9) * np.sin(y / 7)
    hills = np.stack([0.25 + 0 * y, grass, 0.2 + 0 * y], -1)
    shown = np.where((y > 110 + 18 * np.sin(far / 40))[..., None], hills, sky)
    left, top = 60 + 7 * frame, 90 + 20 * np.sin(frame / 4)
    ball = (x - left) ** 2 + (y - top) ** 2 < 26**2
    shade = np.clip(1 - ((x - left + 10) ** 2 + (y - top + 10) ** 2) / 3000, 0.2, 1)
    orange = shade[..., None] * np.float32([0.9, 0.5, 0.2])
    return np.clip(np.where(ball[..., None], orange, shown), 0, 1).astype(np.float32)


def painted(codes: Picture) -> Picture:
    """Return a frame as somebody painted it: five tones, warmer, and ink along the edges."""
    tones = np.clip(np.floor(codes * 5 + 0.5) / 5 * np.float32([1.15, 0.95, 0.8]), 0, 1)
    down, across = np.gradient(codes.mean(-1))
    tones[np.abs(down) + np.abs(across) > INK] = 0.05
    return tones.astype(np.float32)


if __name__ == "__main__":
    main()
