"""How a plate is read, where its own channel names and metadata do not say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """How the plates of a shot are read. All empty: by the usual names and the metadata.

    Attributes:
        layer: the beauty's layer, see `velatura.plate.beauty.pick_beauty`.
        passes: the guides' layers, as `velatura.plate.passes.parse_overrides` takes them.
        space: the plate's colour space.
        config: the OCIO config that names it; empty: $OCIO, else the built-in one.
        premultiplied: whether the beauty is multiplied by its alpha: "yes", "no", or "auto" for
            what the format has: EXR is, PNG, TIFF and movies say it themselves.
    """

    layer: str = ""
    passes: str = ""
    space: str = ""
    config: str = ""
    premultiplied: str = "auto"
