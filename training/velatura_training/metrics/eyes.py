"""The networks that the figures see with, and which of their layers each figure looks at."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from velatura_training.losses.backbones import VGG19, Backbone

VGG_TEXTURE = (0, 2, 4)
"""Taps of VGG19 that its Gram figure is usually given on: relu1_1, relu2_1 and relu3_1."""


@dataclass(frozen=True)
class Eyes:
    """One backbone, or one for places and one for textures.

    Attributes:
        places: what ``lpips`` sees with, at all its taps.
        texture: what ``gram`` and ``swd`` see with; None for the same. All taps but for VGG19,
            see `VGG_TEXTURE`.
    """

    places: Backbone
    texture: Backbone | None = None

    @property
    def label(self) -> str:
        """Names and digests of the networks, for tables and cards."""
        if self.texture is None:
            return self.places.label
        return f"{self.places.label}; textures: {self.texture.label}"

    def see(self, shown: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return a display picture's maps for places, and those for textures."""
        maps = self.places(shown)
        texture = self.texture or self.places
        seen = maps if texture is self.places else texture(shown)
        return maps, [seen[i] for i in VGG_TEXTURE] if isinstance(texture, VGG19) else seen
