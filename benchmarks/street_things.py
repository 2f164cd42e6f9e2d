"""What is in the street: sky, houses, wet stones, a van, a walker, a post, leaves before the lens.

Own work, CC0 1.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Way = Callable[[float, float], Float]
"""How far a thing has come, in frames of its way, and the time, in frames, to a 3x3 matrix."""

LIT = 0.3
"""Share of the windows that are lit."""

JOINT = 3
"""Width of the joints between the stones, px of the ground."""


@dataclass(frozen=True)
class Layer:
    """A flat thing in the picture.

    Attributes:
        light: ``(h, w, 4)`` scene-linear, multiplied by its alpha; already out of focus.
        place: from its pixels to those of the frame, before the camera.
        near: how much the camera's travel moves it; 0 is infinitely far.
    """

    light: Float
    place: Way
    near: float


def noise(rng: np.random.Generator, height: int, width: int, coarsest: int, octaves: int) -> Float:
    """Return fractal noise of mean 0 and deviation 1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cell = max(1, coarsest >> octave)
        small = rng.standard_normal((height // cell + 3, width // cell + 3)).astype(np.float32)
        big = cv2.resize(
            small, (small.shape[1] * cell, small.shape[0] * cell), interpolation=cv2.INTER_CUBIC
        )
        total += big[:height, :width] * 0.6**octave
    return (total - total.mean()) / total.std()


def moved(x: float, y: float, scale: float = 1.0, turn: float = 0.0) -> Float:
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1]], np.float32)


def still(x: float, y: float) -> Way:
    return lambda _way, _t: moved(x, y)


def solid(rgb: Float, alpha: Float | None = None) -> Float:
    alpha = np.ones(rgb.shape[:2], np.float32) if alpha is None else alpha
    return np.dstack([rgb * alpha[..., None], alpha]).astype(np.float32)


def tinted(value: Float, *colour: float) -> Float:
    return np.maximum(value, 0)[..., None] * np.array(colour, np.float32)


def sky(rng: np.random.Generator) -> Float:
    height, width = 260, 1000
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    clouds = np.clip(noise(rng, height, width, 90, 5) * 0.5 + 0.3, 0, 1.5) * (0.4 + 0.6 * down)
    base = tinted(0.25 + 0.5 * down + np.zeros((1, width), np.float32), 0.55, 0.7, 1.0)
    return solid(base + tinted(clouds * (0.3 + down), 1.0, 0.62, 0.42))


