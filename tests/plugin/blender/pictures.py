"""What the tests' renderer renders; computed inside Blender, and by the tests to compare with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIZE = 64, 36
"""Width and height, px."""


def picture(
    frame: int, width: int = SIZE[0], height: int = SIZE[1], bright: float = 0.0
) -> npt.NDArray[np.float32]:
    """Return ``(H, W, 4)`` premultiplied light, rows bottom-up: ramps, a highlight, soft alpha."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x + frame) / width, y / height
    rgba = np.stack([u, v, 0.5 + 0.5 * u * v, np.ones_like(u)], axis=-1)
    rgba[..., :3] += np.float32(bright)
    rgba[height // 2 : height // 2 + 4, 8:16, :3] = 40.0  # far above 1
    rgba[: height // 4] *= 0.5  # half transparent
    rgba[-2:] = 0.0
    return rgba.astype(np.float32)


def upright(frame: int, bright: float = 0.0) -> npt.NDArray[np.float32]:
    """Return `picture` as ``(4, H, W)``, rows top-down, as EXR files have it."""
    return np.ascontiguousarray(picture(frame, bright=bright)[::-1].transpose(2, 0, 1))
