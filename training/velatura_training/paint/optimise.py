"""The painter with eyes: a key's pixels are moved until a network sees the paintings' manner in it.

Gatys et al. 2016, from strokes instead of noise, at half the size and then at the whole one:
Gram matrices of the paintings, and the drawing held by the features of the underpainting and by its
means of 8 px. Paint that was carried from another key stays where it is worth much (Ruder et al.
2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from velatura.image.planes import FloatArray
from velatura.image.sampling import cubic_weights
from velatura_training.encoding import display, light_of
from velatura_training.losses import terms
from velatura_training.losses.backbones import Backbone
from velatura_training.paint.plate_light import resized
from velatura_training.paint.strokes import Canvas

SCALES = ((0.5, 2.0), (1.0, 1.0))
"""Sizes that are optimised, and how many times the rounds each gets: half size costs a quarter."""

STYLE = 100.0
"""Pull of the Gram matrices."""

DRAWING, BROAD = 1.0, 10.0
"""Pull of the underpainting's shapes, and of its means of `CELL` px, at ``hold`` 1."""

TINT = 300.0
"""Pull of the colours that it began with: these eyes see brightness better than hue, and left alone
they set single pixels of red and green."""

CELL = 8
"""Side of the means that are held, px."""

KEPT, TOUCH = 40.0, 0.06
"""Pull of carried paint where all of it stays, and by how much it may change there at most, display
values: strokes keep their places, and become as crisp again as before they were carried."""

SMOOTH = 0.5
"""Pull against noise of single pixels: total variation."""

RATE = 0.03
"""Adam's step, display values; it falls to a tenth."""

AROUND = 4
"""The picture is mirrored by so many px all around, and what lies there is not counted: without
it the zeros beyond would be answered with a pale frame."""


