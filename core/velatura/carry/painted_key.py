"""A painted frame, as it is carried into others: its paint, and what that lies on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from velatura.image import doubled
from velatura.image.doubled import Codes
from velatura.image.planes import FloatArray
from velatura.image.silhouettes import inner, spread
from velatura.plate.encoding import encoded
from velatura.scene.camera import Camera
from velatura.scene.gbuffer import MARGIN, UNKNOWN, Bools, Indices, Sight
from velatura.scene.tracks import Tracks

CODES = 65535 / 3.0
"""Codes per unit of encoded light, where that is kept in 16 bits; 65504 lies at 2.88."""

LARGEST = 2048 * 1556
"""Pixels of a key that takes memory for time, 40 bytes a px more: 2K, full aperture. The keys of 4K
looks do not: three would take 800 MB."""

Marks = npt.NDArray[np.uint32]

_STEP = 4.0  # footprints of a step in depth at which a surface ends

BARE = np.uint16(UNKNOWN - 1)
"""Index of the pixels of a key where nothing was painted."""


@dataclass(frozen=True)
class Key:
    """A painted frame, as it is carried. All planes cover the display window.

    Attributes:
        frame: its number.
        paint: ``(3, H, W)`` float32, encoded light in the look's colour space.
        index: ``(H, W)``: which object the paint lies on, 0 the background.
        depth: ``(H, W)`` float32: distance along the view axis, scene units; None without cameras.
        rim: ``(H, W)``: where the paint is beside an edge of or within an object, and may be ink.
        cover: ``(H, W)`` float32, 0..1: how much of each pixel was painted; None where all was.
    """

    frame: int
    paint: FloatArray
    index: Indices
    depth: FloatArray | None
    rim: Bools
    cover: FloatArray | None = None

    @cached_property
    def doubled(self) -> Codes | None:
        """`paint` in 16-bit `CODES`, doubled; None where it is too large: see `LARGEST`."""
        if self.index.size > LARGEST:
            return None
        return doubled.doubled(np.rint(self.paint * np.float32(CODES)).astype(np.uint16))

    @cached_property
    def bordered(self) -> Indices:
        """`index` with its outermost pixels repeated by what squares around them reach beyond."""
        return np.pad(self.index, MARGIN + 1, mode="edge")

    @cached_property
    def marks(self) -> Marks:
        """``(H, W)``: twice the `index`, and 1 more on a `rim`, so that both are read at once."""
        marks: Marks = self.index.astype(np.uint32)
        marks *= np.uint32(2)
        marks += self.rim
        return marks

    @cached_property
    def alike(self) -> bool:
        """Whether all of its pixels show one thing, and no edge, as without passes."""
        return bool((self.index == self.index[0, 0]).all()) and not bool(self.rim.any())

    @cached_property
    def depths(self) -> FloatArray | None:
        """``(H - 1, W - 1, 2)``: least and most of the four depths around a place between pixels.

        None without `depth`, and where it is too large: see `LARGEST`.
        """
        if self.depth is None or self.index.size > LARGEST:
            return None
        upper, lower = self.depth[:-1], self.depth[1:]
        corners = upper[:, :-1], upper[:, 1:], lower[:, :-1], lower[:, 1:]
        return np.stack([np.minimum.reduce(corners), np.maximum.reduce(corners)], axis=-1)

    @classmethod
    def of(
        cls,
        frame: int,
        light: FloatArray,
        sight: Sight,
        tracks: Tracks,
        cover: FloatArray | None = None,
    ) -> Key:
        """Return a key from its painted light and its frame's sight, both over the display window.

        Args:
            frame: its number.
            light: ``(3, H, W)`` scene-linear; NaN where nothing was painted.
            sight: the whole frame's.
            tracks: the shot's.
            cover: how much of each pixel was painted; None where all was.
        """
        index = np.where(np.isfinite(light).all(axis=0), sight.index(tracks.objects), BARE)
        rim = ~inner(index, MARGIN)
        camera = tracks.cameras[tracks.frames.index(frame)]
        depth = None
        if camera is not None and sight.position is not None:
            depth = camera.project(sight.position)[2]
            rim |= spread(steps(depth, camera, sight.across), MARGIN - 1)
        return cls(frame, encoded(np.nan_to_num(light)), index, depth, rim, cover)


def steps(depth: FloatArray, camera: Camera, width: int) -> Bools:
    """Return ``(H, W)``: where a surface ends before another: there is a step in its depth.

    Seen by a pinhole, the inverse depth of a plane is a straight line across the picture. The
    outermost pixels have none.

    Args:
        depth: ``(H, W)`` distance along the camera's axis, scene units.
        camera: the frame's.
        width: of the whole picture, px.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.float32(_STEP) * camera.footprint(depth, width)
        if camera.perspective:
            depth = np.float32(1) / depth
            height *= depth * depth
        found = np.zeros(depth.shape, bool)
        for lines, ends, most in ((depth, found, height), (depth.T, found.T, height.T)):
            bent = np.abs(lines[2:] - 2 * lines[1:-1] + lines[:-2])
            ends[1:-1] |= bent > most[1:-1]
    return found
