"""Footage without passes: held frames, cuts, keys that disagree, gaps, and a thousand frames."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pans
import pytest
from pans import Pan
from stages import pictured

from velatura.carry.fields import NEAREST
from velatura.carry.paint import AGREE
from velatura.image import exr
from velatura.image.planes import Window
from velatura.plate.encoding import encoded

HELD = Pan(scenes=[(0, n) for n in (0, 1, 2, 2, 3, 4, 2, 5, 6, 6)])
"""Frames 3, 4 and 7 show one picture, and frames 9 and 10."""

CUT = Pan(scenes=[*((0, n) for n in range(5)), *((1, n) for n in range(5))])
"""From frame 6 on another wall."""


def paint_of(folder: Path, carry: pans.Carry, frame: int) -> pans.FloatArray:
    return carry.paint(frame, pans.footage(folder).sight(frame)).planes


def test_held_frames_get_the_same_paint_wherever_they_are(tmp_path):
    carry = pans.carried(HELD.write(tmp_path), {f: HELD.paint(f) for f in (1, 8)})
    assert {f: carry.same[f] for f in (3, 4, 7)} == {3: 3, 4: 3, 7: 3}
    first = paint_of(tmp_path, carry, 3)
    for frame in (4, 7):
        assert paint_of(tmp_path, carry, frame).tobytes() == first.tobytes()
    assert paint_of(tmp_path, carry, 9).tobytes() == paint_of(tmp_path, carry, 10).tobytes()
    assert paint_of(tmp_path, carry, 5).tobytes() != first.tobytes()


def test_a_frame_that_a_key_is_painted_on_shows_it_wherever_it_is_held(tmp_path):
    carry = pans.carried(HELD.write(tmp_path), {1: HELD.paint(1), 7: HELD.paint(7)})
    assert carry.same[3] == carry.same[4] == 7
    for frame in (3, 4, 7):
        paint = paint_of(tmp_path, carry, frame)
        np.testing.assert_allclose(paint[:3], encoded(HELD.paint(7)), rtol=3e-7)


def test_keys_on_equal_plates_that_disagree_show_their_own(tmp_path):
    carry = pans.carried(HELD.write(tmp_path), {f: HELD.paint(f) for f in (3, 7)})
    assert carry.same[3] == 3
    assert carry.same[7] == 7
    for frame, shown in ((3, 3), (7, 7), (4, 3)):
        paint = paint_of(tmp_path, carry, frame)
        np.testing.assert_allclose(paint[:3], encoded(HELD.paint(shown)), rtol=3e-7)
    for frame in (2, 6, 8):
        assert np.isfinite(paint_of(tmp_path, carry, frame)).all()


def test_no_field_crosses_a_cut_and_it_is_said_where_it_is(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        carry = pans.carried(CUT.write(tmp_path), {f: CUT.paint(f) for f in (2, 9)})
    said = [r.getMessage() for r in caplog.records]
    assert said == ["The shot is cut at frame 6: no paint is carried across"]
    for frame, key in carry.fields:
        assert (frame < 6) == (key < 6)
    for frame, key in ((5, 2), (6, 9)):
        here = paint_of(tmp_path, carry, frame)
        alone = carry.only(key).paint(frame, pans.footage(tmp_path).sight(frame)).planes
        np.testing.assert_array_equal(here, alone)
        assert here[3].mean() > 0.2


def test_what_lies_behind_a_cut_without_a_key_gets_no_paint(tmp_path):
    carry = pans.carried(CUT.write(tmp_path), {2: CUT.paint(2)})
    assert paint_of(tmp_path, carry, 5)[3].mean() > 0.2
    for frame in range(6, 11):
        assert (paint_of(tmp_path, carry, frame) == 0).all()


def test_no_cut_is_seen_in_a_shot_that_goes_on(tmp_path, caplog):
    """Not even where frames are missing, and things move twice as far."""
    with caplog.at_level(logging.WARNING):
        pans.looked_over(Pan().write(tmp_path, (1, 2, 3, 5, 6, 9)), (1, 9))
    assert not caplog.records


def test_a_path_never_goes_back_to_an_earlier_key(tmp_path):
    """Where nothing moves: once the later key's paint is shown, it stays."""
    still = Pan(scenes=[(0, 0)] * 9)
    random = np.random.default_rng(0)
    for frame in still.frames:  # grain, so that no two frames are equal
        grain = random.normal(0, 0.004, (3, 72, 96))
        light = pans.light(encoded(still.plate(frame)) + grain.astype("f4"))
        pans.write(tmp_path / f"plate.{frame:04d}.exr", light)
    carry = pans.carried(tmp_path, {f: still.paint(f) for f in (1, 5, 9)})
    assert carry.agreement < AGREE
    shares = np.stack([[carry.fields[f, k].choice for k in (1, 5, 9)] for f in still.frames])
    shown = shares.argmax(axis=1)[:, 8:-8, 8:-8]
    assert (shown[0] == 0).all()
    assert (shown[4] == 1).all()
    assert (shown[8] == 2).all()
    back = np.diff(shown, axis=0) < 0
    assert back.mean() < 0.002, "but for flow that is a tenth of a pixel off"
    assert (np.diff(shown, axis=0) <= 1).all(), "no key is left out"
    changes = (np.diff(shown[:5], axis=0) != 0).sum(axis=(1, 2))
    assert changes.max() < 0.6 * changes.sum(), "places do not all change at once"


