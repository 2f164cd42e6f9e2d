"""A whole shot looked over once, so that painted keys can be carried into each of its frames.

What can be done depends on the passes; each step down is said:

1. Position, ids and Vector: cameras, the motion of every rigid object; what bends by its vectors.
2. Position without Vector: what stands still; what moves is left to the network.
3. Vector, or optical flow where OpenCV is installed: followed from frame to frame.
4. Nothing: the network alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from velatura import drift, exr, flow, tracks
from velatura.bicubic import linear
from velatura.carry import encoded
from velatura.image import FloatArray, Window
from velatura.job import Job
from velatura.look import Card
from velatura.plate import Plate
from velatura.progress import Report
from velatura.sight import Sight
from velatura.tracks import Tracks

log = logging.getLogger(__name__)

FIELDS = 48 * 2**20
"""What fields may take in a look, bytes, at 32 bits a point: many of them are coarser."""

NEAREST = 2
"""Fields lead to so many keys from each frame: the nearest."""


@dataclass(frozen=True)
class Footage:
    """The plates of a shot, read one at a time.

    Attributes:
        plates: files by frame number.
        means: layer, passes and colour space, as `velatura.plate.Plate` takes them.
        flowing: whether motion is taken from the pictures.
    """

    plates: Mapping[int, Path]
    means: Job
    flowing: bool = False

    @property
    def frames(self) -> tuple[int, ...]:
        """The frame numbers, rising."""
        return tuple(sorted(self.plates))

    def sight(self, frame: int, window: Window | None = None) -> Sight:
        """Return what a frame's passes tell inside a window, or all over the picture."""
        plate = self._plate(frame)
        where = window or plate.part.display
        return Sight.of(plate.image, plate.part, plate.overrides, where)

    def display(self, frame: int) -> Window:
        """Return the picture's window."""
        return self._plate(frame).part.display

    def sights(self, frames: Sequence[int]) -> Iterator[Sight]:
        """Yield the sights of some frames, in the given order, with motion from the pictures."""
        if not self.flowing:
            yield from map(self.sight, frames)
            return
        near: dict[int, FloatArray] = {}
        for frame in frames:
            around = (frame - 1, frame, frame + 1)
            near = {f: near[f] if f in near else self._light(f) for f in around if f in self.plates}
            before, after = (
                flow.between(near[frame], near[f]) if f in near else None for f in around[::2]
            )
            sight = self.sight(frame)
            yield replace(sight, vector=flow.as_vector(before, after, sight.size))

    def _plate(self, frame: int) -> Plate:
        return Plate.of(exr.read(self.plates[frame]), self.means, Card("carry"))

    def _light(self, frame: int) -> FloatArray:
        """Return the picture's encoded light ``(3, H, W)``, 0 outside the data window."""
        plate = self._plate(frame)
        whole, data = plate.part.display, plate.part.data
        light = np.zeros((3, whole.height, whole.width), np.float32)
        inside = data.common(whole)
        seen = plate.seen(*(slice(0, size) for size in plate.size))
        light[:, *inside.within(whole)] = seen[:, *inside.within(data)]
        return encoded(light)


@dataclass(frozen=True)
class Survey:
    """What a look over a shot has found: see `velatura.carry.Carry`."""

    tracks: Tracks
    fields: Mapping[tuple[int, int], FloatArray]


def survey(footage: Footage, painted: Sequence[int], report: Report) -> Survey | None:
    """Return how everything in a shot moves; None where nothing tells it.

    Args:
        footage: the shot.
        painted: the key frames.
        report: told of each frame that has been looked at.

    Raises:
        ImageError, PassError, ColourError: as `velatura.exr.read` and `velatura.plate.Plate.of`.
    """
    first = next(footage.sights(footage.frames[:1]))
    if first.position is None and first.vector is None:
        if not flow.available():
            log.warning(
                "The plate has neither a Position nor a Vector pass: the painted keys cannot be "
                "carried along, the look learns from the plate alone. Render these passes, or take "
                'the motion from the pictures: pip install "velatura[flow]"'
            )
            return None
        footage = replace(footage, flowing=True)
    frames = footage.frames
    found = tracks.solve(frames, footage.sights(frames), report)
    followed = bool(found.bends.any()) or any(camera is None for camera in found.cameras)
    fields = {}
    if followed and (footage.flowing or first.vector is not None):
        fields = _fields(footage, found, painted)
    _tell(footage, first, found)
    return Survey(found, fields)


