"""Proof of the cost: the network takes what its card says, and no more."""

from __future__ import annotations

from math import prod

from velatura.apply import contract
from velatura.look import Look
from velatura.verify.trial import Trial
from velatura.verify.verdict import Proof

LIMIT = 1.1
"""Most that a network may take of what its card says: looks that we export take .6 to 1.03 of the
memory and 1.00 to 1.02 of the arithmetic."""


def cost(trial: Trial, look: Look) -> Proof:
    """Prove that arithmetic, memory and weights are within the card's claims.

    The network's own graph is counted, for the size of the first frame; see
    `velatura.network.shapes`.
    """
    card, first = look.card, trial.glazing(trial.frames[0])
    network = contract.network(look)
    step = card.alignment
    height, width = (-(-size // step) * step for size in first.plate.size)
    taken = network.cost(height, width)
    ratios = {
        f"{card.kflop_px:g} kFLOP/px": taken.flop
        / 1000
        / (height * width)
        / max(card.kflop_px, 1e-9),
        f"{card.bytes_px:g} bytes/px": taken.peak / (height * width) / card.bytes_px,
    }
    weights = sum(prod(one.shape) for one in network.graph.constants.values())
    if card.parameters:
        ratios[f"{card.parameters} weights"] = weights / card.parameters
    megapixels = len(trial.frames) * prod(first.plate.size) / 1e6
    said = ", ".join(f"{ratio:.2f} of {what}" for what, ratio in ratios.items())
    return Proof(
        "cost",
        "arithmetic, memory and weights are within what the card says",
        max(ratios.values()),
        LIMIT,
        "times the card's claim",
        f"{said}; {trial.seconds / megapixels:.2f} CPU-s a megapixel with reading and writing",
    )
