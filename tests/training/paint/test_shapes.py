"""Even shapes and contours: found in a print, not in strokes, and drawn where a plate has edges."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from velatura.image.planes import FloatArray
from velatura_training.paint.shapes import Shapes
from velatura_training.paint.silhouettes import Silhouettes

PAPER, SEA, INK = (0.9, 0.85, 0.7), (0.3, 0.5, 0.6), (0.1, 0.12, 0.2)
GRAIN = 0.03


def printed(lines: bool = True) -> FloatArray:
    """A print: discs of one colour on paper, with or without a contour of 3 px around each."""
    picture = np.full((300, 400, 3), PAPER, np.float32)
    for middle in ((80, 80), (220, 90), (130, 210), (310, 200)):
        cv2.circle(picture, middle, 55, SEA, -1)
        if lines:
            cv2.circle(picture, middle, 55, INK, 2)  # of 3 px, as OpenCV has it
    return picture


def strokes() -> FloatArray:
    """Slanting strokes of two colours, nowhere even."""
    y, x = np.mgrid[:300, :400]
    band = ((x + 2 * y) % 12 < 6)[..., None]
    return np.where(band, PAPER, SEA).astype(np.float32)


def disc(contrast: float = 0.3) -> FloatArray:
    """A bright disc on grey: a plate with one edge."""
    plate = np.full((120, 160, 3), 0.4, np.float32)
    cv2.circle(plate, (80, 60), 40, (0.4 + contrast,) * 3, -1)
    return plate


def lines(shapes: Shapes, plate: FloatArray, around: Silhouettes | None = None) -> FloatArray:
    return shapes.lines(plate, around)


def test_a_print_has_shapes_and_contours_in_its_ink():
    found = Shapes.of([printed()])
    assert found.graphic == pytest.approx(1)
    # The four rims are 3 px of the 120 000: 4 x 2 pi 55 x 3. Pixels are square.
    assert found.share == pytest.approx(4 * 2 * np.pi * 55 * 3 / 120_000, rel=0.1)
    np.testing.assert_allclose(found.ink, INK, atol=0.05)


def test_without_contours_none_are_drawn():
    found = Shapes.of([printed(lines=False)])
    assert found.share == 0
    assert not lines(found, disc()).any()
    assert 0 < found.graphic < 1  # even it is


def test_a_painting_in_strokes_is_left_alone():
    found = Shapes.of([strokes()])
    assert found.graphic == found.share == 0
    plate = np.random.default_rng(0).random((40, 60, 3), np.float32)
    np.testing.assert_array_equal(found.flattened(plate), plate)


def test_contours_run_along_the_edge_and_nowhere_else():
    y, x = np.mgrid[:120, :160]
    beyond = np.hypot(x - 80, y - 60) - 40
    drawn = lines(Shapes.of([printed()]), disc())
    assert drawn[(beyond > 0) & (beyond < 1.5)].mean() > 0.6  # on its darker side
    assert drawn[np.abs(beyond) > 5].max() == 0


def test_a_faint_edge_gets_its_contour_beside_a_strong_one():
    plate = np.concatenate([disc(0.08), disc(0.5)], 1)
    drawn = lines(Shapes.of([printed()]), plate)
    faint, strong = drawn[:, :160].sum(), drawn[:, 160:].sum()
    assert faint > 0.5 * strong


@pytest.mark.parametrize("deviation", [0.0, 0.01, GRAIN])
def test_grain_and_even_places_get_no_contours(deviation):
    grain = np.random.default_rng(0).normal(0, deviation, (180, 320, 3))
    plate = np.clip(0.4 + grain, 0, 1).astype(np.float32)
    # Of the share of 4 %, less than a quarter.
    assert lines(Shapes.of([printed()]), plate).mean() < 0.01


BOX = np.s_[20:40, 30:60]


def boxed(inside: int, outside: int) -> npt.NDArray[np.uint32]:
    objects = np.full((60, 80), outside, np.uint32)
    objects[BOX] = inside
    return objects


@pytest.mark.parametrize(
    ("objects", "depth"),
    [
        (boxed(7, 0), None),  # before the background
        (boxed(7, 9), None),  # smaller than what is around it
        (boxed(7, 9), np.where(boxed(1, 0) > 0, 2.0, 5.0).astype(np.float32)),
        (boxed(7, 9), np.where(boxed(1, 0) > 0, -2.0, -5.0).astype(np.float32)),  # along -z
        (boxed(7, 0), np.where(boxed(1, 0) > 0, 2.0, 0.0).astype(np.float32)),  # 0 is nothing
    ],
)
def test_contours_lie_on_the_nearer_object(objects, depth):
    plate = np.full((60, 80, 3), 0.4, np.float32)
    plate[BOX] = 0.7  # else its contour would be on the darker side, around it
    drawn = lines(Shapes.of([printed()]), plate, Silhouettes.of(objects, depth))
    assert drawn[20, 35:55].min() > 0.5
    assert drawn[30, 36:54].max() == 0
    drawn[BOX] = 0
    assert not drawn.any()


def test_contours_are_around_a_window_where_the_wall_is_nearer():
    plate, objects = np.full((60, 80, 3), 0.4, np.float32), boxed(7, 9)
    depth = np.where(objects == 7, 5.0, 2.0).astype(np.float32)
    drawn = lines(Shapes.of([printed()]), plate, Silhouettes.of(objects, depth))
    assert drawn[19, 35:55].min() > 0.5
    assert not drawn[BOX].any()


def test_flattening_takes_shading_and_leaves_edges():
    plate = disc()
    shaded = plate + 0.02 * np.sin(np.arange(160, dtype=np.float32) / 2)[None, :, None]
    flat = Shapes.of([printed()]).flattened(shaded)
    assert flat[5:15].std() < 0.7 * shaded[5:15].std()
    assert flat[60, 60].mean() - flat[60, 30].mean() == pytest.approx(0.3, abs=0.06)


def test_ink_only_darkens():
    shapes = Shapes.of([printed()])
    paint = np.zeros((10, 10, 3), np.float32)
    np.testing.assert_array_equal(shapes.inked(paint, np.ones((10, 10), np.float32)), paint)


def test_several_paintings_are_averaged():
    both = Shapes.of([printed(), strokes()])
    assert both.graphic == pytest.approx(0.5)


@pytest.mark.parametrize("other", [printed(lines=False), strokes()])
def test_paintings_without_lines_leave_the_ink_as_it_is(other):
    np.testing.assert_array_equal(Shapes.of([printed(), other]).ink, Shapes.of([printed()]).ink)