def test_three_frames_are_a_shot(tmp_path):
    short = Pan(scenes=[(0, 0), (0, 1), (0, 2)])
    carry = pans.carried(short.write(tmp_path), {2: short.paint(2, free=False)})
    for frame in (1, 3):
        paint = paint_of(tmp_path, carry, frame)
        assert paint[3].mean() > 0.5
        assert np.abs(paint[:3] - encoded(short.paint(frame, free=False))).mean() < 0.015


def test_missing_frames_do_not_tear_a_shot(tmp_path):
    carry = pans.carried(
        Pan().write(tmp_path, (1, 2, 4, 7, 9)), {f: Pan().paint(f, free=False) for f in (1, 9)}
    )
    for frame in (2, 4, 7):
        paint = paint_of(tmp_path, carry, frame)
        assert np.abs(paint[:3] - encoded(Pan().paint(frame, free=False))).mean() < 0.02


def test_an_empty_layer_leaves_the_other_key_alone(tmp_path):
    """Its painter has left all of it transparent: at its frame nothing is shown."""
    shot = Pan()
    shot.write(tmp_path)
    covers = {1: np.ones((72, 96), np.float32), 9: np.zeros((72, 96), np.float32)}
    paints = {1: shot.paint(1), 9: shot.plate(9)}
    carry = pans.carried(tmp_path, paints, covers)
    cover = [carry.paint(f, pans.footage(tmp_path).sight(f)).cover for f in shot.frames]
    assert (cover[0] == 1).all()
    assert (cover[-1] == 0).all()
    assert all(np.isfinite(each).all() for each in cover)
    assert cover[1].mean() > 0.5


def test_all_layers_may_be_empty(tmp_path):
    shot = Pan()
    shot.write(tmp_path)
    covers = {f: np.zeros((72, 96), np.float32) for f in (1, 9)}
    carry = pans.carried(tmp_path, {f: shot.plate(f) for f in (1, 9)}, covers)
    for frame in shot.frames:
        assert (carry.paint(frame, pans.footage(tmp_path).sight(frame)).cover == 0).all()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts files in /proc")
def test_a_thousand_frames_take_no_thousand_files(tmp_path, monkeypatch):
    """What is known of each frame waits in one scratch file."""
    long = Pan(scenes=[(0, n / 4) for n in range(1000)], size=(18, 32))
    long.write(tmp_path)
    most, counted = 0, open_files()
    reported = []

    class Counting(pans.Progress):
        def finished(self, frame: str, *, skipped: bool) -> None:  # noqa: ARG002
            nonlocal most
            most = max(most, open_files())
            reported.append(frame)

    monkeypatch.setattr("velatura.carry.fields.MOST", 2**22)
    found = pans.survey(pans.footage(tmp_path), (1, 400, 1000), Counting("none"))
    assert len(reported) == 1000
    assert most < counted + 8
    assert open_files() <= counted
    assert len(found.fields) <= 1000 * NEAREST + 12
    held = sum(
        f.places.nbytes // 2 + f.worth.nbytes + f.choice.nbytes for f in found.fields.values()
    )
    assert held <= 2**22
    worth = [found.fields[f, 400].worth.mean() for f in (400, 410, 450, 700)]
    assert worth == sorted(worth, reverse=True)


@pytest.mark.parametrize("turns", [True, False], ids=["the wall passes by", "the wall stands"])
def test_vectors_of_0_count_where_the_pictures_stand_still_too(tmp_path, turns):
    """Blender writes 0 behind all things, also where the camera turns."""
    pan = Pan(scenes=[(0, n) for n in range(5)])
    whole = Window(0, 0, pans.WIDTH, pans.HEIGHT)
    for frame in pan.frames:
        wall = pan.plate(frame if turns else 1)
        light = np.where(pan.disc(frame), pan.plate(frame), wall)
        vector = pan.disc(frame) * np.array([-1, 0, -1, 0], np.float32)[:, None, None]
        planes = dict(zip("RGB", light, strict=True))
        planes |= {f"Vector.{name}": v for name, v in zip("XYZW", vector, strict=True)}
        exr.write(tmp_path / f"plate.{frame:04d}.exr", pictured(planes, whole, whole))
    places = pans.looked_over(tmp_path, [1]).fields[4, 1].places * pans.WIDTH
    columns = np.arange(pans.WIDTH) + 0.5
    moved = (places[0] - columns)[:8, :64]  # above the disc; what it hid is not followed
    # Flow sees waves of 4 px to a fifth of one, and has three steps to do; 0 is exact.
    assert np.median(moved) == pytest.approx(
        3 * pans.SPEED if turns else 0, abs=0.6 if turns else 1e-3
    )
