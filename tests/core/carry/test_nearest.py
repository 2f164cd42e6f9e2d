"""Looks of velatura 0.1 carry paint as they did: the nearest key first, or there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import stages
from stages import BALL, BOX, FLAG, HEIGHT, WIDTH, Stage

from velatura.carry.fields import Field
from velatura.carry.nearest import NearestFirst
from velatura.carry.paint import CHANNELS
from velatura.carry.painted_key import Key
from velatura.carry.reproject import RIM
from velatura.image.planes import Window
from velatura.image.silhouettes import inner
from velatura.plate.encoding import encoded
from velatura.scene import tracks, vectors
from velatura.scene.gbuffer import MARGIN
from velatura.system.progress import Progress

NEAR, OTHERS = slice(0, 3), slice(4, 7)

TRUE = 0.02
"""Encoded light, a sixth of a stop: what paint read between its pixels is off at most, on a stage
of 96 px with waves some 15 px long."""


def carried(stage: Stage, painted: tuple[int, ...] = (1, 5), but: str = "") -> NearestFirst:
    sights = {frame: stage.sight(frame, but=but) for frame in stage.frames}
    found = tracks.solve(stage.frames, list(sights.values()), Progress("none"))
    keys = [Key.of(f, stage.paint(f), sights[f], found) for f in painted]
    if "id" not in but:  # on board of 0.1's looks rims are of ids alone
        keys = [replace(key, rim=~inner(key.index, MARGIN)) for key in keys]
    return NearestFirst(tuple(keys), found, {})


@pytest.fixture(scope="module")
def carry() -> NearestFirst:
    return carried(Stage())


def off(paint: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the largest error of any channel, per pixel."""
    return np.abs(paint - encoded(truth)).max(axis=0)


def seen_in(stage: Stage, frame: int, other: int) -> np.ndarray:
    return stage.visible(stage.seen(frame), other).reshape(stage.size)


@pytest.mark.parametrize("frame", [1, 2, 3, 4, 5])
def test_paint_lies_where_its_place_was_seen(carry, frame):
    stage = Stage()
    paint, truth = carry.paint(frame, stage.sight(frame)).planes, stage.paint(frame)
    assert paint.shape == (CHANNELS, HEIGHT, WIDTH)
    for colours, there, key in zip((NEAR, OTHERS), (3, 7), carry.order(frame), strict=True):
        valid = paint[there] == 1
        assert set(np.unique(paint[there])) <= {0, RIM, 1}
        assert off(paint[colours], truth)[valid].max() < TRUE
        visible = seen_in(stage, frame, key.frame)
        assert (visible | ~valid).all(), "paint of what was hidden"
        # Lost is the flag, which bends; two px beside every edge are worth less.
        assert valid.mean() > visible.mean() - 0.2
        assert (paint[there] > 0).mean() > valid.mean() + 0.03
        assert not ((paint[there] == RIM) & ~stage.sight(frame).edges()).any(), "ink of nothing"
        assert (paint[colours][:, paint[there] == 0] == 0).all()


def test_paint_beside_an_edge_is_worth_less(carry):
    """In the key itself: the pixels within two of another thing, and they are as painted."""
    sight = Stage().sight(5)
    paint = carry.paint(5, sight).planes
    inside = inner(sight.objects, 2)
    np.testing.assert_array_equal(paint[3], np.where(inside, 1, RIM))
    np.testing.assert_array_equal(paint[NEAR], encoded(Stage().paint(5)))


def test_a_farther_key_gives_what_is_only_rim_in_a_nearer_one():
    stage = Stage(last=7)
    three, one = carried(stage, (1, 4, 7)), carried(stage, (1, 7))
    paint, first = three.paint(6, stage.sight(6)).planes, one.paint(6, stage.sight(6)).planes
    second = three.without(7).paint(6, stage.sight(6)).planes
    worth = np.stack([second[3], first[7]])  # of key 4, of key 1
    np.testing.assert_array_equal(paint[7], worth.max(axis=0))
    farther = worth[1] > worth[0]
    assert farther.any()
    assert (worth[0][farther] == RIM).any()
    np.testing.assert_array_equal(paint[OTHERS][:, farther], first[OTHERS][:, farther])


