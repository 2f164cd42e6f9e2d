"""Ink of outlines lies along the silhouettes of the frame that it is carried into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pans
import pytest
from stages import BALL, FLAG, Stage, ball, ground, still

from velatura.carry.paint import Carry
from velatura.carry.painted_key import Key
from velatura.image.planes import FloatArray, Window
from velatura.image.silhouettes import inner

ALL = (1, 2, 3, 4, 5)
INK = 0.0
Bools = npt.NDArray[np.bool_]


def line(stage: Stage, frame: int) -> Bools:
    """Return the pixels on both sides of a silhouette."""
    objects = stage.sight(frame).objects
    assert objects is not None
    return ~inner(objects.astype(np.int64), 1)


def inked(stage: Stage, frame: int) -> FloatArray:
    """Return things in even grey with black outlines."""
    light = np.full((3, *stage.size), 0.5, np.float32)
    light[:, line(stage, frame)] = INK
    return light


def carried(folder: Path, stage: Stage, painted: tuple[int, ...] = (1, 5)) -> Carry:
    stage.write(folder, painted=())
    found = pans.looked_over(folder, painted)
    keys = tuple(Key.of(f, inked(stage, f), stage.sight(f), found.tracks) for f in painted)
    return Carry(keys, found.tracks, found.fields, found.same)


@pytest.fixture(scope="module")
def carry(tmp_path_factory: pytest.TempPathFactory) -> Carry:
    return carried(tmp_path_factory.mktemp("inked"), Stage())


def dark(carry: Carry, stage: Stage, frame: int) -> Bools:
    """Return where the merged paint is nearer to ink than to grey."""
    planes = carry.paint(frame, stage.sight(frame)).planes
    grey = carry.keys[0].paint.max()
    return np.asarray(planes[1] < grey / 2)


@pytest.mark.parametrize("frame", [2, 3, 4])
def test_outlines_are_whole_in_frames_between(carry, frame):
    stage = Stage()
    wanted, found = line(stage, frame), dark(carry, stage, frame)
    assert found[wanted].mean() > 0.8  # of .83 to .9: lines of a pixel, read between pixels


@pytest.mark.parametrize("frame", [2, 3, 4])
def test_no_ink_stays_where_silhouettes_were(carry, frame):
    stage = Stage()
    near = ~inner(stage.sight(frame).objects.astype(np.int64), 2)
    found = dark(carry, stage, frame)
    assert found[~near].mean() < 0.01


def test_the_outline_of_what_bends_goes_along(carry):
    stage = Stage()
    objects = stage.sight(3).objects
    flag = line(stage, 3) & (objects == FLAG)
    assert dark(carry, stage, 3)[flag].mean() > 0.8


def test_an_outline_before_another_ground_is_kept(tmp_path):
    """What lies behind a ball in a key is not what lies behind it in a frame."""
    stage = Stage(things=(ground(1.2), ball(0.8, still(0.0, 0.0, 0.8))))
    carry = carried(tmp_path, stage, (1,))
    wanted = line(stage, 5) & (stage.sight(5).objects == BALL)
    assert dark(carry, stage, 5)[wanted].mean() > 0.8


def test_a_tile_has_the_outlines_of_the_whole_frame(carry):
    stage = Stage()
    whole = carry.paint(3, stage.sight(3)).planes
    top, left, height, width, margin = 11, 17, 33, 48, 2
    window = Window(left - margin, top - margin, width + 2 * margin, height + 2 * margin)
    sight = stage.sight(3)
    rows = slice(window.y, window.y + window.height)
    columns = slice(window.x, window.x + window.width)
    part = replace(
        sight,
        u=sight.u[columns],
        v=sight.v[rows],
        position=np.ascontiguousarray(sight.position[:, rows, columns]),
        vector=None,
        objects=np.ascontiguousarray(sight.objects[rows, columns]),
    )
    tile = carry.paint(3, part).planes[:, margin:-margin, margin:-margin]
    np.testing.assert_array_equal(tile, whole[:, top : top + height, left : left + width])
