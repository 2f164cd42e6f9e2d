"""A stage to carry paint across: a few things before a moving camera, cast ray by ray.

Everything is known: which point of which thing a pixel sees, where that point is in any other
frame, and what is painted on it. A box turns and travels, a flag bends, ball and ground stand
still, the sky is infinitely far. Renders are Position, Vector (in Blender's convention) and object
numbers, as a renderer without antialiasing would write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.image import exr
from velatura.image.planes import FloatArray, Image, Part, Window
from velatura.scene.gbuffer import Sight

Doubles = npt.NDArray[np.float64]
Pose = Callable[[float], Doubles]

HEIGHT, WIDTH = 72, 96
GROUND, BALL, BOX, FLAG = 3, 17, 40, 90
"""Object numbers as an index pass has them."""


def at(x: float, y: float, z: float, turn: float = 0.0) -> Doubles:
    """Return the pose of something turned by ``turn`` degrees about the vertical, and set down."""
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z]])


def still(x: float, y: float, z: float, turn: float = 0.0) -> Pose:
    return lambda _: at(x, y, z, turn)


@dataclass(frozen=True)
class Thing:
    """Something solid: ``hit`` gives distances along rays in its own space, NaN where it misses."""

    number: int
    hit: Callable[[Doubles, Doubles, float], Doubles]
    pose: Pose = field(default_factory=lambda: still(0, 0, 0))
    bend: Callable[[Doubles, float], Doubles] = lambda points, _: points
    unbend: Callable[[Doubles, float], Doubles] = lambda points, _: points

    def cast(self, start: Doubles, ray: Doubles, frame: float) -> tuple[Doubles, Doubles]:
        """Return distances, and the points of its own substance that are hit, ``(3, N)``."""
        turn, shift = self.pose(frame)[:, :3], self.pose(frame)[:, 3:]
        start, ray = turn.T @ (start - shift), turn.T @ ray
        distance = self.hit(start, ray, frame)
        return distance, self.unbend(start + distance * ray, frame)

    def place(self, anchors: Doubles, frame: float) -> Doubles:
        """Return where points of its substance are in the world."""
        pose = self.pose(frame)
        return pose[:, :3] @ self.bend(anchors, frame) + pose[:, 3:]


def ground(size: float = 6.0) -> Thing:
    def hit(start: Doubles, ray: Doubles, _: float) -> Doubles:
        distance = -start[2] / ray[2]
        x, y, _ = start + distance * ray
        return np.where((distance > 0) & (abs(x) < size) & (abs(y) < size), distance, np.nan)

    return Thing(GROUND, hit)


def ball(radius: float, pose: Pose) -> Thing:
    def hit(start: Doubles, ray: Doubles, _: float) -> Doubles:
        a, b = (ray**2).sum(0), (start * ray).sum(0)
        root = np.sqrt(b**2 - a * ((start**2).sum(0) - radius**2))
        distance = (-b - root) / a
        return np.where(distance > 0, distance, np.nan)

    return Thing(BALL, hit, pose)


def box(half: tuple[float, float, float], pose: Pose, number: int = BOX) -> Thing:
    def hit(start: Doubles, ray: Doubles, _: float) -> Doubles:
        size = np.array(half)[:, None]
        ends = np.stack([(-size - start) / ray, (size - start) / ray])
        enter, leave = ends.min(axis=0).max(axis=0), ends.max(axis=0).min(axis=0)
        return np.where((enter < leave) & (enter > 0), enter, np.nan)

    return Thing(number, hit, pose)


def flag(half: tuple[float, float], pose: Pose, deep: float = 0.2, speed: float = 0.7) -> Thing:
    """A sheet in the x-z plane that waves along y."""

    def wave(points: Doubles, frame: float) -> Doubles:
        return deep * np.sin(2.2 * points[0] - speed * frame)

    def bend(points: Doubles, frame: float) -> Doubles:
        return points + np.stack([0 * points[0], wave(points, frame), 0 * points[0]])

    def unbend(points: Doubles, _: float) -> Doubles:
        return points * np.array([[1.0], [0.0], [1.0]])

    def hit(start: Doubles, ray: Doubles, frame: float) -> Doubles:
        distance = -start[1] / ray[1]
        for _ in range(40):  # a sheet this flat: each round leaves a fifth of the error
            distance = (wave(start + distance * ray, frame) - start[1]) / ray[1]
        x, _, z = start + distance * ray
        fit = (distance > 0) & (abs(x) < half[0]) & (abs(z) < half[1])
        return np.where(fit, distance, np.nan)

    return Thing(FLAG, hit, pose, bend, unbend)


def lens(
    eye: Sequence[float],
    target: Sequence[float],
    focal: float = 0.9,
    shift: tuple[float, float] = (0.0, 0.0),
    aspect: float = WIDTH / HEIGHT,
) -> Doubles:
    """Return a pinhole's matrix ``(3, 4)``, world to ``(u w, v w, w)``, w in scene units ahead.

    Args:
        eye: where it stands.
        target: where it looks.
        focal: focal length in widths of the picture.
        shift: of the lens, in widths and heights.
        aspect: width by height.
    """
    right, down, ahead = _axes(eye, target)
    inner = np.array([[focal, 0, 0.5 + shift[0]], [0, focal * aspect, 0.5 + shift[1]], [0, 0, 1]])
    turn = np.stack([right, down, ahead])
    return inner @ np.concatenate([turn, -turn @ np.array(eye)[:, None]], 1)


def parallel(eye: Sequence[float], target: Sequence[float], wide: float) -> Doubles:
    """Return the matrix of an orthographic camera that sees ``wide`` scene units across."""
    right, down, _ = _axes(eye, target)
    rows = np.stack([right / wide, down / wide * WIDTH / HEIGHT])
    matrix = np.concatenate([rows, 0.5 - rows @ np.array(eye)[:, None]], 1)
    return np.concatenate([matrix, [[0, 0, 0, 1]]])


def _axes(eye: Sequence[float], target: Sequence[float]) -> tuple[Doubles, Doubles, Doubles]:
    ahead = np.array(target, float) - np.array(eye, float)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    return right, np.cross(ahead, right), ahead


def orbit(frame: float) -> Doubles:
    """Return a camera that goes round the middle of the stage, and rises."""
    turn = np.radians(-90 + 3 * (frame - 3))
    return lens((7 * np.cos(turn), 7 * np.sin(turn), 2.2 + 0.05 * frame), (0, 0, 1))


def parked(_: float) -> Doubles:
    return orbit(3)


def _turning(frame: float) -> Doubles:
    return at(-1.8 + 0.15 * frame, 0.3 + 0.05 * frame, 0.8, 9 * frame)


BOXED = box((0.7, 0.5, 0.8), _turning)
FLAGGED = flag((1.0, 0.7), still(1.7, -0.4, 1.7))
BALLED = ball(0.8, still(0.2, 1.2, 0.8))


@dataclass(frozen=True)
class Seen:
    """What rays hit: object numbers (0 the sky), world points and points of the substance."""

    numbers: npt.NDArray[np.uint32]
    points: Doubles
    anchors: Doubles


@dataclass(frozen=True)
class Stage:
    """Things before a camera.

    Attributes:
        things: all of them.
        camera: its matrix ``(3, 4)`` by frame.
        last: motion is known from frame 1 to this one; beyond, it goes on as well.
    """

    things: tuple[Thing, ...] = (ground(), BALLED, BOXED, FLAGGED)
    camera: Pose = orbit
    last: int = 5
    window: Window = field(default_factory=lambda: Window(0, 0, WIDTH, HEIGHT))
    size: tuple[int, int] = (HEIGHT, WIDTH)

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(range(1, self.last + 1))

    def cast(self, frame: float, u: Doubles, v: Doubles) -> Seen:
        """Return what ``(N,)`` places of the picture see."""
        start, ray = _rays(self.camera(frame), u, v)
        nearest = np.full(len(u), np.inf)
        numbers = np.zeros(len(u), np.uint32)
        anchors = ray / np.linalg.norm(ray, axis=0)  # of the sky: where it is seen
        points = np.zeros((3, len(u)))
        for thing in self.things:
            with np.errstate(invalid="ignore", divide="ignore"):
                distance, substance = thing.cast(start, ray, frame)
                hit = distance < nearest
            nearest[hit], numbers[hit] = distance[hit], thing.number
            anchors[:, hit] = substance[:, hit]
            points[:, hit] = (start + np.where(hit, distance, 0) * ray)[:, hit]
        return Seen(numbers, points, anchors)

    def places(self, window: Window | None = None) -> tuple[Doubles, Doubles]:
        """Return ``u`` of each column and ``v`` of each row."""
        box, (height, width) = window or self.window, self.size
        return (np.arange(box.width) + box.x + 0.5) / width, (
            np.arange(box.height) + box.y + 0.5
        ) / height

    @cache  # noqa: B019  # a stage is a value; there are a few of them
    def seen(self, frame: float, window: Window | None = None) -> Seen:
        u, v = self.places(window)
        return self.cast(frame, *(grid.ravel() for grid in np.meshgrid(u, v)))

    def moved(self, seen: Seen, frame: float) -> tuple[Doubles, Doubles]:
        """Return where what is seen lies in another frame's picture, ``u`` and ``v``."""
        points = seen.points.copy()
        for thing in self.things:
            these = seen.numbers == thing.number
            points[:, these] = thing.place(seen.anchors[:, these], frame)
        matrix = self.camera(frame)
        projected = matrix[:, :3] @ points + matrix[:, 3:]
        sky = seen.numbers == 0
        projected[:, sky] = matrix[:, :3] @ seen.anchors[:, sky]
        with np.errstate(all="ignore"):  # parallel rays see no other part of the sky
            return projected[0] / projected[2], projected[1] / projected[2]

    def visible(self, seen: Seen, frame: float) -> npt.NDArray[np.bool_]:
        """Return which of the things seen are seen from another frame's camera as well."""
        u, v = self.moved(seen, frame)
        there = self.cast(frame, u, v)
        same = (there.numbers == seen.numbers) & (u > 0) & (u < 1) & (v > 0) & (v < 1)
        return same & (np.abs(there.anchors - seen.anchors).max(axis=0) < 1e-3)

    @cache  # noqa: B019
    def sight(self, frame: int, window: Window | None = None, but: str = "") -> Sight:
        """Return the render of a frame as its passes tell it, without those named in ``but``."""
        u, v = self.places(window)
        seen = self.seen(frame, window)
        shape = len(v), len(u)
        return Sight(
            u,
            v,
            None if "position" in but else _planes(seen.points, shape),
            None if "vector" in but else _planes(self._motion(seen, frame, u, v), shape),
            None if "id" in but else seen.numbers.reshape(shape),
        )

    def paint(self, frame: int, window: Window | None = None) -> FloatArray:
        """Return what the painter makes of a frame: ``(3, H, W)`` scene-linear."""
        u, v = self.places(window)
        return _planes(painted(self.seen(frame, window)), (len(v), len(u)))

    def plate(self, frame: int, window: Window | None = None, but: str = "") -> Image:
        """Return the whole render of a frame: R, G, B, Position, Vector, IndexOB."""
        box, (height, width) = window or self.window, self.size
        sight, planes = self.sight(frame, window, but), dict[str, Any]()
        paint = self.paint(frame, window)
        grey = (0.5 * paint.mean(axis=0) + 0.02).astype(np.float32)
        tints = zip("RGB", (1, 0.9, 0.8), strict=True)
        planes |= {name: grey * np.float32(share) for name, share in tints}
        if sight.position is not None:
            planes |= {f"Position.{n}": p for n, p in zip("XYZ", sight.position, strict=True)}
        if sight.vector is not None:
            planes |= {f"Vector.{n}": p for n, p in zip("XYZW", sight.vector, strict=True)}
        if sight.objects is not None:
            planes["IndexOB.X"] = sight.objects.astype(np.float32)
        return pictured(planes, box, Window(0, 0, width, height))

    def write(self, folder: Path, painted: Sequence[int] = (1, 5), but: str = "") -> Path:
        """Write ``plate.####.exr``, and ``paint.####.exr`` of the painted frames."""
        folder.mkdir(parents=True, exist_ok=True)
        for frame in self.frames:
            exr.write(folder / f"plate.{frame:04d}.exr", self.plate(frame, but=but))
        for frame in painted:
            planes = dict(zip("RGB", self.paint(frame), strict=True))
            whole = Window(0, 0, self.size[1], self.size[0])
            exr.write(folder / f"paint.{frame:04d}.exr", pictured(planes, whole, whole))
        return folder

    def _motion(self, seen: Seen, frame: int, u: Doubles, v: Doubles) -> Doubles:
        """Return ``(4, N)`` px: Blender's Vector, y up; the sky has none, as Cycles writes none."""
        height, width = self.size
        here = np.stack([grid.ravel() for grid in np.meshgrid(u * width, v * height)])
        before, after = (
            np.stack(self.moved(seen, f)) * np.array([[width], [height]])
            for f in (frame - 1, frame + 1)
        )
        flip = np.array([[1.0], [-1.0]])
        motion = np.concatenate([(before - here) * flip, (here - after) * flip])
        return np.where(seen.numbers > 0, motion, 0)