def test_without_the_inner_edges_nothing_that_was_seen_is_lost(carry):
    """All that the nearest key shows clearly, and its camera sees well inside its picture."""
    stage = Stage()
    seen = stage.seen(4)
    u, v = stage.moved(seen, 5)
    there = stage.seen(5).numbers.reshape(HEIGHT, WIDTH)
    x, y = np.rint(u * WIDTH - 0.5), np.rint(v * HEIGHT - 0.5)
    inside = (x >= 2) & (x < WIDTH - 2) & (y >= 2) & (y < HEIGHT - 2) & (seen.numbers != FLAG)
    clear = np.zeros(len(u), bool)
    clear[inside] = inner(there, 2)[y[inside].astype(int), x[inside].astype(int)]
    clear &= stage.visible(seen, 5)
    paint = carry.paint(4, stage.sight(4)).planes
    assert paint[3].reshape(-1)[clear].mean() > 0.995


def test_a_painted_frame_gets_its_own_paint_back(carry):
    stage = Stage()
    paint = carry.paint(5, stage.sight(5)).planes
    valid = paint[3] == 1
    np.testing.assert_array_equal(paint[NEAR][:, valid], encoded(stage.paint(5))[:, valid])
    assert valid[stage.sight(5).objects == FLAG].any(), "even on what bends"


def test_the_sky_moves_with_the_camera(carry):
    stage = Stage()
    paint, sky = carry.paint(3, stage.sight(3)).planes, stage.sight(3).objects == 0
    valid = sky & (paint[3] == 1)
    assert valid.sum() > 0.5 * sky.sum()
    assert off(paint[NEAR], stage.paint(3))[valid].max() < 1e-3  # it has hardly any waves
    parked = Stage(camera=stages.parked)
    paint = carried(parked).paint(3, parked.sight(3)).planes
    valid = sky & (paint[3] == 1)
    still = encoded(parked.paint(1))
    np.testing.assert_allclose(paint[NEAR][:, valid], still[:, valid], atol=1e-5)


def test_no_thing_gets_paint_of_another():
    """Each thing in one flat colour: any other colour has come from elsewhere."""
    stage = Stage()
    sights = {f: stage.sight(f) for f in stage.frames}
    found = tracks.solve(stage.frames, list(sights.values()), Progress("none"))
    flat = {f: np.repeat(sights[f].objects[None] / 200, 3, 0).astype("f4") for f in stage.frames}
    carry = NearestFirst(tuple(Key.of(f, flat[f], sights[f], found) for f in (1, 5)), found, {})
    for frame in (2, 3, 4):
        paint = carry.paint(frame, sights[frame]).planes
        for colours, there in ((NEAR, 3), (OTHERS, 7)):
            assert off(paint[colours], flat[frame])[paint[there] == 1].max() < 1e-5


def test_what_stands_before_something_else_hides_its_paint():
    """A wall passes before another one with the same number, as in a shot without good ids."""
    wall = stages.box((6, 0.1, 4), stages.still(0, 3, 2), BOX)
    post = stages.box((0.4, 0.1, 4), stages.still(-0.5, -2, 2), BOX)
    stage = Stage(things=(wall, post, stages.BALLED))
    carry = carried(stage, (1,))
    paint = carry.paint(5, stage.sight(5)).planes
    valid, visible = paint[3] == 1, seen_in(stage, 5, 1)
    hidden = ~visible & (stage.sight(5).objects == BOX)
    assert hidden.sum() > 50
    assert not valid[hidden].any()


def test_without_ids_a_step_in_depth_is_an_edge():
    things = (
        stages.ground(),
        stages.BALLED,
        stages.box((0.7, 0.5, 0.8), stages.still(-1.8, 0, 0.8)),
    )
    stage = Stage(things=things)
    carry = carried(stage, (1,), but="id")
    for frame in (2, 5):
        paint = carry.paint(frame, stage.sight(frame, but="id")).planes
        valid, visible = paint[3] == 1, seen_in(stage, frame, 1)
        assert (visible | ~valid).all()
        assert valid.mean() > visible.mean() - 0.12
        # Where things touch the ground there is no step; there, hues mix within two px.
        assert np.quantile(off(paint[NEAR], stage.paint(frame))[valid], 0.99) < TRUE


