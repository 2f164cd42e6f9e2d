"""Tiles run a frame that is larger than memory allows, and leave no seam: not in the last bit.

A network's answer for a pixel depends on its surroundings up to the card's ``halo``. Each tile is
fed with that many real pixels around it and keeps only its middle. Tile origins lie on multiples
of the card's ``alignment``, so that every tile samples the frame on the same grid. The frame
itself gets a border of repeated edge pixels; outside that border the network sees its own zero
padding, in a tile exactly as in the whole frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, lcm

import numpy as np
import numpy.typing as npt

from velatura.apply.session import Session
from velatura.errors import MachineError
from velatura.image.planes import FloatArray
from velatura.look import Card

BUDGET = 320 * 2**20
"""Default memory of the network for one frame, bytes. An HD frame of a look with all guides runs in
two tiles: whole, it takes no less time, and 120 MB more (measured)."""

_VECTOR = 4
"""Sides of tiles are multiples of this, too. ONNX Runtime takes logarithms 16 at a time, and rounds
the few that are left over another way (measured in 1.32): a multiple of 4 x 4 leaves none."""

Box = tuple[slice, slice]
"""Rows and columns of a frame."""

Fetch = Callable[[slice, slice, FloatArray], FloatArray | None]
"""Writes the light of some rows and columns into a ``(3, h, w)`` array that it is handed.

Returns their guides ``(G, h, w)``, or None."""


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in px of the bordered frame: what it keeps, and what it is fed."""

    start: int
    stop: int
    fed_start: int
    fed_stop: int


def tiles(
    session: Session, height: int, width: int, fetch: Fetch, budget: int = BUDGET
) -> Iterator[tuple[Box, FloatArray]]:
    """Yield rows and columns of each tile of a frame with its ``(3, h, w)`` stops.

    Args:
        session: the loaded look.
        height: of the frame, in px.
        width: of the frame, in px.
        fetch: called with rows and columns inside the frame, once a tile.
        budget: memory that the network may take, in bytes.

    Raises:
        MachineError: the budget does not hold even the smallest tile.
    """
    border = _step(session.card)
    for down, across in plan(height, width, session.card, budget):
        top, left = max(down.start, border), max(across.start, border)
        bottom, right = min(down.stop, border + height), min(across.stop, border + width)
        if top >= bottom or left >= right:
            continue  # a small tile may hold nothing but border
        rows = np.clip(np.arange(down.fed_start, down.fed_stop) - border, 0, height - 1)
        columns = np.clip(np.arange(across.fed_start, across.fed_stop) - border, 0, width - 1)
        inside = _inside(rows), _inside(columns)
        pixels = session.empty(3, len(rows), len(columns))
        guides = fetch(_extent(rows), _extent(columns), pixels[:, *inside])
        _repeat_edges(pixels, *inside)
        if guides is not None:
            fetched = guides
            guides = session.empty(len(fetched), *pixels.shape[1:])
            guides[:, *inside] = fetched
            del fetched
            _repeat_edges(guides, *inside)
        stops = session.stops(pixels, guides)
        kept = stops[
            :,
            top - down.fed_start : bottom - down.fed_start,
            left - across.fed_start : right - across.fed_start,
        ]
        yield (slice(top - border, bottom - border), slice(left - border, right - border)), kept


def plan(height: int, width: int, card: Card, budget: int) -> list[tuple[Span, Span]]:
    """Return the tiles of a frame: the cheapest grid that the budget holds, spread evenly.

    Args:
        height: of the frame, in px, without border.
        width: of the frame, in px, without border.
        card: gives alignment, halo and memory per pixel.
        budget: in bytes.
    """
    largest = int(budget / card.bytes_px)  # px that a tile may be fed
    step = _step(card)
    tall, wide = (_rounded(size, step) + 2 * step for size in (height, width))
    best: tuple[int, list[Span], list[Span]] | None = None
    for count in range(1, wide // step + 1):
        columns = _spans(wide, count, card)
        widest = max(span.fed_stop - span.fed_start for span in columns)
        rows = _fitting(tall, largest // widest, card)
        if rows is None:
            continue
        cost = _fed(rows) * _fed(columns)
        if best is not None and cost >= best[0]:
            break  # narrower tiles only add halo from here on
        best = cost, rows, columns
    if best is None:
        smallest = (2 * _rounded(card.halo, step) + step) ** 2
        raise MachineError(
            f"A memory budget of {budget / 2**20:.0f} MiB holds no tile of this look",
            do=f"Allow {ceil(smallest * card.bytes_px / 2**20)} MiB or more (--memory-mb)",
        )
    return [(row, column) for row in best[1] for column in best[2]]


def _fitting(size: int, limit: int, card: Card) -> list[Span] | None:
    """Return the fewest tiles along one axis that are fed ``limit`` px at most."""
    step, halo = _step(card), _rounded(card.halo, _step(card))
    room = limit - 2 * halo  # what a tile in the middle keeps; the two at the ends keep more
    if size <= limit:
        return _spans(size, 1, card)
    if room < step:
        return None
    for count in range(max(2, ceil((size - 2 * halo) / room)), size // step + 1):
        spans = _spans(size, count, card)
        if max(span.fed_stop - span.fed_start for span in spans) <= limit:
            return spans
    return None


def _spans(size: int, count: int, card: Card) -> list[Span]:
    """Cut ``size`` px, a multiple of the alignment, into ``count`` tiles of all but equal size."""
    step, halo = _step(card), _rounded(card.halo, _step(card))
    cuts = [step * (size // step * index // count) for index in range(count + 1)]
    return [
        Span(start, stop, max(0, start - halo), min(size, stop + halo))
        for start, stop in pairwise(cuts)
    ]


def _fed(spans: list[Span]) -> int:
    return sum(span.fed_stop - span.fed_start for span in spans)


def _rounded(size: int, step: int) -> int:
    return ceil(size / step) * step


def _step(card: Card) -> int:
    return lcm(card.alignment, _VECTOR)


def _extent(indices: npt.NDArray[np.intp]) -> slice:
    return slice(int(indices[0]), int(indices[-1]) + 1)


def _inside(indices: npt.NDArray[np.intp]) -> slice:
    """Return where the frame itself lies along one axis of what a tile is fed."""
    before = int(np.count_nonzero(indices == indices[0])) - 1
    return slice(before, before + int(indices[-1] - indices[0]) + 1)


def _repeat_edges(planes: FloatArray, rows: slice, columns: slice) -> None:
    """Fill the border around ``rows`` and ``columns`` of ``(C, H, W)`` planes from their edges."""
    left, right, top, bottom = columns.start, columns.stop, rows.start, rows.stop
    planes[:, rows, :left] = planes[:, rows, left : left + 1]
    planes[:, rows, right:] = planes[:, rows, right - 1 : right]
    planes[:, :top] = planes[:, top : top + 1]
    planes[:, bottom:] = planes[:, bottom - 1 : bottom]
