"""How rigid things move: one turn and one shift that take an object from a frame to another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

STILL: Doubles = np.eye(3, 4)
"""The pose of what does not move."""

ENOUGH = 24
"""Fewest pairs of points that a motion is fitted to; three determine it."""

_ROUNDS = 6  # fit, leave out the worst pairs, fit again
_KEPT = 0.7  # share of the pairs that each fit is made of: silhouettes and wrong vectors fall out


def fit(before: Doubles, after: Doubles) -> tuple[Doubles, Doubles]:
    """Return the pose ``(3, 4)`` that takes one set of points to another, and each pair's miss.

    Least squares over rotations by SVD (Kabsch 1976; Umeyama 1991 for the reflection), trimmed:
    each round keeps the pairs that fit best.

    Args:
        before: ``(3, N)`` points, scene units; N at least `ENOUGH`.
        after: the same points later.
    """
    kept = np.arange(before.shape[1])
    pose = STILL
    for _ in range(_ROUNDS):
        pose = _kabsch(before[:, kept], after[:, kept])
        off = miss(pose, before, after)
        kept = np.argsort(off, kind="stable")[: max(ENOUGH, int(_KEPT * len(off)))]
    return pose, off


def miss(pose: Doubles, before: Doubles, after: Doubles) -> Doubles:
    """Return how far the moved points lie from where they should be, ``(N,)``, scene units."""
    off: Doubles = np.linalg.norm(move(pose, before) - after, axis=0)
    return off


def move(pose: Doubles, points: Doubles) -> Doubles:
    """Return ``(3, N)`` points moved by a pose."""
    moved: Doubles = pose[:, :3] @ points + pose[:, 3:]
    return moved


def then(first: Doubles, second: Doubles) -> Doubles:
    """Return the pose that does both, one after the other."""
    both: Doubles = np.concatenate(
        [second[:, :3] @ first[:, :3], second[:, :3] @ first[:, 3:] + second[:, 3:]], 1
    )
    return both


def back(pose: Doubles) -> Doubles:
    """Return what undoes a pose: `then` both is `STILL`."""
    turn = pose[:, :3].T
    return np.concatenate([turn, -turn @ pose[:, 3:]], 1)


def _kabsch(before: Doubles, after: Doubles) -> Doubles:
    from_, to = before.mean(axis=1, keepdims=True), after.mean(axis=1, keepdims=True)
    left, _, right = np.linalg.svd((after - to) @ (before - from_).T)
    handed = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ handed @ right
    return np.concatenate([turn, to - turn @ from_], 1)
