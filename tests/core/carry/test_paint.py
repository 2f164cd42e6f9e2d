"""Carried paint lies where the painter would have put it, and its worth says how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pans
import pytest
from pans import Pan
from stages import BALL, HEIGHT, WIDTH, Stage

from velatura.carry.paint import AGREE, CHANNELS, Carry
from velatura.carry.painted_key import Key
from velatura.carry.way import STRANGER
from velatura.image.planes import FloatArray, Window
from velatura.image.silhouettes import spread
from velatura.plate.encoding import encoded
from velatura.scene import opencv
from velatura.scene.gbuffer import MARGIN

CALM, SHARP = slice(0, 3), slice(4, 7)
ALL = (1, 2, 3, 4, 5)


def carried(folder: Path, stage: Stage, painted: tuple[int, ...] = (1, 5), but: str = "") -> Carry:
    """Return the keys of a stage as training makes them: looked over, with fields."""
    stage.write(folder, painted=(), but=but)
    found = pans.looked_over(folder, painted)
    keys = tuple(Key.of(f, stage.paint(f), stage.sight(f, but=but), found.tracks) for f in painted)
    return Carry(keys, found.tracks, found.fields, found.same)


@pytest.fixture(scope="module")
def carry(tmp_path_factory: pytest.TempPathFactory) -> Carry:
    return carried(tmp_path_factory.mktemp("stage"), Stage())


def off(paint: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the largest error of any channel, per pixel."""
    return np.abs(paint - encoded(truth)).max(axis=0)


@pytest.mark.parametrize("but", ["", "id", "vector", "position id", "position id vector"])
def test_paint_lies_where_its_place_was_seen_by_any_rung_of_the_ladder(tmp_path, but):
    stage = Stage()
    carry = carried(tmp_path, stage, but=but)
    for frame in (2, 3, 4):
        paint = carry.paint(frame, stage.sight(frame, but=but)).planes
        assert paint.shape == (CHANNELS, HEIGHT, WIDTH)
        for colours, there in ((CALM, 3), (SHARP, 7)):
            far, worth = off(paint[colours], stage.paint(frame)), paint[there]
            assert far.mean() < (0.005 if "position" not in but else 0.011)
            assert (worth >= 0).all()
            assert (worth <= 1).all()
            assert worth.mean() > 0.4
            # What the worth is for: paint of little worth is wrong by twice as much and more.
            assert far[worth <= 0.5].mean() > 2 * far[worth > 0.5].mean()
            assert np.quantile(far[worth > 0.5], 0.99) < (0.03 if "position" not in but else 0.1)


@pytest.mark.parametrize("frame", [1, 5])
def test_a_painted_frame_gets_its_own_paint_back_to_the_bit(carry, frame):
    stage = Stage()
    paint = carry.paint(frame, stage.sight(frame)).planes
    for colours in (CALM, SHARP):
        np.testing.assert_allclose(paint[colours], encoded(stage.paint(frame)), rtol=3e-7)
    assert (paint[3] == 1).all()
    assert (paint[7] == 1).all()


def test_a_lesson_has_no_paint_of_its_own_frame_but_by_its_fields(carry):
    """As it comes to other frames: by what the field says it is worth, and what others bring."""
    stage = Stage()
    other = carry.without(5).paint(5, stage.sight(5), own=False).planes
    np.testing.assert_array_equal(other, carry.without(5).paint(5, stage.sight(5)).planes)
    assert 0.2 < other[3].mean() < 0.9


def test_worth_falls_where_a_place_was_hidden_from_the_key(carry):
    stage = Stage()
    one = carry.only(1)
    for frame in (3, 5):
        worth = one.paint(frame, stage.sight(frame)).planes[3]
        seen = stage.visible(stage.seen(frame), 1).reshape(stage.size)
        assert worth[~seen].mean() < 0.2, "light agrees by chance on an even ground"
        assert worth[seen].mean() > 2.5 * worth[~seen].mean()


