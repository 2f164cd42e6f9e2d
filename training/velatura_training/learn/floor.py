"""The merged paint is the floor: a finished look is nowhere worse than what it was given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from velatura_training.metrics.scores import Verdict

SAYS = (1.0, 0.5, 0.25)
"""How much of what the network adds is kept, most first; below the least of them, nothing."""

SLACK = 1.01
"""A measure is worse when it is worse by more than a hundredth: less is chance."""

SOFTER = 0.02
"""So much less sharp, or more, is as sharp: what is mended is a little softer than torn edges."""

log = logging.getLogger("velatura.training")


def settle(measure: Callable[[float], Verdict]) -> float:
    """Return how much of what the network adds to its merged paint makes no measure worse.

    Args:
        measure: gives the figures of frames whose paint is known, with so much of it.
    """
    raw = _off(measure(0.0).mean)
    worse: list[str] = []
    for say in SAYS:
        found = _off(measure(say).mean)
        worse = [name for name in raw if found[name] > _most(name, raw[name])]
        if not worse:
            if say < 1:
                log.info("the network's own touch is kept at %g: more of it was no better", say)
            return say
    log.info("the merged paint is kept as it is: the network made %s worse", ", ".join(worse))
    return 0.0


def _most(name: str, raw: float) -> float:
    """Return how far a measure may be off where the merged paint's is off by ``raw``."""
    return raw + SOFTER if name == "sharp" else SLACK * raw


def _off(mean: Mapping[str, float]) -> dict[str, float]:
    """Return how far each measure is from what is best."""
    off = {name: mean[name] for name in ("l1log", "lpips", "gram") if name in mean}
    if "sharp" in mean:
        off["sharp"] = abs(1 - mean["sharp"])
    return off
