"""Patches: what the painter learns from, a few at a time, cut from the painted keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from velatura.carry.paint import shown
from velatura_training.data.augment import Batch
from velatura_training.data.frame import Frame


def sample(
    frames: Sequence[Frame], patch: int, batch: int, rng: torch.Generator, device: torch.device
) -> Batch:
    """Return a batch of random patches, the frames drawn equally often.

    Args:
        frames: each at least ``patch`` px a side; an unpainted frame's paint is its plate.
        patch: side of a patch, px.
        batch: how many.
        rng: a CPU generator.
        device: where the patches go.
    """
    start = int(torch.randint(len(frames), (), generator=rng))
    crops = []
    for index in range(batch):
        frame = frames[(start + index) % len(frames)]
        top, left = (
            int(torch.randint(size - patch + 1, (), generator=rng))
            for size in frame.plate.shape[1:]
        )
        window = (..., slice(top, top + patch), slice(left, left + patch))
        crops.append((frame.plate[window], frame.guides[window], _paint(frame)[window]))
    plate, guides, paint = (torch.stack(planes).to(device) for planes in zip(*crops, strict=True))
    return Batch(_packed(plate), _packed(guides), _packed(paint))


def whole(frame: Frame, multiple: int, device: torch.device, most: int | None = None) -> Batch:
    """Return a frame as a batch of one, cut to multiples of ``multiple`` px for the painter.

    Args:
        frame: painted or not; an unpainted frame's paint is its plate.
        multiple: the painter's alignment, px.
        device: where it goes.
        most: longest side, px; larger frames give their centre.
    """
    tall, wide = frame.plate.shape[1:]
    height, width = (min(size, most or size) // multiple * multiple for size in (tall, wide))
    top, left = (tall - height) // 2, (wide - width) // 2
    window = (..., slice(top, top + height), slice(left, left + width))
    planes = (
        plane[window][None].to(device) for plane in (frame.plate, frame.guides, _paint(frame))
    )
    batch = Batch(*map(_packed, planes))
    if frame.cover is None:
        return batch
    seen = torch.from_numpy(shown(frame.cover[window].numpy()))
    return replace(batch, cover=seen[None, None].to(device))


def _paint(frame: Frame) -> Tensor:
    return frame.plate if frame.paint is None else frame.paint


def _packed(planes: Tensor) -> Tensor:
    return planes.contiguous(memory_format=torch.channels_last)


def about(place: float, side: int, whole: int) -> int:
    """Return where a window of ``side`` px begins whose middle is at a place, 0..1, if it can be.

    Places near the border give the window at the border: so the outer parts of a picture are seen
    nearly as often as its middle.
    """
    return min(max(round(place * whole - side / 2), 0), whole - side)
