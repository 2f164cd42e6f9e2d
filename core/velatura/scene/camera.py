"""Where a camera stood and how it looked, solved from a render's own Position pass.

Every pixel of a Position pass says which point of the world it sees. Some thousands of such pairs
determine the camera; nothing needs to be exported beside the pass. A place in the picture is
written ``(u, v)``: 0..1 across the display window, v down, so that a proxy has the same cameras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray

Doubles = npt.NDArray[np.float64]

ENOUGH = 64
"""Fewest known pixels that a camera is solved from; the twelve unknowns need six."""

_SAMPLED = 2000  # pixels taken for solving; more do not move the fourth digit of a pixel
_ROUNDS = 6  # solve, leave out the worst pixels (edges, where passes are averaged), solve again
_KEPT = 0.7  # share of the pixels that stays in any case
_TRUE = 2e-4  # widths: what fits as well as that stays as well
_FLAT = 1e-6  # relative singular value: below, all that is seen lies in one plane
_NOISE = 5.0  # times the pass's rounding error: below, points off the plane may be noise
_LOST = 1e3  # widths: nowhere near the picture
_WORST = 0.003  # widths by which pixels are missed: beyond, this is no pinhole's picture


@dataclass(frozen=True)
class Camera:
    """A pinhole or orthographic camera.

    Attributes:
        matrix: ``(3, 4)``: world ``(x, y, z, 1)`` to homogeneous ``(u w, v w, w)``. For a pinhole
            ``w`` is the distance along the view axis, in scene units; for an orthographic camera 1.
        axis: ``(4,)``: world point to distance along the view axis, in scene units.
        error: median distance between pixels and where their points project to, in widths.
    """

    matrix: Doubles
    axis: Doubles
    error: float

    def project(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ``u``, ``v`` and the distance along the axis of ``(3, ...)`` points.

        What lies behind a pinhole has NaN for ``u`` and ``v``.
        """
        origin, (across, down, ahead, away) = self._rows
        near = [plane - shift for plane, shift in zip(points, origin, strict=True)]
        u, v, w = (_affine(row, near) for row in (across, down, ahead))
        depth = w if (ahead == away).all() else _affine(away, near)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(w > 0, 1 / w, np.float32(np.nan))
            u *= scale
            v *= scale
            return u, v, depth

    @cached_property
    def _rows(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """A point near what is seen, and ``(4, 4)`` rows of `matrix` and `axis` for what is beside.

        Far from the world's origin, 32 bits would not do.
        """
        place: Doubles = -np.linalg.pinv(self.matrix[:, :3]) @ self.matrix[:, 3]
        origin = place.astype(np.float32)
        rows = np.concatenate([self.matrix, self.axis[None]])
        rows[:, 3] += rows[:, :3] @ origin.astype(np.float64)
        return origin, rows.astype(np.float32)

    @cached_property
    def _focal(self) -> float:
        """The focal length of a picture of width 1."""
        return float(np.linalg.norm(np.cross(self.matrix[0, :3], self.axis[:3])))

    def toward(self, other: Camera) -> Doubles:
        """Return the homography ``(3, 3)`` by which infinitely far things move into ``other``."""
        homography: Doubles = other.matrix[:, :3] @ np.linalg.inv(self.matrix[:, :3])
        return homography

    @property
    def perspective(self) -> bool:
        """Whether far things look smaller."""
        return bool(np.abs(self.matrix[2, :3]).max() > 0)

    def footprint(self, depth: FloatArray, width: int) -> FloatArray:
        """Return how wide a pixel is at a distance, in scene units, for a frame ``width`` px."""
        size = np.float32(1 / (self._focal * width))
        return np.abs(depth) * size if self.perspective else np.full_like(depth, size)


def solve(
    position: FloatArray, known: npt.NDArray[np.bool_], u: Doubles, v: Doubles
) -> Camera | None:
    """Return the camera that a Position pass was rendered by; None where it cannot be told.

    The direct linear transform (Hartley & Zisserman, *Multiple View Geometry*, 2nd ed., 7.1), with
    normalised coordinates, and the worst pixels left out.

    Args:
        position: ``(3, H, W)`` world positions, scene units.
        known: ``(H, W)``: where the pass holds a point of a surface.
        u: ``(W,)`` place of each column, 0..1 across the display window.
        v: ``(H,)`` place of each row.

    Returns:
        None with fewer than `ENOUGH` known pixels, where all of them lie in one plane, and where no
        pinhole and no parallel rays make such a picture: fisheyes, panoramas, strong distortion.
    """
    rows, columns = np.nonzero(known)
    if len(rows) < ENOUGH:
        return None
    picked = np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLED)).astype(int)
    rows, columns = rows[picked], columns[picked]
    points = position[:, rows, columns].astype(np.float64)
    places = np.stack([u[columns], v[rows]])
    kept = np.ones(len(picked), bool)
    for _ in range(_ROUNDS):
        matrix, certain = _linear(points[:, kept], places[:, kept])
        off = _miss(matrix, points, places)
        kept = off <= max(float(np.quantile(off, _KEPT)), _TRUE)
    error = float(np.median(off))
    return _camera(matrix, points, error) if certain and error < _WORST else None


