"""A shot without passes, as a camera takes it: a wall that passes by, a disc before it, grain.

A painter paints its keys with strokes drawn anew each time, as painters do, or bound to the wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from stages import pictured

from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.carry.registered import joined
from velatura.carry.survey import Survey, survey
from velatura.image import exr
from velatura.image.planes import FloatArray, Window
from velatura.plate.encoding import SCALE
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.system.progress import Progress

HEIGHT, WIDTH = 72, 96
SPEED = 1.5
"""How far left the wall goes from frame to frame, px."""


def waves(at: float, seed: int, shortest: float, size: tuple[int, int]) -> FloatArray:
    """Return ``(3, H, W)`` of deviation 1: waves of some px and more, ``at`` px further on."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    random, field = np.random.default_rng(seed), np.zeros((3, *size))
    for _ in range(12):
        turn, length = random.uniform(0, 2 * np.pi), random.uniform(shortest, 3 * shortest)
        wave = np.sin(((x + at) * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / length + seed)
        field += random.uniform(0.3, 1, (3, 1, 1)) * wave
    return (field / field.std()).astype(np.float32)


def light(code: npt.NDArray[np.floating]) -> FloatArray:
    """Return scene-linear light of encoded light."""
    return (np.expm1(np.clip(code, 0, 2) * SCALE * np.log(2)) / 128).astype(np.float32)


@dataclass(frozen=True)
class Pan:
    """A shot.

    Attributes:
        scenes: what is seen in each frame: the number of a wall, and how far it has passed, steps.
        size: height and width, px.
        first: the first frame's number.
    """

    scenes: Sequence[tuple[int, float]] = tuple((0, n) for n in range(9))
    size: tuple[int, int] = (HEIGHT, WIDTH)
    first: int = 1

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first + len(self.scenes)))

    def plate(self, frame: int) -> FloatArray:
        """Return its light, ``(3, H, W)``: of bit-equal frames the same."""
        wall, step = self.scenes[frame - self.first]
        return light(self.tone(frame) + 0.03 * waves(SPEED * step, 10 + wall, 4, self.size))

    def tone(self, frame: int) -> FloatArray:
        """Return what a painter keeps of a plate, encoded."""
        wall, step = self.scenes[frame - self.first]
        code = 0.45 + 0.1 * waves(SPEED * step, 20 + wall, 20, self.size)
        return np.where(self.disc(frame), np.float32(0.75), code)

    def disc(self, frame: int) -> npt.NDArray[np.bool_]:
        """Return where the disc is, which goes to the right."""
        _, step = self.scenes[frame - self.first]
        y, x = np.mgrid[: self.size[0], : self.size[1]]
        high, wide = self.size
        return np.asarray((x - wide / 4 - step) ** 2 + (y - high / 2) ** 2 < (high / 6) ** 2)

    def paint(self, frame: int, *, free: bool = True) -> FloatArray:
        """Return what a painter makes of a frame, ``(3, H, W)`` scene-linear."""
        wall, step = self.scenes[frame - self.first]
        at, seed = (0.0, 100 + frame) if free else (SPEED * step, 100 + wall)
        return light(0.9 * self.tone(frame) + 0.07 * waves(at, seed, 5, self.size))

    def write(self, folder: Path, frames: Sequence[int] = ()) -> Path:
        """Write ``plate.####.exr``."""
        folder.mkdir(parents=True, exist_ok=True)
        for frame in frames or self.frames:
            write(folder / f"plate.{frame:04d}.exr", self.plate(frame))
        return folder


def write(path: Path, rgb: FloatArray, alpha: FloatArray | None = None) -> None:
    """Write light, ``(3, H, W)``, with alpha as a premultiplied layer, as floats."""
    whole = Window(0, 0, rgb.shape[2], rgb.shape[1])
    planes = dict(zip("RGB", rgb if alpha is None else rgb * alpha, strict=True))
    if alpha is not None:
        planes["A"] = alpha
    exr.write(path, pictured(planes, whole, whole))


def footage(folder: Path) -> Footage:
    return Footage({int(p.stem[-4:]): p for p in sorted(folder.glob("plate.*"))}, Reading())


def looked_over(folder: Path, painted: Sequence[int]) -> Survey:
    found = survey(footage(folder), painted, Progress("none"))
    assert found is not None
    return found


def carried(
    folder: Path,
    paints: Mapping[int, FloatArray],
    covers: Mapping[int, FloatArray] | None = None,
) -> Carry:
    """Return keys, carried through the shot in a folder, as training makes them."""
    found, shot = looked_over(folder, tuple(paints)), footage(folder)
    keys = tuple(
        Key.of(f, p, shot.sight(f), found.tracks, (covers or {}).get(f)) for f, p in paints.items()
    )
    made = Carry(keys, found.tracks, found.fields, found.same)
    sights = {f: shot.sight(f) for f in shot.frames if f not in paints}
    return joined(made, sights)
