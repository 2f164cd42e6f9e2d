"""How the starter looks are painted: ink and wash, oil, gouache and hatching, by formula.

Each painter takes a picture and the canvas under it (`velatura.apply.canvas`): ripples that stay
where they are. Its strokes are such ripples, smeared along the stroke, so that a network that sees
picture and canvas can learn where each one lies.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]
"""``(H, W, 3)`` codes 0..1, or one plane of such, ``(H, W)``."""

ANGLES = 20, 65, 110, 155
"""Degrees in which a brush is drawn; it takes the second where the picture has no direction."""

_GREY = np.float32((0.25, 0.6, 0.15))  # how bright a painter sees red, green and blue
_EDGE = cv2.BORDER_REFLECT


def ink(seen: Picture, weave: Picture) -> Picture:
    """Ink and wash: washes with wet rims on toothed paper, and a brush line where light changes."""
    grey = blur(seen @ _GREY, 0.8)
    wet = grey + 0.035 * smear(weave[3], 10, 30, 5) + 0.015 * smear(weave[2], 6, 120, 2)
    edges = 0.2, 0.4, 0.62
    tone = sum(rise(wet, edge, 0.022) for edge in edges) / len(edges)
    rim = sum(np.exp(-(((wet - edge + 0.03) / 0.022) ** 2)) for edge in edges)
    tooth = 0.5 * (weave[0] + weave[1])
    tone = np.clip(tone - 0.10 * rim, 0, 1)
    tone = np.clip(tone + 0.09 * tooth * (1 - tone), 0, 1)
    width = np.clip(1 + 0.6 * smear(weave[2], 8, 45, 2), 0.3, 2)
    line = rise((blur(grey, 2.4) - grey) * width, 0.022, 0.006)
    tone = tone * (1 - 0.92 * rise(line + 0.35 * tooth, 0.5, 0.12))
    hue = blur(seen - (seen @ _GREY)[..., None], 5)
    wash = mixed((0.06, 0.08, 0.15), (0.97, 0.94, 0.87), tone**0.85)
    return clipped(wash + 0.45 * hue * (0.25 + 0.75 * tone[..., None]))


def oil(seen: Picture, weave: Picture) -> Picture:
    """Oil: short strokes along the forms, warm beside cool, with bristles that catch the light."""
    share = directions(seen)

    def drawn(plane: Picture, length: float, wide: float) -> Picture:
        strokes = (smear(plane, length, angle, wide) for angle in ANGLES)
        return sum(part * stroke for part, stroke in zip(share, strokes, strict=True))

    moved = drift(seen, 1.8 * smear(weave[3], 10, 65, 4), 1.8 * smear(weave[2], 10, 65, 4))
    colour = sum(
        part[..., None] * cv2.filter2D(moved, -1, stroke(11, angle, 1.7), borderType=_EDGE)
        for part, angle in zip(share, ANGLES, strict=True)
    )
    colour = np.clip(colour + 0.45 * (colour - blur(colour, 3)), 0, 1)
    touch, bristle = drawn(weave[3], 16, 2.6), drawn(weave[1], 12, 1.0)
    grey = (colour @ _GREY)[..., None]
    colour = grey + 1.35 * (colour - grey)
    colour = colour * (1 + 0.09 * np.tanh(1.5 * touch)[..., None] * np.float32([1, 0.55, -0.6]))
    relief = slope(0.7 * touch + 0.5 * bristle, 1, 0) + slope(0.7 * touch + 0.5 * bristle, 0, 1)
    lit = colour * (1 + 0.17 * np.tanh(relief)[..., None])
    return clipped(lit + 0.05 * np.tanh(bristle)[..., None] * (0.3 + grey))


def gouache(seen: Picture, weave: Picture) -> Picture:
    """Gouache: flat vivid patches, violet where it is dark, broad strokes, paper between them."""
    flat = drift(blur(seen, 1.2), 1.5 * smear(weave[3], 8, 12, 3), 1.1 * smear(weave[2], 8, 12, 2))
    for _ in range(3):
        flat = cv2.bilateralFilter(flat, 9, 0.12, 5)
    grey = flat @ _GREY
    steps = sum(rise(grey, edge, 0.02) for edge in (0.12, 0.28, 0.46, 0.64, 0.82))
    vivid = flat * ((0.05 + 0.18 * steps) / (grey + 0.02))[..., None]
    bright = (vivid @ _GREY)[..., None]
    vivid = bright + 1.55 * (vivid - bright)
    dark = (1 - np.clip(bright, 0, 1)) ** 2
    vivid = vivid * (1 - 0.5 * dark) + 0.5 * dark * np.float32([0.22, 0.13, 0.42])
    vivid = vivid * (1 + 0.16 * (1 - dark) * np.float32([1, 0.5, -0.7]))
    broad, bristle = smear(weave[2], 30, 12, 1.6), smear(weave[1], 26, 12, 0.8)
    vivid = vivid * (1 + 0.07 * np.tanh(broad) + 0.05 * np.tanh(bristle))[..., None]
    step = np.abs(slope(steps, 1, 0)) + np.abs(slope(steps, 0, 1))
    gap = 0.45 * rise(1.3 * blur(step, 0.6) + 0.22 * bristle + 0.1 * broad, 0.85, 0.1)[..., None]
    return clipped(vivid * (1 - gap) + gap * np.float32([0.97, 0.9, 0.76]))


def hatching(seen: Picture, weave: Picture) -> Picture:
    """Hatching: brown pencil on cream paper, four layers of lines, the darker the more of them."""
    grey = np.clip(blur(seen @ _GREY, 1.0), 0, 1)
    tone = np.ones_like(grey)
    for edge, angle in ((0.78, 55), (0.55, 77), (0.40, -35), (0.22, 8)):
        covered = np.clip((edge - grey) / 0.30, -0.6, 1)  # of the paper, by this layer
        lines = rise(smear(weave[1], 26, angle, 0.7), 1.25 - 2.3 * covered, 0.16)
        tone = tone * (1 - 0.62 * lines)
    outline = blur(grey, 2.2) - grey + 0.006 * smear(weave[2], 8, 45, 2)
    tone = tone * (1 - 0.85 * rise(outline, 0.02, 0.006))
    tone = np.clip(tone + 0.025 * (weave[0] + weave[1]) * (1 - tone), 0, 1)
    hue = blur(seen - (seen @ _GREY)[..., None], 4)
    return clipped(mixed((0.16, 0.12, 0.11), (0.96, 0.91, 0.80), tone) + 0.28 * hue)


LOOKS: dict[str, tuple[str, Callable[[Picture, Picture], Picture], int]] = {
    "ink": ("Ink and Wash", ink, 800),
    "oil": ("Oil", oil, 800),
    "gouache": ("Gouache", gouache, 800),
    "hatching": ("Hatching", hatching, 1400),
}
"""Each look's title, how it is painted, and for how many steps it is learnt."""


