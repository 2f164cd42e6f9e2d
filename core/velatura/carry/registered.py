"""Keys laid on one another by their own strokes: what motion leaves off by a part of a pixel.

Keys whose strokes agree are merged. Where their places are off by half a pixel, the mean of their
strokes is soft, and plates cannot tell: an even wall looks the same half a pixel further on, the
strokes on it do not. So each key's paint in a frame is matched with what all of them make there,
and moved; the mean of all moves is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from velatura.carry.agreement import agreement
from velatura.carry.fields import Field, worth_of
from velatura.carry.paint import AGREE, Carry
from velatura.carry.painted_key import BARE, Key
from velatura.carry.way import odds
from velatura.image.planes import FloatArray
from velatura.scene import opencv, optical_flow
from velatura.scene import vectors as drift
from velatura.scene.gbuffer import Sight

ROUNDS = 3
"""How often keys are matched with their merged paint, which gets sharper each time."""

EVEN = 1.0
"""Deviation, points, of the Gaussian under which a move is taken. On the courtyard without passes
(l1log .0272, gram .039, sharp .950 without any) 1 gives .0265, .028, .970; 2 gives .0266, .033,
.958; 0.7, at twice the size, gives .0265, .027, .977 and less psnr; all where moves are believed
everywhere."""

FARTHEST = 3.0
"""Points that one round moves at most: it mends what is off by a little."""

BLUR = 1.5
"""Deviation, points, of the Gaussian under which a move has to bring paint nearer to the others."""

NEARER = 0.9
"""What is moved has to be so much nearer to the others. At 1 the courtyard is the same, and the
harbour, on whose sea strokes do not agree, a hair worse (l1log .0216 for .0215)."""


def joined(carry: Carry, sights: Mapping[int, Sight]) -> Carry:
    """Return painted keys with how they go together: see `agreement`, and above.

    Args:
        carry: the keys and their fields.
        sights: the passes of some frames in which their strokes are compared, by number.
    """
    carry = replace(carry, agreement=agreement(carry, sights))
    if len(carry.keys) == 1 or carry.agreement < AGREE:
        return carry
    cameras = zip(carry.tracks.frames, carry.tracks.cameras, strict=True)
    followed = [frame for frame, camera in cameras if camera is None]
    return replace(carry, fields=registered(carry.fields, carry.keys, followed))


def registered(
    fields: Mapping[tuple[int, int], Field], keys: Sequence[Key], frames: Sequence[int]
) -> dict[tuple[int, int], Field]:
    """Return fields whose places agree by the strokes of the keys.

    Args:
        fields: ``(frame, key frame)`` to the field that leads there.
        keys: painted frames whose strokes agree.
        frames: those whose fields are looked at. On its own frame a key is left out.
    """
    by_frame: dict[int, list[Key]] = defaultdict(list)
    for key in keys:
        for frame in frames:
            if (frame, key.frame) in fields and frame != key.frame:
                by_frame[frame].append(key)
    found = dict(fields)
    for frame, seen in by_frame.items():
        if len(seen) > 1:
            found |= _together(frame, [fields[frame, key.frame] for key in seen], seen)
    return found


def _together(
    frame: int, fields: Sequence[Field], keys: Sequence[Key]
) -> dict[tuple[int, int], Field]:
    """Return the fields of one frame to some keys, so that their paint lies on one another."""
    height, width = fields[0].worth.shape
    size = np.array([width, height], np.float32)[:, None, None]
    home = drift.start(height, width)
    paints = [_seen(key, height, width) for key in keys]
    places = [field.places * size - np.float32(0.5) for field in fields]
    shares = np.stack(
        [
            odds(worth_of(field.worth.astype(np.float32)), abs(frame - key.frame))
            for field, key in zip(fields, keys, strict=True)
        ]
    )
    first = _merged(paints, places, shares)
    now, moved = first, places
    for _ in range(ROUNDS):
        merged, read, part = now
        moves = np.stack([_move(merged, paint) for paint in read])
        moves -= (part[:, None] * moves).sum(axis=0)
        moved = [opencv.unmixed(at, home + move) for at, move in zip(moved, moves, strict=True)]
        now = _merged(paints, moved, shares)
    found = {}
    for index, (key, field) in enumerate(zip(keys, fields, strict=True)):
        nearer = _off(now, index) < np.float32(NEARER) * _off(first, index)
        at = np.where(nearer, moved[index], places[index])
        found[frame, key.frame] = replace(field, places=(at + np.float32(0.5)) / size)
    return found


def _seen(key: Key, height: int, width: int) -> FloatArray:
    """Return ``(4, h, w)``: a key's paint, as large as a field, and how much of it was painted."""
    there = np.asarray(key.index != BARE, np.float32)
    return opencv.averaged(np.concatenate([key.paint, there[None]]), height, width)


Merged = tuple[FloatArray, FloatArray, FloatArray]
"""Paint of all keys, ``(3, h, w)``; that of each, ``(K, 3, h, w)``; and its part, ``(K, h, w)``."""


def _merged(
    paints: Sequence[FloatArray], places: Sequence[FloatArray], shares: FloatArray
) -> Merged:
    read = np.stack([opencv.warped(paint, at) for paint, at in zip(paints, places, strict=True)])
    part = shares * read[:, 3]
    part /= np.maximum(part.sum(axis=0), np.float32(1e-6))
    merged = (part[:, None] * read[:, :3]).sum(axis=0)
    bare = read[:, 3:] < np.float32(0.5)  # nothing was painted there: nothing is matched
    return merged, np.where(bare, merged, read[:, :3]), part


def _move(merged: FloatArray, paint: FloatArray) -> FloatArray:
    """Return how much further on a key's paint lies than that of all, points."""
    move = optical_flow.between(merged, paint, fine=True)
    return np.clip(opencv.blurred(move, EVEN), -FARTHEST, FARTHEST)


def _off(found: Merged, index: int) -> FloatArray:
    """Return ``(h, w)``: how far a key's paint is from that of all around."""
    merged, read, _ = found
    off: FloatArray = opencv.blurred(np.abs(read[index] - merged).mean(axis=0)[None], BLUR)[0]
    return off
