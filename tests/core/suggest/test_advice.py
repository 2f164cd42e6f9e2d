"""The frame that is suggested is the one whose paint the shot lacks most."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from stages import BALLED, BOX, Stage, at, box, ground, parked

from velatura.errors import FrameError
from velatura.image import exr
from velatura.plate import flat
from velatura.plate.reading import Reading
from velatura.scene import optical_flow
from velatura.scene.footage import Footage
from velatura.suggest import advice_sheet, coverage, proxy, selection
from velatura.suggest.advice import Advice, advise
from velatura.suggest.coverage import Reach
from velatura.suggest.proxy import Scouted
from velatura.suggest.selection import Ledger, Prices
from velatura.system.progress import Progress

AWAY = (0.0, -30.0, 0.8)
"""Behind the camera."""


def there(frames, place, number=BOX, half=(0.7, 0.5, 0.8)):
    """A box that stands somewhere in some frames, and is not there in the others."""
    return box(half, lambda frame: at(*(place if round(frame) in frames else AWAY)), number)


def shot(*things, last=8, camera=parked, **options):
    return Stage((ground(), BALLED, *things), camera, last, **options)


ENTERS = shot(there({7, 8}, (-1.6, -1.0, 0.8)))
PASSES = shot(there({4, 5}, (0.0, -3.5, 1.6), half=(1.6, 0.1, 1.2)))
"""A wall stands before most of the picture in the middle of the shot."""


def footage(folder: Path) -> Footage:
    plates = {int(path.stem[-4:]): path for path in folder.glob("plate.*.exr")}
    return Footage(plates, Reading())


def looked(folder: Path, painted=()) -> tuple[Scouted, Reach]:
    with Progress("none") as silent:
        seen = proxy.scout(footage(folder), silent)
        return seen, coverage.measure(seen, painted, silent)


def advised(folder: Path, painted=(), count=1) -> Advice:
    return advise(looked(folder, painted)[1], painted, count)


def named(given: Advice) -> list[int]:
    return [one.frame for one in given.suggestions]


@pytest.fixture(scope="module")
def enters(tmp_path_factory):
    return ENTERS.write(tmp_path_factory.mktemp("enters"), ())


@pytest.fixture(scope="module")
def passes(tmp_path_factory):
    return PASSES.write(tmp_path_factory.mktemp("passes"), ())


def test_what_enters_at_the_end_is_to_be_painted_where_it_is_seen(enters):
    given = advised(enters, (1, 4))
    assert named(given)[0] in {7, 8}
    one = given.suggestions[0]
    assert one.as_good == tuple({7, 8} - {one.frame}), "it looks the same in both"
    assert one.rival in {2, 3, 5, 6}
    assert one.margin > 0.2
    assert np.nanargmax(given.worth) + 1 in {7, 8}
    assert np.isnan(given.worth[[0, 3]]).all(), "painted already"
    box_seen = ENTERS.seen(one.frame).numbers == BOX
    hole = np.isclose(given.wrong[0], Prices().hole, atol=1e-3)
    # A grid of 72 x 96 takes every pixel; beside the box two px count as its edge.
    assert hole[box_seen].all()
    assert hole[~box_seen].mean() < 0.3


def test_a_wall_that_passes_is_to_be_painted_too(passes):
    given = advised(passes, (1, 8))
    assert named(given)[0] in {4, 5}
    assert given.suggestions[0].covered > given.reach.mean(given.covered) + 0.05
    assert given.suggestions[0].error < given.reach.mean(given.error)


def test_the_first_key_is_not_painted_on_what_hides_the_rest(passes):
    first, second = named(advised(passes, (), 2))
    assert first not in {4, 5}, "the middle of the shot, where the wall stands"
    assert second in {4, 5}


def test_where_the_light_changes_paint_is_wanted_although_it_would_be_carried(tmp_path):
    folder = shot().write(tmp_path, ())
    assert advised(folder, (1,)).suggestions[0].gain < 0.1, "nothing moves or changes"
    for path in sorted(folder.glob("plate.*.exr"))[5:]:
        image = exr.read(path)
        exr.write(path, image.replace({n: 4 * image.find(n)[1].pixels for n in "RGB"}))
    given = advised(folder, (1,))
    assert named(given)[0] in {6, 7, 8}
    assert given.suggestions[0].gain > 0.2


def test_paint_is_said_to_reach_what_is_seen_again(tmp_path):
    stage = Stage(last=4)
    seen, reached = looked(stage.write(tmp_path, ()))
    assert seen.means == "camera"
    for frame, key in ((1, 4), (3, 2), (4, 1)):
        covered = np.isfinite(reached.miss[frame - 1, key - 1]).mean()
        visible = stage.visible(stage.seen(frame), key).mean()
        # Two px beside every edge stay behind, and some of the flag, which is followed by vectors.
        assert visible - 0.25 < covered < visible + 0.01


def test_a_wide_frame_is_thinned_and_judged_alike(tmp_path):
    """611 px are thinned by 2, and one column is left over; 120 px are taken as they are."""
    found = []
    for size, name in (((90, 120), "small"), ((458, 611), "wide")):
        window = replace(Stage().window, width=size[1], height=size[0])
        stage = Stage(last=2, size=size, window=window)
        _, reached = looked(stage.write(tmp_path / name, ()))
        found.append(np.isfinite(reached.miss).mean(axis=2))
        off = np.nanmedian(reached.miss[0, 1].astype(np.float32))
        assert off < 0.02, "carried light lies where it belongs"  # as in test_carry
    small, wide = found
    # The edges, 2 px wide in both, take a larger part of the small one.
    assert (wide >= small - 0.01).all()
    assert np.abs(wide - small).max() < 0.2


@pytest.mark.parametrize("but", ["position id", "id", "vector"])
def test_fewer_passes_still_tell_where_something_enters(tmp_path, but):
    given = advised(ENTERS.write(tmp_path, (), but), (1, 4))
    assert named(given)[0] in {7, 8}


def test_without_passes_frames_are_told_apart_by_their_looks(tmp_path, monkeypatch):
    monkeypatch.setattr(optical_flow, "available", lambda: False)
    seen, reached = looked(PASSES.write(tmp_path, (), "position vector id"))
    assert seen.means == "looks"
    given = advise(reached, (), 2)
    assert len(set(named(given)) & {4, 5}) == 1, "one with the wall, one without"
    assert {one.sure for one in given.suggestions} == {"a guess"}
    advice_sheet.write(tmp_path / "sheet.png", given, seen)
    assert flat.read_rgb(tmp_path / "sheet.png").rgb.shape[1] == advice_sheet.WIDTH


@pytest.mark.skipif(not optical_flow.available(), reason="OpenCV is not installed")
def test_without_passes_motion_is_taken_from_the_pictures(tmp_path):
    seen, reached = looked(ENTERS.write(tmp_path, (), "position vector id"), (1, 4))
    assert seen.means == "flow"
    assert named(advise(reached, (1, 4)))[0] in {7, 8}


def test_the_more_are_painted_the_less_is_left(enters):
    given = advised(enters, (1,), 3)
    assert (given.left <= given.error + 1e-6).all()  # sums of float32
    errors = [given.reach.mean(given.error), *(one.error for one in given.suggestions)]
    assert errors == sorted(errors, reverse=True)
    assert given.suggestions[0].gain == pytest.approx(np.nanmax(given.worth), abs=0.01)


def test_no_more_frames_are_suggested_than_are_left(enters):
    assert sorted(named(advised(enters, (1, 2, 3, 4, 5), 9))) == [6, 7, 8]


def test_frames_of_different_sizes_are_refused_by_name(tmp_path):
    shot(last=3).write(tmp_path, ())
    other = Stage(last=1, size=(36, 48), window=replace(Stage().window, width=48, height=36))
    exr.write(tmp_path / "plate.0002.exr", other.plate(1))
    with pytest.raises(FrameError, match=r"plate.0002.exr has another size.*48x36"):
        advised(tmp_path)


def line(count: int) -> Reach:
    """Frames of one point each, the more unlike the farther apart in time."""
    frames = np.arange(1, count + 1)
    far = np.abs(frames[:, None] - frames) / count
    middle = np.array([0.5])
    weights = np.ones(count)
    return Reach(frames, weights, frames, far[..., None].astype(np.float16), middle, middle, True)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_frame_is_exchanged_where_that_is_better_than_the_best_one_at_a_time(count):
    ledger = Ledger.of(line(9), Prices(0, 0, 1, 1), ())
    best = min(ledger.mean(ledger.with_keys(some)) for some in combinations(range(9), count))
    picked = selection.pick(ledger, range(9), count)
    assert ledger.mean(ledger.with_keys(picked)) == pytest.approx(best)
    if count == 2:  # taken one at a time, the first would be the middle one, 4
        assert 4 not in picked


def apart(*others: float) -> float:
    """Return how sure a suggestion is that saves all, where other frames save so much of it."""
    saved = np.array([1.0, *others])
    frames = np.arange(len(saved) + 1)  # the last one is what is to be painted over
    miss = np.full((len(frames), len(saved), 100), np.nan, np.float16)
    for place, share in enumerate(saved):
        miss[-1, place, : round(100 * share)] = 0
    middle = np.array([0.5])
    reached = Reach(frames, np.ones(len(frames)), frames[:-1], miss, middle, middle, True)
    prices = Prices(0, 0, 0, 1)
    ahead = advise(reached, (), 1, prices).suggestions[0]
    assert ahead.frame == 0
    assert ahead.chance is not None
    return ahead.chance


def test_a_suggestion_is_the_surer_the_farther_the_others_are_behind():
    alone, behind, beside, among = apart(0.0), apart(0.6), apart(0.99), apart(*[0.99] * 5)
    assert alone > behind > beside > among
    assert alone > 0.99
    assert among < 0.5


def test_more_frames_of_one_kind_are_not_more_rivals():
    """Neighbours err alike: of a longer shot more may be candidates, and it is no less sure."""
    assert apart(*[0.8] * 30) == pytest.approx(apart(*[0.8] * 11), rel=0.02)  # means of 12 and 31


def test_the_sheet_glows_where_the_look_is_unsure(enters, tmp_path):
    seen, reached = looked(enters, (1, 4))
    given = advise(reached, (1, 4))
    advice_sheet.write(tmp_path / "sheet.png", given, seen)
    page = flat.read_rgb(tmp_path / "sheet.png").rgb
    wide, high = advice_sheet.SHOWN, round(advice_sheet.SHOWN * 72 / 96)
    left, top = 6 + wide + 6, page.shape[0] - 6 - high  # the second of two pictures
    unsure = page[top : top + high, left : left + wide]
    glow = unsure[..., 0] - unsure[..., 2]  # orange and yellow are red without blue; grey is not
    box_seen = (ENTERS.seen(named(given)[0]).numbers == BOX).reshape(72, 96)
    rows, columns = np.arange(high) * 72 // high, np.arange(wide) * 96 // wide
    inside = box_seen[np.ix_(rows, columns)]
    assert glow[inside].mean() > 3 * glow[~inside].mean()


def test_under_the_heat_the_plate_is_still_to_be_seen():
    rng = np.random.default_rng(0)
    plate = rng.uniform(0, 1, (40, 60, 3)).astype(np.float32)
    for amount in (0.0, 0.5, 1.0):
        shown = advice_sheet.heated(plate, np.full((20, 30), amount)).mean(axis=2)
        assert np.corrcoef(shown.ravel(), plate.mean(axis=2).ravel())[0, 1] > 0.99


def test_a_long_shot_is_weighed_by_some_of_its_frames():
    every = np.arange(1001, 1301)
    some = coverage.spread(every, coverage.FRAMES)
    assert len(some) == coverage.FRAMES
    assert (some[0], some[-1]) == (1001, 1300)
    assert np.ptp(np.diff(some)) <= 1, "evenly spaced"
