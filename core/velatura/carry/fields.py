"""Where in the painted keys everything lies that bends, followed from frame to frame.

Once through the shot and once back, so that keys are reached from both sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from velatura.image.planes import FloatArray
from velatura.image.sampling import linear
from velatura.scene import vectors
from velatura.scene.footage import Footage
from velatura.scene.gbuffer import NOTHING, Bools, Sight
from velatura.scene.tracks import Tracks

MOST = 48 * 2**20
"""What fields may take in a look, bytes, at 32 bits a point: many of them are coarser."""

NEAREST = 2
"""They lead to so many keys from each frame: the nearest."""


def solve(
    footage: Footage, found: Tracks, painted: Sequence[int]
) -> dict[tuple[int, int], FloatArray]:
    """Return the places in the nearest keys of every pixel that bends, frame by frame.

    Args:
        footage: the shot.
        found: its cameras and motions.
        painted: the key frames.

    Returns:
        ``(frame, key frame)`` to ``(2, h, w)`` float32 places in the key, 0..1 across and down it,
        NaN where they are not known: see `velatura.carry.paint.Carry`.

    Raises:
        ImageError, PassError: a frame that cannot be read.
    """
    wanted = {(f, key) for f in footage.frames for key in _nearest(f, painted)}
    places: dict[tuple[int, int], FloatArray] = {}
    for frames, ahead in ((footage.frames, False), (footage.frames[::-1], True)):
        under_way: dict[int, vectors.Field] = {}
        before: tuple[int, Sight] | None = None
        left = set(frames)
        for frame, sight in zip(frames, footage.sights(frames), strict=True):
            under_way = advance(under_way, before, (frame, sight), ahead)
            if frame in painted:
                under_way[frame] = vectors.start(*sight.size)
            step = _coarseness(len(wanted), *sight.size)
            for key, field in under_way.items():
                if (frame, key) in wanted:
                    bent = _thinned(_bent(field, (frame, key), sight, found), step)
                    places |= {(frame, key): bent} if np.isfinite(bent).any() else {}
            before = frame, sight
            left.discard(frame)
            ended = [key for key in under_way if not any((f, key) in wanted for f in left)]
            for key in ended:
                del under_way[key]
    return places


def _nearest(frame: int, painted: Sequence[int]) -> list[int]:
    others = (key for key in painted if key != frame)
    return sorted(others, key=lambda key: (abs(key - frame), key))[:NEAREST]


def advance(
    under_way: dict[int, vectors.Field],
    before: tuple[int, Sight] | None,
    now: tuple[int, Sight],
    ahead: bool,
) -> dict[int, vectors.Field]:
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


def _bent(field: vectors.Field, way: tuple[int, int], sight: Sight, found: Tracks) -> vectors.Field:
    """Return the field where something bends, or all of it without cameras; else NaN."""
    if any(found.cameras[found.frames.index(frame)] is None for frame in way):
        return np.where(_moved(sight), field, np.float32(np.nan))
    bending = np.isin(sight.items(), found.objects[found.bends])
    return np.where(bending, field, np.float32(np.nan))


def _moved(sight: Sight) -> Bools:
    """Return where a vector can be believed: behind all things Blender writes 0, and means nothing.

    If nothing moves at all, 0 is the truth there as well.
    """
    assert sight.vector is not None, "fields are led along vectors"  # noqa: S101
    still = ~sight.vector.any(axis=0)
    behind = sight.items() == NOTHING if sight.objects is not None else np.zeros_like(still)
    return np.asarray(still.all() | ~(still & behind))


def _thinned(field: vectors.Field, step: int) -> FloatArray:
    """Return every ``step``-th place of a field, as parts of the width and the height."""
    height, width = field.shape[1:]
    x, y = (
        (np.arange(size // step) + 0.5) * (size / (size // step)) - 0.5 for size in (width, height)
    )
    across, down = (grid.ravel().astype(np.float32) for grid in np.meshgrid(x, y))
    places = linear(field, across, down).reshape(2, len(y), len(x))
    places += np.float32(0.5)
    places /= np.array([width, height], np.float32)[:, None, None]
    return places


def _coarseness(count: int, height: int, width: int) -> int:
    """Return how many px a field's points lie apart, for ``count`` of them to keep to `MOST`."""
    step = 1
    while count * 4 * (height // step) * (width // step) > MOST:
        step += 1
    return step