@dataclass(frozen=True)
class Optimiser:
    """Eyes, and what they have seen of the paintings.

    Attributes:
        eyes: the network.
        grams: by scale the mean Gram matrix of each of its taps.
        rounds: at full size.
        hold: 0..1, how much of the drawing stays.
    """

    eyes: Backbone
    grams: dict[float, list[Tensor]]
    rounds: int
    hold: float

    @classmethod
    def of(
        cls, eyes: Backbone, paintings: Sequence[FloatArray], rounds: int, hold: float
    ) -> Optimiser:
        """Return the optimiser towards some paintings, ``(H, W, 3)`` display values each."""
        grams: dict[float, list[Tensor]] = {}
        for scale, _ in SCALES:
            seen = [_seen(eyes, _planes(_scaled(painting, scale))) for painting in paintings]
            each = [[terms.gram(tap) for tap in taps] for taps in seen]
            grams[scale] = [torch.stack(taps).mean(0) for taps in zip(*each, strict=True)]
        return cls(eyes, grams, rounds, hold)

    def refined(
        self,
        paint: FloatArray,
        wanted: FloatArray,
        kept: Canvas | None = None,
        above: FloatArray | None = None,
    ) -> FloatArray:
        """Return a key with more of the paintings' manner.

        Args:
            paint: ``(H, W, 3)`` display values to begin with.
            wanted: the underpainting, the same: what is drawn.
            kept: paint that stays where its worth is 1.
            above: ``(H, W, 3)`` by how much paint will be lit up where the plate is above white:
                the eyes look at what a screen will show. None for nowhere.
        """
        lift = np.ones_like(paint) if above is None else above
        height, width = paint.shape[:2]
        for scale, times in SCALES:
            small = _scaled(paint, scale)
            hold = None
            if kept is not None:
                worth = torch.from_numpy(_scaled(kept.worth, scale).copy())[None, None]
                hold = _planes(_scaled(kept.paint, scale)), worth
            drawn, lifts = _scaled(wanted, scale), _planes(_scaled(lift, scale))
            moved = self._moved(small, drawn, lifts, scale, round(times * self.rounds), hold)
            # Only what has changed is scaled up: what was painted fine stays fine.
            paint = np.clip(paint + resized(moved - small, height, width), 0, 1)
        return paint

    def _moved(
        self,
        begin: FloatArray,
        wanted: FloatArray,
        lift: Tensor,
        scale: float,
        rounds: int,
        kept: tuple[Tensor, Tensor] | None,
    ) -> FloatArray:
        planes, drawn = _planes(begin).requires_grad_(), _planes(wanted)
        with torch.no_grad():
            shapes = _seen(self.eyes, _lit(drawn, lift))[-1]
        rng = np.random.default_rng(0)
        first_tint = (planes - planes.mean(1, keepdim=True)).detach()
        adam = torch.optim.Adam([planes], lr=RATE)
        for number in range(rounds):
            adam.param_groups[0]["lr"] = RATE * (1 - 0.9 * number / rounds)
            adam.zero_grad()
            moved = number % 2 == 1 and scale == 1  # by a part of a px, as carried paint is
            screen = _lit(planes, lift)
            taps = _seen(self.eyes, _shifted(screen, *rng.random(2)) if moved else screen)
            pull = STYLE * _style(taps, self.grams[scale])
            pull = pull + self.hold * DRAWING * terms.shapes(taps[-1], shapes)
            tint = (planes - planes.mean(1, keepdim=True)) - first_tint
            pull = pull + TINT * F.avg_pool2d(tint, 3, 1).square().mean()
            broad = F.avg_pool2d(planes, CELL, CELL // 2) - F.avg_pool2d(drawn, CELL, CELL // 2)
            pull = pull + self.hold * BROAD * broad.square().mean()
            pull = pull + SMOOTH * terms.total_variation(planes)
            pull = pull + 100 * (planes - planes.clamp(0, 1)).square().mean()
            if kept is not None:
                pull = pull + KEPT * (kept[1] * (planes - kept[0]).abs()).mean()
            pull.backward()  # type: ignore[no-untyped-call]
            adam.step()
            if kept is not None:
                most = TOUCH + 1 - kept[1]
                with torch.no_grad():
                    planes.clamp_(kept[0] - most, kept[0] + most)
        done: FloatArray = planes.detach().clamp(0, 1)[0].numpy().transpose(1, 2, 0)
        return np.ascontiguousarray(done)


def _style(taps: Sequence[Tensor], grams: Sequence[Tensor]) -> Tensor:
    """Return how far some taps' Gram matrices are from the paintings'."""
    off = [
        (terms.gram(tap) - gram).square().sum() / gram.square().sum()
        for tap, gram in zip(taps, grams, strict=True)
    ]
    return torch.stack(off).mean()


def _lit(planes: Tensor, lift: Tensor) -> Tensor:
    """Return what a screen shows of paint whose light is multiplied."""
    return display(light_of(planes) * lift)


def _shifted(planes: Tensor, right: float, down: float) -> Tensor:
    """Return a picture read between its pixels, 0..1 px further, as carried paint is read."""
    channels = planes.shape[1]
    across, along = (
        torch.from_numpy(np.stack(cubic_weights(np.array([part], np.float32)))).to(planes)
        for part in (right, down)
    )
    wide = F.pad(planes, (1, 2, 1, 2), mode="reflect")
    wide = F.conv2d(wide, across.view(1, 1, 1, 4).expand(channels, 1, 1, 4), groups=channels)
    return F.conv2d(wide, along.view(1, 1, 4, 1).expand(channels, 1, 4, 1), groups=channels)


def _seen(eyes: Backbone, planes: Tensor) -> list[Tensor]:
    """Return the maps of a picture and nothing around it: textures are counted once."""
    around = F.pad(planes, (AROUND,) * 4, mode="reflect")
    inner = []
    for tap in eyes(around):
        rows, columns = tap.shape[2:]
        rim = round(AROUND * columns / around.shape[3])
        inner.append(tap[..., rim : rows - rim, rim : columns - rim])
    return inner


def _scaled(pixels: FloatArray, scale: float) -> FloatArray:
    height, width = pixels.shape[:2]
    return resized(pixels, max(1, round(height * scale)), max(1, round(width * scale)))


def _planes(shown: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)))[None]
