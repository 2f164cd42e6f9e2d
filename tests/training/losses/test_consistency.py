"""What is seen twice is painted alike: known cases, pairs of frames, and what learning gains."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pan
import pytest
import torch

from velatura.system.progress import Progress
from velatura_training.data import carried_keys, neighbours, patches, views
from velatura_training.data import lesson as lessons
from velatura_training.data.augment import Batch
from velatura_training.encoding import encode
from velatura_training.learn.paired import Paired
from velatura_training.losses import consistency, terms
from velatura_training.recipe import Recipe, Weights

CPU = torch.device("cpu")

SEEN = torch.ones(1, 1, 32, 32)

FLOOR = 1 / 128


def waves(offset: float = 0.0) -> torch.Tensor:
    """Return ``(1, 3, 32, 32)``: waves of 8 px."""
    columns = torch.arange(32) + offset
    return (0.5 + 0.2 * torch.sin(columns * torch.pi / 4)).expand(1, 3, 32, 32).clone()


def test_what_is_alike_costs_nothing():
    assert terms.consistency(waves(), waves(), SEEN) == 0
    assert terms.warp(waves(), waves(), waves(), waves(), SEEN) == 0


def test_a_shifted_pattern_costs_its_mean_difference():
    expected = (waves() - waves(1)).abs().mean()
    assert terms.consistency(waves(1), waves(), SEEN) == pytest.approx(float(expected))
    assert terms.warp(waves(1), waves(), waves(), waves(), SEEN) == pytest.approx(float(expected))


def test_what_was_hidden_does_not_count():
    torn = waves()
    torn[..., :10] = 3.0
    visible = SEEN.clone()
    visible[..., :10] = 0
    assert terms.consistency(torn, waves(), visible) == 0
    # As the plate's change of light is averaged, it must not reach across what is hidden.
    assert terms.warp(torn, waves(), torn, waves(), visible) == pytest.approx(0, abs=1e-7)
    assert terms.consistency(torn, waves(), 0 * visible) == 0, "nothing seen costs nothing"


def test_light_that_moves_is_no_flicker_and_paint_that_ignores_it_is():
    brighter = waves() + 1 / 8  # by a stop: encoded light counts eighths of one
    assert terms.warp(brighter, waves(), brighter, waves(), SEEN) == pytest.approx(0, abs=1e-6)
    assert terms.warp(waves(), waves(), brighter, waves(), SEEN) == pytest.approx(1 / 8, rel=1e-4)
    assert terms.warp(brighter, waves(), waves(), waves(), SEEN) == pytest.approx(1 / 8, rel=1e-4)


def test_grain_is_no_change_of_light():
    grain = 0.05 * torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    # The mean over 9 x 9 px and three channels has a sixteenth of the deviation; at the rim, where
    # fewer px lie in the window, a little more.
    assert terms.warp(waves(), waves(), waves() + grain, waves(), SEEN) < 0.1 * grain.abs().mean()


def batch(guides: torch.Tensor | None = None) -> Batch:
    light = torch.exp(2 * waves() - 2)
    return Batch(light, torch.zeros(1, 0, 32, 32) if guides is None else guides, light)


def test_a_nudged_view_shows_the_same_a_little_aside():
    for seed in range(4):
        pair = views.nudged(batch(), 0, torch.Generator().manual_seed(seed))
        columns = pair.places[0, 0, 0]
        offset = float(columns[0])
        assert abs(offset) <= views.REACH
        assert torch.allclose(columns, torch.arange(32) + offset, atol=1e-5)
        expected = torch.exp(2 * waves(offset) - 2)
        seen = pair.visible.bool().expand_as(expected)
        assert 100 < int(seen[:, :1].sum()) <= (32 - 2 * views.EDGE) ** 2
        # A cubic through waves of 8 px is off by a percent of their height.
        assert torch.allclose(encode(pair.plate)[seen], encode(expected)[seen], atol=0.01)
        grain = (pair.now.plate - pair.plate).std() / pair.plate.mean()
        assert 0 < grain < 1.1 * views.GRAIN


def test_a_steady_painter_pays_nothing_and_one_that_paints_by_place_does():
    pair = views.nudged(batch(), 0, torch.Generator().manual_seed(1))
    still = torch.ones(1, 3, 32, 32)
    fixed = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).sign()
    for name in ("consistency", "warp"):
        assert consistency.difference(name, pair, still, still, FLOOR) < 0.003, name
        assert consistency.difference(name, pair, fixed, fixed, FLOOR) > 0.03, name


def test_carried_paint_is_nudged_without_mixing_it_with_its_holes():
    guides = torch.zeros(1, 3 + 8, 32, 32)
    guides[:, :3] = 1
    guides[:, 3:6, :, 12:], guides[:, 6, :, 12:] = 0.7, 1
    guides[:, 6, :, 12:14] = 0.5  # a silhouette: its paint is not darker for being worth less
    moved = views.nudged(batch(guides), 3, torch.Generator().manual_seed(2)).now.guides
    there = moved[:, 6]
    assert set(there.unique().tolist()) == {0.0, 0.5, 1.0}
    assert torch.allclose(moved[:, 3:6], 0.7 * there.ceil()[:, None])
    assert torch.allclose(moved[:, :3], torch.ones(3, 32, 32))
    assert not moved[:, 7:].any()


def test_neighbours_know_where_everything_was_and_what_was_hidden(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path))
    found = neighbours.load(lesson, 32)
    assert [(two.before.frame, two.now.frame) for two in found] == [(f, f + 1) for f in range(1, 6)]
    for two in found:
        inside = torch.from_numpy(pan.disc(two.now.frame)) > 0
        before = torch.from_numpy(pan.disc(two.before.frame)) > 0
        x = torch.arange(pan.WIDTH).expand(pan.HEIGHT, -1)
        expected = x + torch.where(inside, pan.DISC, pan.WALL)
        known = two.places.isfinite().all(0)
        assert torch.allclose(two.places[0][known], expected[known], atol=1e-4)
        assert torch.allclose(
            two.places[1][known], torch.arange(56.0)[:, None].expand(x.shape)[known]
        )
        assert not known[:, -1].any(), "came in at the right"
        assert not known[before & ~inside].any(), "was behind the disc"
        assert known.float().mean() > 0.9


def test_pairs_of_patches_follow_the_motion(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path))
    found, rng = neighbours.load(lesson, 32), torch.Generator().manual_seed(0)
    pair = neighbours.sample(found, 32, 16, rng, CPU)
    seen = pair.visible.bool().expand_as(pair.plate)
    fetched = views.fetch(encode(pair.before.plate), pair.places)
    followed, unfollowed = (
        (encode(pair.plate) - light).abs()[seen].mean()
        for light in (fetched, encode(pair.before.plate))
    )
    assert followed < 0.1 * unfollowed
    assert pair.visible.mean() > 0.1  # of the 16 px that a patch's edge leaves, after the motion


def test_neighbours_of_a_shot_look_have_its_paint(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path))
    lesson = carried_keys.attach(lesson, lesson.footage[0], Progress("none"))
    two = neighbours.load(lesson, 32)[2]
    assert two.now.guides.shape[0] == lesson.keys[0].guides.shape[0]
    worth = lesson.carry.paint(two.now.frame, lesson.footage[0].sight(two.now.frame)).planes[3]
    np.testing.assert_array_equal(two.now.guides[-5], worth)
    assert worth.mean() > 0.2, "five frames apart, of a fifth of a stop in the plate's waves"


def test_without_frames_in_a_row_nothing_is_compared_and_that_is_said(tmp_path, caplog):
    plate, painted = pan.write(tmp_path)
    for frame in (2, 4, 5):
        (tmp_path / f"plate.{frame:04d}.exr").unlink()
    assert neighbours.load(lessons.load(plate, painted), 32) == ()
    assert "Nothing tells how things move" in caplog.text


def test_motion_is_seen_where_no_vectors_are(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path, moving=False))
    two = neighbours.load(lesson, 32)[2]
    wall = (pan.disc(3) + pan.disc(4) == 0)[8:-8, 8:-8]
    moved = (two.places[0] - torch.arange(pan.WIDTH))[8:-8, 8:-8]
    assert float(moved[torch.from_numpy(wall)].nanmedian()) == pytest.approx(pan.WALL, abs=0.2)


def learnt(lesson: lessons.Lesson, weights: Weights, steps: int) -> Paired:
    recipe = Recipe(tier="draft", patch=32, batch=4, weights=weights)
    course, rng = Paired(lesson, recipe, CPU), torch.Generator().manual_seed(0)
    for step in range(steps):
        course.step(step / steps, 1.0, rng)
    return course


@torch.no_grad()
def unsteady(course: Paired, name: str, found: tuple[neighbours.Neighbours, ...]) -> float:
    """Return how much results change between views of unpainted frames: encoded, 0 is best."""
    rng, values = torch.Generator().manual_seed(7), []
    for two in found:
        now = patches.whole(two.now, 8, CPU)
        if name == "consistency":
            pair = views.nudged(now, course.shape.plain, rng)
        else:
            before, places = patches.whole(two.before, 8, CPU), two.places[None]
            known = places.isfinite().all(1, keepdim=True).float()
            pair = views.Pair(before, now, now.plate, places.nan_to_num(-1), known)
        stops = [course.exported(view.plate) for view in (pair.now, pair.before)]
        values.append(float(consistency.difference(name, pair, *stops, FLOOR)))
    return float(np.mean(values))


def test_asking_for_calm_makes_a_look_calmer(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path), guides=())
    found = neighbours.load(lesson, 32)[1:4]
    only = Weights(content=0, adversarial=0, grid=0)
    plain = learnt(lesson, only, 100)
    for name in ("consistency", "warp"):
        calmed = learnt(lesson, replace(only, **{name: 2.0}), 100)
        before, after = (unsteady(course, name, found) for course in (plain, calmed))
        assert after < 0.8 * before, name  # .5 and .6 of it, measured
        assert calmed.judge() < 1.1 * plain.judge(), "and has learnt as much"


def test_a_course_taken_up_again_sees_the_same_pairs(tmp_path):
    lesson = lessons.load(*pan.write(tmp_path), guides=())
    recipe = Recipe(
        tier="draft", patch=32, batch=2, weights=Weights(content=0, consistency=1, warp=1)
    )
    first, rng = Paired(lesson, recipe, CPU), torch.Generator().manual_seed(3)
    first.step(0.7, 1.0, rng)
    second, again = Paired(lesson, recipe, CPU), torch.Generator()
    second.restore(deepcopy(first.state()))
    again.set_state(rng.get_state())
    assert first.step(0.8, 1.0, rng) == second.step(0.8, 1.0, again)
