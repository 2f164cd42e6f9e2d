"""The proof of a written look: it makes the picture that its network makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from velatura.errors import TrainingError
from velatura.image.planes import FloatArray
from velatura_training.encoding import HALF_MAX, encode

TOLERANCE = 1e-5
"""Largest difference between two pictures, in parts of the encoded range (0..65504)."""


def trial_plate(rng: np.random.Generator, height: int, width: int) -> FloatArray:
    """Return a plate from black to beyond the highlights, ``(3, H, W)`` scene-linear."""
    return np.exp2(rng.uniform(-12, 16, (3, height, width))).astype(np.float32)


def difference(one: Tensor | FloatArray, other: Tensor | FloatArray) -> float:
    """Return the largest difference of two scene-linear pictures, in parts of the encoded range."""
    apart = encode(torch.as_tensor(one)) - encode(torch.as_tensor(other))
    return float(apart.abs().max()) / float(encode(torch.tensor(HALF_MAX)))


def demand_small(worst: float, what: str) -> None:
    """Raise TrainingError, which begins with ``what``, unless a difference is within `TOLERANCE`.

    NaN is not.
    """
    if not worst <= TOLERANCE:
        raise TrainingError(
            what, found=f"{worst:.2e} of the encoded range, {TOLERANCE:.0e} is allowed"
        )
