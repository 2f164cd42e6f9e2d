"""The contract of a look's network: what it is made of, what goes in, what comes out.

`velatura.look` has it in words. A look that breaks it is refused before ONNX Runtime sees it, where
its file tells, and else before it touches a plate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from velatura.apply.feed import fed
from velatura.errors import BrokenLookError, LookError
from velatura.look import Card, Look
from velatura.network import limits, onnx_graph
from velatura.network.limits import Network
from velatura.network.onnx_graph import FLOAT, Declared
from velatura.plate.passes import GUIDES

_ROUNDING = 1e-3  # stops: how far past its bound an answer may lie by float rounding alone
_TYPES = {0: "no tensor", FLOAT: "tensor(float)", 7: "tensor(int64)", 9: "tensor(bool)"}
_TYPES |= {10: "tensor(float16)", 11: "tensor(double)", 16: "tensor(bfloat16)"}


def network(look: Look) -> Network:
    """Return a look's network, once its file shows that it keeps the contract.

    Raises:
        LookError: it reads other passes, holds another operator than looks have, takes more memory
            or arithmetic than its card says, has other inputs or outputs, or is damaged.
    """
    check_passes(look.path, look.card)
    wanted = _inputs(look.card)
    try:
        graph = onnx_graph.read(look.data)
        _check_inputs(look.path, wanted, graph.inputs)
        _check_output(look.path, graph.outputs)
        return limits.checked(graph, look.card, wanted)
    except ValueError as error:
        raise LookError(
            f"{look.path} holds a network that no look has",
            found=str(error),
            do="A look is one self-contained ONNX file, as `velatura export` writes it",
        ) from error


def check_passes(path: Path, card: Card) -> None:
    """Raise LookError unless this velatura knows all passes that a look reads."""
    unknown = [name for name in card.passes if name not in GUIDES]
    if unknown:
        raise LookError(
            f"{path} reads passes that this velatura does not know: {', '.join(unknown)}",
            do=f"Known are {', '.join(GUIDES)}",
        )


def _inputs(card: Card) -> Mapping[str, int]:
    """Return what the card says that its network takes: names and numbers of channels."""
    guides = fed(card)
    return {"rgb": 3, "guides": guides} if guides else {"rgb": 3}


def _check_inputs(path: Path, wanted: Mapping[str, int], inputs: Sequence[Declared]) -> None:
    """Raise LookError unless the network takes exactly what the card says."""
    found = {item.name: item for item in inputs}
    if found.keys() != wanted.keys() or len(found) != len(inputs):
        raise LookError(
            f"{path} has other inputs than its card says",
            found=f"{', '.join(found) or 'none'}; wanted {', '.join(wanted)}",
        )
    for name, channels in wanted.items():
        _check_tensor(path, "input", found[name], channels)


def _check_output(path: Path, outputs: Sequence[Declared]) -> None:
    """Raise LookError unless the network gives stops of red, green and blue, and nothing else."""
    if [item.name for item in outputs] != ["stops"]:
        raise LookError(
            f"{path} has other outputs than a look has",
            found=f"{', '.join(item.name for item in outputs)}; wanted stops",
        )
    _check_tensor(path, "output", outputs[0], channels=3)


def _check_tensor(path: Path, kind: str, found: Declared, channels: int) -> None:
    """Raise unless an input or output is float ``(1, channels, h, w)`` of any height and width."""
    shape = found.shape
    fits = found.type == FLOAT and len(shape) == 4  # noqa: PLR2004  # N, C, H, W
    fits = fits and (shape[0] == 1 or isinstance(shape[0], str))
    fits = fits and (shape[1] == channels or (kind == "output" and not isinstance(shape[1], int)))
    if not fits or any(isinstance(size, int) for size in shape[2:]):
        raise LookError(
            f"{path}: {kind} {found.name} does not fit",
            found=f"{_TYPES.get(found.type, f'type {found.type}')} {list(shape)}; "
            f"wanted tensor(float) [1, {channels}, h, w]",
        )


def check_stops(path: Path, card: Card, answer: object, shape: tuple[int, ...]) -> None:
    """Raise LookError unless an answer has its shape and is all within the card's bound.

    Two passes, without a copy of a whole frame. An answer of another size is a BrokenLookError:
    that is of no frame's light.
    """
    if not isinstance(answer, np.ndarray) or answer.shape != shape:
        raise BrokenLookError(
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
