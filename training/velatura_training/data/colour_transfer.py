"""The underpainting: the plate in the painting's colours, before any stroke is set.

A statistic of strokes alone leaves open which colour goes where, and a network that chooses freely
paints over its subject. The underpainting is a straight answer to that: the one linear map that
takes the colours of the footage to those of the painting and moves each as little as it can (Pitie
& Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping"). It is the same for all
frames, so it cannot flicker.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = 1e-4
"""Added to the variances, in display values squared: a grey plate has none across its colours."""


@dataclass(frozen=True)
class Palette:
    """A map of display colours: ``matrix @ (c - middle) + wanted``.

    Attributes:
        matrix: ``(3, 3)``.
        middle: ``(3, 1)``, the footage's mean colour.
        wanted: ``(3, 1)``, the painting's.
    """

    matrix: Tensor
    middle: Tensor
    wanted: Tensor

    @classmethod
    def between(cls, footage: Tensor, painting: Tensor) -> Palette:
        """Return the map from one set of display colours to another, ``(3, N)`` each.

        ``T = A^-1/2 (A^1/2 B A^1/2)^1/2 A^-1/2`` with A and B their covariances.
        """
        a, b = _covariance(footage), _covariance(painting)
        root, inverse = _power(a, 0.5), _power(a, -0.5)
        matrix = inverse @ _power(root @ b @ root, 0.5) @ inverse
        middle, wanted = (c.double().mean(1, keepdim=True) for c in (footage, painting))
        return cls(matrix.float(), middle.float(), wanted.float())

    def __call__(self, shown: Tensor) -> Tensor:
        """Return ``(N, 3, H, W)`` display values in the painting's colours, 0..1."""
        moved = torch.einsum("ij,njhw->nihw", self.matrix, shown - self.middle[..., None])
        return (moved + self.wanted[..., None]).clamp(0, 1)

    def limited(self, least: float, most: float) -> Palette:
        """Return the map with each stretch of its matrix, a symmetric one, kept in a range."""
        values, vectors = torch.linalg.eigh(self.matrix)
        matrix = vectors @ torch.diag(values.clamp(least, most)) @ vectors.T
        return Palette(matrix, self.middle, self.wanted)

    def to(self, device: torch.device) -> Palette:
        """Return the palette on a device."""
        return Palette(*(t.to(device) for t in (self.matrix, self.middle, self.wanted)))


def _covariance(colours: Tensor) -> Tensor:
    return torch.cov(colours.double()) + LEAST * torch.eye(3, dtype=torch.float64)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Return a power of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    power: Tensor = vectors @ torch.diag(values.clamp_min(LEAST**2).pow(exponent)) @ vectors.T
    return power
