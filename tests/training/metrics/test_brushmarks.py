"""Figures of brushwork on cases whose answer is known."""

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from velatura_training.metrics import brushmarks

SIDE = 128


def noise(seed: int, deviation: float, along: int = 1) -> torch.Tensor:
    """Return a grey picture of noise, smeared over so many px from left to right."""
    rng = torch.Generator().manual_seed(seed)
    grey = torch.randn(1, 1, SIDE, SIDE + along - 1, generator=rng)
    grey = F.avg_pool2d(grey, (1, along), 1) * along**0.5
    return (0.5 + deviation * grey).clamp(0, 1).expand(1, 3, -1, -1)


def plate() -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    disc = torch.hypot(x - 64.0, y - 64.0) < 30
    return F.avg_pool2d(F.pad(disc.float()[None, None], (1, 1, 1, 1)), 3, 1).expand(1, 3, -1, -1)


def test_a_relief_of_the_plate_is_embossed_and_strokes_are_not():
    lit = plate()[..., :, 1:] - plate()[..., :, :-1]
    relief = (0.5 + 0.5 * F.pad(lit, (0, 1))).clamp(0, 1)
    assert brushmarks.emboss(relief, plate()) > 0.5
    assert brushmarks.emboss(noise(0, 0.1), plate()) < 0.1


def test_long_strokes_run_longer_than_dots():
    dots, strokes = noise(0, 0.15), noise(0, 0.15, along=24)
    assert brushmarks.run_length(strokes) > 2 * brushmarks.run_length(dots)


def test_coherence_is_of_the_manner_and_not_of_the_place():
    same = brushmarks.coherence(noise(0, 0.15, along=24), noise(1, 0.15, along=24))
    other = brushmarks.coherence(noise(0, 0.15), noise(1, 0.15, along=24))
    assert same < 0.25 * other
    assert np.isfinite(other)
