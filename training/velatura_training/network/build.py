"""Generators by name and size."""

from __future__ import annotations

from dataclasses import dataclass

from velatura_training.network.generator import Generator, Shape
from velatura_training.network.stroke_unet import StrokeUNet
from velatura_training.network.unet import ResNet, UNet


@dataclass(frozen=True)
class Size:
    """How large the generators of a tier are: see `UNet` and `ResNet`."""

    widths: tuple[int, int, int]
    stacks: tuple[int, int, int, int, int]
    width: int
    blocks: int


TIERS = {
    "draft": Size((16, 16, 32), (1, 1, 1, 1, 1), 16, 4),
    "standard": Size((16, 32, 64), (1, 1, 3, 1, 1), 32, 6),
    "fine": Size((32, 64, 96), (1, 2, 4, 1, 1), 64, 8),
}
"""``docs/learning.md`` has what each costs."""


def build(name: str, tier: str, shape: Shape) -> Generator:
    """Return the generator called ``unet``, ``resnet`` or ``brush``, in the size of a tier."""
    size = TIERS[tier]
    if name == "brush":
        return StrokeUNet(shape, size.widths, size.stacks)
    if name == "unet":
        return UNet(shape, size.widths, size.stacks)
    return ResNet(shape, size.width, size.blocks)