def _linear(points: Doubles, places: Doubles) -> tuple[Doubles, bool]:
    """Return the matrix that fits pairs of ``(3, N)`` points and ``(2, N)`` places best.

    And whether it is the only one: points of one plane leave a choice.
    """
    world, to_world = _normalised(points)
    seen, to_seen = _normalised(places)
    ones = np.ones((1, points.shape[1]))
    homogeneous = np.concatenate([world, ones]).T
    zeros = np.zeros_like(homogeneous)
    across = np.concatenate([homogeneous, zeros, -seen[0][:, None] * homogeneous], 1)
    down = np.concatenate([zeros, homogeneous, -seen[1][:, None] * homogeneous], 1)
    _, sizes, vectors = np.linalg.svd(np.concatenate([across, down]), full_matrices=False)
    certain = sizes[-2] > max(_FLAT * sizes[0], _NOISE * sizes[-1])
    return np.linalg.inv(to_seen) @ vectors[-1].reshape(3, 4) @ to_world, bool(certain)


def _normalised(points: Doubles) -> tuple[Doubles, Doubles]:
    """Return points around 0 at a mean distance of 1 an axis, and the matrix that does it."""
    size = len(points)
    centre = points.mean(axis=1)
    scale = np.sqrt(size) / max(np.linalg.norm(points - centre[:, None], axis=0).mean(), 1e-12)
    to_normal = np.eye(size + 1)
    to_normal[:size, :size] *= scale
    to_normal[:size, size] = -scale * centre
    return (points - centre[:, None]) * scale, to_normal


def _camera(matrix: Doubles, points: Doubles, error: float) -> Camera:
    """Return the camera of a matrix known up to scale: in scene units, and with its front ahead."""
    third = np.linalg.norm(matrix[2, :3])
    spread = np.linalg.norm(points.max(axis=1) - points.min(axis=1))
    offset = abs(matrix[2] @ np.append(points.mean(axis=1), 1))
    if third * spread < 1e-4 * offset:  # parallel rays: w is the same everywhere
        matrix = matrix / (matrix[2] @ np.append(points.mean(axis=1), 1))
        matrix[2, :3], matrix[2, 3] = 0, 1
        ahead = np.cross(matrix[0, :3], matrix[1, :3])
        axis = np.append(ahead / np.linalg.norm(ahead), 0)
    else:
        matrix = matrix / third
        matrix = matrix * np.sign(np.median(matrix[2, :3] @ points + matrix[2, 3]))
        axis = matrix[2].copy()
    return Camera(matrix, axis, error)


def _miss(matrix: Doubles, points: Doubles, places: Doubles) -> Doubles:
    projected = matrix[:, :3] @ points + matrix[:, 3:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        off = np.hypot(*(projected[:2] / projected[2] - places))
    return np.asarray(np.clip(np.nan_to_num(off, nan=_LOST), 0, _LOST))


def _affine(row: npt.NDArray[np.float32], points: Sequence[FloatArray]) -> FloatArray:
    """Return ``row . (x, y, z, 1)`` without a stack of ones."""
    result: FloatArray = points[0] * row[0]
    term = points[1] * row[1]
    result += term
    np.multiply(points[2], row[2], out=term)
    result += term
    result += row[3]
    return result
