"""The underpainting: what a picture shall look like before any stroke is set.

The footage's colours are moved to the paintings' by one linear map for the whole shot, then region
by region where object ids tell regions, and forms are brought out: a painter exaggerates them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from velatura.image.planes import FloatArray
from velatura_training.data.colour_transfer import Palette
from velatura_training.paint.tangents import blurred

Objects = npt.NDArray[np.uint32]

KIN = 0.15
"""Part of the paintings' colours that a region's own are moved to: those nearest to them."""

OWN = 0.5
"""How far a region goes from the whole shot's colours to those."""

SPREAD = 0.9, 1.5
"""By how much a region's contrast may change: colours that are kin spread little, and a chequered
floor must not turn into one."""

SMALLEST = 0.01
"""Part of a frame from which on a region counts as one."""

FORMS = (1.0, 10.0)
"""Deviations of the two Gaussians between which forms lie, px; below it is the plate's grain."""

FORCE = 2.0
"""By how much forms are brought out at ``hold`` 1: their contrast is that many times more, plus
once."""

COLOURS = 20000
"""Colours by which the paintings are known to regions."""


@dataclass(frozen=True)
class Underpainting:
    """How the colours of a shot are moved.

    Attributes:
        whole: the map for all of it.
        regions: by object id the map for what the first one has made of an object.
        hold: 0..1, how much of the drawing stays.
    """

    whole: Palette
    regions: dict[int, Palette] = field(default_factory=dict)
    hold: float = 0.3

    @classmethod
    def of(
        cls,
        frames: Sequence[FloatArray],
        objects: Sequence[Objects | None],
        paintings: Sequence[FloatArray],
        hold: float,
    ) -> Underpainting:
        """Return the map for a shot.

        Args:
            frames: some of its frames, ``(H, W, 3)`` display values.
            objects: the object ids of each, ``(H, W)``; None without.
            paintings: ``(H, W, 3)`` display values.
            hold: how much of the drawing stays.
        """
        wanted = np.concatenate([p.reshape(-1, 3) for p in paintings])
        seen = np.concatenate([f.reshape(-1, 3) for f in frames])
        whole = Palette.between(_columns(seen), _columns(wanted))
        some = wanted[:: max(1, len(wanted) // COLOURS)]
        regions: dict[int, list[FloatArray]] = {}
        for frame, ids in zip(frames, objects, strict=True):
            if ids is None:
                continue
            moved = _moved(frame, whole)
            numbers, counts = np.unique(ids, return_counts=True)
            for number in numbers[counts > SMALLEST * ids.size]:
                regions.setdefault(int(number), []).append(moved[ids == number])
        maps = {number: _kin(np.concatenate(parts), some) for number, parts in regions.items()}
        return cls(whole, maps, hold)

    def __call__(self, shown: FloatArray, objects: Objects | None) -> FloatArray:
        """Return the underpainting of a frame, ``(H, W, 3)`` display values.

        Args:
            shown: the frame, the same.
            objects: its object ids ``(H, W)``; None without.
        """
        moved = _moved(shown, self.whole)
        if objects is not None:
            for number, palette in self.regions.items():
                there = objects == number
                if there.any():
                    own = _moved(moved[there][None], palette)[0]
                    moved[there] = (1 - OWN) * moved[there] + OWN * own
        forms = blurred(moved, FORMS[0]) - blurred(moved, FORMS[1])
        return np.clip(moved + np.float32(FORCE * self.hold) * forms, 0, 1)


def _kin(colours: FloatArray, paint: FloatArray) -> Palette:
    """Return the map from a region's colours to those of the paintings that are nearest to them."""
    apart = ((paint - colours.mean(0)) ** 2).sum(1)
    near = paint[np.argsort(apart)[: max(16, round(KIN * len(paint)))]]
    return Palette.between(_columns(colours), _columns(near)).limited(*SPREAD)


def _moved(shown: FloatArray, palette: Palette) -> FloatArray:
    planes = torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)))[None]
    return np.ascontiguousarray(palette(planes)[0].numpy().transpose(1, 2, 0))


def _columns(colours: FloatArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(colours.T))
