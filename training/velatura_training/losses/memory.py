"""What eyes take of the machine's memory, looking at a painting or learning with them."""

from __future__ import annotations

from torch import Tensor

from velatura_training import room

SIGHT = {"efficientnet": 320, "squeezenet": 180, "vgg19": 930, "vgg16": 930}
"""Bytes that a pixel of a painting takes while its Gram matrices are found (measured)."""

STEP = {"efficientnet": 2300, "squeezenet": 1800, "vgg19": 3100, "vgg16": 3100}
"""Bytes that a pixel of a patch takes in a step of learning a manner (measured, 640 px)."""


def demand_sight(eyes: str, shown: Tensor, stroke: float) -> None:
    """Refuse strokes so large that eyes cannot look at the painting.

    Args:
        eyes: name of the backbone.
        shown: ``(1, 3, H, W)``: the painting, as large as its strokes are wanted.
        stroke: that size.

    Raises:
        MachineError: there is not enough memory.
    """
    height, width = shown.shape[2:]
    what = f"{eyes} to look at a painting of {width}x{height} px"
    room.demand(
        what,
        SIGHT[eyes] * height * width,
        lambda scale: f"--stroke {_below(stroke * scale)} fits; so may other eyes",
    )


def demand_step(eyes: str, patch: int, batch: int) -> None:
    """Refuse patches too large to learn from.

    Args:
        eyes: name of the backbone.
        patch: their side, px.
        batch: how many there are in a step.

    Raises:
        MachineError: there is not enough memory.
    """
    what = f"steps of {batch} patch{'es' * (batch > 1)} of {patch} px"
    room.demand(
        what,
        STEP[eyes] * batch * patch**2,
        lambda scale: f"--patch {int(patch * scale) // 8 * 8} fits, or a smaller --batch",
    )


def _below(number: float) -> str:
    return f"{int(number * 100) / 100:g}"