def _fields(
    footage: Footage, found: Tracks, painted: Sequence[int]
) -> dict[tuple[int, int], FloatArray]:
    """Return the places in the nearest keys of every pixel that bends, frame by frame."""
    wanted = {(f, key) for f in footage.frames for key in _nearest(f, painted)}
    fields: dict[tuple[int, int], FloatArray] = {}
    for frames, ahead in ((footage.frames, False), (footage.frames[::-1], True)):
        under_way: dict[int, drift.Field] = {}
        before: tuple[int, Sight] | None = None
        for frame, sight in zip(frames, footage.sights(frames), strict=True):
            under_way = _advance(under_way, before, (frame, sight), ahead)
            if frame in painted:
                under_way[frame] = drift.start(*sight.size)
            step = _coarseness(len(wanted), *sight.size)
            for key, field in under_way.items():
                if (frame, key) in wanted and key != frame:
                    fields[frame, key] = _thinned(_bent(field, sight, found), step)
            before = frame, sight
    return fields


def _nearest(frame: int, painted: Sequence[int]) -> list[int]:
    others = (key for key in painted if key != frame)
    return sorted(others, key=lambda key: (abs(key - frame), key))[:NEAREST]


def _advance(
    under_way: dict[int, drift.Field],
    before: tuple[int, Sight] | None,
    now: tuple[int, Sight],
    ahead: bool,
) -> dict[int, drift.Field]:
    """Return the fields of the frame before, led on to this one; none across a gap."""
    if before is None or abs(now[0] - before[0]) != 1:
        return {}
    (_, old), (_, new) = before, now
    if old.vector is None or new.vector is None:
        return {}
    way, returning = drift.back(new.vector), drift.forth(old.vector)
    if ahead:
        way, returning = drift.forth(new.vector), drift.back(old.vector)
    items = None if new.objects is None else (new.items(), old.items())
    return {key: drift.step(field, way, returning, items) for key, field in under_way.items()}


def _bent(field: drift.Field, sight: Sight, found: Tracks) -> drift.Field:
    """Return the field where something bends, or everywhere without cameras; else NaN."""
    if sight.position is None:
        return field
    bending = np.isin(sight.items(), found.objects[found.bends])
    return np.where(bending, field, np.float32(np.nan))


def _thinned(field: drift.Field, step: int) -> FloatArray:
    """Return every ``step``-th place of a field, as parts of the width and the height."""
    height, width = field.shape[1:]
    x, y = ((np.arange(size // step) + 0.5) * step - 0.5 for size in (width, height))
    across, down = (grid.ravel().astype(np.float32) for grid in np.meshgrid(x, y))
    places = linear(field, across, down).reshape(2, len(y), len(x))
    places += np.float32(0.5)
    places /= np.array([width, height], np.float32)[:, None, None]
    return places


def _coarseness(count: int, height: int, width: int) -> int:
    """Return how many px a field's points lie apart, for ``count`` of them to keep to `FIELDS`."""
    step = 1
    while count * 4 * (height // step) * (width // step) > FIELDS:
        step += 1
    return step


def _tell(footage: Footage, first: Sight, found: Tracks) -> None:
    """Say by what means the paint is carried, and what it cannot follow."""
    lost = [f for f, camera in zip(found.frames, found.cameras, strict=True) if camera is None]
    bending = int(found.bends.sum())
    if footage.flowing:
        means = "by optical flow, for the plate has neither Position nor Vector"
    elif first.position is None:
        means = (
            "by Vector alone, from frame to frame; Position and an id pass would keep it sharper"
        )
    else:
        things = f"{len(found.objects)} objects" if first.objects is not None else "no id pass"
        means = f"by camera and motion ({things}"
        means += f", {bending} of them bend and are followed by Vector)" if bending else ")"
    log.info("painted keys are carried %s", means)
    if first.position is not None and first.vector is None:
        log.warning("Without a Vector pass, paint is carried on what stands still only")
    if first.position is not None and lost:
        log.warning(
            "The camera cannot be solved from the Position pass of %d of %d frames (frame %s): "
            "all that they show lies in one plane, or the lens is no pinhole",
            *(len(lost), len(found.frames), ", ".join(map(str, lost[:8]))),
        )
