"""Carried paint: what the painter put on a key frame, moved to where it belongs in another.

A pixel of any frame sees a point of the world. The motion of its object says where that point was
in the key frame, the key's camera where it was seen, and there lies its paint (the same idea as
image-based rendering: Debevec et al. 1996, with depth tests as in shadow maps, Williams 1978).
Where nothing was seen, or something else stood in front, there is no paint: a hole, which the
network fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from velatura.bicubic import cubic, linear
from velatura.camera import Camera
from velatura.image import FloatArray
from velatura.sight import UNKNOWN, Indices, Sight
from velatura.tracks import Tracks, inner

CHANNELS = 8
"""Planes of carried paint: red, green, blue (encoded) and 1 where there is paint, of the nearest
key, and the same of the others."""

SLOPE, SCALE = 128.0, 8.0
"""Paint is carried as ``E(x) = log2(1 + 128 x) / 8``: what is in between lies in between by eye."""

MARGIN = 2
"""Paint this near to an object's edge stays behind, px: ink belongs to its frame's silhouettes."""

_SLACK = 1.0  # footprints that a point may lie in front of or behind the surface its paint lies on
_STRIP = 2**16  # px worked on at a time, so that temporaries stay in the processor's cache
_TRIED = 2000  # pixels by which a frame is known
_ASTRAY = 0.01  # widths by which another camera is off; the same one is off by a thousandth of a px
_EDGE = np.uint16(UNKNOWN - 1)  # in a key: paint that is not carried


@dataclass(frozen=True)
class Key:
    """A painted frame, as it is carried. All planes cover the display window.

    Attributes:
        frame: its number.
        paint: ``(3, H, W)`` float32, encoded light in the look's colour space.
        index: ``(H, W)``: which object the paint lies on, 0 the background.
        depth: ``(H, W)`` float32: distance along the view axis, scene units; None without cameras.
    """

    frame: int
    paint: FloatArray
    index: Indices
    depth: FloatArray | None

    @classmethod
    def of(cls, frame: int, light: FloatArray, sight: Sight, tracks: Tracks) -> Key:
        """Return a key from its painted light and its frame's sight, both over the display window.

        Args:
            frame: its number.
            light: ``(3, H, W)`` scene-linear; NaN where nothing was painted.
            sight: the whole frame's.
            tracks: the shot's.
        """
        index = sight.index(tracks.objects)
        safe = inner(index, MARGIN) & np.isfinite(light).all(axis=0)
        camera = tracks.cameras[tracks.frames.index(frame)]
        depth = None
        if camera is not None and sight.position is not None:
            depth = camera.project(sight.position)[2]
        code = encoded(np.nan_to_num(light))
        return cls(frame, code, np.where(safe, index, _EDGE).astype(np.uint16), depth)


@dataclass(frozen=True)
class Carry:
    """Painted keys, and how everything moves between them and the frames of their shot.

    Attributes:
        keys: the painted frames.
        tracks: cameras and motions of all frames.
        fields: ``(frame, key frame)`` to ``(2, h, w)`` places in the key, 0..1 across it, for what
            bends; NaN where there is no paint. Coarser than the frame by a whole factor.
    """

    keys: tuple[Key, ...]
    tracks: Tracks
    fields: Mapping[tuple[int, int], FloatArray]

    def without(self, frame: int) -> Carry:
        """Return the same without one of the keys."""
        return replace(self, keys=tuple(key for key in self.keys if key.frame != frame))

    def misfit(self, frame: int | None, sight: Sight) -> str:
        """Return why a frame is not one of this shot's, in a few words; empty if it may be.

        Args:
            frame: its number.
            sight: its passes, whole.
        """
        frames = self.tracks.frames
        if frame not in frames:
            return f"frame {frame}, the shot has {frames[0]} to {frames[-1]}"
        camera = self.tracks.cameras[frames.index(frame)]
        if camera is None:
            return ""
        if sight.position is None:
            return "no Position pass"
        rows, columns = np.nonzero(sight.surface())
        some = slice(None, None, max(1, len(rows) // _TRIED))
        rows, columns = rows[some], columns[some]
        u, v, _ = camera.project(sight.position[:, rows, columns])
        off = np.hypot(u - sight.u[columns], v - sight.v[rows])
        away = float(np.median(np.nan_to_num(off, nan=1.0))) if len(off) else 1.0
        return "" if away < _ASTRAY else f"the camera is off by {100 * away:.0f} % of the width"

    def order(self, frame: int) -> list[Key]:
        """Return the keys, nearest in time first."""
        return sorted(self.keys, key=lambda key: (abs(key.frame - frame), key.frame))

    def paint(self, frame: int, sight: Sight) -> FloatArray:
        """Return the paint that is carried into a frame, or into a part of it.

        Args:
            frame: its number.
            sight: its passes.

        Returns:
            ``(8, H, W)`` float32: `CHANNELS`. The others fill in for each other, nearer ones first.
        """
        height, width = sight.size
        index = sight.index(self.tracks.objects)
        carried = np.zeros((2, 4, height * width), np.float32)
        order = self.order(frame)
        at = self.tracks.frames.index(frame)
        rows = max(1, _STRIP // width)
        for slot, keys in enumerate((order[:1], order[1:])):
            for top in range(0, height, rows):
                strip = slice(top * width, min(height, top + rows) * width)
                self._fill(carried[slot, :, strip], keys, at, sight, index, strip)
        return carried.reshape(CHANNELS, height, width)

    def _fill(
        self,
        carried: FloatArray,
        keys: Sequence[Key],
        at: int,
        sight: Sight,
        index: Indices,
        strip: slice,
    ) -> None:
        """Put paint into ``(4, N)`` planes of some pixels, from each key where none before had."""
        wanted = np.arange(strip.start, strip.stop)
        for key in keys:
            ways = self._ways(at, key, sight, index, wanted)
            x, y, hit = ways
            paint = np.maximum(cubic(key.paint, x[hit], y[hit]), 0)  # beside an edge it overshoots
            carried[:3, wanted[hit] - strip.start] = paint
            carried[3, wanted[hit] - strip.start] = 1
            wanted = wanted[~hit]
            if not len(wanted):
                break

    def _ways(
        self, at: int, key: Key, sight: Sight, index: Indices, wanted: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
        """Return columns and rows of pixels in a key, px, and which of them have paint there."""
        width = len(sight.u)
        items = index.reshape(-1)[wanted]
        across, down = sight.u[wanted % width], sight.v[wanted // width]
        u, v = np.full((2, len(wanted)), np.nan, np.float32)
        depth = np.full(len(wanted), np.nan, np.float32)
        to = self.tracks.frames.index(key.frame)
        here, there = self.tracks.cameras[at], self.tracks.cameras[to]
        moves = self.tracks.between(at, to)
        field = self.fields.get((self.tracks.frames[at], key.frame))
        if here is not None and there is not None and sight.position is not None:
            points = sight.position.reshape(3, -1)[:, wanted]
            for item in np.unique(items):
                these = np.flatnonzero(items == item)
                if item == 0:
                    u[these], v[these] = _far(here, there, across[these], down[these])
                elif item <= len(moves) and np.isfinite(moves[item - 1]).all():
                    moved = _moved(moves[item - 1], points[:, these])
                    u[these], v[these], depth[these] = there.project(moved)
        if field is not None:
            bent = np.isin(items, np.flatnonzero(self.tracks.bends) + 1)
            if here is None or there is None:
                bent[:] = True
            u[bent], v[bent] = _between(field, across[bent], down[bent])
        return self._judged(key, there, items, u, v, depth)

    def _judged(
        self,
        key: Key,
        camera: Camera | None,
        items: Indices,
        u: FloatArray,
        v: FloatArray,
        depth: FloatArray,
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
        """Return places in px, and where they lie inside the key, on the object, not behind it."""
        height, width = key.index.shape
        x, y = u * np.float32(width) - np.float32(0.5), v * np.float32(height) - np.float32(0.5)
        with np.errstate(invalid="ignore"):
            hit = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        inside = np.flatnonzero(hit)
        near = np.rint(y[inside]).astype(np.intp) * width + np.rint(x[inside]).astype(np.intp)
        hit[inside] = key.index.reshape(-1)[near] == items[inside]
        solid = np.flatnonzero(hit & np.isfinite(depth))
        if key.depth is not None and camera is not None and len(solid):
            hit[solid] = _seen(key.depth, camera, x[solid], y[solid], depth[solid])
        return x, y, hit


def encoded(light: FloatArray) -> FloatArray:
    """Return ``E(x) = log2(1 + 128 x) / 8`` of scene-linear light; negatives count as black."""
    code = np.clip(light, 0, 65504).astype(np.float32)
    code *= np.float32(SLOPE)
    np.log1p(code, out=code)
    code *= np.float32(1 / (SCALE * np.log(2)))
    return code


def _moved(pose: npt.NDArray[np.float64], points: FloatArray) -> FloatArray:
    rows = pose.astype(np.float32)
    if np.array_equal(rows, np.eye(3, 4, dtype=np.float32)):
        return points
    moved: FloatArray = rows[:, :3] @ points + rows[:, 3:]
    return moved


def _far(
    here: Camera, there: Camera, u: npt.NDArray[np.float64], v: npt.NDArray[np.float64]
) -> tuple[FloatArray, FloatArray]:
    """Return where infinitely far things are in another frame."""
    if not (here.perspective and there.perspective):
        return np.full((2, len(u)), np.nan, np.float32)  # type: ignore[return-value]
    x, y, w = here.toward(there) @ np.stack([u, v, np.ones_like(u)])
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(w > 0, w, np.nan)
        return (x / w).astype(np.float32), (y / w).astype(np.float32)


def _between(
    field: FloatArray, u: npt.NDArray[np.float64], v: npt.NDArray[np.float64]
) -> tuple[FloatArray, FloatArray]:
    """Return the places of a field between its points; NaN beside a hole."""
    height, width = field.shape[1:]
    x, y = (u * width - 0.5).astype(np.float32), (v * height - 0.5).astype(np.float32)
    places = linear(field, x, y)
    return places[0], places[1]


def _seen(
    depths: FloatArray, camera: Camera, x: FloatArray, y: FloatArray, depth: FloatArray
) -> npt.NDArray[np.bool_]:
    """Return which points lie on the surface that a key saw: not behind it, nor before it."""
    height, width = depths.shape
    left = np.clip(np.floor(x), 0, width - 2).astype(np.intp)
    top = np.clip(np.floor(y), 0, height - 2).astype(np.intp)
    flat, at = depths.reshape(-1), top * width + left
    corners = [flat[at], flat[at + 1], flat[at + width], flat[at + width + 1]]
    least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    slack = _SLACK * camera.footprint(depth, width) + 0.5 * (most - least)
    on: npt.NDArray[np.bool_] = (depth >= least - slack) & (depth <= most + slack)
    return on
