"""What two painters of one training make of a frame: the averaged one, and the latest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from velatura.carry.paint import Carry
from velatura.image.planes import FloatArray, Window
from velatura.scene.footage import Footage
from velatura.suggest.coverage import Reach
from velatura_training.data import carried_keys
from velatura_training.data.lesson import Lesson, unpainted
from velatura_training.encoding import encode, glaze
from velatura_training.network.generator import Generator


@dataclass(frozen=True)
class Opinion:
    """Two results for a frame, and where they lie.

    Attributes:
        averaged: ``(3, H, W)`` encoded light, of the painter that is exported.
        latest: the same of the painter as it was after the last step.
        window: the pixels of the frame that these are.
        display: those that the painted keys and the points of a reach are about.
    """

    averaged: Tensor
    latest: Tensor
    window: Window
    display: Window

    @property
    def apart(self) -> Tensor:
        """How far the two disagree, ``(H, W)``."""
        return (self.averaged - self.latest).abs().mean(0)

    def off(self, paint: Tensor) -> Tensor:
        """Return how far the averaged one is from paint over the display, ``(H, W)``.

        Args:
            paint: ``(3, H, W)`` encoded light; where it is black in all channels nothing was
                painted, and NaN is returned, as outside of it.
        """
        off = torch.full(self.averaged.shape[1:], math.nan)
        inside = self.window.common(self.display)
        here = inside.within(self.window)
        wanted = paint[:, *inside.within(self.display)]
        error = (self.averaged[:, *here] - wanted).abs().mean(0)
        off[here] = torch.where(wanted.sum(0) > 0, error, math.nan)
        return off

    def around(self, values: Tensor, reach: Reach) -> FloatArray:
        """Return ``(P,)`` means of ``(H, W)`` values around the points of a reach; NaN outside."""
        columns = np.floor(reach.u * self.display.width).astype(int) + self.display.x
        rows = np.floor(reach.v * self.display.height).astype(int) + self.display.y
        rows, columns = rows - self.window.y, columns - self.window.x
        side = max(1, self.display.width // len(reach.u)) | 1
        known = values.isfinite()
        planes = torch.stack([torch.where(known, values, 0.0), known.float()])[None]
        total, share = F.avg_pool2d(planes, side, 1, side // 2)[0]
        smooth = torch.where(known, total / share.clamp_min(1e-6), math.nan).numpy()
        fit = np.logical_and.outer(
            (rows >= 0) & (rows < self.window.height),
            (columns >= 0) & (columns < self.window.width),
        )
        near = np.ix_(rows.clip(0, self.window.height - 1), columns.clip(0, self.window.width - 1))
        return np.where(fit, smooth[near], np.float32(math.nan)).astype(np.float32).ravel()


@torch.no_grad()
def ask(
    painters: tuple[Generator, Generator],
    footage: Footage,
    frame: int,
    lesson: Lesson,
    carry: Carry | None,
    floor: float,
) -> Opinion:
    """Return what both painters make of a frame.

    Args:
        painters: the averaged one and the latest.
        footage: the shot.
        frame: its number.
        lesson: the passes and the space that they were taught with.
        carry: the painted keys that are carried into it; None for a free look.
        floor: of the gain law.

    Raises:
        ImageError, PassError: the frame cannot be read.
    """
    key = unpainted(footage, frame, lesson)
    if carry is not None:
        key = carried_keys.completed(key, carry, footage)
    light = key.plate[None]
    averaged, latest = (
        encode(glaze(light, _stops(painter, light, key.guides[None]), floor))[0]
        for painter in painters
    )
    return Opinion(averaged, latest, key.window, footage.display(frame))


def _stops(painter: Generator, light: Tensor, guides: Tensor) -> Tensor:
    """Return a painter's stops for a frame of any size."""
    height, width = light.shape[2:]
    wider = 0, -width % painter.alignment, 0, -height % painter.alignment
    given = [light, guides] if guides.shape[1] else [light]
    stops: Tensor = painter(*(F.pad(planes, wider, mode="replicate") for planes in given))
    return stops[..., :height, :width]
