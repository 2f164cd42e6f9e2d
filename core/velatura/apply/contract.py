"""The contract of a look's network: what goes in, what comes out, and within which bounds.

`velatura.look` has it in words. A look that breaks it is refused before it touches a plate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from velatura.apply.feed import fed
from velatura.apply.onnx_runtime import ort
from velatura.errors import LookError
from velatura.look import Card
from velatura.plate.passes import GUIDES

_ROUNDING = 1e-3  # stops: how far past its bound an answer may lie by float rounding alone


def check_inputs(path: Path, card: Card, inputs: Sequence[ort.NodeArg]) -> None:
    """Raise LookError unless the network takes exactly what the card says."""
    unknown = [name for name in card.passes if name not in GUIDES]
    if unknown:
        raise LookError(
            f"{path} reads passes that this velatura does not know: {', '.join(unknown)}",
            do=f"Known are {', '.join(GUIDES)}",
        )
    wanted = {"rgb": 3}
    if fed(card):
        wanted["guides"] = fed(card)
    found = {item.name: item for item in inputs}
    if found.keys() != wanted.keys():
        raise LookError(
            f"{path} has other inputs than its card says",
            found=f"{', '.join(found) or 'none'}; wanted {', '.join(wanted)}",
        )
    for name, channels in wanted.items():
        _check_tensor(path, "input", found[name], channels)


def check_output(path: Path, outputs: Sequence[ort.NodeArg]) -> None:
    """Raise LookError unless the network gives stops of red, green and blue, and nothing else."""
    if [item.name for item in outputs] != ["stops"]:
        raise LookError(
            f"{path} has other outputs than a look has",
            found=f"{', '.join(item.name for item in outputs)}; wanted stops",
        )
    _check_tensor(path, "output", outputs[0], channels=3)


def _check_tensor(path: Path, kind: str, found: ort.NodeArg, channels: int) -> None:
    """Raise unless an input or output is float ``(1, channels, h, w)`` of any height and width."""
    shape: Sequence[object] = found.shape or ()
    fits = found.type == "tensor(float)" and len(shape) == 4  # noqa: PLR2004  # N, C, H, W
    fits = fits and (shape[0] in {1, None} or isinstance(shape[0], str))
    fits = fits and (shape[1] == channels or (kind == "output" and not isinstance(shape[1], int)))
    if not fits or any(isinstance(size, int) for size in shape[2:]):
        raise LookError(
            f"{path}: {kind} {found.name} does not fit",
            found=f"{found.type} {list(shape)}; wanted tensor(float) [1, {channels}, h, w]",
        )


def check_stops(path: Path, card: Card, answer: object, shape: tuple[int, ...]) -> None:
    """Raise LookError unless an answer has its shape and is all within the card's bound.

    Two passes, without a copy of a whole frame.
    """
    if not isinstance(answer, np.ndarray) or answer.shape != shape:
        raise LookError(
            f"{path} answered with another size than it was asked",
            found=f"{getattr(answer, 'shape', answer)}, wanted {shape}",
        )
    least, most = float(answer.min()), float(answer.max())  # NaN where there is one
    bound = card.bound
    if -bound - _ROUNDING <= least and most <= bound + _ROUNDING:
        return
    if not np.isfinite((least, most)).all():
        raise LookError(f"{path} answered with NaN or Inf", do="Export it again, or retrain it")
    raise LookError(
        f"{path} answers beyond the bound of its own card",
        found=f"{max(-least, most):g} stops; wanted {bound:g} at most",
    )