def pictured(planes: Mapping[str, Any], data: Window, display: Window) -> Image:
    named = {name: np.asarray(pixels) for name, pixels in planes.items()}
    part = exr.new_part(named, data, display, {"colorInteropID": "lin_rec709_scene"})
    return Image((Part("", part.planes, data, display, part.attributes),))


def painted(seen: Seen) -> Doubles:
    """Return the paint, ``(3, N)`` scene-linear: soft waves, and a hue for each thing."""
    waves = np.array([[4.0, 3.0, 2.0], [-3.0, 3.5, 3.0], [2.0, -3.0, 4.0]]) @ seen.anchors
    waves[:, seen.numbers == GROUND] *= 0.25  # it goes far away
    hue = np.stack([seen.numbers * k % 7 for k in (1, 3, 5)]) / 7
    return 0.1 + 0.5 * hue + 0.15 * (1 + np.sin(waves))


def _rays(matrix: Doubles, u: Doubles, v: Doubles) -> tuple[Doubles, Doubles]:
    """Return where rays start, and their directions, ``(3, N)`` each."""
    places = np.stack([u, v, np.ones_like(u)])
    if np.abs(matrix[2, :3]).max() > 0:
        back = np.linalg.inv(matrix[:, :3])
        ray = back @ places
        return np.broadcast_to(-back @ matrix[:, 3:], ray.shape), ray
    ahead = np.cross(matrix[0, :3], matrix[1, :3])
    ahead /= np.linalg.norm(ahead)
    whole = np.stack([matrix[0, :3], matrix[1, :3], ahead])
    places = places - matrix[:, 3:]
    places[2] = -50.0  # far behind everything
    return np.linalg.inv(whole) @ places, np.broadcast_to(ahead[:, None], places.shape)


def _planes(values: Doubles, shape: tuple[int, int]) -> FloatArray:
    return np.ascontiguousarray(values, np.float32).reshape(-1, *shape)
