"""How good a result is: against what was painted, against its plate, against a style, in motion.

Every figure is a function of its own with its formula and source, in `fidelity`, `flip`,
`structure`, `texture`, `headroom` and `motion`; docs/metrics.md has them in one place. A bare name
(``flip``) compares with the truth, one with P (``msssimP``) with the plate, one with S (``gramS``)
with style pictures. A figure that cannot be had is left out, and a note says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura.errors import FrameError, ImageError
from velatura.image import drawing
from velatura.plate import flat
from velatura_training.encoding import display
from velatura_training.metrics import (
    brushmarks,
    fidelity,
    flip,
    highlights,
    notes,
    structure,
    texture,
)
from velatura_training.metrics.eyes import Eyes
from velatura_training.metrics.frames import SPACE, Frames, clean, listed, same_size
from velatura_training.metrics.motion import warp_error
from velatura_training.metrics.scores import Scores, Verdict

SMALLEST_STYLE = 32
"""Smallest side of a style picture, px: the backbones' strides see nothing below it."""


def evaluate(
    results: Frames,
    eyes: Eyes,
    truths: Frames | None = None,
    plates: Frames | None = None,
    styles: Sequence[Path] = (),
) -> Verdict:
    """Return the scores of a shot: of every truth frame, or of every result where there is none.

    Args:
        results: the finished pictures.
        eyes: what ``lpips``, ``gram`` and ``swd`` see with.
        truths: the painted frames to compare with.
        plates: the unstyled frames: for content, highlights and motion.
        styles: pictures painted in the wanted manner, of any motif.

    Raises:
        FrameError: a frame without a result or without a plate, or nothing to compare with.
        ImageError: sizes that differ, or an unreadable file.
    """
    if truths is None and plates is None and not styles:
        raise FrameError(
            "There is nothing to compare the result with",
            do="Name painted frames, the plate, or a style picture.",
        )
    frames = sorted((truths or results).files)
    for kind, pictures in (("result", results), ("plate", plates)):
        missing = [f for f in frames if pictures and f not in pictures.files]
        if missing:
            raise FrameError(
                f"No {kind} for frames {', '.join(map(str, missing))}",
                found=f"a {kind} for {listed(pictures.files)}" if pictures else None,
            )
    followed = plates is not None and plates.has_motion()
    scores, source, layers = {}, "", []
    for frame in frames:
        scores[frame], layer = _still(frame, results, eyes, truths, plates, styles)
        layers += [frame] if layer else []
        if followed and plates and {frame - 1} <= results.files.keys() & plates.files.keys():
            moving, source = _moving(frame, results, truths, plates)
            scores[frame] |= moving
    verdict = Verdict(eyes.label, scores, source)
    return verdict.noting(notes.of(verdict, truths, plates, followed, layers))


@torch.no_grad()
def compare(result: Tensor, truth: Tensor, eyes: Eyes) -> Scores:
    """Return one frame's scores against the truth.

    Args:
        result: ``(1, 3, H, W)`` scene-linear Rec.709; NaN counts as black.
        truth: the same of what was painted.
        eyes: what ``lpips``, ``gram`` and ``swd`` see with.
    """
    result, truth = clean(result), clean(truth)
    seen, wanted = display(result), display(truth)
    (places_y, texture_y), (places_t, texture_t) = eyes.see(seen), eyes.see(wanted)
    return {
        "l1log": fidelity.l1log(result, truth),
        "psnr": fidelity.psnr(seen, wanted),
        **_flip(seen, wanted),
        "lpips": fidelity.lpips(places_y, places_t),
        **_structure(seen, wanted),
        "gram": texture.gram_distance(texture_y, texture_t),
        "swd": texture.sliced_wasserstein(texture_y, texture_t),
        "sharp": fidelity.sharpness(seen, wanted),
    }


def against_plate(result: Tensor, plate: Tensor) -> Scores:
    """Return one frame's scores against its plate: content preservation, and HDR behaviour.

    Args:
        result: ``(1, 3, H, W)`` scene-linear Rec.709, NaN and Inf as they are in the file.
        plate: the same of the plate.
    """
    seen, unstyled = display(clean(result)), display(clean(plate))
    content = _structure(seen, unstyled)
    if not structure.edges(unstyled).any():
        del content["edge"]  # none to keep: 0 would be blame
    named = {f"{name}P": value for name, value in content.items()}
    named["emboss"] = brushmarks.emboss(seen, unstyled)
    return {**named, **highlights.measure(result, plate)}


