"""What bends is followed by its vectors, forth and back, and given up where it is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from stages import BOX, FLAG, GROUND, HEIGHT, WIDTH, Stage

from velatura.image.silhouettes import inner
from velatura.scene import vectors
from velatura.scene.gbuffer import MARGIN, Sight

STAGE = Stage()


def step(field: vectors.Field, here: Sight, there: Sight, ids: bool = True) -> vectors.Field:
    """Lead a field from a frame to the one before (``here`` is the later) or after it."""
    items = (here.items(), there.items()) if ids else None
    if here is LATER:
        ways = vectors.back(here.vector), vectors.forth(there.vector)
    else:
        ways = vectors.forth(here.vector), vectors.back(there.vector)
    return vectors.step(field, *ways, items)


EARLIER, LATER = STAGE.sight(2), STAGE.sight(3)


def true_places(frame: int, other: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers, places in another frame in px, and whether they are seen there."""
    seen = STAGE.seen(frame)
    u, v = STAGE.moved(seen, other)
    places = np.stack([u * WIDTH - 0.5, v * HEIGHT - 0.5]).reshape(2, HEIGHT, WIDTH)
    shape = HEIGHT, WIDTH
    return seen.numbers.reshape(shape), places, STAGE.visible(seen, other).reshape(shape)


def test_a_frame_lies_in_itself_pixel_for_pixel():
    field = vectors.start(3, 5)
    assert field[0].tolist() == [[0, 1, 2, 3, 4]] * 3
    assert field[1].tolist() == [[0] * 5, [1] * 5, [2] * 5]


@pytest.mark.parametrize(("way", "frame", "other"), [("back", 3, 2), ("forth", 2, 3)])
def test_vectors_lead_where_things_are(way, frame, other):
    numbers, places, _ = true_places(frame, other)
    solid = numbers > 0
    led = getattr(vectors, way)(STAGE.sight(frame).vector)
    np.testing.assert_allclose(led[:, solid], places[:, solid], atol=1e-4)


@pytest.mark.parametrize(
    ("here", "there", "frames"), [(LATER, EARLIER, (3, 2)), (EARLIER, LATER, (2, 3))]
)
def test_a_bending_thing_is_followed_to_the_neighbouring_frame(here, there, frames):
    numbers, places, visible = true_places(*frames)
    field = step(vectors.start(HEIGHT, WIDTH), here, there)
    found = np.isfinite(field).all(axis=0)
    np.testing.assert_allclose(
        field[:, found & (numbers > 0)], places[:, found & (numbers > 0)], atol=1e-4
    )
    flag = (numbers == FLAG) & visible
    assert found[flag].mean() > 0.9


def test_what_is_hidden_in_the_other_frame_is_lost():
    """The box uncovers ground as it travels; without ids, vectors alone have to tell."""
    numbers, _, visible = true_places(2, 3)
    for ids in (True, False):
        field = step(vectors.start(HEIGHT, WIDTH), EARLIER, LATER, ids)
        lost = np.isnan(field).any(axis=0)
        hidden = ~visible & (numbers == GROUND)
        assert hidden.sum() > 10
        # Half a px from an edge, the nearest pixel may be of the other side.
        assert lost[hidden].mean() > (0.95 if ids else 0.8)


def test_paint_does_not_change_from_thing_to_thing():
    field = step(vectors.start(HEIGHT, WIDTH), EARLIER, LATER)
    found = np.isfinite(field).all(axis=0)
    x, y = np.rint(field[:, found]).astype(int)
    assert (EARLIER.objects[found] == LATER.objects[y, x]).all()


def test_steps_add_up():
    """Three frames on, a place is the neighbour's place of the place in the neighbour."""
    stage, field = Stage(), vectors.start(HEIGHT, WIDTH)
    sights = {f: stage.sight(f) for f in (1, 2, 3, 4)}
    for frame in (2, 3, 4):
        here, there = sights[frame], sights[frame - 1]
        ways = vectors.back(here.vector), vectors.forth(there.vector)
        field = vectors.step(field, *ways, (here.items(), there.items()))
    numbers, places, _ = true_places(4, 1)
    # Beside an edge, the field is mixed with that of what lies behind; its paint stays behind, too.
    found = np.isfinite(field).all(axis=0) & (numbers == FLAG) & inner(numbers, MARGIN)
    assert found.sum() > 150
    # Fields are read between their pixels three times; curved ones lose a little each time.
    off = np.abs(field[:, found] - places[:, found])
    assert np.median(off) < 0.02
    assert off.max() < 0.5


def test_what_leaves_the_frame_is_lost():
    vector = np.zeros((4, 4, 6), np.float32)
    vector[2] = -2  # everything moves two px to the right
    still = vectors.start(4, 6)
    field = vectors.step(still, vectors.forth(vector), still - np.array([[[2]], [[0]]], np.float32))
    assert np.isnan(field[:, :, 4:]).all()
    np.testing.assert_array_equal(field[0, :, :4], still[0, :, 2:])


def test_a_box_that_turns_away_is_lost_side_by_side():
    numbers, _, visible = true_places(2, 3)
    field = step(vectors.start(HEIGHT, WIDTH), EARLIER, LATER)
    box = numbers == BOX
    assert np.isfinite(field).all(axis=0)[box & visible].mean() > 0.8


def test_stored_motion_is_the_motion_that_was_stored():
    random = np.random.default_rng(2)
    before, after = random.normal(size=(2, 2, 5, 6)).astype(np.float32)
    vector = vectors.stored(before, after, (5, 6))
    np.testing.assert_array_equal(vectors.to_before(vector), before)
    np.testing.assert_array_equal(vectors.to_after(vector), after)
    assert not vectors.stored(None, None, (5, 6)).any(), "as in a render's first and last frame"


def test_ways_agree_that_lead_home_to_within_a_share_and_a_slack():
    """3 px there: 3.5 back is off by .25 px^2, 4 by 1 and may be off by .01 (9 + 16) + .5."""
    way = np.array([[3, 3, 3, np.nan], [0, 0, 0, 0]], np.float32)
    returning = np.array([[-3.5, -4, -3, 0], [0, 0, 0, 0]], np.float32)
    assert vectors.agree(way, returning).tolist() == [True, False, True, False]