def facades(rng: np.random.Generator, height: int, width: int, storey: int, dim: float) -> Float:
    """Return a row of houses with windows, plaster and bricks."""
    rgb, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    left = 0
    while left < width:
        wide, tall = int(rng.integers(3, 6)) * storey, int(height * rng.uniform(0.6, 1.0))
        right, top = min(width, left + wide), height - tall
        colour = np.array([0.34, 0.25, 0.18]) * rng.uniform(0.5, 1.3) + rng.uniform(0, 0.09, 3)
        rough = 1 + 0.22 * noise(rng, tall, right - left, storey, 5)
        y, x = np.mgrid[:tall, : right - left]
        row = y // max(3, storey // 8)
        mortar = (y % max(3, storey // 8) == 0) | ((x + row % 2 * 5) % max(6, storey // 4) == 0)
        wall = tinted(rough * np.where(mortar, 0.72, 1.0), *(dim * colour))
        for wy in range(storey // 3, tall - storey // 2, storey):
            for wx in range(storey // 4, right - left - storey // 2, storey * 3 // 4):
                w, h = int(storey * 0.38), int(storey * 0.55)
                lit = rng.random() < LIT
                pane = np.array([1.6, 0.95, 0.4]) if lit else np.array([0.05, 0.07, 0.1])
                wall[wy - 2 : wy + h + 2, wx - 2 : wx + w + 2] *= 0.45
                shade = rng.uniform(0.4, 1.1) * np.linspace(1.2, 0.6, h)[:, None, None]
                wall[wy : wy + h, wx : wx + w] = (pane * shade * dim * np.ones((h, w, 1)))[
                    : tall - wy, : right - left - wx
                ]
                wall[wy : wy + h, wx + w // 2 : wx + w // 2 + 1] = 0.1 * dim
                wall[wy + h : wy + h + 3, wx - 2 : wx + w + 2] = 0.5 * dim
        wall[:4] *= 1.7
        rgb[top:, left:right], alpha[top:, left:right] = wall, 1
        left = right
    return solid(rgb, alpha)


def road(rng: np.random.Generator) -> Float:
    """Return the ground seen from above: stones, puddles, a line; near is below."""
    height, width = 700, 1600
    y, x = np.mgrid[:height, :width]
    row = y // 22
    joint = (y % 22 < JOINT) | ((x + row % 2 * 17) % 34 < JOINT)
    tone = rng.uniform(0.7, 1.3, (height // 22 + 1, width // 34 + 2)).astype(np.float32)
    stones = tone[row, (x + row % 2 * 17) // 34] * (1 + 0.2 * noise(rng, height, width, 16, 4))
    rgb = tinted(stones * np.where(joint, 0.4, 1.0) * 0.15, 0.9, 0.95, 1.1)
    wet = np.clip(noise(rng, height, width, 140, 4) - 0.5, 0, 0.4)[..., None] * 2.5
    rgb = rgb * (1 - wet) + wet * tinted(
        0.35 + 0.1 * noise(rng, height, width, 60, 3), 0.9, 0.7, 0.6
    )
    rgb[330:352, :][:, (np.arange(width) // 90) % 2 == 0] = 0.55
    return solid(rgb.astype(np.float32))


def lay(_way: float, _t: float) -> Float:
    """Return where the ground lies in the picture: a trapezium below the horizon."""
    seen = np.array([[0, 0], [1600, 0], [1600, 700], [0, 700]], np.float32)
    there = np.array([[-150, 232], [790, 232], [1500, 400], [-860, 400]], np.float32)
    return cv2.getPerspectiveTransform(seen, there).astype(np.float32)


def van(rng: np.random.Generator) -> Float:
    rgb, alpha = np.zeros((110, 210, 3), np.float32), np.zeros((110, 210), np.float32)
    body = np.array([[6, 22], [16, 8], [150, 8], [172, 40], [204, 50], [206, 88], [4, 88]])
    cv2.fillPoly(alpha, [body], 1.0, cv2.LINE_AA)
    shade = np.linspace(1.3, 0.5, 110, dtype=np.float32)[:, None] * (
        1 + 0.12 * noise(rng, 110, 210, 30, 5)
    )
    rgb += tinted(shade, 0.08, 0.32, 0.38)
    cv2.fillPoly(
        rgb,
        [np.array([[128, 16], [147, 16], [163, 42], [128, 42]])],
        (0.5, 0.45, 0.42),
        cv2.LINE_AA,
    )
    cv2.rectangle(rgb, (24, 20), (112, 56), (0.62, 0.5, 0.2), -1)
    for at in range(30, 106, 9):  # lettering
        bend = 5 * np.sin(at)
        corners = np.array([[at, 46], [at + bend, 30], [at + 6, 30 + bend], [at + 6, 46]], np.int32)
        cv2.polylines(rgb, [corners], at % 2 == 0, (0.1, 0.03, 0.02), 1, cv2.LINE_AA)
    cv2.line(rgb, (4, 64), (206, 66), (0.6, 0.6, 0.55), 2, cv2.LINE_AA)
    cv2.circle(rgb, (199, 62), 5, (4.0, 3.2, 2.0), -1, cv2.LINE_AA)
    for x in (44, 164):
        for part, radius, colour in (
            (alpha, 17, 1.0),
            (rgb, 17, (0.02,) * 3),
            (rgb, 8, (0.3,) * 3),
        ):
            cv2.circle(part, (x, 88), radius, colour, -1, cv2.LINE_AA)
    return solid(rgb, alpha)


def limb(
    length: int, wide: int, colour: tuple[float, float, float], rng: np.random.Generator
) -> Float:
    alpha = np.zeros((length + 2 * wide, 3 * wide), np.float32)
    cv2.line(alpha, (3 * wide // 2, wide), (3 * wide // 2, length), 1.0, wide, cv2.LINE_AA)
    return solid(tinted(1 + 0.25 * noise(rng, *alpha.shape, 8, 3), *colour), alpha)


def walker(rng: np.random.Generator) -> list[Layer]:
    """Return a man who goes to the left: two legs, two arms, a checked coat, a head."""

    def stride(dx: float, dy: float, phase: float, most: float, wide: int) -> Way:
        def place(way: float, t: float) -> Float:
            turn = most * np.sin(2 * np.pi * t / 11 + phase)
            x, y = 470 - 5.2 * way + dx, 178 + 1.6 * np.sin(4 * np.pi * t / 11) + dy
            return (moved(x, y, 1.0, turn) @ moved(-1.5 * wide, -wide)).astype(np.float32)

        return place

    coat, alpha = np.zeros((86, 50, 3), np.float32), np.zeros((86, 50), np.float32)
    cv2.fillPoly(
        alpha,
        [np.array([[14, 4], [36, 4], [45, 24], [44, 84], [6, 84], [5, 24]])],
        1.0,
        cv2.LINE_AA,
    )
    y, x = np.mgrid[:86, :50]
    check = 0.6 + 0.35 * ((x // 6) % 2) + 0.3 * ((y // 8) % 2)
    coat += tinted(check * (1 + 0.1 * noise(rng, 86, 50, 10, 3)), 0.42, 0.1, 0.07)
    head, round_ = np.zeros((34, 30, 3), np.float32), np.zeros((34, 30), np.float32)
    cv2.ellipse(round_, (15, 18), (10, 13), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    head += tinted(1 + 0.15 * noise(rng, 34, 30, 10, 3), 0.5, 0.31, 0.22)
    cv2.ellipse(head, (16, 8), (11, 9), 0, 0, 360, (0.05, 0.03, 0.02), -1, cv2.LINE_AA)
    cv2.circle(head, (9, 17), 1, (0.02, 0.02, 0.02), -1, cv2.LINE_AA)
    legs, arm = limb(66, 12, (0.06, 0.07, 0.13), rng), limb(48, 9, (0.34, 0.09, 0.06), rng)
    return [
        Layer(arm, stride(2, 10, 0.0, 0.45, 9), 1.15),
        Layer(legs, stride(2, 72, np.pi, 0.42, 12), 1.15),
        Layer(legs, stride(-2, 72, 0.0, 0.42, 12), 1.15),
        Layer(
            solid(coat, alpha),
            lambda way, t: moved(445 - 5.2 * way, 174 + 1.6 * np.sin(4 * np.pi * t / 11)),
            1.15,
        ),
        Layer(
            solid(head, round_),
            lambda way, t: moved(453 - 5.2 * way, 146 + 1.6 * np.sin(4 * np.pi * t / 11)),
            1.15,
        ),
        Layer(arm, stride(-2, 10, np.pi, 0.45, 9), 1.15),
    ]


def leaves(rng: np.random.Generator) -> Float:
    rgb, alpha = np.zeros((240, 330, 3), np.float32), np.zeros((240, 330), np.float32)
    for _ in range(130):
        x, y = rng.normal(210, 70), abs(rng.normal(0, 62))
        axes, turn = (int(rng.integers(9, 17)), int(rng.integers(4, 8))), rng.uniform(0, 180)
        colour = np.array([0.1, 0.16, 0.035]) * rng.uniform(0.3, 2.2) + rng.uniform(0, 0.03, 3)
        cv2.ellipse(rgb, (int(x), int(y)), axes, turn, 0, 360, colour.tolist(), -1, cv2.LINE_AA)
        cv2.ellipse(alpha, (int(x), int(y)), axes, turn, 0, 360, 1.0, -1, cv2.LINE_AA)
    return defocused(solid(rgb, alpha), 3.0)


def post(rng: np.random.Generator) -> Float:
    rgb = tinted(1 + 0.3 * noise(rng, 420, 18, 12, 4), 0.05, 0.06, 0.05)
    rgb *= np.sin(np.linspace(0.3, 2.9, 18))[None, :, None].astype(np.float32) * 1.4
    return defocused(solid(rgb), 0.8)


def defocused(light: Float, radius: float) -> Float:
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    padded = cv2.copyMakeBorder(light, *(reach,) * 4, cv2.BORDER_CONSTANT)
    return cv2.filter2D(padded, -1, disc / disc.sum())


VAN = 4
"""Place of the van among the things."""


def things() -> tuple[Layer, ...]:
    """Return the things, farthest first."""
    rng = np.random.default_rng(11)
    return (
        Layer(sky(rng), still(-170, -15), 0.05),
        Layer(defocused(facades(rng, 190, 1000, 26, 0.8), 1.0), still(-160, 56), 0.3),
        Layer(facades(rng, 240, 760, 52, 1.0), still(-110, 14), 0.62),
        Layer(road(rng), lay, 0.8),
        Layer(van(rng), lambda way, t: moved(40 + 9.0 * way, 168 + 0.5 * np.sin(1.3 * t)), 0.9),
        *walker(rng),
        Layer(post(rng), still(330, -20), 1.5),
        Layer(leaves(rng), lambda _way, t: moved(430, -18, 1.0, 0.02 * np.sin(0.5 * t)), 2.2),
    )
