"""Where one object ends in front of another: contours are the nearer one's, and move with it.

A contour on the farther side would stay behind, as a second outline, once the nearer object moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura_training.paint.underpainting import Objects

Bools = npt.NDArray[np.bool_]

REACH = 3
"""How far from a silhouette what lies behind is kept clear of contours, px."""


@dataclass(frozen=True)
class Silhouettes:
    """The silhouettes of a frame.

    Attributes:
        rims: ``(H, W)`` the outermost pixels of objects, where they lie in front of others.
        behind: ``(H, W)`` what lies behind, as far as `REACH` from such rims.
    """

    rims: Bools
    behind: Bools

    @classmethod
    def of(cls, objects: Objects, depth: FloatArray | None) -> Silhouettes:
        """Return the silhouettes of objects.

        Args:
            objects: ``(H, W)`` ids, 0 for the background.
            depth: ``(H, W)``, any unit and sign, 0 for the background: cameras look along -z, and
                some renderers store that. Without it the object that covers less counts as the
                nearer one.
        """
        far = covered(objects) if depth is None else np.where(depth == 0, np.inf, np.abs(depth))
        far = np.where(objects == 0, np.inf, far)
        rims, farther = np.zeros(objects.shape, bool), np.zeros(objects.shape, bool)
        for here, there in _pairs(1, 0) + _pairs(0, 1):
            apart = objects[here] != objects[there]
            rims[here] |= apart & (far[here] < far[there])
            farther[here] |= apart & (far[here] > far[there])
        behind = farther.copy()
        for down in range(REACH + 1):
            for right in range(-REACH, REACH + 1):
                for here, there in _pairs(down, right):
                    behind[here] |= farther[there] & (objects[here] == objects[there])
        return cls(rims, behind)


def _pairs(down: int, right: int) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Return the places of a picture that have a neighbour so far away, and these, both ways."""
    one = slice(down, None), slice(max(right, 0), right if right < 0 else None)
    other = slice(None, -down or None), slice(max(-right, 0), -right if right > 0 else None)
    return [(one, other), (other, one)]


def covered(objects: Objects) -> npt.NDArray[np.int64]:
    """Return at each pixel how many pixels its object covers."""
    _, which, counts = np.unique(objects, return_inverse=True, return_counts=True)
    pixels: npt.NDArray[np.int64] = counts[which.reshape(objects.shape)]
    return pixels
