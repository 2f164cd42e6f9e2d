"""Which way strokes run: the directions along which a picture changes least.

The structure tensor (Bigun & Granlund 1987): the mean of ``grad grad^T`` around a pixel; its minor
axis runs along edges, strokes and hair. In a plate's even places, where nothing runs any way, the
direction comes from farther around: strokes follow the forms that they lie between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from velatura.image.planes import FloatArray
from velatura.scene import opencv

FINE = 0.8
"""Deviation of the Gaussian under which gradients are taken, px: below lies a picture's grain."""

STROKE = 2.5
"""Deviation of the Gaussian that a painting's tensor is averaged under, px: half a stroke."""

AROUND = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0)
"""The same for a plate, from near to far, px; each counts half as much as the one before."""

CLEAR = 2e-4
"""Mean squared gradient of display values from which on a direction is fully believed."""


@dataclass(frozen=True)
class Tangents:
    """The directions of a picture.

    Attributes:
        along: ``(H, W, 2)`` unit vectors x, y; their sign means nothing.
        coherence: ``(H, W)`` 0..1: how much all around runs the same way.
    """

    along: FloatArray
    coherence: FloatArray

    @classmethod
    def of_painting(cls, shown: FloatArray) -> Tangents:
        """Return the directions of a painting's own strokes.

        Args:
            shown: ``(H, W, 3)`` display values.
        """
        return cls._of(blurred(_tensor(shown), STROKE))

    @classmethod
    def of_plate(cls, shown: FloatArray) -> Tangents:
        """Return the directions in which strokes run along a plate's forms.

        Args:
            shown: ``(H, W, 3)`` display values.
        """
        fine, whole, share = _tensor(shown), 0.0, 1.0
        for deviation in AROUND:
            around = blurred(fine, deviation)
            energy = around[..., :1] + around[..., 2:]
            whole = whole + share * around / (energy + 1e-7) * np.minimum(1, energy / CLEAR)
            share /= 2
        return cls._of(blurred(np.asarray(whole, np.float32), AROUND[0]))

    @classmethod
    def _of(cls, tensor: FloatArray) -> Tangents:
        across, mixed, down = (tensor[..., i] for i in range(3))
        angle = np.arctan2(2 * mixed, across - down) / 2 + np.float32(np.pi / 2)
        coherence = np.hypot(across - down, 2 * mixed) / (across + down + 1e-9)
        return cls(np.stack([np.cos(angle), np.sin(angle)], -1), coherence)

    def paths(self, seeds: FloatArray, reach: int, step: float = 1.0) -> FloatArray:
        """Return the lines that run through some points.

        Args:
            seeds: ``(N, 2)`` x and y, px.
            reach: how many steps each line goes to either side.
            step: length of one, px.

        Returns:
            ``(N, 2 reach + 1, 2)`` x and y; they may leave the picture.
        """
        height, width = self.coherence.shape
        lines = np.empty((len(seeds), 2 * reach + 1, 2), np.float32)
        lines[:, reach] = seeds
        for sign in (1, -1):
            at, heading = seeds.copy(), None
            for number in range(1, reach + 1):
                x = np.rint(np.clip(at[:, 0], 0, width - 1)).astype(int)
                y = np.rint(np.clip(at[:, 1], 0, height - 1)).astype(int)
                there = self.along[y, x]
                if heading is None:
                    heading = sign * there
                else:  # keeps its side, and does not turn at once: a brush has inertia
                    same = np.sign((there * heading).sum(1, keepdims=True) + 1e-9)
                    heading = there * same + heading
                    heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-6
                at = at + np.float32(step) * heading
                lines[:, reach + sign * number] = at
        return lines


def normals(paths: FloatArray) -> FloatArray:
    """Return ``(N, L, 2)`` unit vectors across each point of some lines."""
    ahead = np.gradient(paths, axis=1)
    ahead /= np.linalg.norm(ahead, axis=2, keepdims=True) + 1e-6
    across: FloatArray = np.stack([-ahead[..., 1], ahead[..., 0]], -1).astype(np.float32)
    return across


def blurred(pixels: FloatArray, deviation: float) -> FloatArray:
    """Return ``(H, W, C)`` or ``(H, W)`` under a Gaussian of a deviation in px, mirrored."""
    cv2: Any = opencv.cv2()
    soft: FloatArray = cv2.GaussianBlur(pixels, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
    return soft


def _tensor(shown: FloatArray) -> FloatArray:
    """Return ``(H, W, 3)``: the tensor's xx, xy and yy, summed over the colours."""
    cv2: Any = opencv.cv2()
    soft = blurred(shown, FINE)
    across, down = (
        cv2.Sobel(
            soft, cv2.CV_32F, 1 - axis, axis, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT
        )
        for axis in (0, 1)
    )
    products = across * across, across * down, down * down
    return np.stack([p.sum(-1) for p in products], -1)
