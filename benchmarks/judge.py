"""How good the frames of a shot are beside what its painter makes of them.

Beside the figures of `velatura evaluate`, on the frames that were not painted, there are:

    l1logK  l1log at the painted frames: does my frame come back?
    sharpL  the least sharp frame's sharp
    ewP     warp error, as parts of the plate's, over all frames
    ewPW    the largest of a frame; ewPWf is its number
    bare    share of bare plate where the painter painted
    held    1 where all frames whose plates are bit-equal came out bit-equal; left out without such
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from shotfolder import FRAME, Shot
from torch import Tensor
from torch.nn.functional import avg_pool2d

from velatura.image import exr
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading
from velatura_training.encoding import encode
from velatura_training.metrics import evaluate, fidelity
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.frames import Frames, clean
from velatura_training.metrics.motion import warp_error
from velatura_training.metrics.scores import Scores

BLOCK = 5
"""Side of what is looked at for bare plate, px: a single pixel of paint may be as the plate is."""

STYLED = 0.02
"""Least mean change of encoded light by the painter in a block that counts as painted: 0.16 stops.
Less is hardly seen."""

BARE = 0.15
"""A block is bare where the result changed the plate by less than this part of what the painter
did."""

STILL = 1e-4
"""Warp error up to which a plate is held: what is left there is rounding, and has no ratio."""


def judge(shot: Shot, truth: Mapping[int, Path], results: Path, eyes: Eyes, every: int) -> Scores:
    """Return the figures of a shot.

    Args:
        shot: the shot.
        truth: what was painted, whole pictures, by frame number.
        results: the folder of the finished frames, all of them.
        eyes: what the figures see with.
        every: how many unpainted frames there are to one that is compared with the truth.
    """
    made, painted, moving = Frames.of(str(results / FRAME)), Frames(truth), Frames(shot.motion)
    plates, compared = Frames(shot.plates), shot.unpainted[::every]
    between = evaluate.evaluate(made, eyes, painted.only(compared), moving)
    at_keys = [fidelity.l1log(*(clean(of.read(f)) for of in (made, painted))) for f in shot.keys]
    bare = [bare_share(*(of.read(f) for of in (made, painted, plates))) for f in compared]
    return {
        **between.mean,
        "l1logK": float(np.mean(at_keys)),
        "sharpL": min(scores["sharp"] for scores in between.frames.values()),
        "bare": float(np.mean(bare)),
        **unrest(made, moving),
        **held(shot, results),
    }


def unrest(made: Frames, plates: Frames) -> Scores:
    """Return the shot's warp error as parts of its plate's, and that of its worst frame."""
    errors = {}
    for frame in sorted(plates.files.keys() & {f + 1 for f in plates.files}):
        motion = plates.motion(frame)
        if motion is None:
            continue
        pairs = ([clean(of.read(f)) for f in (frame - 1, frame)] for of in (made, plates))
        result, plate = (warp_error(before, now, motion) for before, now in pairs)
        if result is not None and plate is not None and plate > STILL:
            errors[frame] = (result, plate)
    worst = max(errors, key=lambda frame: errors[frame][0] / errors[frame][1])
    results, below = zip(*errors.values(), strict=True)
    return {
        "ewP": sum(results) / sum(below),
        "ewPW": errors[worst][0] / errors[worst][1],
        "ewPWf": worst,
    }


def bare_share(result: Tensor, truth: Tensor, plate: Tensor) -> float:
    """Return which part of what was painted shows the plate as it is.

    Args:
        result: ``(1, 3, H, W)`` scene-linear light.
        truth: what was painted, the same.
        plate: the plate, the same.
    """
    below = encode(clean(plate))

    def changed(light: Tensor) -> Tensor:
        off = (encode(clean(light)) - below).abs().mean(1, keepdim=True)
        return avg_pool2d(off, BLOCK, stride=1)

    wanted = changed(truth)
    painted = wanted > STYLED
    bare = painted & (changed(result) < BARE * wanted)
    return float(bare.sum() / painted.sum().clamp_min(1))


def held(shot: Shot, results: Path) -> Scores:
    """Return whether what follows a bit-equal plate is bit-equal, where there is such a plate."""
    equal = [
        same_bits(results / shot.plates[a].name, results / shot.plates[b].name)
        for a, b in pairwise(sorted(shot.plates))
        if same_bits(shot.plates[a], shot.plates[b])
    ]
    return {"held": float(all(equal))} if equal else {}


def same_bits(first: Path, second: Path) -> bool:
    """Say whether two pictures have the same beauty, bit by bit."""
    one, other = (Plate.of(exr.read(path), Reading()).rgb for path in (first, second))
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