def test_worth_falls_with_the_distance_in_time(carry):
    stage = Stage()
    worth = [carry.only(1).paint(f, stage.sight(f)).planes[3].mean() for f in ALL]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == 1
    assert worth[-1] < 0.75


def test_worth_falls_where_the_plates_light_disagrees(tmp_path):
    """A lamp goes on in a corner of one frame: what was painted in the dark is worth less there."""
    pan = Pan(scenes=tuple((0, n) for n in range(3)))
    pan.write(tmp_path / "dark")
    pan.write(tmp_path / "lit")
    lit = pan.plate(3)
    lit[:, :30, :40] *= 2
    pans.write(tmp_path / "lit" / "plate.0003.exr", lit)
    worth = {}
    for name in ("dark", "lit"):
        carry = pans.carried(tmp_path / name, {1: pan.paint(1)})
        sight = pans.footage(tmp_path / name).sight(3)
        worth[name] = carry.paint(3, sight).planes[3]
    assert worth["dark"][5:25, 5:35].mean() > 0.3
    assert worth["lit"][5:25, 5:35].mean() < 0.01  # a stop is .125 of encoded light
    elsewhere = worth["lit"][45:, 60:], worth["dark"][45:, 60:]
    shown = slice(0, 30)  # what lies further right is not in the key, and is found where it may be
    np.testing.assert_allclose(*(plane[:, shown] for plane in elsewhere), atol=0.02)


def test_no_thing_gets_paint_of_another(tmp_path):
    """Each thing in one flat colour: any other colour has come from elsewhere."""
    stage = Stage()
    carry = carried(tmp_path, stage)
    flat = {f: np.repeat(stage.sight(f).objects[None] / 200, 3, 0).astype("f4") for f in ALL}
    keys = tuple(Key.of(f, flat[f], stage.sight(f), carry.tracks) for f in (1, 5))
    for frame in (2, 3, 4):
        paint = replace(carry, keys=keys).paint(frame, stage.sight(frame)).planes
        for colours, there in ((CALM, 3), (SHARP, 7)):
            sure = paint[there] > 0.5
            assert sure.mean() > 0.5
            far = off(paint[colours], flat[frame])[sure]  # colours of things are .1 apart
            assert np.quantile(far, 0.995) < 0.02
            assert far.max() < 0.09  # a part of another colour at most


def test_keys_can_be_left_out(carry):
    stage = Stage()
    sight = stage.sight(2)
    assert [key.frame for key in carry.without(1).keys] == [5]
    np.testing.assert_array_equal(
        carry.without(1).paint(2, sight).planes, carry.only(5).paint(2, sight).planes
    )
    nothing = carry.without(1).without(5).paint(2, sight)
    assert (nothing.planes == 0).all()
    assert nothing.cover is None


@pytest.mark.parametrize("frame", [1, 2])
def test_a_proxy_gets_the_paint_of_the_full_size(carry, frame):
    """Places are parts of the picture, not pixels; that holds in a painted frame, too."""
    half = Stage(window=Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2))
    paint = carry.paint(frame, half.sight(frame)).planes
    sure = paint[3] > 0.5
    assert sure.mean() > 0.5
    assert np.quantile(off(paint[CALM], half.paint(frame))[sure], 0.9) < 0.02


WINDOWS = [Window(0, 0, WIDTH, 9), Window(11, 5, 37, 50), Window(70, 71, 26, 1)]


def demand_parts_of_the_whole(carry: Carry, stage: Stage, frame: int, window: Window) -> None:
    whole = carry.paint(frame, stage.sight(frame))
    wide = Window(window.x - 2, window.y - 2, window.width + 4, window.height + 4)
    wide = wide.common(stage.window)  # two px more tell of silhouettes beside the part
    part = carry.paint(frame, stage.sight(frame, wide)).inside(*window.within(wide))
    there = whole.inside(*window.within(stage.window))
    assert part.planes.tobytes() == there.planes.tobytes()
    assert (part.cover is None) == (there.cover is None)
    if part.cover is not None:
        assert part.cover.tobytes() == there.cover.tobytes()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("frame", [1, 3])
