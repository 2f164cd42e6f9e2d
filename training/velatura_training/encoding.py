"""How the networks see light: a logarithmic encoding of scene-linear values, and display values.

``E(x) = log2(1 + 128 x) / 8`` spends its range on light much as the PU curve of Open Image Denoise
does, while staying one expression that every ONNX runtime has. Mid-grey 0.18 lies at 0.57,
1.0 at 0.88, 65504 at 2.87.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from velatura import half
from velatura.plate.encoding import SCALE, SLOPE

HALF_MAX = float(half.HALF_MAX)

STOPS = SCALE * math.log(2)
"""Natural logarithm of the light per unit of the encoding."""

SRGB_TOE = 0.0031308
"""Where the sRGB curve turns from a line into a root (IEC 61966-2-1)."""


def encode(linear: Tensor) -> Tensor:
    """Return ``E(x)`` of scene-linear values; negatives count as black.

    The same formula as ``velatura.plate.encoding.encoded``; the two are held equal by a test.
    """
    return torch.log2(1 + SLOPE * linear.clamp(0, HALF_MAX)) / SCALE


def decode(encoded: Tensor) -> Tensor:
    """Return the scene-linear values of ``encoded``: the inverse of `encode` on 0..65504."""
    return (torch.exp2(encoded * SCALE) - 1) / SLOPE


def encode_natural(linear: Tensor) -> Tensor:
    """Return `encode` by natural logarithm: ONNX has no other."""
    return torch.log(1 + SLOPE * linear.clamp(0.0, HALF_MAX)) * (1 / STOPS)


def display(linear: Tensor) -> Tensor:
    """Return scene-linear Rec.709 as a screen shows it: 0..1, sRGB curve (IEC 61966-2-1)."""
    x = linear.clamp(0, 1)
    # The root's slope is infinite at 0, so even its unused branch must not see 0.
    curve = 1.055 * x.clamp_min(SRGB_TOE) ** (1 / 2.4) - 0.055
    return torch.where(x <= SRGB_TOE, 12.92 * x, curve)


def light_of(shown: Tensor) -> Tensor:
    """Return the scene-linear Rec.709 that a screen shows so: the inverse of `display` on 0..1."""
    toe = 12.92 * SRGB_TOE
    curve = ((shown.clamp_min(toe) + 0.055) / 1.055) ** 2.4
    return torch.where(shown <= toe, shown / 12.92, curve)


def glaze(linear: Tensor, stops: Tensor, floor: float) -> Tensor:
    """Return ``linear`` under the gain law at g = 1 and alpha = 1, differentiable in ``stops``.

    The same formula as ``velatura.gain.law.apply``; the two are held equal by a test.
    """
    base = linear.clamp(0.0, HALF_MAX) + floor * (stops > 0)  # 0.0: torch exports no whole 0
    return linear + base * (torch.exp2(stops) - 1)
