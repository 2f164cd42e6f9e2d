"""Made-up pairs of pictures whose motion is known, from which the flow's mender is learnt.

Flat things over a background: each has a texture, a silhouette and a motion of its own, as a plane
in space has (a homography), and may bend a little. Tiles in perspective, plain walls, shaded
bodies, rings, shadows, highlights that do not move along, defocus, motion blur and grain.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from surfaces import TEXTURE, Array, Doubles, Random, chance, grid, shape, texture

SIZE = (160, 192)
"""Height and width of a picture, px."""

FINE = 2
"""Pictures are drawn this many times as large, and averaged: edges are as a renderer's."""


@dataclass(frozen=True)
class Pair:
    """Two pictures and the motion from the first to the second.

    Attributes:
        before: ``(3, H, W)`` encoded light, 0..1.
        after: the same, of the second.
        motion: ``(2, H, W)`` px to the right and down, of what the first shows, also where the
            second hides it.
        back: ``(2, H, W)`` the same from the second to the first.
    """

    before: Array
    after: Array
    motion: Array
    back: Array


@dataclass(frozen=True)
class _Layer:
    """One flat thing: what it looks like, and its places in both pictures."""

    texture: Array  # (T, T, 4), premultiplied by its silhouette
    places: tuple[Doubles, Doubles]  # picture to texture, px
    bend: Array | None  # (H, W, 2) px of the small picture, in the second alone
    soft: float  # deviation of its defocus, px


def pair(random: Random) -> Pair:
    """Return a pair of pictures that never was before."""
    camera = _steps(random, 1.0)
    things = [_thing(random, camera) for _ in range(random.integers(1, 6))]
    layers = [_background(random, camera), *things]
    blur = chance(random, 0.3)
    pictures, shown = [], []
    for which in (0, 1):
        light, seen = _drawn(layers, which, random)
        pictures.append(light)
        shown.append(seen)
    motion = _motion(layers, shown[0], 0)
    back = _motion(layers, shown[1], 1)
    if blur:
        share = random.uniform(0.1, 0.5)
        pictures = [_smeared(p, m, share) for p, m in zip(pictures, (motion, -back), strict=True)]
    before, after = (_filmed(p, random) for p in _lit(pictures, random))
    planes = (p.transpose(2, 0, 1) for p in (before, after, motion, back))
    return Pair(*map(np.ascontiguousarray, planes))


def _steps(random: Random, much: float) -> Doubles:
    """Return a small motion of the picture's plane as a homography about its middle, small px."""
    height, width = SIZE
    shift = random.laplace(0, much * np.exp(random.uniform(np.log(0.5), np.log(14))), 2)
    if chance(random, 0.15):
        shift *= 0
    turn, grow = random.normal(0, 0.02 * much), random.normal(0, 0.02 * much)
    lean = random.normal(0, 1.5e-4 * much, 2)
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1.0]])
    cos, sin = np.cos(turn) * (1 + grow), np.sin(turn) * (1 + grow)
    step = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]], [*lean, 1.0]])
    # A plane at a slant: what is nearer moves by more.
    step[:2, :2] += np.outer(shift, random.normal(0, 1 / 250, 2))
    return middle @ step @ np.linalg.inv(middle)


def _laid(random: Random, steep: float) -> Doubles:
    """Return where a picture's pixels lie in a texture: a plane seen at some slant."""
    height, width = SIZE
    turn, grow = random.uniform(0, 2 * np.pi), np.exp(random.normal(0, 0.3)) * FINE
    middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    cos, sin = np.cos(turn) * grow, np.sin(turn) * grow
    lean = random.normal(0, steep, 2)
    to = np.array([[cos, -sin, 0], [sin, cos, 0], [*lean, 1.0]])
    out = np.array([[1, 0, TEXTURE / 2], [0, 1, TEXTURE / 2], [0, 0, 1.0]])
    return out @ to @ middle


def _background(random: Random, camera: Doubles) -> _Layer:
    laid = _laid(random, 2e-3 if chance(random, 0.5) else 2e-4)
    surface = np.dstack([texture(random), np.ones((TEXTURE, TEXTURE), np.float32)])
    # In the second picture everything has moved by the camera: its pixels look back.
    return _Layer(surface, (laid, laid @ np.linalg.inv(camera)), None, _defocus(random))


def _thing(random: Random, camera: Doubles) -> _Layer:
    own = _steps(random, 1.0) if chance(random, 0.75) else np.eye(3)
    if chance(random, 0.3):  # a wall or a floor: half of the picture, and no motion of its own
        own = _steps(random, 0.15)
    height, width = SIZE
    move = np.eye(3)
    move[:2, 2] = random.uniform(-0.45, 0.45) * width, random.uniform(-0.45, 0.45) * height
    laid = _laid(random, 1e-3 if chance(random, 0.3) else 1e-4) @ np.linalg.inv(move)
    outline = shape(random)
    surface = np.dstack([texture(random), outline])
    surface[..., :3] *= outline[..., None]
    bend = _bend(random) if chance(random, 0.3) else None
    return _Layer(surface, (laid, laid @ np.linalg.inv(own @ camera)), bend, _defocus(random))


def _defocus(random: Random) -> float:
    return float(random.uniform(0.5, 3)) if chance(random, 0.25) else 0.0


