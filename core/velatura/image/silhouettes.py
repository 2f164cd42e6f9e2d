"""Where one thing ends and another begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


def inner(index: npt.NDArray[np.integer[Any]], margin: int) -> Bools:
    """Return ``(H, W)``: True where all pixels within ``margin`` px show the same object."""
    edge = np.zeros(index.shape, bool)
    for one, other in (
        (np.s_[1:, :], np.s_[:-1, :]),
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:, 1:], np.s_[:-1, :-1]),
        (np.s_[1:, :-1], np.s_[:-1, 1:]),
    ):
        differs = index[one] != index[other]
        edge[one] |= differs
        edge[other] |= differs
    return ~spread(edge, margin - 1)


def spread(mask: Bools, margin: int) -> Bools:
    """Return ``(H, W)``: True within ``margin`` px of where ``mask`` is."""
    wide = mask.copy()
    for _ in range(margin):
        for lines in (wide, wide.T):
            wider = lines.copy()
            wider[1:] |= lines[:-1]
            wider[:-1] |= lines[1:]
            lines[:] = wider
    return wide
