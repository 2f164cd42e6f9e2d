"""A look's network held to what its card says it takes, before ONNX Runtime sees it.

A card names memory and arithmetic per pixel, and tiles are sized by it: a network that takes more
would take it from everything else that runs. So its nodes are counted and its values measured for
every shape that is run, by arithmetic on shapes alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

from velatura.look import Card
from velatura.network import operators, shapes, shuffle
from velatura.network.onnx_graph import Graph
from velatura.network.shapes import Cost

FACTOR = 2.0
"""How much more than its card's claim a network may take. Looks that we train take 0.6 to 1.03 of
the memory and 1.00 to 1.02 of the arithmetic (measured, every generator)."""

MOST_KFLOP = 2000.0
"""Largest cost, kFLOP/px, whatever a card claims: twenty-five times our largest network's."""

FREE_KFLOP = 160.0
"""Cost that a network may have whatever its card claims, kFLOP/px: twice our largest network's. So
much does no harm, and cards that were written by hand name less."""

_PROBES = ((2, 3), (5, 4))  # height and width, in steps of a look's alignment

MOST_PROBE = 256 * 2**20
"""Memory that a trial may take, bytes: twenty cells of the largest alignment are a lot."""

_REFERENCE = 512  # px: a side of the frame by which a card's claims are judged
_SLACK = 2**20  # bytes, and FLOP: borders and small constants count for much in a tiny frame


@dataclass(frozen=True)
class Network:
    """A network whose nodes are all allowed, and that takes what its card says.

    Attributes:
        graph: as it was read.
        card: the look's.
        channels: name of each input -> its number of channels.
    """

    graph: Graph
    card: Card
    channels: Mapping[str, int]
    _costs: dict[tuple[int, int], Cost] = field(default_factory=dict, repr=False, compare=False)

    @property
    def model(self) -> bytes:
        """The ONNX file for ONNX Runtime: the graph, and nothing that it says of itself.

        Its operators are those of the look's file but for `shuffle.turned`.
        """
        return shuffle.turned(self.graph)

    @cached_property
    def bytes_px(self) -> float:
        """Memory per pixel, bytes: what the card says, or what was measured, where that is more."""
        measured = self.cost(*_reference(self.card))
        return max(self.card.bytes_px, measured.peak / _pixels(*_reference(self.card)))

    def demand(self, height: int, width: int) -> None:
        """Raise ValueError unless a frame of that size takes what the card lets expect.

        Args:
            height: of what is fed, in px, a multiple of the card's alignment.
            width: likewise.
        """
        found, pixels, card = self.cost(height, width), _pixels(height, width), self.card
        kflop = min(max(FACTOR * card.kflop_px, FREE_KFLOP), MOST_KFLOP) * pixels
        if found.answer != (1, 3, height, width):
            raise ValueError(f"an answer of {found.answer}, wanted {(1, 3, height, width)}")
        if found.peak > FACTOR * card.bytes_px * pixels + _SLACK:
            raise ValueError(
                f"{found.peak / pixels:.0f} bytes a pixel; its card says {card.bytes_px:g}"
            )
        if found.flop > 1000 * kflop + _SLACK:
            raise ValueError(
                f"{found.flop / pixels / 1000:.1f} kFLOP a pixel; its card says {card.kflop_px:g}"
            )

    def cost(self, height: int, width: int) -> Cost:
        """Return what a frame of that size takes, which is fed whole; sizes as of `demand`."""
        if (height, width) not in self._costs:
            fed = {name: (1, count, height, width) for name, count in self.channels.items()}
            self._costs[height, width] = shapes.cost(self.graph, fed, "stops")
        return self._costs[height, width]


def checked(graph: Graph, card: Card, channels: Mapping[str, int]) -> Network:
    """Return a network, once its operators, its memory and its arithmetic are as a look's.

    Args:
        graph: as `onnx_graph.read` gives it.
        card: what the look says about itself.
        channels: name of each input -> its number of channels.

    Raises:
        ValueError: it is no network of a look; the text says what was found.
    """
    for node in graph.nodes:
        operators.check(node)
    network = Network(graph, card, channels)
    step = card.alignment
    if max(_pixels(*size) for size in probes(card)) * card.bytes_px > MOST_PROBE:
        raise ValueError(f"an alignment of {step} px at {card.bytes_px:g} bytes a pixel")
    for height, width in probes(card):
        network.demand(height, width)
    network.demand(*_reference(card))
    return network


def probes(card: Card) -> list[tuple[int, int]]:
    """Return height and width of the two frames that a look is tried on, px."""
    return [(rows * card.alignment, columns * card.alignment) for rows, columns in _PROBES]


def _reference(card: Card) -> tuple[int, int]:
    side = ceil(_REFERENCE / card.alignment) * card.alignment
    return side, side


def _pixels(height: int, width: int) -> int:
    return height * width
