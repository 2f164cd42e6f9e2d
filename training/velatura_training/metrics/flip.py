"""FLIP: what an eye notices when it flips between two pictures on a screen.

Andersson et al. 2020, "FLIP: A Difference Evaluator for Alternating Images", by NVIDIA's own
program (LDR-FLIP). Seen from 0.7 m on a 0.7 m
wide 4K screen (67 px a degree), which is the program's default.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from torch import Tensor

from velatura import installation
from velatura.errors import MissingRuntimeError
from velatura.image.planes import FloatArray

PACKAGE = "flip_evaluator"


def available() -> bool:
    """Say whether FLIP can be measured: its wheels are not made for every machine and Python."""
    return find_spec(PACKAGE) is not None


def ldr(result: Tensor, wanted: Tensor) -> float:
    """Return the mean FLIP error of two display pictures, 0 (the same) to 1.

    Args:
        result: ``(1, 3, H, W)`` display values, sRGB curve, 0..1.
        wanted: the same of the other picture.

    Raises:
        MissingRuntimeError: flip-evaluator is not installed.
    """
    return float(_evaluate(result, wanted, magma=False)[1])


def heat(result: Tensor, wanted: Tensor) -> FloatArray:
    """Return where the eye notices a difference, ``(H, W, 3)`` display values: black is nowhere.

    The colours are those of the map "magma": black, violet, orange, light yellow.

    Raises:
        MissingRuntimeError: flip-evaluator is not installed.
    """
    picture: FloatArray = _evaluate(result, wanted, magma=True)[0]
    return picture


def _evaluate(result: Tensor, wanted: Tensor, *, magma: bool) -> tuple[Any, float]:
    if not available():
        raise MissingRuntimeError(
            "FLIP is measured by the package flip-evaluator, which is not installed",
            do=f"Run `{installation.adding('train')}` with a Python below 3.14, or `pip install "
            "flip-evaluator` where a C++ compiler is at hand.",
        )
    pictures = [
        np.ascontiguousarray(p[0].permute(1, 2, 0).float().cpu().numpy()) for p in (wanted, result)
    ]
    found, mean, _ = import_module(PACKAGE).evaluate(*pictures, "LDR", True, magma, True)
    return found, mean
