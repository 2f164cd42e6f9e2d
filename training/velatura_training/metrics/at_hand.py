"""Figures of frames that a training has at hand: of held-out keys, and of an imitated manner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from velatura.plate import colour
from velatura_training.encoding import display
from velatura_training.metrics import fidelity, notes, texture
from velatura_training.metrics.evaluate import against_plate, beside, compare
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.frames import SPACE, clean
from velatura_training.metrics.scores import Scores, Verdict


def held_out(
    frames: Mapping[int, tuple[Tensor, Tensor, Tensor]], space: str, eyes: Eyes
) -> Verdict:
    """Return the scores of frames that are at hand: of keys that a training left out.

    Args:
        frames: plate, result and paint by frame number, ``(3, H, W)`` scene-linear each.
        space: their colour space.
        eyes: what the figures see with.
    """
    scores = {}
    for frame, pictures in frames.items():
        plate, result, paint = (_rec709(planes, space) for planes in pictures)
        scores[frame] = {**compare(result, paint, eyes), **against_plate(result, plate)}
    verdict = Verdict(eyes.label, scores)
    return verdict.noting(notes.of_pictures(verdict))


@torch.no_grad()
def imitated(
    frames: Mapping[int, tuple[Tensor, Tensor]],
    paintings: Sequence[Tensor],
    space: str,
    eyes: Eyes,
) -> Verdict:
    """Return the scores of frames that are at hand, painted in a manner.

    Args:
        frames: plate and result by frame number, ``(3, H, W)`` scene-linear each.
        paintings: ``(1, 3, H, W)`` display values each, as large as their strokes are wanted.
        space: the frames' colour space.
        eyes: what the figures see with.
    """
    scores = {}
    for frame, pictures in frames.items():
        plate, result = (_rec709(planes, space) for planes in pictures)
        manner = beside(display(clean(result)), paintings, eyes)
        scores[frame] = {**against_plate(result, plate), **manner}
    verdict = Verdict(eyes.label, scores)
    return verdict.noting(notes.of_pictures(verdict))


@torch.no_grad()
def quick(result: Tensor, truth: Tensor, space: str, eyes: Eyes) -> Scores:
    """Return the four figures of `compare` that decide how much of a network is kept.

    Args:
        result: ``(3, H, W)`` scene-linear.
        truth: the same of what was painted.
        space: their colour space.
        eyes: what ``lpips`` and ``gram`` see with.
    """
    light, wanted = (clean(_rec709(planes, space)) for planes in (result, truth))
    seen, shown = display(light), display(wanted)
    (places_y, texture_y), (places_t, texture_t) = eyes.see(seen), eyes.see(shown)
    return {
        "l1log": fidelity.l1log(light, wanted),
        "lpips": fidelity.lpips(places_y, places_t),
        "gram": texture.gram_distance(texture_y, texture_t),
        "sharp": fidelity.sharpness(seen, shown),
    }


def _rec709(planes: Tensor, space: str) -> Tensor:
    light = np.ascontiguousarray(planes.detach().cpu().numpy())
    return torch.from_numpy(colour.convert(light, space, SPACE))[None]