def test_nearer_keys_come_first():
    carry = carried(Stage(), (1, 3, 5))
    assert [key.frame for key in carry.order(1)] == [1, 3, 5]
    assert [key.frame for key in carry.order(2)] == [1, 3, 5]
    assert [key.frame for key in carry.order(4)] == [3, 5, 1]
    assert [key.frame for key in carry.order(5)] == [5, 3, 1]


def test_the_others_fill_in_for_each_other():
    stage = Stage()
    three, two = carried(stage, (1, 3, 5)), carried(stage, (1, 3))
    sight = stage.sight(2)
    all_, without = three.paint(2, sight).planes, two.paint(2, sight).planes
    first = without[7] == 1
    np.testing.assert_array_equal(all_[OTHERS][:, first], without[OTHERS][:, first])
    assert all_[7].sum() > without[7].sum() + 20
    assert off(all_[OTHERS], stage.paint(2))[all_[7] == 1].max() < TRUE


def test_a_key_can_be_left_out(carry):
    stage = Stage()
    left = carry.without(1)
    assert [key.frame for key in left.keys] == [5]
    paint = left.paint(2, stage.sight(2)).planes
    np.testing.assert_array_equal(paint[:4], carry.paint(2, stage.sight(2)).planes[4:])
    assert (paint[4:] == 0).all()
    assert (carry.without(1).without(5).paint(2, stage.sight(2)).planes == 0).all()


def test_a_proxy_gets_the_paint_of_the_full_size(carry):
    """Places are parts of the picture, not pixels."""
    half = Stage(window=Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2))
    paint = carry.paint(2, half.sight(2)).planes
    valid = paint[3] == 1
    assert valid.mean() > 0.6
    assert off(paint[NEAR], half.paint(2))[valid].max() < TRUE


@pytest.mark.parametrize(
    "window", [Window(0, 0, WIDTH, 9), Window(11, 5, 37, 50), Window(70, 71, 26, 1)], ids=str
)
def test_a_part_of_the_frame_equals_the_whole_bit_for_bit(carry, window):
    stage = Stage()
    whole = carry.paint(3, stage.sight(3)).planes
    wide = Window(window.x - 2, window.y - 2, window.width + 4, window.height + 4)
    wide = wide.common(stage.window)  # two px more tell of silhouettes beside the part
    part = carry.paint(3, stage.sight(3, wide)).planes[:, *window.within(wide)]
    assert part.tobytes() == whole[:, *window.within(stage.window)].tobytes()


def test_overscan_is_painted_where_the_key_shows_it(carry):
    stage = Stage()
    wide = Window(-8, -6, WIDTH + 16, HEIGHT + 12)
    paint = carry.paint(3, stage.sight(3, wide)).planes
    inside = stage.window.within(wide)
    same = paint[:, *inside] == carry.paint(3, stage.sight(3)).planes
    assert same[:, 2:-2, 2:-2].all(), "at the border of the picture, a silhouette may lie outside"
    valid, truth = paint[3] == 1, stage.paint(3, wide)
    assert off(paint[NEAR], truth)[valid].max() < TRUE
    valid[inside] = False
    assert valid.sum() > 50, "the camera turns: one side shows what the key had in the picture"


