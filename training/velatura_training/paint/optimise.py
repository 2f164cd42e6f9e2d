"""The painter with eyes: a key's pixels are moved until a network sees the paintings' manner in it.

Gatys et al. 2016, from strokes instead of noise, at half the size and then at the whole one:
Gram matrices of the paintings, and their places that are most like the key's. The drawing is held
by the features of the underpainting and by its means of 8 px. Paint that was carried from another
key stays where it is worth much (Ruder et al. 2016).
"""

from __future__ import annotations

import math
import time
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
from velatura_training.paint.likeness import Likeness, unlike
from velatura_training.paint.plate_light import resized
from velatura_training.paint.strokes import Canvas

SCALES = ((0.5, 2.0), (1.0, 1.0))
"""Sizes that are optimised, and how many times the rounds each gets: half size costs a quarter."""

SMALL = 1 / 3
"""Part of a key's time that goes into half its size, where time is short: as the rounds have it."""

FEWEST = 10
"""Rounds below which eyes only disturb strokes (courtyard, two minutes of a busy machine: gram .2
for .14): where there was no time for so many, strokes stay as they were."""

STYLE = 100.0
"""Pull of the Gram matrices."""

LIKE, RENEWED = 5.0, 20
"""Pull of the places of the paintings that are most like those of the key, and after how many
rounds they are looked for anew. Without it strokes are mottled; with it alone gram is .157."""

DRAWING, BROAD = 1.0, 10.0
"""Pull of the underpainting's shapes, and of its means of `CELL` px, at ``hold`` 1."""

TINT = 300.0
"""Pull of the colours that it began with: these eyes see brightness better than hue, and left alone
they set single pixels of red and green."""

CELL = 8
"""Side of the means that are held, px."""

KEPT, TOUCH = 40.0, 0.03
"""Pull of carried paint where all of it stays, and by how much it may change there at most, display
values: strokes keep their places, and become as crisp again as before they were carried."""

SMOOTH = 6.0
"""Pull against noise of single pixels: total variation. With .5 the eyes see the same and paint
loses more of its crispness when it is carried between pixels (3.7 against 3.2 % of a stop's
encoding at half a pixel); with 16 it becomes blurred."""

RATE = 0.03
"""Adam's step, display values; it falls to a tenth."""

AROUND = 4
"""The picture is mirrored by so many px all around, and what lies there is not counted: without
it the zeros beyond would be answered with a pale frame."""

FRAMED = 8
"""Every so many rounds it is seen as it is, zeros beyond it, as whoever judges it sees it. Every
fourth would grey a rim of 4 px; none at all costs .035 of gram, and is not seen."""


@dataclass(frozen=True)
class Optimiser:
    """Eyes, and what they have seen of the paintings.

    Attributes:
        eyes: the network.
        grams: by scale the mean Gram matrix of each of its taps.
        places: by scale what places of the paintings look like.
        rounds: at full size.
        hold: 0..1, how much of the drawing stays.
    """

    eyes: Backbone
    grams: dict[float, list[Tensor]]
    places: dict[float, Likeness]
    rounds: int
    hold: float

    @classmethod
    def of(
        cls, eyes: Backbone, paintings: Sequence[FloatArray], rounds: int, hold: float
    ) -> Optimiser:
        """Return the optimiser towards some paintings, ``(H, W, 3)`` display values each."""
        grams: dict[float, list[Tensor]] = {}
        places: dict[float, Likeness] = {}
        for scale, _ in SCALES:
            sized = [_planes(_scaled(painting, scale)) for painting in paintings]
            seen = [_seen(eyes, planes) for planes in sized]
            places[scale] = Likeness.of(seen, sized[0].shape[3])
            each = [[terms.gram(tap) for tap in taps] for taps in seen]
            grams[scale] = [torch.stack(taps).mean(0) for taps in zip(*each, strict=True)]
        return cls(eyes, grams, places, rounds, hold)

    def refined(
        self,
        paint: FloatArray,
        wanted: FloatArray,
        kept: Canvas | None = None,
        above: FloatArray | None = None,
        seconds: float = math.inf,
    ) -> FloatArray:
        """Return a key with more of the paintings' manner.

        Args:
            paint: ``(H, W, 3)`` display values to begin with.
            wanted: the underpainting, the same: what is drawn.
            kept: paint that stays where its worth is 1.
            above: ``(H, W, 3)`` by how much paint will be lit up where the plate is above white:
                the eyes look at what a screen will show. None for nowhere.
            seconds: that it may take; then there are fewer rounds.
        """
        ends = time.perf_counter() + seconds
        lift = np.ones_like(paint) if above is None else above
        height, width = paint.shape[:2]
        for scale, times in SCALES:
            small = _scaled(paint, scale)
            hold = None
            if kept is not None:
                worth = torch.from_numpy(_scaled(kept.worth, scale).copy())[None, None]
                hold = _planes(_scaled(kept.paint, scale)), worth
            drawn, lifts = _scaled(wanted, scale), _planes(_scaled(lift, scale))
            until = ends if scale == 1 else ends - (1 - SMALL) * seconds
            number = round(times * self.rounds)
            moved = self._moved(small, drawn, lifts, scale, (number, until), hold)
            # Only what has changed is scaled up: what was painted fine stays fine.
            paint = np.clip(paint + resized(moved - small, height, width), 0, 1)
        return paint

    def _moved(
        self,
        begin: FloatArray,
        wanted: FloatArray,
        lift: Tensor,
        scale: float,
        most: tuple[int, float],
        kept: tuple[Tensor, Tensor] | None,
    ) -> FloatArray:
        planes, drawn = _planes(begin).requires_grad_(), _planes(wanted)
        with torch.no_grad():
            shapes = _seen(self.eyes, _lit(drawn, lift))[-1]
        rng = np.random.default_rng(0)
        first_tint = (planes - planes.mean(1, keepdim=True)).detach()
        adam = torch.optim.Adam([planes], lr=RATE)
        (rounds, until), begun = most, time.perf_counter()
        looked, width = 0, planes.shape[3]
        least, largest = _bounds(kept)
        for number in range(rounds):
            used = max(number / rounds, (time.perf_counter() - begun) / max(until - begun, 1e-3))
            if used >= 1 and number > 0:
                if number < FEWEST:
                    return begin
                break
            adam.param_groups[0]["lr"] = RATE * (1 - 0.9 * min(1, used))
            adam.zero_grad()
            moved = number % 2 == 1 and scale == 1  # by a part of a px, as carried paint is
            screen = _lit(planes, lift)
            framed = number % FRAMED == FRAMED - 2
            if framed:
                taps = self.eyes(screen)
            else:
                taps = _seen(self.eyes, _shifted(screen, *rng.random(2)) if moved else screen)
            pull = STYLE * _style(taps, self.grams[scale])
            if not framed:
                if looked % RENEWED == 0:
                    wanted_places = self.places[scale].nearest(taps, width)
                looked += 1
                pull = pull + LIKE * unlike(taps, wanted_places, width)
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
            with torch.no_grad():
                planes.clamp_(least, largest)
        done: FloatArray = planes.detach().clamp(0, 1)[0].numpy().transpose(1, 2, 0)
        return np.ascontiguousarray(done)


def _bounds(kept: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
    """Return the least and the largest values that carried paint leaves to a key."""
    if kept is None:
        return torch.tensor(-math.inf), torch.tensor(math.inf)
    limit = TOUCH + 1 - kept[1]
    return kept[0] - limit, kept[0] + limit


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
