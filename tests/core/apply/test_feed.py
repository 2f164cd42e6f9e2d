"""What a network is fed has the channels that its card promises, in the card's order."""

import numpy as np
import plates
import pytest

from velatura.apply import canvas
from velatura.apply.feed import Feed, fed, guides_of
from velatura.errors import ColourError
from velatura.image.planes import Image
from velatura.job import Job
from velatura.look import Card
from velatura.plate.plate import Plate
from velatura.plate.reading import Reading

ROWS, COLUMNS = slice(2, 7), slice(1, 9)
JOB = Job("", "", "")


@pytest.fixture
def plate() -> Plate:
    planes = plates.rgba(10, 12)
    planes["Z"] = np.arange(120, dtype=np.float32).reshape(10, 12)
    return Plate.of(Image((plates.part(planes, offset=(-2, 3)),)), Reading())


@pytest.mark.parametrize(
    ("card", "channels"),
    [
        (Card("bare"), 0),
        (Card("guided", guides=("normal", "depth")), 4),
        (Card("canvas", guides=("depth",), canvas=True), 5),
        (Card("shot", keys_digest="0" * 64), 8),
    ],
)
def test_a_card_says_how_many_channels_there_are(plate, card, channels):
    assert fed(card) == channels
    if not card.keys_digest:
        guides = Feed.of(plate, card, JOB).guides(ROWS, COLUMNS)
        assert (0 if guides is None else len(guides)) == channels


def test_guides_come_in_the_cards_order_and_the_canvas_after_them(plate):
    found = guides_of(plate, ("normal", "depth"), ROWS, COLUMNS, with_canvas=True)
    assert found is not None
    np.testing.assert_array_equal(found[:3], 0)  # the plate has no normals
    np.testing.assert_array_equal(found[3], plate.image.find("Z")[1].pixels[ROWS, COLUMNS])
    np.testing.assert_array_equal(found[4:], canvas.patch(plate.window(ROWS, COLUMNS)))


def test_light_is_the_plates_brighter_by_the_exposure(plate):
    usual = Feed.of(plate, Card("x"), JOB)
    brighter = Feed.of(plate, Card("x"), Job("", "", "", exposure=1.0))
    np.testing.assert_array_equal(usual.light(ROWS, COLUMNS), usual.seen(ROWS, COLUMNS))
    np.testing.assert_array_equal(brighter.light(ROWS, COLUMNS), 2 * usual.seen(ROWS, COLUMNS))


def test_a_config_without_the_looks_space_is_refused_in_the_looks_name(plate):
    with pytest.raises(ColourError, match=r"The look odd: .*no colour space nowhere"):
        Feed.of(plate, Card("odd", colour_space="nowhere"), JOB)