def _bend(random: Random) -> Array:
    height, width = SIZE
    coarse = random.normal(0, random.uniform(0.3, 1.5), (4, 5, 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


_MOST = 0.5  # of a pixel: what covers so much of it is what it shows


def _drawn(layers: list[_Layer], which: int, random: Random) -> tuple[Array, npt.NDArray[np.intp]]:
    """Return the picture ``(H, W, 3)``, and which layer each pixel shows."""
    height, width = SIZE
    large = (width * FINE, height * FINE)
    step, first = 1 / FINE, 0.5 / FINE - 0.5
    finer = np.array([[step, 0, first], [0, step, first], [0, 0, 1.0]])
    picture = np.zeros((height, width, 3), np.float32)
    shown = np.zeros((height, width), np.intp)
    for number, layer in enumerate(layers):
        places = layer.places[which] @ finer
        if layer.bend is None or which == 0:
            edge = cv2.BORDER_REFLECT_101 if number == 0 else cv2.BORDER_CONSTANT
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            seen = cv2.warpPerspective(layer.texture, places, large, flags=flags, borderMode=edge)
        else:
            y, x = grid(large[1], large[0])
            bend = cv2.resize(layer.bend, large) * FINE
            u, v = _through(places, x + bend[..., 0], y + bend[..., 1])
            seen = cv2.remap(layer.texture, u, v, cv2.INTER_LINEAR)
        seen = cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA)
        if layer.soft:
            seen = cv2.GaussianBlur(seen, (0, 0), layer.soft)
        alpha = seen[..., 3:]
        picture = picture * (1 - alpha) + seen[..., :3]
        shown[alpha[..., 0] >= _MOST] = number
        if number == 0 and chance(random, 0.5):
            picture = _shaded(picture, layers[1], which)
    return picture, shown


def _shaded(picture: Array, by: _Layer, which: int) -> Array:
    """Return the background in the soft shadow of a thing, cast somewhat aside."""
    height, width = SIZE
    aside = np.array([[1, 0, 14], [0, 1, 10], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    alpha = np.ascontiguousarray(by.texture[..., 3])
    cast = cv2.warpPerspective(alpha, by.places[which] @ aside, (width, height), flags=flags)
    return picture * (1 - 0.4 * cv2.GaussianBlur(cast, (0, 0), 5))[..., None]


def _through(places: Doubles, x: Array, y: Array) -> tuple[Array, Array]:
    """Return where a homography leads points."""
    w = places[2, 0] * x + places[2, 1] * y + places[2, 2]
    u = (places[0, 0] * x + places[0, 1] * y + places[0, 2]) / w
    v = (places[1, 0] * x + places[1, 1] * y + places[1, 2]) / w
    return u.astype(np.float32), v.astype(np.float32)


def _motion(layers: list[_Layer], shown: npt.NDArray[np.intp], which: int) -> Array:
    """Return ``(H, W, 2)`` the motion from one picture to the other, of what is shown."""
    height, width = SIZE
    y, x = grid(height, width)
    motion = np.zeros((height, width, 2), np.float32)
    for number, layer in enumerate(layers):
        here, there = layer.places[which], layer.places[1 - which]
        across = np.linalg.inv(there) @ here
        if layer.bend is not None and which == 1:
            u, v = _through(across, x + layer.bend[..., 0], y + layer.bend[..., 1])
        else:
            u, v = _through(across, x, y)
        if layer.bend is not None and which == 0:  # u = place + bend(place): found by repetition
            at_u, at_v = u.copy(), v.copy()
            for _ in range(4):
                edge = cv2.BORDER_REPLICATE
                bend = cv2.remap(layer.bend, at_u, at_v, cv2.INTER_LINEAR, None, edge)
                at_u, at_v = u - bend[..., 0], v - bend[..., 1]
            u, v = at_u, at_v
        where = shown == number
        motion[where] = np.stack([u - x, v - y], -1)[where]
    return motion


def _smeared(picture: Array, motion: Array, share: float) -> Array:
    """Return a picture blurred along a part of its motion."""
    height, width = SIZE
    y, x = grid(height, width)
    steps = [
        cv2.remap(
            picture,
            x + motion[..., 0] * np.float32(t),
            y + motion[..., 1] * np.float32(t),
            cv2.INTER_LINEAR,
            None,
            cv2.BORDER_REPLICATE,
        )
        for t in np.linspace(-share / 2, share / 2, 7)
    ]
    return np.asarray(np.mean(steps, axis=0), np.float32)


def _lit(pictures: list[Array], random: Random) -> list[Array]:
    """Return both in slightly other light: exposure drifts, a glint does not move along."""
    if chance(random, 0.3):
        pictures = [pictures[0], pictures[1] * np.float32(np.exp(random.normal(0, 0.04)))]
    if chance(random, 0.3):
        height, width = SIZE
        y, x = grid(height, width)
        at = random.uniform(0, 1, 2) * (width, height)
        size = random.uniform(5, 30)
        lit = []
        for p in pictures:
            glint = np.exp(-(np.square(x - at[0]) + np.square(y - at[1])) / (2 * size**2))
            lit.append(p + random.uniform(0.05, 0.3) * glint[..., None].astype(np.float32))
            at = at + random.normal(0, 3, 2)
        return lit
    return pictures


def _filmed(picture: Array, random: Random) -> Array:
    """Return a picture with grain, within 0..1."""
    if chance(random, 0.4):
        much = np.exp(random.uniform(np.log(0.003), np.log(0.04)))
        grain = random.normal(0, much, picture.shape)
        picture = picture + grain.astype(np.float32)
    return np.clip(picture, 0, 1).astype(np.float32)
