"""The first picture: paint carried straight from the nearest key, before the shot is looked over.

A look over a shot may take minutes. Between two frames optical flow takes a moment, at half size
less than that; what it cannot follow shows the plate.
"""

from __future__ import annotations

import logging
import time

import numpy as np

from velatura.errors import VelaturaError
from velatura.image.planes import FloatArray
from velatura.plate.encoding import decoded, encoded
from velatura.scene import opencv, optical_flow
from velatura_training.data.frame import Frame
from velatura_training.data.lesson import Lesson
from velatura_training.learn.gallery import LARGEST, OWN, Gallery, in_turn
from velatura_training.watch.page import Entry, Page

log = logging.getLogger("velatura.training")

OFF = 1.5
"""By how many px there and back may disagree where paint is carried."""

HALF, WHOLE = 2, 1
"""By what the sides of the pictures are divided."""

MIDPOINTS = 5.0
"""Seconds that full-size pictures of further frames may take before the shot is looked over. One of
720p takes about a second."""

CARRIED = "a first picture: carried straight from frame {key}, {size}"


def show(page: Page, lesson: Lesson) -> None:
    """Show painted keys, and unpainted frames with paint: one at half size, then at full size.

    Midpoints between what is shown follow at full size, for `MIDPOINTS` seconds. Frames that have
    pictures from an earlier process of the run keep them.

    Args:
        page: where.
        lesson: the painted keys, nothing carried yet.
    """
    gallery = Gallery(lesson)
    one = len(lesson.footage) == 1  # else the nearest key may be of another shot
    carries = one and lesson.others and optical_flow.available()
    first = lesson.others[0].frame if carries else None
    page.list(
        [Entry(s.id, str(s.frame), s.kind, s.third, first=s.frame == first) for s in gallery.scenes]
    )
    scene = next((each for each in gallery.scenes if each.frame == first), None)
    if scene is not None and not page.shows(scene.id):
        other = lesson.others[0]
        key = min(lesson.keys, key=lambda k: abs(k.frame - other.frame))
        for divided, size in ((HALF, "half size"), (WHOLE, "full size")):
            pictures = _carried(other, key, divided)
            said = CARRIED.format(key=key.frame, size=size)
            page.take(scene.id, said, (*pictures, pictures[1]), lesson.space, "carried paint")
            page.tell(doing=f"first picture, {size}")
    for scene in gallery.scenes:
        if scene.third == OWN and not page.shows(scene.id):
            frame = gallery.frame(scene)
            plate, paint = _picture(_middle(frame.plate.numpy())), _painted(frame)
            page.take(scene.id, "as it was painted", (plate, paint, paint), lesson.space)
    page.tell()
    if first is not None:
        _show_midpoints(page, lesson, gallery, first)


def _show_midpoints(page: Page, lesson: Lesson, gallery: Gallery, first: int) -> None:
    """Show further unpainted frames with paint, at full size, for as long as they may take."""
    begun, shown = time.monotonic(), next(s for s in gallery.scenes if s.frame == first)
    for scene in in_turn(gallery.scenes, shown):
        if time.monotonic() - begun > MIDPOINTS:
            return
        if scene.kind != "not painted" or scene is shown or page.shows(scene.id):
            continue
        key = min(lesson.keys, key=lambda k: abs(k.frame - scene.frame))
        try:
            pictures = _carried(gallery.frame(scene), key, WHOLE)
        except VelaturaError as error:  # a plate that is being rendered anew, say
            log.debug("frame %d is not shown: %s", scene.frame, error)
            continue
        said = CARRIED.format(key=key.frame, size="full size")
        page.take(scene.id, said, (*pictures, pictures[1]), lesson.space, "carried paint")
        page.tell(doing="first pictures, full size")


def _carried(frame: Frame, key: Frame, divided: int) -> tuple[FloatArray, FloatArray]:
    """Return a frame's plate, and what it is with a key's paint, ``(H, W, 3)`` scene-linear."""
    seen, known = (_middle(each.plate.numpy()) for each in (frame, key))
    height, width = (side // divided for side in seen.shape[1:])
    light, there, paint = (
        opencv.averaged(encoded(planes), height, width)
        for planes in (seen, known, _planes(_painted(key)))
    )
    go, back = optical_flow.between(light, there), optical_flow.between(there, light)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    places = np.stack([x, y]) + go
    off = np.hypot(*(go + opencv.warped(back, places)))
    inside = (places >= 0).all(axis=0) & (places[0] < width) & (places[1] < height)
    worth = opencv.blurred(((off < OFF) & inside).astype(np.float32)[None], 1.0)
    mixed = worth * opencv.warped(paint, places) + (1 - worth) * light
    return _picture(decoded(light)), _picture(decoded(mixed))


def _painted(key: Frame) -> FloatArray:
    """Return a key as it looks: its paint, and its plate where nothing was painted."""
    assert key.paint is not None, "keys are painted"  # noqa: S101
    paint, plate = _middle(key.paint.numpy()), _middle(key.plate.numpy())
    cover = 1.0 if key.cover is None else _middle(key.cover.numpy())
    return _picture(plate + cover * (paint - plate))


def _middle(planes: FloatArray) -> FloatArray:
    """Return what the page shows of planes ``(..., H, W)``: the middle of what is very large."""
    *_, height, width = planes.shape
    top, left = (max(0, side - LARGEST) // 2 for side in (height, width))
    return planes[..., top : top + LARGEST, left : left + LARGEST]


def _picture(planes: FloatArray) -> FloatArray:
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _planes(picture: FloatArray) -> FloatArray:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))