@torch.no_grad()
def against_styles(result: Tensor, styles: Sequence[Path], eyes: Eyes) -> Scores:
    """Return how far a frame's textures are from those of style pictures: the mean over these.

    A style larger than the frame is scaled down to its longer side: strokes are compared as large
    as they would be if the frame were the canvas.

    Args:
        result: ``(1, 3, H, W)`` scene-linear Rec.709.
        styles: pictures of any size and format.
        eyes: what the figures see with.

    Raises:
        ImageError: an unreadable or tiny style picture.
    """
    longest = max(result.shape[2:])
    paintings = [display(_read_style(path, longest)) for path in styles]
    return beside(display(clean(result)), paintings, eyes)


@torch.no_grad()
def beside(shown: Tensor, paintings: Sequence[Tensor], eyes: Eyes) -> Scores:
    """Return how far a frame's textures are from those of paintings: the mean over these.

    Args:
        shown: ``(1, 3, H, W)`` display values.
        paintings: the same of each, as large as their strokes are wanted.
        eyes: what the figures see with.
    """
    seen, wanted = eyes.see(shown), [eyes.see(painting) for painting in paintings]
    scores = _manner("", seen[1], [maps for _, maps in wanted])
    if eyes.texture is not None:
        scores |= _manner("2", seen[0], [maps for maps, _ in wanted])
    return {
        **scores,
        "coherenceS": float(np.mean([brushmarks.coherence(shown, p) for p in paintings])),
        "lengthS": brushmarks.run_length(shown)
        / float(np.mean([brushmarks.run_length(p) for p in paintings])),
    }


def _manner(which: str, seen: Sequence[Tensor], wanted: Sequence[Sequence[Tensor]]) -> Scores:
    """Return how far some maps are from those of style pictures, as one pair of eyes has it."""
    return {
        f"gramS{which}": float(np.mean([texture.gram_distance(seen, maps) for maps in wanted])),
        f"swdS{which}": float(np.mean([texture.sliced_wasserstein(seen, maps) for maps in wanted])),
    }


def _still(
    frame: int,
    results: Frames,
    eyes: Eyes,
    truths: Frames | None,
    plates: Frames | None,
    styles: Sequence[Path],
) -> tuple[Scores, bool]:
    """Return a frame's scores without its neighbours, and whether its truth is a layer."""
    result, layer = results.read(frame), False
    scores: Scores = {}
    if truths is not None:
        truth = truths.truth(frame)
        layer = truth.layer
        same_size({results.path(frame): result, truths.path(frame): truth.light})
        scores |= compare(truth.cut(result), truth.cut(truth.light), eyes)
    if plates is not None:
        plate = plates.read(frame)
        same_size({results.path(frame): result, plates.path(frame): plate})
        scores |= against_plate(result, plate)
    if styles:
        scores |= against_styles(result, styles, eyes)
    return scores, layer


def _moving(
    frame: int, results: Frames, truths: Frames | None, plates: Frames
) -> tuple[Scores, str]:
    """Return how a frame follows from the one before, and how that was known."""
    motion = plates.motion(frame)
    if motion is None:
        return {}, ""
    sequences = {"ew": results, "ewTruth": truths, "ewPlate": plates}
    scores: Scores = {}
    for name, pictures in sequences.items():
        if pictures is None or {frame - 1, frame} - pictures.files.keys():
            continue
        before, now = (clean(pictures.read(f)) for f in (frame - 1, frame))
        error = warp_error(before, now, motion)
        if error is not None:
            scores[name] = error
    for ratio, whole in (("ewR", "ewTruth"), ("ewP", "ewPlate")):
        if scores.get(whole, 0) > 0:
            scores[ratio] = scores["ew"] / scores[whole]
    return scores, motion.source


def _flip(seen: Tensor, wanted: Tensor) -> Scores:
    return {"flip": flip.ldr(seen, wanted)} if flip.available() else {}


def _structure(seen: Tensor, wanted: Tensor) -> Scores:
    scores = {"edge": structure.edge_f1(seen, wanted)}
    similarity = structure.ms_ssim(seen, wanted)
    return scores if similarity is None else {"msssim": similarity, **scores}


def _read_style(path: Path, longest: int) -> Tensor:
    read = flat.read_rgb(path)
    height, width = read.rgb.shape[:2]
    if min(height, width) < SMALLEST_STYLE:
        raise ImageError(
            f"The style picture {path} is too small to see strokes in",
            found=f"{width}x{height}",
            do=f"At least {SMALLEST_STYLE} px a side are wanted.",
        )
    scale = min(1.0, longest / max(height, width))
    sides = (max(SMALLEST_STYLE, round(scale * side)) for side in (width, height))
    small = replace(read, rgb=drawing.resize(read.rgb, *sides))
    return clean(torch.from_numpy(small.light(SPACE))[None])
