"""What stands under the figures: which are missing, and why, and what is measured in part."""

from __future__ import annotations

from collections.abc import Sequence

from velatura_training.metrics import structure
from velatura_training.metrics.frames import NO_MOTION, Frames
from velatura_training.metrics.scores import Verdict


def of_pictures(verdict: Verdict) -> list[str]:
    """Return why figures of single pictures are missing."""
    names = verdict.mean.keys()
    notes = []
    if "edge" in names and "flip" not in names and "l1log" in names:
        notes.append("no flip: flip-evaluator is not installed")
    if {"edge", "emboss"} & names and not {"msssim", "msssimP"} & names:
        notes.append(f"no msssim: it wants frames of {structure.SMALLEST_SIDE} px and more a side")
    return notes


def of(
    verdict: Verdict,
    truths: Frames | None,
    plates: Frames | None,
    followed: bool,
    layers: Sequence[int],
) -> list[str]:
    """Return all that is to be said about a shot's figures.

    Args:
        verdict: the figures.
        truths: the painted frames.
        plates: the unstyled frames.
        followed: whether anything tells how the plates move.
        layers: the frames whose paint is a layer.
    """
    notes = of_pictures(verdict)
    if plates is None:
        notes.append("nothing about motion, highlights and content: the plate was not given")
    elif not followed:
        notes.append(f"nothing about motion: {NO_MOTION}")
    elif "ew" not in verdict.mean:
        notes.append("nothing about motion: it is known of no two frames in a row")
    elif truths is not None and "ewR" not in verdict.mean:
        notes.append("no ewR: no two frames of the truth lie in a row, or nothing in them changes")
    if layers:
        which = f"{'frame' if len(layers) == 1 else 'frames'} {', '.join(map(str, layers))}"
        notes.append(f"painted as layers, and measured over the plate where painted: {which}")
    return notes
