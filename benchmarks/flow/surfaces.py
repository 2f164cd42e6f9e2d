"""Made-up surfaces and silhouettes for `scenes`."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Random = np.random.Generator

TEXTURE = 512
"""Height and width of a texture, texels; one texel is about a pixel of the large picture."""


def chance(random: Random, share: float) -> bool:
    """Return True in so large a share of all cases."""
    return bool(random.random() < share)


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Return the row and the column of each pixel."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return y, x


def texture(random: Random) -> Array:
    """Return ``(T, T, 3)``: plain, shaded, tiled, striped, in cells or noisy, or some of these."""
    size = TEXTURE
    colours = random.uniform(0.02, 0.98, (2, 3)).astype(np.float32)
    if chance(random, 0.5):
        colours[1] = np.clip(colours[0] + random.normal(0, 0.12, 3), 0, 1)
    grey = random.uniform(0, 0.9)  # most of what is filmed is hardly coloured
    colours += grey * (colours.mean(axis=1, keepdims=True) - colours)
    which = _PATTERNS[random.integers(len(_PATTERNS))](random)
    y, x = grid(size, size)
    surface = colours[0] + (colours[1] - colours[0]) * which[..., None]
    if chance(random, 0.6):  # what all surfaces have a little of
        much = np.exp(random.uniform(np.log(0.003), np.log(0.12)))
        surface = surface + much * _noise(random, random.uniform(2, 12))[..., None]
    if chance(random, 0.7):  # light falls off
        way = random.normal(0, 0.4, 2) / size
        fall = (x - size / 2) * way[0] + (y - size / 2) * way[1] + _noise(random, 150) * 0.15
        surface = surface * np.exp(fall)[..., None]
    if chance(random, 0.3):
        surface = _written(surface, random)
    return np.clip(surface, 0, 1).astype(np.float32)


def _scale(random: Random) -> float:
    return float(np.exp(random.uniform(np.log(6), np.log(90))))


def _plain(random: Random) -> Array:  # noqa: ARG001 - as all patterns
    return np.zeros((TEXTURE, TEXTURE), np.float32)


def _tiles(random: Random) -> Array:
    y, x = grid(TEXTURE, TEXTURE)
    scale = _scale(random)
    return np.asarray((x // scale + y // scale) % 2, np.float32)


def _stripes(random: Random) -> Array:
    y, x = grid(TEXTURE, TEXTURE)
    scale = _scale(random)
    wave = np.sin((x + 12 * np.sin(y / scale / 2)) * 2 * np.pi / scale)
    return np.asarray(np.clip(0.5 + wave * random.uniform(0.5, 6), 0, 1), np.float32)


def _clouds(random: Random) -> Array:
    return np.clip(0.5 + _noise(random, _scale(random)) * random.uniform(0.5, 3), 0, 1)


def _rough(random: Random) -> Array:
    return np.clip(0.5 + _noise(random, 8) + _noise(random, 30) + _noise(random, 100), 0, 1)


def _noise(random: Random, scale: float) -> Array:
    number = max(3, int(TEXTURE / scale))
    coarse = random.normal(0, 0.5, (number, number)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (TEXTURE, TEXTURE), interpolation=cv2.INTER_CUBIC))


def _cells(random: Random) -> Array:
    """Return cells of even grey around random points."""
    number, small = int(random.integers(8, 150)), TEXTURE // 4
    points = random.uniform(0, small, (number, 2)).astype(np.float32)
    y, x = grid(small, small)
    apart = np.square(x[..., None] - points[:, 0]) + np.square(y[..., None] - points[:, 1])
    grey = random.uniform(0, 1, number).astype(np.float32)[apart.argmin(axis=-1)]
    return np.asarray(cv2.resize(grey, (TEXTURE, TEXTURE), interpolation=cv2.INTER_NEAREST))


_PATTERNS: tuple[Callable[[Random], Array], ...] = (
    _plain, _tiles, _stripes, _cells, _clouds, _rough,
)  # fmt: skip


def _written(surface: Array, random: Random) -> Array:
    """Return a texture with some lines and dots on it."""
    drawn = np.ascontiguousarray(surface, np.float32)
    for _ in range(random.integers(3, 40)):
        colour = tuple(float(c) for c in random.uniform(0, 1, 3))
        one, other = (tuple(int(c) for c in random.integers(0, TEXTURE, 2)) for _ in range(2))
        if chance(random, 0.5):
            cv2.line(drawn, one, other, colour, int(random.integers(1, 6)), cv2.LINE_AA)
        else:
            cv2.circle(drawn, one, int(random.integers(2, 25)), colour, -1, cv2.LINE_AA)
    return drawn


def shape(random: Random) -> Array:
    """Return a silhouette ``(T, T)``, 0..1."""
    return _SHAPES[random.integers(len(_SHAPES))](random)


def _blob(random: Random) -> Array:
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = np.full(120, random.uniform(25, 130))
    for wave in range(2, 6):
        radius *= 1 + random.normal(0, 0.5 / wave) * np.cos(wave * angles + random.uniform(0, 6))
    return _filled(angles, radius, random)


def _corners(random: Random) -> Array:
    number = random.integers(3, 8)
    angles = np.sort(random.uniform(0, 2 * np.pi, number))
    return _filled(angles, random.uniform(40, 160, number), random)


def _filled(angles: Doubles, radius: Doubles, random: Random) -> Array:
    squash = np.exp(random.normal(0, 0.3))
    x = TEXTURE / 2 + radius * np.cos(angles) * squash
    y = TEXTURE / 2 + radius * np.sin(angles) / squash
    drawn = np.zeros((TEXTURE, TEXTURE), np.float32)
    cv2.fillPoly(drawn, [np.stack([x, y], 1).round().astype(np.int32)], 1.0, cv2.LINE_AA)
    return drawn


def _ring(random: Random) -> Array:
    drawn = np.zeros((TEXTURE, TEXTURE), np.float32)
    outer = int(random.uniform(40, 140))
    middle = (TEXTURE // 2, TEXTURE // 2)
    cv2.circle(drawn, middle, outer, 1.0, -1, cv2.LINE_AA)
    cv2.circle(drawn, middle, int(outer * random.uniform(0.3, 0.8)), 0.0, -1, cv2.LINE_AA)
    return drawn


def _thin(random: Random) -> Array:
    drawn = np.zeros((TEXTURE, TEXTURE), np.float32)
    for _ in range(random.integers(1, 5)):
        one, other = (tuple(int(c) for c in random.integers(120, 392, 2)) for _ in range(2))
        cv2.line(drawn, one, other, 1.0, int(random.integers(4, 26)), cv2.LINE_AA)
    return drawn


def _half(random: Random) -> Array:
    """Return everything on one side of a line: floors and walls."""
    y, x = grid(TEXTURE, TEXTURE)
    turn = random.uniform(0, 2 * np.pi)
    beyond = (x - TEXTURE / 2) * np.cos(turn) + (y - TEXTURE / 2) * np.sin(turn)
    return np.clip(beyond + 0.5, 0, 1).astype(np.float32)


_SHAPES: tuple[Callable[[Random], Array], ...] = (_blob, _blob, _corners, _ring, _thin, _half)