@pytest.mark.parametrize("agreement", [1.0, 0.2])
def test_a_part_of_the_frame_equals_the_whole_bit_for_bit(carry, window, frame, agreement):
    demand_parts_of_the_whole(replace(carry, agreement=agreement), Stage(), frame, window)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("frame", [1, 3])
def test_a_part_of_a_layer_equals_the_whole_bit_for_bit(carry, window, frame):
    half = np.zeros((HEIGHT, WIDTH), np.float32)
    half[:, 20:70] = np.linspace(0, 1, 50)
    keys = tuple(replace(key, cover=half) for key in carry.keys)
    demand_parts_of_the_whole(replace(carry, keys=keys), Stage(), frame, window)


@pytest.mark.parametrize("frame", [1, 3])
def test_overscan_is_worth_less_and_changes_nothing_inside(carry, frame):
    stage = Stage()
    wide = Window(-8, -6, WIDTH + 16, HEIGHT + 12)
    paint = carry.paint(frame, stage.sight(frame, wide)).planes
    inside = stage.window.within(wide)
    same = paint[:, *inside] == carry.paint(frame, stage.sight(frame)).planes
    assert same[:, 2:-2, 2:-2].all(), "at the border of the picture, a silhouette may lie outside"
    outside = np.ones(paint.shape[1:], bool)
    outside[inside] = False
    assert np.isfinite(paint).all()
    assert (paint[3][outside] < 1).all()
    far = off(paint[CALM], stage.paint(frame, wide))
    sure = outside & (paint[3] > 0.3)
    assert sure.sum() > 200, "one side shows what a key had in the picture"
    assert np.quantile(far[sure], 0.9) < 0.03
    assert far[outside & ~sure].mean() > far[sure].mean()


