"""Memory: whether there is enough of it, and if not, which size would fit."""

from __future__ import annotations

import math
from collections.abc import Callable

from velatura.errors import MachineError
from velatura.system import resources

GIB = 2**30


def demand(what: str, needed: float, smaller: Callable[[float], str]) -> None:
    """Refuse what takes more memory than is free.

    Args:
        what: what takes it.
        needed: bytes; they grow with the square of the sides of something.
        smaller: says what would fit, given by how much its sides are to be scaled, 0..1.

    Raises:
        MachineError: there is not enough.
    """
    free = resources.free_memory()
    if needed > free:
        raise MachineError(
            f"Not enough memory for {what}",
            found=f"{needed / GIB:.1f} GiB wanted, {free / GIB:.1f} GiB free",
            do=smaller(math.sqrt(free / needed)),
        )