def stroke(length: float, angle: float, wide: float) -> Picture:
    """Return a soft stroke as a filter: its length and width in px, its angle in degrees."""
    reach = int(1.2 * length) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    turn = np.deg2rad(angle)
    along, across = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    shape = np.exp(-0.5 * (2 * along / length) ** 2 - 0.5 * (across / wide) ** 2)
    return np.asarray(shape / shape.sum(), np.float32)


def smear(plane: Picture, length: float, angle: float, wide: float) -> Picture:
    """Return ripples smeared into strokes, of spread 1."""
    smeared = cv2.filter2D(plane, -1, stroke(length, angle, wide), borderType=_EDGE)
    return np.asarray(smeared / (smeared.std() + 1e-6), np.float32)


def directions(seen: Picture) -> Picture:
    """Return for each of `ANGLES` how far the picture's forms run along it; they add up to 1."""
    grey = blur(seen @ _GREY, 1.5)
    across, down = slope(grey, 1, 0), slope(grey, 0, 1)
    double, other = blur(across**2 - down**2, 6), blur(2 * across * down, 6)
    strength = np.hypot(double, other) + 1e-9
    sure = strength / (strength + 2e-5)
    shares = []
    for number, angle in enumerate(ANGLES):
        turn = np.deg2rad(2 * angle)
        fits = np.exp(4 * (other * np.sin(turn) - double * np.cos(turn)) / strength - 4)
        shares.append(sure * fits + (1 - sure) * (number == 1) + 1e-4)
    return np.asarray(np.stack(shares) / sum(shares), np.float32)


def drift(seen: Picture, across: Picture, down: Picture) -> Picture:
    """Return a picture whose pixels come from so many px away."""
    y, x = np.mgrid[0 : seen.shape[0], 0 : seen.shape[1]].astype(np.float32)
    moved = cv2.remap(seen, x + across, y + down, cv2.INTER_LINEAR, borderMode=_EDGE)
    return np.asarray(moved, np.float32)


def slope(plane: Picture, across: int, down: int) -> Picture:
    return np.asarray(cv2.Sobel(plane, -1, across, down, ksize=3, scale=0.25), np.float32)


def blur(picture: Picture, sigma: float) -> Picture:
    soft = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft, np.float32)


def rise(value: Picture, at: Picture | float, soft: float) -> Picture:
    """Return 0 below ``at`` and 1 above it; what is close to it lies between, for calm edges."""
    return np.asarray(1 / (1 + np.exp(-np.clip((value - at) / soft, -30, 30))), np.float32)


def mixed(low: tuple[float, ...], high: tuple[float, ...], amount: Picture) -> Picture:
    part = amount[..., None]
    return np.asarray(np.float32(low) * (1 - part) + np.float32(high) * part, np.float32)


def clipped(coded: Picture) -> Picture:
    return np.asarray(np.clip(coded, 0.01, 1), np.float32)
