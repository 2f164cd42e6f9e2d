"""What one frame's passes tell about where things are and how they move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray, Window
from velatura.image.silhouettes import inner
from velatura.plate.plate import Plate
from velatura.scene import camera
from velatura.scene.camera import Camera, Doubles

Bools = npt.NDArray[np.bool_]

MARGIN = 2
"""Paint this near to an object's edge is beside it, px: ink belongs to its frame's outlines."""

Indices = npt.NDArray[np.uint16]
"""A number for each object of a shot: 0 is the background."""


@dataclass(frozen=True)
class Sight:
    """The passes of a frame, or of some rows and columns of it.

    Attributes:
        u: ``(W,)`` place of each column across the display window, 0..1 inside it.
        v: ``(H,)`` place of each row down the display window.
        position: ``(3, H, W)`` float32, world, scene units, 0 where nothing is; None without one.
        vector: ``(4, H, W)`` float32, as Blender stores motion, px; None without one.
        objects: ``(H, W)`` uint32 object numbers, 0 for none; None without one.
    """

    u: Doubles
    v: Doubles
    position: FloatArray | None
    vector: FloatArray | None
    objects: npt.NDArray[np.uint32] | None

    @classmethod
    def of(cls, plate: Plate, window: Window, *, motion: bool) -> Sight:
        """Return what a plate's passes tell inside ``window``.

        Args:
            plate: its beauty's display window is the picture.
            window: the pixels that are wanted.
            motion: whether the vectors are wanted: carrying paint takes none once a shot is known.

        Raises:
            PassError: as `velatura.plate.passes.Guides.read`.
        """
        wanted = ("position", "vector") if motion else ("position",)
        found = plate.guides.read(wanted, window)
        whole = plate.part.display
        return cls(
            (np.arange(window.width) + window.x - whole.x + 0.5) / whole.width,
            (np.arange(window.height) + window.y - whole.y + 0.5) / whole.height,
            found.get("position"),
            found.get("vector"),
            plate.guides.objects(window),
        )

    def strip(self, rows: slice) -> Sight:
        """Return the sight of some rows of it."""
        return Sight(
            self.u,
            self.v[rows],
            None if self.position is None else self.position[:, rows],
            None if self.vector is None else self.vector[:, rows],
            None if self.objects is None else self.objects[rows],
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return len(self.v), len(self.u)

    @property
    def across(self) -> int:
        """Width of the whole picture, px."""
        return round(1 / float(self.u[1] - self.u[0])) if len(self.u) > 1 else 1

    def surface(self) -> Bools:
        """Return ``(H, W)``: where the Position pass holds a point; renderers leave 0 elsewhere."""
        if self.position is None:
            return np.zeros(self.size, bool)
        x, y, z = self.position  # `any` along an axis takes five times as long
        return np.asarray((x != 0) | (y != 0) | (z != 0))

    def edges(self) -> Bools:
        """Return ``(H, W)``: where an object's silhouette is close; nowhere without object ids."""
        if self.objects is None:
            return np.zeros(self.size, bool)
        return ~inner(self.objects, MARGIN)

    def camera(self) -> Camera | None:
        """Return the camera, or None where the Position pass does not tell it."""
        if self.position is None:
            return None
        return camera.solve(self.position, self.surface(), self.u, self.v)

    def items(self) -> npt.NDArray[np.int64]:
        """Return ``(H, W)``: the number of the object that is seen, `NOTHING` for the background.

        Without an id pass every surface is object 0.
        """
        if self.objects is None:
            return np.where(self.surface(), 0, NOTHING)
        there = self.surface() if self.position is not None else self.objects != 0
        return np.where(there, self.objects.astype(np.int64), NOTHING)

    def index(self, objects: npt.NDArray[np.uint32]) -> Indices:
        """Return ``(H, W)``: 1 and up for the objects of a sorted list, 0 for the background.

        What the list does not have is `UNKNOWN`.
        """
        if self.objects is None:
            (thing,) = _numbered(np.zeros(1, np.uint32), objects)
            return np.where(self.surface(), thing, np.uint16(0))
        items = self.objects.reshape(-1)
        # Once a run of equal ones: to look up each pixel takes four times as long.
        starts = np.append(0, np.flatnonzero(items[1:] != items[:-1]) + 1)[: len(items)]
        lengths = np.diff(np.append(starts, len(items)))
        index = np.repeat(_numbered(items[starts], objects), lengths).reshape(self.size)
        index *= self.surface() if self.position is not None else self.objects != 0
        return index


def _numbered(items: npt.NDArray[np.uint32], objects: npt.NDArray[np.uint32]) -> Indices:
    """Return 1 and up for the objects of a sorted list, `UNKNOWN` for what it does not have."""
    at = np.searchsorted(objects, items)
    known = np.append(objects, 0)[at] == items
    known &= at < len(objects)
    return np.where(known, at + 1, UNKNOWN).astype(np.uint16)


NOTHING = -1
"""The number of the background."""

FEWER = 65000
"""A shot has fewer objects: their indices are 16 bits, and some of those mean other things."""

UNKNOWN = 65535
"""The index of an object that the shot did not have when its look was made."""
