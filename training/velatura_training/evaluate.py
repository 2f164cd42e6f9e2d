"""How close a result comes to what the painter would have painted: figures for held-out frames.

Per frame, with ``y`` the result and ``t`` the truth:

- ``l1log``: ``mean |E(y) - E(t)|`` with ``E(x) = log2(1 + 128 x) / 8``; sees highlights. 0 is best.
- ``psnr``: in dB, on display values (sRGB curve, 0..1). More is better.
- ``lpips``: mean over the backbone's taps of ``1 - cos(F_l(y), F_l(t))`` per pixel: LPIPS (Zhang et
  al. 2018) with uniform heads, averaged over the taps and halved (``|a - b|^2 = 2 - 2 cos`` of unit
  vectors). Its numbers are its own; they depend on the backbone, which is always named beside them.
  0 is best.
- ``gram``: mean over taps of ``|G_l(y) - G_l(t)| / |G_l(t)|`` (Frobenius): texture. 0 is best.
- ``sharp``: mean gradient magnitude of ``y`` over that of ``t``, display values. 1 is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from velatura import colour, picture
from velatura.errors import FrameError, ImageError
from velatura_training import losses
from velatura_training.encoding import display, encode
from velatura_training.perceptual import Backbone

Scores = dict[str, float]

SPACE = "lin_rec709_scene"
"""Pictures are compared as a Rec.709 screen would show them."""


@dataclass(frozen=True)
class Verdict:
    """Scores of a shot, frame by frame.

    Attributes:
        backbone: which eyes ``lpips`` and ``gram`` used.
        frames: scores by frame number.
    """

    backbone: str
    frames: Mapping[int, Scores]

    @property
    def mean(self) -> Scores:
        """The mean of each score over all frames."""
        rows: Sequence[Scores] = list(self.frames.values())
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def evaluate(
    results: Mapping[int, Path], truths: Mapping[int, Path], backbone: Backbone
) -> Verdict:
    """Return the scores of every truth frame.

    Args:
        results: pictures by frame number; any format, in the colour space their metadata tell.
        truths: the painted frames to compare with.
        backbone: the eyes of ``lpips`` and ``gram``.

    Raises:
        FrameError: a truth without a result, or no truth at all.
        ImageError: sizes that differ, or an unreadable file.
    """
    missing = sorted(truths.keys() - results.keys())
    if missing or not truths:
        raise FrameError(
            f"No result for painted frames {', '.join(map(str, missing)) or '(there are none)'}",
            found=f"results for {', '.join(map(str, sorted(results))) or 'no frame'}",
        )
    scores = {f: compare(*_read_pair(results[f], truths[f]), backbone) for f in sorted(truths)}
    return Verdict(backbone.label, scores)


@torch.no_grad()
def compare(result: Tensor, truth: Tensor, backbone: Backbone) -> Scores:
    """Return the scores of one frame; both ``(1, 3, H, W)`` scene-linear Rec.709."""
    seen, wanted = display(result), display(truth)
    maps = list(zip(backbone(seen), backbone(wanted), strict=True))
    return {
        "l1log": float(losses.l1(encode(result), encode(truth))),
        "psnr": float(-10 * torch.log10((seen - wanted).square().mean().clamp_min(1e-10))),
        "lpips": float(torch.stack([_cosine_distance(y, t) for y, t in maps]).mean()),
        "gram": float(torch.stack([_gram_distance(y, t) for y, t in maps]).mean()),
        "sharp": float(_gradient(seen) / _gradient(wanted).clamp_min(1e-8)),
    }


def _cosine_distance(y: Tensor, t: Tensor) -> Tensor:
    similarity: Tensor = torch.cosine_similarity(y, t, dim=1, eps=1e-8)
    distance: Tensor = 1 - similarity.mean()
    return distance


def _gram_distance(y: Tensor, t: Tensor) -> Tensor:
    gram_y, gram_t = losses.gram(y), losses.gram(t)
    distance: Tensor = torch.linalg.norm(gram_y - gram_t)
    size: Tensor = torch.linalg.norm(gram_t).clamp_min(1e-8)
    return distance / size


def _gradient(shown: Tensor) -> Tensor:
    """Return the mean gradient magnitude of ``(N, C, H, W)``, forward differences."""
    down = shown[..., 1:, :-1] - shown[..., :-1, :-1]
    across = shown[..., :-1, 1:] - shown[..., :-1, :-1]
    return (down.square() + across.square()).sqrt().mean()


def _read_pair(result: Path, truth: Path) -> tuple[Tensor, Tensor]:
    pair = _read(result), _read(truth)
    if pair[0].shape != pair[1].shape:
        sizes = " and ".join(f"{t.shape[3]}x{t.shape[2]}" for t in pair)
        raise ImageError(f"{result} and {truth} differ in size", found=sizes)
    return pair


def _read(path: Path) -> Tensor:
    read = picture.read_rgb(path)
    planes = np.ascontiguousarray(read.rgb.transpose(2, 0, 1))
    return torch.from_numpy(np.nan_to_num(colour.convert(planes, read.space, SPACE)))[None]