def test_what_was_not_painted_of_a_key_comes_from_another(carry):
    """The paint's pixels are a part of the picture: beside them there is none, not black."""
    stage = Stage()
    light = stage.paint(1)
    light[:, :, : WIDTH // 2] = np.nan
    part = Key.of(1, light, stage.sight(1), carry.tracks)
    paint = replace(carry, keys=(part, carry.keys[1])).paint(1, stage.sight(1)).planes
    there = np.broadcast_to(np.arange(WIDTH) >= WIDTH // 2, (HEIGHT, WIDTH))
    np.testing.assert_allclose(paint[CALM][:, there], encoded(stage.paint(1))[:, there], rtol=3e-7)
    assert (paint[3][there] == 1).all()
    assert (paint[3][~there] < 1).all()
    sure = ~there & (paint[3] > 0.3)
    assert sure.mean() > 0.1
    assert off(paint[CALM], stage.paint(1))[sure].max() < 0.05
    alone = replace(carry, keys=(part,)).paint(1, stage.sight(1)).planes
    assert (alone[3][~there] == 0).all()


def test_things_the_shot_did_not_have_get_paint_of_no_worth(carry):
    stage = Stage()
    sight = stage.sight(2)
    ball = sight.objects == BALL
    strange = replace(sight, objects=np.where(ball, 4711, sight.objects).astype("u4"))
    paint = carry.paint(2, strange).planes
    assert np.isfinite(paint).all()
    assert (paint[3][ball] <= STRANGER).all()
    away = ~spread(ball, MARGIN)  # ink beside it goes along with its outline
    np.testing.assert_array_equal(paint[:, away], carry.paint(2, sight).planes[:, away])


def test_a_frame_that_is_another_ones_twin_gets_its_paint(carry):
    """In a shot that holds its pictures the same plates come again."""
    stage = Stage()
    held = replace(carry, same={**carry.same, 4: 2})
    for given in (stage.sight(2), stage.sight(2, Window(5, 5, 40, 30))):
        one, other = held.paint(2, given), held.paint(4, given)
        np.testing.assert_array_equal(one.planes, other.planes)


def strokes(paint: FloatArray) -> float:
    """Return the deviation of what is finer than 4 px: what a mean of two keys loses."""
    return float((paint - opencv.blurred(paint, 4.0)).std())


@pytest.fixture(scope="module")
def pan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Pan().write(tmp_path_factory.mktemp("pan"))


def by(pan: Path, *, free: bool, painted: tuple[int, ...] = (1, 9)) -> Carry:
    return pans.carried(pan, {f: Pan().paint(f, free=free) for f in painted})


def solos(carry: Carry, pan: Path, frame: int) -> Mapping[int, FloatArray]:
    sight = pans.footage(pan).sight(frame)
    return {k.frame: carry.only(k.frame).paint(frame, sight).planes for k in carry.keys}


def test_where_strokes_differ_one_keys_paint_is_shown_at_a_time(pan):
    carry = by(pan, free=True)
    assert carry.agreement < 0.4 < AGREE
    for frame in Pan().frames[1:-1]:
        paint = carry.paint(frame, pans.footage(pan).sight(frame)).planes
        alone = solos(carry, pan, frame)
        full = min(strokes(p[:3]) for p in alone.values())
        assert strokes(paint[:3]) > 0.93 * full, "strokes are full between the keys"
        nearest = np.min([np.abs(paint[:3] - p[:3]).max(axis=0) for p in alone.values()], axis=0)
        # Of two keys' strokes, .1 apart, a mean would be .05 from both.
        assert (nearest < 0.02).mean() > 0.73
        assert np.quantile(nearest, 0.95) < 0.12
    middle = carry.paint(5, pans.footage(pan).sight(5)).planes
    assert strokes(middle[4:7]) < 0.92 * full, "the second is their mean, which is calm"


def test_where_strokes_agree_all_keys_are_merged_first(pan):
    carry = by(pan, free=False)
    assert carry.agreement > 0.8
    sight = pans.footage(pan).sight(5)
    merged, swapped = carry.paint(5, sight).planes, replace(carry, agreement=0.1)
    np.testing.assert_array_equal(swapped.paint(5, sight).planes, np.roll(merged, 4, axis=0))
    truth = Pan().paint(5, free=False)
    alone = solos(carry, pan, 5)
    errors = [float(off(p[:3], truth).mean()) for p in alone.values()]
    assert off(merged[:3], truth).mean() < 0.9 * min(errors), "two keys know better than either"


def test_near_a_key_its_paint_is_shown_and_it_passes_slowly(pan):
    """No frame in which all of the paint changes: the key that is shown changes place by place."""
    carry = by(pan, free=True)
    shares = []
    for frame in Pan().frames:
        paint = carry.paint(frame, pans.footage(pan).sight(frame)).planes[:3]
        alone = solos(carry, pan, frame)
        far = {k: np.abs(paint - p[:3]).max(axis=0) for k, p in alone.items()}
        shares.append(float((far[1] < far[9]).mean()))
    assert shares[0] == 1
    assert shares[-1] == 0
    assert shares == sorted(shares, reverse=True)
    assert max(-np.diff(shares)) < 0.3
    assert shares[1] > 0.75


def test_a_layer_covers_what_was_painted_wherever_it_goes(tmp_path):
    """The disc is painted, which goes to the right; all else is left transparent."""
    pan = Pan()
    pan.write(tmp_path)
    covers = {f: pan.disc(f).astype(np.float32) for f in (1, 9)}
    paints = {f: np.where(covers[f] > 0, pan.paint(f), pan.plate(f)) for f in (1, 9)}
    carry = pans.carried(tmp_path, paints, covers)
    assert carry.layered
    for frame in pan.frames:
        cover = carry.paint(frame, pans.footage(tmp_path).sight(frame)).cover
        disc = pan.disc(frame)
        assert cover[disc].mean() > 0.9
        assert cover[~disc].mean() < 0.05
    for frame in (1, 9):
        cover = carry.paint(frame, pans.footage(tmp_path).sight(frame)).cover
        np.testing.assert_array_equal(cover, covers[frame])
