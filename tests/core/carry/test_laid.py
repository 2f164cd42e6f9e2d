"""Fields laid over more pixels than they have points: even in between, and never between things."""

from __future__ import annotations

import numpy as np
import pytest

from velatura.carry.fields import Field
from velatura.carry.laid import Laid

POINTS, TIMES = (12, 16), 5
SIZE = tuple(TIMES * side for side in POINTS)
AWAY = 20.0
"""How far the second thing has come, px of the key."""


def field(second: np.ndarray) -> Field:
    """Return a field into a key in which what `second` marks lies `AWAY` px further right."""
    y, x = np.mgrid[: POINTS[0], : POINTS[1]] + 0.5
    places = np.stack([x / POINTS[1] + second * (AWAY / SIZE[1]), y / POINTS[0]])
    worth = np.where(second, 80, 240).astype(np.uint8)
    return Field(places.astype(np.float32), worth, np.zeros(POINTS, np.uint8))


def centres(size: int) -> np.ndarray:
    return (np.arange(size) + 0.5) / size


def moved(laid: Laid, v: np.ndarray) -> np.ndarray:
    """Return how far right each pixel lies in the key, px."""
    across, down, _, _ = laid.rows(v)
    rows = np.rint(v * SIZE[0] - 0.5)
    np.testing.assert_allclose(down.reshape(len(v), -1), np.tile(rows[:, None], SIZE[1]), atol=1e-3)
    return across.reshape(len(v), -1) - np.arange(SIZE[1])


def halves(slope: float) -> np.ndarray:
    y, x = np.mgrid[: POINTS[0], : POINTS[1]]
    return x + slope * y > 8


def test_a_field_of_one_thing_goes_on_evenly_and_beyond_the_frame():
    laid = Laid.of(field(np.zeros(POINTS, bool)), SIZE, centres(SIZE[1]), centres(SIZE[0]))
    np.testing.assert_allclose(moved(laid, centres(SIZE[0])), 0, atol=1e-3)


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_nothing_lies_between_two_things(slope):
    second = halves(slope)
    laid = Laid.of(field(second), SIZE, centres(SIZE[1]), centres(SIZE[0]))
    far = moved(laid, centres(SIZE[0]))
    is_second = np.abs(far - AWAY) < 1e-3
    assert (is_second | (np.abs(far) < 1e-3)).all()
    points = is_second[TIMES // 2 :: TIMES, TIMES // 2 :: TIMES]
    np.testing.assert_array_equal(points, second)
    worth = laid.rows(centres(SIZE[0]))[2].reshape(SIZE)
    assert len(np.unique(worth.round(6))) == 2


def test_a_point_that_is_like_none_around_it_keeps_its_place():
    second = np.zeros(POINTS, bool)
    second[5, 7] = True
    odd = field(second)
    odd.places[:, 6, 8] += 0.3
    odd.places[:, 5, 8] -= 0.3
    u, v = np.array([7.5, 8.5]) / POINTS[1], np.array([5.5, 6.5]) / POINTS[0]
    across, down, _, _ = Laid.of(odd, SIZE, u, v).rows(v)
    known = odd.places[:, 5:7, 7:9] * np.array(SIZE[::-1])[:, None, None] - 0.5
    np.testing.assert_allclose([across, down], known.reshape(2, -1), atol=1e-3)


def test_the_border_between_two_things_runs_on_slant_and_not_in_steps_of_points():
    laid = Laid.of(field(halves(1)), SIZE, centres(SIZE[1]), centres(SIZE[0]))
    far = moved(laid, centres(SIZE[0])) > AWAY / 2
    starts = far[2 * TIMES : 6 * TIMES].argmax(axis=1)
    assert set(-np.diff(starts)) <= {0, 1, 2}, "in steps of points it would go 5 px at once"


def test_a_part_of_the_frame_has_the_same_bits():
    u, v = centres(SIZE[1]), centres(SIZE[0])
    whole = Laid.of(field(halves(0.5)), SIZE, u, v).rows(v)
    part = Laid.of(field(halves(0.5)), SIZE, u[20:61], v[13:40]).rows(v[13:40])
    for plane, some in zip(whole, part, strict=True):
        expected = plane.reshape(SIZE)[13:40, 20:61]
        assert some.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_single_pixels_are_where_the_rows_have_them():
    u, v = centres(SIZE[1]), centres(SIZE[0])
    laid = Laid.of(field(halves(0.5)), SIZE, u, v)
    rows, columns = np.mgrid[3:50:7, 5:70:3].reshape(2, -1)
    across, down = laid.at(columns, v[rows])
    whole = [plane.reshape(SIZE)[rows, columns] for plane in laid.rows(v)[:2]]
    np.testing.assert_allclose(across, whole[0], atol=1e-4)
    np.testing.assert_allclose(down, whole[1], atol=1e-4)
