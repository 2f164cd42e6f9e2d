"""Where a result is worst, middling and best: a sheet of pictures for whoever must decide."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import Tensor

from velatura.image import drawing
from velatura.image.planes import FloatArray
from velatura.plate import colour
from velatura.report import contact_sheet
from velatura_training.encoding import display, encode
from velatura_training.metrics import flip
from velatura_training.metrics.frames import SPACE, Frames, clean
from velatura_training.metrics.scores import Scores, Verdict

WIDEST = 640
"""Width of a picture on the sheet, px; larger ones are scaled down."""

JUDGED_BY = ("flip", "l1log", "gramS")
"""The figure that says which frame is worst: the first of these that the verdict has."""

SHOWN = ("flip", "l1log", "lpips", "gram", "msssimP", "edgeP", "gramS", "ewR")
"""Figures written over a row."""


def write(
    path: Path, verdict: Verdict, results: Frames, truths: Frames | None, plates: Frames | None
) -> None:
    """Write plate, result, truth and heat map of the worst, the median and the best frame.

    The heat map shows where an eye notices that result and truth differ (FLIP): black is nowhere,
    then violet, orange, light yellow. Without a truth it is against the plate, and shows what the
    look changes.

    Args:
        path: the PNG.
        verdict: the scores.
        results: the finished pictures.
        truths: the painted frames.
        plates: the unstyled frames.

    Raises:
        StorageError: the file cannot be written.
    """
    columns = {"plate": plates, "result": results, "truth": truths}
    there = {name: frames for name, frames in columns.items() if frames is not None}
    wanted = truths or plates
    titles = list(there)
    if wanted is not None:
        titles.append("error (FLIP)" if wanted is truths else "change (FLIP)")
    rows, labels = [], []
    for words, frame in chosen(verdict.frames).items():
        pictures = [clean(frames.read(frame)) for frames in there.values()]
        row = [_small(_linear(p)) for p in pictures]
        if wanted is not None:
            row.append(_small(_heat(clean(results.read(frame)), clean(wanted.read(frame)))))
        rows.append(row)
        labels.append(f"{words}: frame {frame}    {_figures(verdict.frames[frame])}")
    contact_sheet.write(path, rows, SPACE, titles, labels)


def chosen(frames: Mapping[int, Scores]) -> dict[str, int]:
    """Return the worst, the median and the best frame, by the first figure of `JUDGED_BY`.

    Where there is none, the first, the middle and the last one; fewer where there are fewer frames.
    """
    numbers = sorted(frames)
    judge = next((n for n in JUDGED_BY if all(n in frames[f] for f in numbers)), None)
    names = ("first", "middle", "last")
    if judge is not None:
        numbers.sort(key=lambda f: frames[f][judge], reverse=True)
        names = ("worst", "median", "best")
    places = {names[0]: 0, names[1]: len(numbers) // 2, names[2]: len(numbers) - 1}
    picked: dict[str, int] = {}
    for name, place in places.items():
        if numbers[place] not in picked.values():
            picked[name] = numbers[place]
    return picked


def _figures(scores: Scores) -> str:
    return "   ".join(f"{name} {scores[name]:.3f}" for name in SHOWN if name in scores)


def _linear(light: Tensor) -> FloatArray:
    planes: FloatArray = light[0].permute(1, 2, 0).cpu().numpy()
    return planes


def _small(linear: FloatArray) -> FloatArray:
    height, width = linear.shape[:2]
    if width <= WIDEST:
        return linear
    return drawing.resize(linear, WIDEST, max(1, round(height * WIDEST / width)))


def _heat(result: Tensor, wanted: Tensor) -> FloatArray:
    """Return the heat map as light, so that the sheet shows its colours as they are."""
    if flip.available():
        shown = flip.heat(display(result), display(wanted))
    else:
        error = (encode(result) - encode(wanted)).abs().mean(1)[0].cpu().numpy()
        shown = np.repeat(np.clip(error[..., None], 0, 1), 3, -1)
    planes = np.ascontiguousarray(shown.transpose(2, 0, 1), np.float32)
    return colour.convert(planes, colour.PAINTED, SPACE).transpose(1, 2, 0)