def test_unpainted_parts_of_a_key_leave_holes():
    stage = Stage()
    carry = carried(stage, (1,))
    light = stage.paint(1)
    light[:, :, : WIDTH // 2] = np.nan
    key = Key.of(1, light, stage.sight(1), carry.tracks)
    paint = NearestFirst((key,), carry.tracks, {}).paint(1, stage.sight(1)).planes
    assert (paint[:4, :, : WIDTH // 2] == 0).all()
    rim = paint[3, :, WIDTH // 2 : WIDTH // 2 + 2]
    np.testing.assert_array_equal(rim, RIM * stage.sight(1).edges()[:, WIDTH // 2 : WIDTH // 2 + 2])
    paint = NearestFirst((key,), carry.tracks, {}).paint(2, stage.sight(2)).planes
    assert off(paint[NEAR], stage.paint(2))[paint[3] == 1].max() < TRUE


def test_what_bends_is_painted_by_its_field():
    stage = Stage()
    carry = carried(stage, (1,))
    earlier, later = stage.sight(1), stage.sight(2)
    field = vectors.step(
        vectors.start(HEIGHT, WIDTH),
        vectors.back(later.vector),
        vectors.forth(earlier.vector),
        (later.items(), earlier.items()),
    )
    places = (field + np.float32(0.5)) / np.array([[[WIDTH]], [[HEIGHT]]], np.float32)
    flag = later.objects == FLAG
    assert carry.paint(2, later).planes[3][flag].sum() == 0
    paint = replace(carry, fields={(2, 1): Field.certain(places)}).paint(2, later).planes
    valid = flag & (paint[3] == 1)
    assert valid.sum() > 0.5 * flag.sum()
    assert off(paint[NEAR], stage.paint(2))[valid].max() < TRUE
    np.testing.assert_array_equal(paint[:, ~flag], carry.paint(2, later).planes[:, ~flag])


def test_with_parallel_rays_all_but_the_sky_is_carried():
    """Nothing tells which part of the sky they see: it is one colour, or a hole."""

    def eye(frame):
        return stages.parallel((6 * np.sin(frame / 20), -6, 5), (0, 0, 1), 9)

    stage = Stage(camera=eye)
    carry = carried(stage, (1,))
    assert not carry.tracks.cameras[0].perspective
    paint = carry.paint(2, stage.sight(2)).planes
    valid, sky = paint[3] == 1, stage.sight(2).objects == 0
    assert not valid[sky].any()
    assert valid[~sky].mean() > 0.5
    assert off(paint[NEAR], stage.paint(2))[valid].max() < TRUE


def test_things_the_shot_did_not_have_get_no_paint(carry):
    stage = Stage()
    sight = stage.sight(2)
    strange = replace(
        sight, objects=np.where(sight.objects == BALL, 4711, sight.objects).astype("u4")
    )
    paint = carry.paint(2, strange).planes
    ball = sight.objects == BALL
    assert (paint[:, ball] == 0).all()
    np.testing.assert_array_equal(paint[:, ~ball], carry.paint(2, sight).planes[:, ~ball])


def test_a_frame_of_the_shot_fits_and_others_say_why_not(carry):
    stage = Stage()
    for frame in stage.frames:
        assert carry.misfit(frame, [stage.sight(frame)]) == ""
    assert carry.misfit(9, [stage.sight(5)]) == "it is frame 9, and the shot had frames 1 to 5"
    assert carry.misfit(3, [stage.sight(3, but="position")]) == "it has no Position pass"
    blank = replace(stage.sight(3), position=np.zeros((3, HEIGHT, WIDTH), np.float32))
    assert carry.misfit(3, [blank]) == "its Position pass is empty"
    other = Stage(camera=lambda _: stages.lens((4, -7, 3), (0, 0, 0.5)))
    assert "its camera is off by" in carry.misfit(3, [other.sight(3)])
    assert "its camera is off by" in carry.misfit(3, [stage.sight(2)])


def test_a_proxy_of_the_shot_fits(carry):
    half = Stage(window=Window(0, 0, WIDTH // 2, HEIGHT // 2), size=(HEIGHT // 2, WIDTH // 2))
    assert carry.misfit(3, [half.sight(3)]) == ""


def test_paint_is_encoded_as_it_is_said():
    """E(x) = log2(1 + 128 x) / 8: 18 % grey, white, black, and what is none of them."""
    light = np.array([0.0, 0.18, 1.0, 65504.0, -1.0, 1e9], np.float32)
    wanted = [0, np.log2(1 + 128 * 0.18) / 8, np.log2(129) / 8, np.log2(1 + 128 * 65504) / 8]
    np.testing.assert_allclose(encoded(light), [*wanted, 0, wanted[-1]], rtol=1e-6)
