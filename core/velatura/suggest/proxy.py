"""A shot seen from afar: every frame, small, to find out what paint in one is worth to all.

Places, objects and motion are taken from single pixels, for a mean of two surfaces is neither;
light is averaged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from velatura.carry.painted_key import Key
from velatura.errors import FrameError
from velatura.image.planes import FloatArray, Window
from velatura.image.silhouettes import inner
from velatura.plate import colour
from velatura.plate.encoding import encoded
from velatura.plate.plate import Plate
from velatura.scene import cuts, optical_flow, tracks, vectors
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import MARGIN, Bools, Sight
from velatura.scene.tracks import Tracks
from velatura.scene.vectors import Field
from velatura.system.progress import Progress, Report

WIDEST = 480
"""Width of a frame seen from afar, px: wider ones are thinned by a whole factor."""

HELD = 8 * 2**20
"""Pixels of a whole shot that are held, about 40 bytes each; longer shots are thinned further."""

Means = Literal["camera", "vector", "flow", "looks"]
"""How motion is known: by Position, by Vector alone, from the pictures; or not, and frames are told
apart by their looks."""


@dataclass(frozen=True)
class View:
    """A frame seen from afar.

    Attributes:
        frame: its number.
        sight: what its passes tell; vectors are in px of this size.
        light: ``(3, h, w)`` float16, encoded, averaged.
        safe: ``(h, w)``: where paint is surely carried from: not beside an object's edge.
    """

    frame: int
    sight: Sight
    light: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    safe: Bools

    def key(self, tracks: Tracks) -> Key:
        """Return the frame as one that is painted, with its own light for paint."""
        index = self.sight.index(tracks.objects)
        camera = tracks.cameras[tracks.frames.index(self.frame)]
        depth = None
        if camera is not None and self.sight.position is not None:
            depth = camera.project(self.sight.position)[2]
        return Key(self.frame, self.light.astype(np.float32), index, depth, ~self.safe)


@dataclass(frozen=True)
class Scouted:
    """A whole shot seen from afar.

    Attributes:
        views: every frame, in order.
        tracks: how everything moves; None where nothing tells it.
        means: how that is known.
        cuts: frames that do not follow from the one before them; known where motion is taken from
            the pictures.
    """

    views: tuple[View, ...]
    tracks: Tracks | None
    means: Means
    cuts: frozenset[int] = frozenset()

    @property
    def frames(self) -> tuple[int, ...]:
        """The frame numbers, rising."""
        return tuple(view.frame for view in self.views)


def scout(footage: Footage, report: Report) -> Scouted:
    """Return a shot seen from afar.

    Args:
        footage: the shot.
        report: told of each frame that has been looked at.

    Raises:
        ImageError, PassError, ColourError: as `velatura.plate.formats.read` and
        `velatura.plate.plate.Plate.of`.
        FrameError: frames of different sizes.
    """
    frames = footage.frames
    views: list[View] = []
    step, whole = 0, Window(0, 0, 0, 0)
    report.started(len(frames))
    for frame in frames:
        plate = Plate.read(footage.plates[frame], footage.reading)
        display = plate.part.display
        step = step or _step(display, len(frames))
        if views and (display.width, display.height) != (whole.width, whole.height):
            raise FrameError(
                f"{footage.plates[frame]} has another size than the frames before it",
                found=f"{display.width}x{display.height}, {whole.width}x{whole.height} before",
                do="Name the frames of one shot",
            )
        whole = display
        views.append(_view(frame, plate, step))
        report.finished(str(frame), skipped=False)
    return _tracked(tuple(views))


def followed(
    scouted: Scouted, keys: Sequence[int], ahead: bool
) -> Iterator[tuple[int, Mapping[int, FloatArray]]]:
    """Yield each frame's number, with fields into some of the others.

    See `velatura.carry.paint.Carry.fields`. There are none where everything is rigid and the
    cameras are known.

    Args:
        scouted: the shot; it has tracks.
        keys: the frames to be led to.
        ahead: whether to those that come after a frame, and from the last one back; else to those
            that come before it.
    """
    wanted = _bends(scouted)
    under_way: dict[int, Field] = {}
    before: tuple[int, Sight] | None = None
    for view in scouted.views[::-1] if ahead else scouted.views:
        now = view.frame, view.sight
        under_way = advance(under_way, before, now, ahead)
        yield view.frame, {key: _placed(field) for key, field in under_way.items()}
        if wanted and view.frame in keys:
            under_way[view.frame] = vectors.start(*view.sight.size)
        before = now


def advance(
    under_way: dict[int, Field],
    before: tuple[int, Sight] | None,
    now: tuple[int, Sight],
    ahead: bool,
) -> dict[int, Field]:
    """Return the fields of the frame before, led on to this one; none across a gap.

    Args:
        under_way: fields by the frame that they lead to.
        before: the frame before and its sight; None at the beginning.
        now: this frame and its sight.
        ahead: whether the fields lead to frames that come after this one.
    """
    if before is None or abs(now[0] - before[0]) != 1:
        return {}
    (_, old), (_, new) = before, now
    if old.vector is None or new.vector is None or old.size != new.size:
        return {}
    way, returning = vectors.back(new.vector), vectors.forth(old.vector)
    if ahead:
        way, returning = vectors.forth(new.vector), vectors.back(old.vector)
    items = None if new.objects is None or old.objects is None else (new.items(), old.items())
    return {key: vectors.step(field, way, returning, items) for key, field in under_way.items()}


def thinned(sight: Sight, step: int) -> Sight:
    """Return every ``step``-th pixel of a sight each way, from the middle of each square."""
    some = slice(step // 2, None, step)
    vector = sight.vector
    return Sight(
        sight.u[some],
        sight.v[some],
        None if sight.position is None else np.ascontiguousarray(sight.position[:, some, some]),
        None if vector is None else (vector[:, some, some] / step).astype(vector.dtype),
        None if sight.objects is None else np.ascontiguousarray(sight.objects[some, some]),
    )


def _step(display: Window, frames: int) -> int:
    area = display.width * display.height * frames
    step = max(1, math.ceil(display.width / WIDEST), math.ceil(math.sqrt(area / HELD)))
    return min(step, display.width, display.height)


def _view(frame: int, plate: Plate, step: int) -> View:
    whole = plate.part.display
    rows, columns = (size // step * step for size in (whole.height, whole.width))
    window = Window(whole.x, whole.y, columns, rows)
    sight = Sight.of(plate, window, motion=True)
    safe = inner(sight.items(), MARGIN)[step // 2 :: step, step // 2 :: step]
    light = np.zeros((3, rows, columns), np.float32)
    inside = plate.part.data.common(window)
    whole_rows, whole_columns = (slice(0, size) for size in plate.size)
    seen = plate.seen(whole_rows, whole_columns, colour.SCENE)
    light[:, *inside.within(window)] = seen[:, *inside.within(plate.part.data)]
    squares = encoded(light).reshape(3, rows // step, step, columns // step, step)
    u, v = ((np.arange(size // step) + 0.5) / (size // step) for size in (columns, rows))
    sight = replace(thinned(sight, step), u=u, v=v)  # of what is left after thinning
    return View(frame, sight, squares.mean(axis=(2, 4)).astype(np.float16), safe.copy())


def _tracked(views: tuple[View, ...]) -> Scouted:
    """Return the shot with its tracks, by the best means that its passes allow."""
    if views[0].sight.position is not None:
        found = _solved(views)
        if any(found.cameras):
            return Scouted(views, found, "camera")
    if views[0].sight.vector is not None:
        return Scouted(views, _solved(views), "vector")
    if not optical_flow.available():
        return Scouted(views, None, "looks")
    views = tuple(_flowing(views))
    return Scouted(views, _solved(views), "flow", cuts.of_pictures(map(_pictured, views)))


def _pictured(view: View) -> tuple[int, FloatArray, FloatArray]:
    """Return number, light and motion of a view, whose motion was taken from the pictures."""
    assert view.sight.vector is not None, "it was taken from the pictures"  # noqa: S101
    return view.frame, view.light.astype(np.float32), view.sight.vector.astype(np.float32)


def _solved(views: Sequence[View]) -> Tracks:
    with Progress("none") as silent:
        return tracks.solve(
            tuple(view.frame for view in views), [view.sight for view in views], silent
        )


def _flowing(views: tuple[View, ...]) -> Iterator[View]:
    """Yield the views with motion from the pictures; a neighbour that is missing leaves none."""
    near = {view.frame: view.light.astype(np.float32) for view in views}
    for view in views:
        before, after = (
            optical_flow.between(near[view.frame], near[f]) if f in near else None
            for f in (view.frame - 1, view.frame + 1)
        )
        vector = vectors.stored(before, after, view.sight.size)
        yield replace(view, sight=replace(view.sight, vector=vector))


def _bends(scouted: Scouted) -> bool:
    """Return whether anything is followed by its vectors: what bends, or all without cameras."""
    found = scouted.tracks
    assert found is not None, "what is followed has tracks"  # noqa: S101
    return bool(found.bends.any()) or any(camera is None for camera in found.cameras)


def _placed(field: Field) -> FloatArray:
    """Return a field's places as parts of the width and the height."""
    height, width = field.shape[1:]
    size = np.array([width, height], np.float32)[:, None, None]
    placed: FloatArray = (field + np.float32(0.5)) / size
    return placed
